//! The task of an answered call: it moves messages between the leg, the sound, the providers and the two state machines.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Map;
use tokio::sync::mpsc;
use tracing::{debug, info};

use super::exchange::Exchange;
use super::hands::{Hands, TimerKind};
use super::live::Order;
use super::prepare::Prepared;
use super::record::Record;
use super::state::{self, CallState, End, Phase};
use super::transfer;
use crate::contract::event::CallEventKind;
use crate::engine::media::{Frame, MediaEvent, MediaSession, Speech};
use crate::engine::pipeline::Done;
use crate::engine::pipeline::turn::{self, Conversation};
use crate::engine::sip::{Leg, LegEnd, LegEvent};

/// How long the target of a transfer may take.
const TRANSFER_WITHIN: Duration = Duration::from_secs(40);
/// Answers of providers that may wait for the call's task; more make the provider wait.
const MOST_DONE: usize = 64;

/// An answered call.
pub(super) struct Setup {
    pub(super) exchange: Exchange,
    /// Where numbers are transferred to.
    pub(super) host: Option<String>,
    pub(super) leg: Leg,
    pub(super) session: MediaSession,
    pub(super) sounds: mpsc::Receiver<MediaEvent>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) prepared: Prepared,
    pub(super) record: Record,
    pub(super) state: CallState,
}

/// Holds the conversation, then writes the result.
pub(super) async fn run(setup: Setup) {
    let (done_sender, done) = mpsc::channel(MOST_DONE);
    let Setup { exchange, host, leg, session, sounds, orders, prepared, mut record, state } = setup;
    record.read_by(prepared.providers.analyst.clone());
    record.event(CallEventKind::Started);
    for notice in &prepared.config.notices {
        record.note(notice, Map::new());
    }
    let talk = Conversation::new(prepared.rules.clone());
    let hands = Hands::new(&exchange, prepared, session, record, done_sender);
    let mut call = Session { exchange, host, leg, sounds, orders, done, state, talk, hands, work: VecDeque::new(), end: None };
    call.work.push_back(Work::Talk(turn::Input::Begin));
    let end = call.hold().await;
    call.talk_step(turn::Input::Stop).await;
    call.hands.close(end).await;
}

struct Session {
    exchange: Exchange,
    host: Option<String>,
    leg: Leg,
    sounds: mpsc::Receiver<MediaEvent>,
    orders: mpsc::Receiver<Order>,
    done: mpsc::Receiver<Done>,
    state: CallState,
    talk: Conversation,
    hands: Hands,
    work: VecDeque<Work>,
    end: Option<End>,
}

/// An input for one of the two state machines.
enum Work {
    Talk(turn::Input),
    State(state::Input),
}

impl Session {
    /// Moves messages until the call is over.
    async fn hold(&mut self) -> End {
        loop {
            while let Some(work) = self.work.pop_front() {
                match work {
                    Work::Talk(input) => self.talk_step(input).await,
                    Work::State(input) => self.state_step(input).await,
                }
            }
            if let Some(end) = self.end.take() {
                return end;
            }
            tokio::select! {
                event = self.leg.events.recv() => self.leg_event(event),
                sound = self.sounds.recv() => self.sound(sound),
                Some(done) = self.done.recv() => self.done(done),
                Some(order) = self.orders.recv() => self.work.push_back(Work::State(match order {
                    Order::HangUp => state::Input::HungUpByOperator,
                    Order::Stop => state::Input::Stopping,
                })),
                timer = self.hands.timers.next() => self.due(timer),
            }
        }
    }

    async fn talk_step(&mut self, input: turn::Input) {
        for action in self.talk.step(input, self.exchange.clock.now()) {
            if let Some(input) = self.hands.carry(action).await {
                self.work.push_back(Work::State(input));
            }
        }
    }

    async fn state_step(&mut self, input: state::Input) {
        self.state.is_closing = self.talk.is_closing();
        for action in self.state.step(input) {
            match action {
                state::Action::Refer(target) => self.refer(&target).await,
                state::Action::ReportTransferred(target) => self.hands.record.transferred(&target),
                state::Action::GiveBack(reason) => {
                    self.hands.timers.forget(TimerKind::Transfer);
                    self.hands.record.transfer_failed(&reason);
                    self.work.push_back(Work::Talk(turn::Input::TransferFailed(reason)));
                }
                state::Action::HangUp => {
                    if let Err(error) = self.leg.control.hang_up().await {
                        info!(%error, "A leg was gone before it was hung up");
                    }
                }
                state::Action::Finish(end) => self.end = Some(end),
                state::Action::ReportRinging | state::Action::Talk => {}
            }
        }
    }

