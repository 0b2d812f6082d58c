//! The task of an answered call: it moves messages between the leg, the sound, the providers and the two state machines.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Map;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tracing::{debug, info};

use super::consult::{Whom, briefing, consult, ringing};
use super::exchange::Exchange;
use super::hands::{Hands, TimerKind};
use super::inside::Extension;
use super::live::Order;
use super::prepare::Prepared;
use super::record::Record;
use super::state::{self, CallState, End};
use super::talk::{Side, hand_over};
use super::transfer::{self, Goal};
use crate::contract::event::CallEventKind;
use crate::engine::media::{ClipId, MediaEvent, MediaSession};
use crate::engine::pipeline::Done;
use crate::engine::pipeline::turn::{self, Conversation};
use crate::engine::sip::{Leg, LegEnd, LegEvent};

/// How long the target of a transfer may take.
const TRANSFER_WITHIN: Duration = Duration::from_secs(40);
/// What the caller hears while the target is called; no line of the bot has this name.
const RINGING: ClipId = ClipId(u64::MAX);
/// Answers of providers that may wait for the call's task; more make the provider wait.
const MOST_DONE: usize = 64;

/// An answered call.
pub(super) struct Setup {
    pub(super) exchange: Exchange,
    /// Where numbers are transferred to.
    pub(super) host: Option<String>,
    /// How often the caller was handed on within the box.
    pub(super) hops: u8,
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
    let Setup { exchange, host, hops, leg, session, sounds, orders, mut prepared, mut record, state } = setup;
    record.read_by(prepared.providers.analyst.clone());
    record.event(CallEventKind::Started);
    for notice in &prepared.config.notices {
        record.note(notice, Map::new());
    }
    for (name, detail) in std::mem::take(&mut prepared.notes) {
        record.note(name, detail);
    }
    let talk = Conversation::new(prepared.rules.clone());
    let hands = Hands::new(&exchange, prepared, session, record, done_sender);
    let mut call = Session {
        exchange,
        host,
        hops,
        leg,
        sounds,
        orders,
        done,
        state,
        talk,
        hands,
        work: VecDeque::new(),
        goal: None,
        consulting: JoinSet::new(),
        target: None,
        is_joined: false,
        end: None,
    };
    call.work.push_back(Work::Talk(turn::Input::Begin));
    let held = call.hold().await;
    call.talk_step(turn::Input::Stop).await;
    let Session { exchange, leg, sounds, mut orders, mut hands, .. } = call;
    let end = match held {
        Held::Over(end) => end,
        Held::Joined(target) => {
            let caller = Side { leg, session: hands.media.clone(), sounds };
            let end = hand_over(&exchange, caller, *target, &mut orders, &mut hands.record).await;
            // Whoever hung up: the caller was handed on.
            End { outcome: if end.by == "error" { end.outcome } else { "transferred-to-vnum" }, ..end }
        }
    };
    hands.close(end).await;
}

struct Session {
    exchange: Exchange,
    host: Option<String>,
    hops: u8,
    leg: Leg,
    sounds: mpsc::Receiver<MediaEvent>,
    orders: mpsc::Receiver<Order>,
    done: mpsc::Receiver<Done>,
    state: CallState,
    talk: Conversation,
    hands: Hands,
    work: VecDeque<Work>,
    /// Where the caller is handed on to.
    goal: Option<Goal>,
    /// The call to the target, while it is made.
    consulting: JoinSet<Result<Side, String>>,
    /// The target, once it is there.
    target: Option<Side>,
    is_joined: bool,
    end: Option<End>,
}

/// How the bot's part of a call ended.
enum Held {
    /// The call is over.
    Over(End),
    /// The caller has somebody else to talk with.
    Joined(Box<Side>),
}

/// An input for one of the two state machines.
enum Work {
    Talk(turn::Input),
    State(state::Input),
}

