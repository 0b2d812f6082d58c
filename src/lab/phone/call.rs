//! One call of the phone: how it begins, what happens on it, how it ends.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::barge_in::BargeIn;
use super::ear::Ear;
use super::line::Line;
use super::report::{EndedBy, Report};
use super::script::{Script, Target};
use crate::base::{Clock, Result};
use crate::contract::config::WireSecret;
use crate::contract::trunk::Trunk;
use crate::engine::media::{ClipId, Listen, MediaEvent, MediaSession};
use crate::engine::sip::{Leg, LegEnd, LegEvent, PlaceCall};

/// How long to wait for a call or an answer when the script does not say.
const WITHIN: Duration = Duration::from_secs(30);

/// How often conditions that depend on time alone are looked at.
const TICK: Duration = Duration::from_millis(20);

/// A call that is up, or the report of one that never was.
pub(super) enum Begun {
    Up(Box<Call>),
    Failed(Report),
}

/// A call that is up.
pub(super) struct Call {
    pub(super) leg: Leg,
    pub(super) media: MediaSession,
    events: mpsc::Receiver<MediaEvent>,
    pub(super) clock: Clock,
    answered: Instant,
    pub(super) ear: Ear,
    pub(super) barge_in: BargeIn,
    pub(super) done: Option<ClipId>,
    pub(super) report: Report,
    we_hung_up: bool,
}

/// Calls the target.
pub(super) async fn place(script: &Script, target: &Target, line: &Line, clock: &Clock) -> Result<Begun> {
    let towards = target.address.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let (pending, offer) = line.media.offer(towards)?;
    let from = if script.from.is_empty() { "phone".to_owned() } else { script.from.clone() };
    let call = PlaceCall {
        trunk: line.trunk(script, target),
        to: target.user.clone(),
        uri: None,
        from,
        display_name: None,
        offer,
        headers: BTreeMap::new(),
    };
    let started = clock.monotonic();
    let mut leg = line.sip.place(call).await?;
    let mut report = Report { sip_call_id: leg.sip_call_id.clone(), ..Report::default() };
    let patience = script.cancel_ms.map_or_else(|| within(script), Duration::from_millis);
    let sdp = match timed(clock, patience, answer_of(&mut leg)).await {
        Some(Ok(sdp)) => sdp,
        Some(Err(how)) => return Ok(Begun::Failed(failed(report, how))),
        None => {
            leg.control.hang_up().await?;
            report.ended_by = Some(EndedBy::Cancelled);
            report.ok = script.cancel_ms.is_some();
            return Ok(Begun::Failed(report));
        }
    };
    report.answered_ms = Some(millis(clock.monotonic().saturating_duration_since(started)));
    let (media, events) = pending.complete(&sdp)?;
    Ok(Begun::Up(Box::new(Call::new(leg, media, events, clock, report, script))))
}

/// Waits to be called and answers.
pub(super) async fn await_call(script: &Script, line: &mut Line, clock: &Clock) -> Result<Begun> {
    let Some(incoming) = timed(clock, within(script), line.incoming.recv()).await.flatten() else {
        return Ok(Begun::Failed(Report { ended_by: Some(EndedBy::NoCall), ..Report::default() }));
    };
    let mut leg = incoming.leg;
    let mut report = Report { sip_call_id: leg.sip_call_id.clone(), ..Report::default() };
    let started = clock.monotonic();
    if let Some(code) = script.reject {
        leg.control.reject(code, None).await?;
        report.refused_with = Some(code);
        report.ended_by = Some(EndedBy::Refused);
        report.ok = true;
        return Ok(Begun::Failed(report));
    }
    leg.control.ring().await?;
    if let Some(how) = timed(clock, Duration::from_millis(script.ring_ms), ended(&mut leg)).await {
        return Ok(Begun::Failed(failed(report, how)));
    }
    let answer = line.media.answer(&incoming.offer)?;
    leg.control.answer(answer.sdp).await?;
    report.answered_ms = Some(millis(clock.monotonic().saturating_duration_since(started)));
    Ok(Begun::Up(Box::new(Call::new(leg, answer.session, answer.events, clock, report, script))))
}

impl Line {
    fn trunk(&self, script: &Script, target: &Target) -> Trunk {
        Trunk {
            name: "lab".to_owned(),
            outbound_auth_username: script.username.clone(),
            outbound_auth_password: script.password.clone().map(WireSecret),
            ..Trunk::new(self.carrier.clone(), target.address.clone(), target.transport)
        }
    }
}

impl Call {
    fn new(leg: Leg, media: MediaSession, events: mpsc::Receiver<MediaEvent>, clock: &Clock, report: Report, script: &Script) -> Self {
        media.listen(Listen::All);
        if let Some(file) = &script.record {
            media.start_recording(file.clone());
        }
        Self {
            leg,
            media,
            events,
            answered: clock.monotonic(),
            clock: clock.clone(),
            ear: Ear::default(),
            barge_in: BargeIn::default(),
            done: None,
            report,
            we_hung_up: false,
        }
    }