    async fn refer(&mut self, target: &str) {
        let sent = match transfer::resolve(self.hands.config(), target, self.host.as_deref()) {
            Ok(uri) => self.leg.control.refer(uri).await.map_err(|error| error.message().to_owned()),
            Err(why) => Err(why),
        };
        match sent {
            Ok(()) => self.hands.timers.wake(TimerKind::Transfer, TRANSFER_WITHIN),
            Err(why) => self.work.push_back(Work::State(state::Input::ReferFailed(why))),
        }
    }

    fn leg_event(&mut self, event: Option<LegEvent>) {
        let gone = || LegEvent::Ended { how: LegEnd::Failed { why: "the leg is gone".to_owned() } };
        match event.unwrap_or_else(gone) {
            LegEvent::Ended { how } => self.work.push_back(Work::State(state::Input::LegEnded(how))),
            LegEvent::ReferProgress { code } => self.work.push_back(Work::State(state::Input::ReferProgress(code))),
            LegEvent::Offer { sdp, reply } => match self.hands.media.renegotiate(&sdp) {
                // The far end may have hung up meanwhile.
                Ok(answer) => drop(reply.send(answer)),
                Err(error) => info!(%error, "A change of the media is refused"),
            },
            LegEvent::Info { content_type, body } => {
                if let Some(key) = transfer::info_key(&content_type, &body) {
                    self.key(key);
                }
            }
            LegEvent::Proceeding | LegEvent::Ringing { .. } | LegEvent::Answered { .. } => {}
        }
    }

    fn key(&mut self, key: char) {
        if !matches!(self.state.phase(), Phase::Transferring(_)) {
            self.work.push_back(Work::Talk(turn::Input::Key(key)));
        }
    }

    fn sound(&mut self, event: Option<MediaEvent>) {
        let Some(event) = event else {
            let why = "the media ended".to_owned();
            return self.work.push_back(Work::State(state::Input::LegEnded(LegEnd::Failed { why })));
        };
        match event {
            MediaEvent::ClipStarted(id) => {
                self.hands.record.gathered.latency.audio(self.exchange.clock.now());
                self.work.push_back(Work::Talk(turn::Input::LineStarted(id)));
            }
            MediaEvent::ClipDone(id) => self.work.push_back(Work::Talk(turn::Input::LineDone(id))),
            MediaEvent::Key(key) => self.key(key),
            MediaEvent::Heard(frame) if !matches!(self.state.phase(), Phase::Transferring(_)) => self.heard(&frame),
            MediaEvent::Heard(_) => self.hands.forget_voice(),
            MediaEvent::Silent(seconds) => debug!(seconds, "No packets from the far end"),
            MediaEvent::RecordingFailed(why) => {
                self.hands.record.note("recording_failed", Map::from_iter([("reason".to_owned(), why.into())]))
            }
        }
    }

    fn heard(&mut self, frame: &Frame) {
        for piece in frame.pieces() {
            match self.hands.listener.hear(frame.rate, piece) {
                Some(Speech::Started) => {
                    self.hands.lend_ear(frame.rate);
                    self.work.push_back(Work::Talk(turn::Input::VoiceStarted));
                }
                Some(Speech::Ended(utterance)) => {
                    let known = self.hands.transcribe(utterance);
                    self.work.extend([turn::Input::VoiceEnded].into_iter().chain(known).map(Work::Talk));
                }
                None => self.hands.hear_on(piece),
            }
        }
    }

    fn done(&mut self, done: Done) {
        if let Some(input) = self.hands.done(done) {
            self.work.push_back(Work::Talk(input));
        }
    }

    fn due(&mut self, timer: TimerKind) {
        self.hands.timers.forget(timer);
        self.work.push_back(match timer {
            TimerKind::Talk(timer) => Work::Talk(turn::Input::Due(timer)),
            TimerKind::Transfer => Work::State(state::Input::ReferFailed("nobody answered in time".to_owned())),
        });
    }
}
