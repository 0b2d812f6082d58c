//! Everything a call leaves behind, collected while it runs: journal on disk, events to the control plane, at the end the result.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tracing::{error, info};

use super::aftercare::Aftercare;
use super::disposition::Ended;
use super::exchange::Exchange;
use super::gathered::Gathered;
use super::result::{Ending, build, disconnected_by, pipeline_config};
use super::state::End;
use crate::base::Millis;
use crate::base::id::{CarrierId, SessionId};
use crate::contract::config::{CallConfig, RecordingFormat};
use crate::contract::event::CallEventKind;
use crate::contract::result::CallResultsPayload;
use crate::contract::turn::Turn;
use crate::engine::detect::Finding;
use crate::engine::link::journal::{Entry, Journal, recording_path};
use crate::engine::link::report::Reporter;
use crate::engine::link::spool::Parcel;
use crate::engine::media::MediaStats;
use crate::engine::providers::Analyst;
use crate::engine::providers::ledger::Ledger;

/// What a call leaves behind.
pub(super) struct Record {
    exchange: Exchange,
    journal: Option<Journal>,
    reporter: Reporter,
    session_id: SessionId,
    aftercare: Aftercare,
    format: RecordingFormat,
    ledger: Ledger,
    taping: Taping,
    pub(super) gathered: Gathered,
}

/// Whether what is said goes into a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taping {
    /// It does not: nothing was begun, or it failed.
    Off,
    On,
    /// It is left out for now.
    Paused,
}

impl Record {
    /// Begins the record of a call. Without a journal (a full disk) the call still runs.
    pub(super) fn begin(exchange: &Exchange, session_id: SessionId, mut skeleton: CallResultsPayload) -> Self {
        skeleton.session_id = Some(session_id.clone());
        skeleton.started_at.get_or_insert(exchange.clock.now());
        let journal = match Journal::begin(&exchange.spool_root, &skeleton) {
            Ok(journal) => Some(journal),
            Err(error) => {
                error!(call.id = %session_id, %error, "Call {session_id} runs without a journal");
                None
            }
        };
        let reporter = Reporter::start(exchange.control.clone(), session_id.clone(), exchange.clock.clone());
        let (aftercare, ledger, gathered) = (Aftercare::default(), Ledger::default(), Gathered::of(skeleton));
        let format = RecordingFormat::default();
        let taping = Taping::Off;
        Self { exchange: exchange.clone(), journal, reporter, session_id, aftercare, format, ledger, taping, gathered }
    }

    /// The call has a config; what it runs on is part of its result in any case.
    pub(super) fn configured(&mut self, config: &CallConfig) {
        self.aftercare = Aftercare::of(config);
        self.format = config.recording_format;
        self.runs_on(pipeline_config(config));
    }

    /// The providers of the call write down here what they do.
    pub(super) fn watch_providers(&mut self, ledger: Ledger) {
        self.ledger = ledger;
    }

    /// Notes what went wrong with providers since the last time.
    pub(super) fn hear_of_providers(&mut self) {
        for incident in self.ledger.incidents() {
            let (name, detail) = incident.event();
            self.note(name, detail);
        }
    }

    /// The model that reads the call when it is over.
    pub(super) fn read_by(&mut self, analyst: Option<Arc<dyn Analyst>>) {
        self.aftercare.read_by(analyst);
    }

    /// What the call runs on.
    pub(super) fn runs_on(&mut self, pipeline_config: Map<String, Value>) {
        self.gathered.skeleton.pipeline_config = Some(pipeline_config);
        let skeleton = Entry::Skeleton(Box::new(self.gathered.skeleton.clone()));
        self.line(&skeleton);
    }

    /// The call leaves through another carrier than it was ordered for.
    pub(super) fn carried_by(&mut self, carrier_id: CarrierId) {
        self.gathered.skeleton.carrier_id = Some(carrier_id);
        let skeleton = Entry::Skeleton(Box::new(self.gathered.skeleton.clone()));
        self.line(&skeleton);
    }

