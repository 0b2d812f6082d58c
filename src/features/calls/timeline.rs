//! Everything that happened on a call as one list in order of time: its stations, turns, tools, events, and how long each answer took. Pure.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::record::CallRecord;
use crate::base::Millis;
use crate::contract::event::{CallEvent, CallEventKind};
use crate::contract::turn::{Role, Turn};

/// Where an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TimelineKind)]
pub(super) enum Kind {
    /// The SIP call: placed, ringing, answered, transferred, ended.
    Sip,
    /// The session of the bot: begun, completed.
    Session,
    /// Something was said.
    Turn,
    /// The bot used a tool.
    Tool,
    /// Anything else the engine told, such as `barge_in` or `provider_failed`.
    Event,
}

/// One entry of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub(super) struct Entry {
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Millis,
    /// Milliseconds after the call was made; an entry from before that, by another clock, is at 0.
    offset_ms: u64,
    kind: Kind,
    /// What happened: `created`, `dispatched`, `ringing`, `answered`, `started`, `transferred`, `ended`, `completed`, `user`, `assistant`,
    /// the name of the tool or of the event.
    name: String,
    /// The words of a turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// How long the answer took after the other end was silent, each step from there: `endpoint_ms` (the turn was over), `stt_ms` (its words
    /// were known), `first_token_ms`, `first_sound_ms` (made), `first_audio_ms` (sent). Turns of the bot only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    latency: Option<Value>,
    /// More about it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
}

/// The timeline of a call. While it runs, `live` is what the engine has told; afterwards its result says all.
pub(super) fn timeline(call: &CallRecord, live: &[CallEvent]) -> Vec<Entry> {
    let mut line = Line { began: call.created_at, entries: Vec::new() };
    line.stations(call);
    let told: Vec<CallEvent> = match call.doc.get("events").and_then(Value::as_array) {
        Some(events) if !events.is_empty() => events.iter().enumerate().filter_map(|(n, event)| line.event_of(n, event)).collect(),
        _ => live.to_vec(),
    };
    told.iter().for_each(|event| line.event(event));
    let mut turns = call.turns();
    if turns.is_empty() {
        turns = live
            .iter()
            .filter_map(|event| if let CallEventKind::Turn { turn } = &event.what { Some(turn.clone()) } else { None })
            .collect();
    }
    let samples = call.doc.get("latency_samples").and_then(Value::as_array);
    line.turns(turns, samples.map_or(&[], Vec::as_slice));
    line.finish()
}

struct Line {
    began: Millis,
    entries: Vec<Entry>,
}

impl Line {
    fn push(&mut self, at: Millis, kind: Kind, name: &str) -> &mut Entry {
        let offset_ms = u64::try_from(at.since(self.began).as_millis()).unwrap_or(u64::MAX);
        let entry = Entry { at, offset_ms, kind, name: name.to_owned(), text: None, latency: None, detail: Map::new() };
        self.entries.push(entry);
        let last = self.entries.len() - 1;
        &mut self.entries[last]
    }

    /// What the call's row says.
    fn stations(&mut self, call: &CallRecord) {
        let detail = json!({ "direction": call.direction.as_str(), "bot_id": call.bot_id, "bot_version": call.bot_version });
        self.push(call.created_at, Kind::Sip, "created").detail = object(detail);
        if let Some(at) = call.dispatched_at {
            self.push(at, Kind::Sip, "dispatched").detail = object(json!({ "carrier_id": call.carrier_id, "attempt": call.attempt }));
        }
        if let Some(at) = call.answered_at {
            self.push(at, Kind::Sip, "answered").detail = object(json!({ "answer_ms": call.answer_ms }));
        }
        if let Some(at) = call.started_at {
            self.push(at, Kind::Session, "started");
        }
        if let Some(at) = call.ended_at {
            let audio = call.doc.get("pipeline_config").and_then(|pipeline| pipeline.get("media"));
            let detail = json!({
                "disconnected_by": call.disconnected_by, "outcome": call.outcome, "error_detail": call.error_detail, "audio": audio,
            });
            self.push(at, Kind::Sip, "ended").detail = object(detail);
        }
        if let Some(at) = call.completed_at {
            self.push(at, Kind::Session, "completed").detail = object(json!({ "status": call.status.as_str() }));
        }
    }

    /// An event of a result. One in a shape of another engine is kept as it is, if it says when it happened.
    fn event_of(&mut self, n: usize, event: &Value) -> Option<CallEvent> {
        let mut numbered = event.as_object()?.clone();
        numbered.entry("seq").or_insert_with(|| json!(n + 1));
        if let Ok(event) = serde_json::from_value(Value::Object(numbered)) {
            return Some(event);
        }
        let said = |keys: &[&str]| keys.iter().find_map(|key| event.get(*key)?.as_str());
        let at = said(&["at", "ts", "timestamp", "time"]).and_then(Millis::parse)?;
        let name = said(&["name", "type", "event"]).unwrap_or("event").to_owned();
        self.push(at, Kind::Event, &name).detail = object(event.clone());
        None
    }

    fn event(&mut self, event: &CallEvent) {
        match &event.what {
            CallEventKind::Ringing => drop(self.push(event.at, Kind::Sip, "ringing")),
            CallEventKind::Transferred { target, method } => {
                self.push(event.at, Kind::Sip, "transferred").detail = object(json!({ "target": target, "method": method }));
            }
            CallEventKind::Note { name, detail } => self.push(event.at, Kind::Event, name).detail = detail.clone(),
            // The row and the turns say these.
            CallEventKind::Answered { .. } | CallEventKind::Started | CallEventKind::Turn { .. } | CallEventKind::Completed => {}
        }
    }

    /// Turns with how long they took: the n-th sample belongs to the n-th answer, the bot's first turn after a turn of the other end.
    fn turns(&mut self, mut turns: Vec<Turn>, samples: &[Value]) {
        turns.sort_by_key(|turn| turn.ts);
        let mut samples = samples.iter();
        let mut is_asked = false;
        for turn in turns {
            let is_answer = turn.role == Role::Assistant && is_asked && !turn.is_filler();
            is_asked = match turn.role {
                Role::User => true,
                Role::Assistant => is_asked && turn.is_filler(),
                Role::Tool => is_asked,
            };
            let tool = turn.extra.get("tool").and_then(|tool| tool.as_str().or_else(|| tool["name"].as_str())).unwrap_or("tool").to_owned();
            let (kind, name) = match turn.role {
                Role::Tool => (Kind::Tool, tool.as_str()),
                Role::User => (Kind::Turn, "user"),
                Role::Assistant => (Kind::Turn, "assistant"),
            };
            let latency = if is_answer { samples.next().cloned() } else { None };
            let entry = self.push(turn.ts, kind, name);
            entry.latency = latency;
            entry.text = Some(turn.content);
            entry.detail = turn.extra;
        }
    }

    fn finish(mut self) -> Vec<Entry> {
        // What happened in one millisecond stays as it was told, stations first and ends last. The clock of an engine may be behind ours:
        // that the call was made comes first all the same.
        let last = |entry: &Entry| matches!(entry.name.as_str(), "ended") as u8 + 2 * matches!(entry.name.as_str(), "completed") as u8;
        let later = |entry: &Entry| entry.kind != Kind::Sip || entry.name != "created";
        self.entries.sort_by_key(|entry| (later(entry), entry.at, last(entry)));
        self.entries
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    }
}