impl Session {
    /// Moves messages until the call is over.
    async fn hold(&mut self) -> Held {
        loop {
            while let Some(work) = self.work.pop_front() {
                match work {
                    Work::Talk(input) => self.talk_step(input).await,
                    Work::State(input) => self.state_step(input).await,
                }
            }
            if let Some(end) = self.end.take() {
                return Held::Over(end);
            }
            if let Some(target) = self.target.take_if(|_| self.is_joined) {
                return Held::Joined(Box::new(target));
            }
            tokio::select! {
                event = self.leg.events.recv() => self.leg_event(event),
                sound = self.sounds.recv() => self.sound(sound),
                Some(done) = self.done.recv() => self.done(done),
                Some(order) = self.orders.recv() => self.ordered(order),
                Some(outcome) = self.consulting.join_next() => self.consulted(outcome).await,
                timer = self.hands.timers.next() => self.due(timer),
            }
        }
    }

    fn ordered(&mut self, order: Order) {
        let input = match order {
            Order::HangUp => state::Input::HungUpByOperator,
            Order::Stop => state::Input::Stopping,
            Order::Record(on) => return self.hands.record_on(on),
        };
        self.work.push_back(Work::State(input));
    }

    async fn talk_step(&mut self, input: turn::Input) {
        for action in self.talk.step(input, self.exchange.clock.now()) {
            if matches!(action, turn::Action::StopSpeaking | turn::Action::Pause) {
                self.leg.control.fall_silent();
            }
            if let Some(input) = self.hands.carry(action).await {
                self.work.push_back(Work::State(input));
            }
        }
    }