    /// Milliseconds since the answer.
    pub(super) fn at_ms(&self) -> u64 {
        millis(self.clock.monotonic().saturating_duration_since(self.answered))
    }

    /// Whether the call is over.
    pub(super) fn is_over(&self) -> bool {
        self.report.ended_by.is_some()
    }

    /// Lives on until a condition holds, the time is up or the call is over. Says whether the condition held.
    pub(super) async fn until(&mut self, within: Duration, holds: impl Fn(&Self, Instant) -> bool) -> bool {
        let deadline = self.clock.monotonic() + within;
        loop {
            let now = self.clock.monotonic();
            self.barge_in.look(&self.ear, now);
            if holds(self, now) {
                return true;
            }
            if now >= deadline || self.is_over() {
                return false;
            }
            let clock = self.clock.clone();
            tokio::select! {
                event = self.leg.events.recv() => self.on_leg(event).await,
                Some(event) = self.events.recv() => self.on_media(event),
                () = clock.sleep(TICK) => {}
            }
        }
    }

    /// Hangs up and waits for the end.
    pub(super) async fn hang_up(&mut self) -> bool {
        self.we_hung_up = true;
        let asked = self.leg.control.hang_up().await.is_ok();
        asked && (self.until(Duration::from_secs(5), |call, _| call.is_over()).await || self.is_over())
    }

    /// The report, once media is closed.
    pub(super) async fn finish(mut self: Box<Self>) -> Report {
        let first = self.ear.first().map(|first| first.saturating_duration_since(self.answered));
        self.report.first_audio_ms = first.map(millis);
        self.report.heard_seconds = self.ear.seconds();
        self.report.barge_in_ms = self.barge_in.finish();
        self.report.up_ms = self.report.up_ms.or(Some(self.at_ms()));
        if let Ok(stats) = self.media.close().await {
            self.report.n_sent = stats.n_sent;
            self.report.n_received = stats.n_received;
            self.report.n_lost = stats.n_lost;
        }
        self.report
    }

    async fn on_leg(&mut self, event: Option<LegEvent>) {
        match event {
            Some(LegEvent::Offer { sdp, reply }) => {
                if let Ok(answer) = self.media.renegotiate(&sdp) {
                    // A leg that ended meanwhile wants no answer.
                    let _ = reply.send(answer);
                }
            }
            Some(LegEvent::Ended { how }) => self.end(&how),
            Some(_) => {}
            None => self.end(&LegEnd::Failed { why: "the line is gone".to_owned() }),
        }
    }

    fn end(&mut self, how: &LegEnd) {
        self.report.up_ms = Some(self.at_ms());
        let by = if self.we_hung_up { EndedBy::Phone } else { ended_by(how) };
        self.report.ended_by.get_or_insert(by);
    }

    fn on_media(&mut self, event: MediaEvent) {
        let now = self.clock.monotonic();
        match event {
            MediaEvent::Heard(frame) => self.ear.hear(&frame.samples, now),
            MediaEvent::ClipStarted(_) => self.barge_in.line_began(&self.ear, now),
            MediaEvent::ClipDone(id) => self.done = Some(id),
            MediaEvent::Key(key) => self.report.keys.push(key),
            MediaEvent::Silent(_) | MediaEvent::RecordingFailed(_) => {}
        }
    }
}

/// The far end's SDP once it answers, or how the leg ended instead.
async fn answer_of(leg: &mut Leg) -> Result<Vec<u8>, LegEnd> {
    loop {
        match leg.events.recv().await {
            Some(LegEvent::Answered { sdp }) => return Ok(sdp),
            Some(LegEvent::Ended { how }) => return Err(how),
            Some(_) => {}
            None => return Err(LegEnd::Failed { why: "the line is gone".to_owned() }),
        }
    }
}

async fn ended(leg: &mut Leg) -> LegEnd {
    loop {
        match leg.events.recv().await {
            Some(LegEvent::Ended { how }) => return how,
            Some(_) => {}
            None => return LegEnd::Failed { why: "the line is gone".to_owned() },
        }
    }
}

fn failed(mut report: Report, how: LegEnd) -> Report {
    report.ended_by = Some(ended_by(&how));
    if let LegEnd::Refused { code, .. } = how {
        report.refused_with = Some(code);
    }
    report
}

fn ended_by(how: &LegEnd) -> EndedBy {
    match how {
        LegEnd::Local => EndedBy::Phone,
        LegEnd::Remote => EndedBy::FarEnd,
        LegEnd::Cancelled => EndedBy::Cancelled,
        LegEnd::Refused { .. } => EndedBy::Refused,
        LegEnd::Failed { .. } => EndedBy::Failure,
    }
}

fn within(script: &Script) -> Duration {
    if script.within_ms == 0 { WITHIN } else { Duration::from_millis(script.within_ms) }
}

/// The outcome, or `None` when the time is up.
async fn timed<T>(clock: &Clock, within: Duration, what: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        outcome = what => Some(outcome),
        () = clock.sleep(within) => None,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