    /// The same call under the key that a control plane of another make has given it.
    pub(super) fn under(self, session_id: SessionId) -> Self {
        if self.session_id == session_id {
            return self;
        }
        let (exchange, skeleton) = (self.exchange.clone(), self.gathered.skeleton.clone());
        self.discard();
        Self::begin(&exchange, session_id, skeleton)
    }

    /// The call.
    pub(super) fn session_id(&self) -> &SessionId {
        &self.session_id
    }

    /// Forgets a call that nobody takes: it has no row and gets no result.
    pub(super) fn discard(self) {
        if let Some(journal) = self.journal {
            journal.close().remove();
        }
    }

    /// Where this call's recording is written.
    pub(super) fn recording(&self) -> PathBuf {
        recording_path(&self.exchange.spool_root, self.session_id.as_str(), self.format)
    }

    /// What is said is recorded from now on. A repeat changes nothing.
    pub(super) fn recording_started(&mut self) {
        if self.taping == Taping::Off {
            self.taping = Taping::On;
            self.note("recording_started", Map::new());
        }
    }

    /// The recording leaves out what comes, or goes on, and why. Nothing is told where nothing changes or nothing is recorded.
    pub(super) fn recording_pauses(&mut self, is_paused: bool, because: &str) {
        let now = if is_paused { Taping::Paused } else { Taping::On };
        if self.taping == Taping::Off || self.taping == now {
            return;
        }
        self.taping = now;
        let name = if is_paused { "recording_paused" } else { "recording_resumed" };
        self.note(name, Map::from_iter([("because".to_owned(), because.into())]));
    }

    /// The recording cannot go on.
    pub(super) fn recording_failed(&mut self, why: String) {
        self.taping = Taping::Off;
        self.note("recording_failed", Map::from_iter([("reason".to_owned(), why.into())]));
    }

    /// The call was answered.
    pub(super) fn answered(&mut self, at: Millis, answer_ms: u32) {
        self.gathered.skeleton.answered_at = Some(at);
        self.gathered.skeleton.answer_ms = Some(answer_ms);
        self.line(&Entry::Answered { at, answer_ms });
        self.event(CallEventKind::Answered { answer_ms });
    }

    /// A turn was finished.
    pub(super) fn turn(&mut self, turn: Turn) {
        self.line(&Entry::Turn(turn.clone()));
        self.reporter.report(CallEventKind::Turn { turn: turn.clone() });
        self.gathered.turns.push(turn);
    }

    /// Something worth keeping happened.
    pub(super) fn note(&mut self, name: &str, detail: Map<String, Value>) {
        self.event(CallEventKind::Note { name: name.to_owned(), detail });
    }

    /// An intent was recognised.
    pub(super) fn intent(&mut self, id: &str, confidence: f32) {
        let confidence = f64::from((confidence * 100.0).round()) / 100.0;
        self.gathered.intents.push(json!({ "id": id, "confidence": confidence, "ts": self.exchange.clock.now() }));
    }

    /// Whether we placed the call.
    pub(super) fn is_outbound(&self) -> bool {
        self.gathered.skeleton.call_direction.as_deref() == Some("outbound")
    }

    /// It was found out who answered.
    pub(super) fn answered_by(&mut self, finding: &Finding) {
        let found = json!({ "answered_by": finding.who.word(), "after_ms": finding.after_ms, "evidence": finding.evidence });
        let Value::Object(found) = found else { return };
        self.note("answered_by", found.clone());
        self.gathered.answering = Some(found);
    }

    /// A model used tokens.
    pub(super) fn used(&mut self, prompt_tokens: u64, completion_tokens: u64) {
        self.gathered.usage.push(json!({
            "type": "conversation", "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens,
            "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0,
        }));
    }