    async fn state_step(&mut self, input: state::Input) {
        self.state.is_closing = self.talk.is_closing();
        self.state.is_machine = self.talk.is_machine();
        self.state.is_put_off = self.talk.is_put_off();
        self.state.has_spoken = self.hands.record.gathered.has_spoken();
        for action in self.state.step(input) {
            match action {
                state::Action::Refer(target) => self.refer(&target).await,
                state::Action::ReportTransferred => self.handed_on(),
                state::Action::Join => self.is_joined = true,
                state::Action::GiveBack(reason) => {
                    self.hands.timers.forget(TimerKind::Transfer);
                    self.consulting.abort_all();
                    self.hands.media.stop().await;
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
        let goal = match transfer::resolve(self.hands.config(), target, self.host.as_deref()).and_then(|goal| self.reached(goal)) {
            Ok(goal) => goal,
            Err(why) => return self.work.push_back(Work::State(state::Input::ReferFailed(why))),
        };
        let sent = if goal.briefing.is_some() || self.is_called_from_here(&goal) {
            self.consult(&goal);
            Ok(())
        } else {
            self.leg.control.refer(goal.uri.clone()).await.map_err(|error| error.message().to_owned())
        };
        self.goal = Some(goal);
        match sent {
            Ok(()) => self.hands.timers.wake(TimerKind::Transfer, TRANSFER_WITHIN),
            Err(why) => self.work.push_back(Work::State(state::Input::ReferFailed(why))),
        }
    }

    /// The goal as it can be reached: what the box has itself needs no carrier, nor does a telephone that is registered here; everything else but a URI does.
    fn reached(&self, goal: Goal) -> Result<Goal, String> {
        match self.is_registered(&goal) {
            _ if goal.within.is_some() => Ok(goal),
            true => Ok(Goal { uri: format!("sip:{}", goal.value), ..goal }),
            false if self.host.is_none() && !goal.is_uri => Err("there is no carrier to transfer through".to_owned()),
            false => Ok(goal),
        }
    }

    fn is_registered(&self, goal: &Goal) -> bool {
        !goal.is_uri && !self.exchange.sip.phones_of(&goal.value).is_empty()
    }

    /// Whether the caller cannot be told to call the target: nobody outside knows it, or the caller has a browser in hand or is somebody's call
    /// within the box.
    fn is_called_from_here(&self, goal: &Goal) -> bool {
        self.host.is_none() || self.hops > 0 || goal.within.is_some() || self.is_registered(goal)
    }

    /// Calls the target first; the caller hears it ring.
    fn consult(&mut self, goal: &Goal) {
        let record = &self.hands.record;
        let skeleton = &record.gathered.skeleton;
        let caller = skeleton.from_number.as_deref().or(skeleton.caller_id.as_deref());
        let words = goal.briefing.as_deref().map(|declared| briefing(declared, caller, &record.transfer_reason()));
        let whom = match goal.within {
            Some(_) => Whom::Inside(Extension {
                dialled: goal.value.clone(),
                from: caller.map(str::to_owned),
                carrier: skeleton.carrier_id.clone(),
                host: self.host.clone().filter(|host| !host.is_empty()),
                hops: self.hops,
                reason: record.transfer_reason(),
            }),
            None => Whom::of(&self.exchange, goal, skeleton.carrier_id.as_ref(), caller),
        };
        let (exchange, session_id, voice) = (self.exchange.clone(), record.session_id().clone(), self.hands.voice.clone());
        self.consulting.spawn(Box::pin(async move {
            let clip = match words {
                // Without a voice the target is not told, but has the caller.
                Some(words) => voice.speak(&words, false).await.ok().map(|spoken| spoken.clip),
                None => None,
            };
            consult(exchange, session_id, whom, clip).await
        }));
        self.hands.media.play(RINGING, &ringing());
        self.work.push_back(Work::State(state::Input::Consulting));
    }

    /// What became of the call to the target.
    async fn consulted(&mut self, outcome: Result<Result<Side, String>, JoinError>) {
        let input = match outcome {
            Ok(Ok(side)) => {
                self.hands.media.stop().await;
                self.target = Some(side);
                state::Input::Joined
            }
            Ok(Err(why)) => state::Input::ReferFailed(why),
            Err(error) if error.is_cancelled() => return,
            Err(_) => state::Input::ReferFailed("the call to the target broke".to_owned()),
        };
        self.work.push_back(Work::State(input));
    }

    fn handed_on(&mut self) {
        let Some(goal) = &self.goal else { return };
        let method = match (&goal.briefing, &self.target) {
            (Some(_), _) => "attended",
            (None, Some(_)) => "bridged",
            (None, None) => self.leg.control.method(),
        };
        self.hands.record.transferred(&goal.uri, method);
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
        if !self.state.is_handing_on() {
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
                if !self.talk.is_patience(id) {
                    self.hands.record.gathered.latency.audio(self.exchange.clock.now());
                }
                self.work.push_back(Work::Talk(turn::Input::LineStarted(id)));
            }
            MediaEvent::ClipDone(id) => {
                self.hands.heard_to_its_end(id);
                self.work.push_back(Work::Talk(turn::Input::LineDone(id)));
            }
            MediaEvent::Key(key) => self.key(key),
            MediaEvent::Heard(frame) if !self.state.is_handing_on() => {
                self.work.extend(self.hands.hear(&frame).into_iter().map(Work::Talk));
            }
            MediaEvent::Heard(_) => self.hands.ears.reset(),
            MediaEvent::Silent(seconds) => debug!(seconds, "No packets from the far end"),
            MediaEvent::RecordingFailed(why) => self.hands.record.recording_failed(why),
        }
    }

    fn done(&mut self, done: Done) {
        self.work.extend(self.hands.done(done).into_iter().map(Work::Talk));
    }

    fn due(&mut self, timer: TimerKind) {
        self.hands.timers.forget(timer);
        if timer == TimerKind::Talk(turn::Timer::EndOfTurn) {
            self.hands.record.gathered.latency.turn_ended(self.exchange.clock.now());
        }
        self.work.push_back(match timer {
            TimerKind::Talk(timer) => Work::Talk(turn::Input::Due(timer)),
            TimerKind::Transfer => Work::State(state::Input::ReferFailed("nobody answered in time".to_owned())),
        });
    }
}
