//! A stored call as the slices above read it, and what follows from its columns.

use serde_json::{Map, Value};

use super::model::{CallStatus, Direction, Origin};
use crate::base::Millis;
use crate::base::id::{BotId, CallId, CarrierId, NumberId, SessionId};
use crate::contract::turn::{Role, Turn};

/// One row of `calls`, whole.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// Position among all calls; later calls have higher ones.
    pub id: i64,
    /// The CXB key.
    pub session_id: SessionId,
    /// The CodeB key.
    pub call_id: Option<CallId>,
    /// The bot that speaks.
    pub bot_id: Option<BotId>,
    /// The version of it.
    pub bot_version: Option<u32>,
    /// Key of a WebSocket stream.
    pub stream_id: Option<String>,
    /// Which way it goes.
    pub direction: Direction,
    /// What brought it about.
    pub origin: Origin,
    /// The virtual number that was reached.
    pub number_id: Option<NumberId>,
    /// That number's digits.
    pub number: Option<String>,
    /// That number's name.
    pub number_name: Option<String>,
    /// The number that was dialled.
    pub did: Option<String>,
    /// Who called or was called.
    pub caller_id: Option<String>,
    /// Number of the caller.
    pub from_number: Option<String>,
    /// Number that was called.
    pub to_number: Option<String>,
    /// Name shown for the callee.
    pub display_name: Option<String>,
    /// Where the transcript is mailed.
    pub email: Option<String>,
    /// User who asked for the call.
    pub requested_by: Option<String>,
    /// The trunk.
    pub carrier_id: Option<CarrierId>,
    /// SIP account that called or was rung: the office tab of the CodeB surface.
    pub phone_user: Option<String>,
    /// How it stands for CXB.
    pub status: CallStatus,
    /// Which attempt of its order this is; 1 for calls that have none.
    pub attempt: u32,
    /// Attempts that are left after this one.
    pub retries_left: u32,
    /// Outcome word of the CodeB glossary.
    pub outcome: Option<String>,
    /// Who ended it, as the engine said.
    pub disconnected_by: Option<String>,
    /// What went wrong, in words.
    pub error_detail: Option<String>,
    /// INVITE to 200 OK.
    pub answer_ms: Option<u32>,
    /// When the row was made.
    pub created_at: Millis,
    /// When the engine was told to dial.
    pub dispatched_at: Option<Millis>,
    /// When it was answered.
    pub answered_at: Option<Millis>,
    /// When it began.
    pub started_at: Option<Millis>,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// When its result was stored for the first time.
    pub completed_at: Option<Millis>,
    /// Answer to end, as the engine measured it.
    pub call_duration_seconds: Option<f64>,
    /// Whether it was handed on.
    pub was_transferred: Option<bool>,
    /// Key of the recording in the object store.
    pub recording_key: Option<String>,
    /// Token of the public recording link, sealed for the session.
    pub recording_token_sealed: Option<String>,
    /// File of its transcript, once it lies in the transcripts folder.
    pub transcript_file: Option<String>,
    /// Whether a transcript file is written at its end.
    pub save_transcript: bool,
    /// Whether the CRM push is left out.
    pub skip_post_push: bool,
    /// Tokens of the conversation, input and output.
    pub tokens_total: Option<u64>,
    /// Tokens of the prompt.
    pub tokens_prompt: Option<u64>,
    /// Voice of the bot.
    pub voice: Option<String>,
    /// Language of the bot.
    pub language: Option<String>,
    /// Model of the bot.
    pub model: Option<String>,
    /// `systemPrompt`, `voice`, `language`, `maxSeconds` of this call alone.
    pub overrides: Option<Value>,
    /// Everything else, under the seed's own field names: `transcript`, `events`, `post_call_analysis`, `connected_event`, `transfer_*`, …
    pub doc: Map<String, Value>,
}

impl CallRecord {
    /// The key shown to CodeB's clients: the call id, or the session id of a call that has none.
    pub fn public_id(&self) -> &str {
        self.call_id.as_ref().map_or(self.session_id.as_str(), CallId::as_str)
    }

    /// What `call.*` says of every call, where it is known.
    pub fn own_fields(&self) -> Vec<(&'static str, &str)> {
        let known = [
            ("session_id", Some(self.session_id.as_str())),
            ("call_id", self.call_id.as_ref().map(CallId::as_str)),
            ("caller_id", self.caller_id.as_deref()),
            ("from_number", self.from_number.as_deref()),
            ("to_number", self.to_number.as_deref()),
            ("did", self.did.as_deref()),
            ("display_name", self.display_name.as_deref()),
            ("direction", Some(self.direction.as_str())),
        ];
        known.into_iter().filter_map(|(field, value)| Some((field, value?))).collect()
    }

    /// The turns, as far as they have the contract's shape.
    pub fn turns(&self) -> Vec<Turn> {
        let turns = self.doc.get("transcript").and_then(Value::as_array);
        turns.into_iter().flatten().filter_map(|turn| serde_json::from_value(turn.clone()).ok()).collect()
    }

    /// Turns of the caller and turns of the bot.
    pub fn n_turns(&self) -> (usize, usize) {
        let turns = self.turns();
        let of = |role| turns.iter().filter(|turn| turn.role == role).count();
        (of(Role::User), of(Role::Assistant))
    }

    /// Answer to end in whole seconds, rounded (decision 7). Zero for a call nobody answered.
    pub fn talk_seconds(&self) -> u64 {
        match (self.answered_at, self.ended_at) {
            (Some(answered), Some(ended)) => (u64::try_from(ended.since(answered).as_millis()).unwrap_or(0) + 500) / 1000,
            _ => self.call_duration_seconds.filter(|s| *s > 0.0).map_or(0, |s| s.round() as u64),
        }
    }

    /// Start to end in whole seconds, rounded down (decision 7).
    pub fn transcript_seconds(&self) -> u64 {
        match (self.started_at.or(self.answered_at), self.ended_at) {
            (Some(started), Some(ended)) => ended.since(started).as_secs(),
            _ => self.call_duration_seconds.filter(|s| *s > 0.0).map_or(0, |s| s.floor() as u64),
        }
    }

    /// Key of the recording: its own, else the last part of its URL.
    pub fn recording_object(&self) -> Option<String> {
        object_of(self.recording_key.as_deref(), self.doc.get("recording_url").and_then(Value::as_str))
    }

    /// Whether somebody answered.
    pub fn was_answered(&self) -> bool {
        self.answered_at.is_some()
    }
}

/// Key of a recording: its own, else the last part of its URL.
fn object_of(key: Option<&str>, url: Option<&str>) -> Option<String> {
    let of_url = || url?.split(['?', '#']).next()?.rsplit('/').next();
    key.filter(|key| !key.is_empty()).or_else(of_url).filter(|key| !key.is_empty()).map(str::to_owned)
}