    /// The caller is about to be handed on.
    pub(super) fn handing_on(&mut self, target: &str, reason: &str) {
        self.gathered.transfer.insert("transfer_target".to_owned(), target.into());
        if !reason.is_empty() {
            self.gathered.transfer.insert("transfer_reason".to_owned(), reason.into());
        }
    }

    /// The caller was handed on.
    pub(super) fn transferred(&mut self, destination: &str, method: &str) {
        self.gathered.skeleton.was_transferred = Some(true);
        let at = self.gathered.skeleton.answered_at.map_or(0.0, |from| self.exchange.clock.now().since(from).as_secs_f64());
        for (name, value) in [("destination", destination.into()), ("method", method.into()), ("at", at.round().into())] {
            self.gathered.transfer.insert(format!("transfer_{name}"), value);
        }
        self.gathered.transfer.remove("transfer_failed_reason");
        self.event(CallEventKind::Transferred { target: destination.to_owned(), method: method.to_owned() });
    }

    /// Why the caller is handed on, in the words of the model.
    pub(super) fn transfer_reason(&self) -> String {
        self.gathered.transfer.get("transfer_reason").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The transfer did not come about.
    pub(super) fn transfer_failed(&mut self, reason: &str) {
        self.gathered.transfer.insert("transfer_failed_reason".to_owned(), reason.into());
        self.note("transfer_failed", Map::from_iter([("reason".to_owned(), reason.into())]));
    }

    /// Reports an event and keeps it for the result.
    pub(super) fn event(&mut self, what: CallEventKind) {
        let event = self.reporter.report(what);
        let event = serde_json::to_value(event).unwrap_or_default();
        self.line(&Entry::Event(event.clone()));
        self.gathered.events.push(event);
    }

    fn line(&mut self, entry: &Entry) {
        if let Some(journal) = &mut self.journal {
            journal.note(entry);
        }
    }

    /// Finds out what the bot wants to know of its finished calls. The end is in the journal before, so that an engine that dies meanwhile
    /// costs the analysis only.
    async fn look_back(&mut self, end: &End, at: Millis) {
        let by = disconnected_by(&self.gathered, end);
        let (outcome, detail) = (end.outcome.to_owned(), end.detail.clone());
        self.line(&Entry::Ended { at, by: by.to_owned(), outcome, detail });
        let ended = Ended { by, seconds: self.gathered.seconds(at), has_spoken: self.gathered.has_spoken() };
        let found = self.aftercare.look(&self.gathered, ended, &self.exchange.clock).await;
        (self.gathered.analysis, self.gathered.qc) = (found.analysis, found.qc);
        self.gathered.usage.extend(found.usage);
        for (name, detail) in found.notes {
            self.note(name, detail);
        }
    }

    /// Ends the record: the result is in the spool when this returns, and is delivered from there.
    pub(super) async fn finish(mut self, end: End, stats: Option<MediaStats>) {
        let recording = Some(self.recording()).filter(|path| path.exists());
        if stats.as_ref().is_some_and(|s| s.n_foreign > 0) {
            let n = stats.as_ref().map_or(0, |s| s.n_foreign);
            self.note("foreign_rtp", Map::from_iter([("packets".to_owned(), n.into())]));
        }
        self.hear_of_providers();
        let at = self.exchange.clock.now();
        self.gathered.usage.extend(self.ledger.usage());
        self.look_back(&end, at).await;
        let ending = Ending { end: &end, at, stats: stats.as_ref(), recording: recording.as_deref() };
        let result = build(&self.gathered, &ending);
        let id = self.session_id.clone();
        // The last events come before the result, if the control plane is there.
        self.reporter.finish().await;
        match self.exchange.spool.put(Parcel { result, recording }, self.journal.map(Journal::close)).await {
            Ok(()) => info!(call.id = %id, outcome = end.outcome, "Call {id} ended: {}", end.by),
            // The journal stays: the next start makes a result of it.
            Err(error) => error!(call.id = %id, %error, "The result of call {id} could not be written"),
        }
    }
}
