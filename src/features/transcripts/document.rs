//! What a transcript file says: plain text for people, a JSON sidecar beside it for programs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::source::Source;
use crate::base::Millis;
use crate::base::id::{CarrierId, SessionId};
use crate::base::secret::sha256_hex;
use crate::contract::turn::{Role, Turn};
use crate::features::calls::CallRecord;

/// Longest part of a file name that comes from a call, in characters.
const MOST_OF_A_NAME: usize = 80;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// `AI` or `Caller`.
    pub speaker: String,
    /// The words.
    pub text: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub ts: Millis,
}

/// A transcript, as the sidecar keeps it and `GET /api.ashx/v1/transcripts/{callId}` shows it (seed 002).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The key shown to clients.
    pub call_id: String,
    /// The CXB key.
    pub session_id: SessionId,
    /// `vnum`, `office-tab` or `outbound-ai`.
    pub caller_source: String,
    /// Host of the box.
    pub tenant: String,
    /// Who asked for the call; empty for one that came in.
    pub requested_by: String,
    /// Number that was called; outbound calls only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Name of whoever was called; outbound calls only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where the transcript is mailed.
    pub email: String,
    /// The virtual number that was reached; calls that came in only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// That number's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_name: Option<String>,
    /// Who called, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_number: Option<String>,
    /// Voice of the bot.
    pub voice: String,
    /// Language of the bot.
    pub language: String,
    /// Model of the bot.
    pub model: String,
    /// The trunk.
    pub trunk_id: String,
    /// When the call began.
    #[schema(value_type = String, format = DateTime)]
    pub started_utc: Millis,
    /// When it was answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_utc: Option<Millis>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_utc: Option<Millis>,
    /// Start to end in whole seconds.
    pub duration_sec: u64,
    /// Whether somebody answered.
    pub answered: bool,
    /// How it ended, in the words of the glossary.
    pub outcome: String,
    /// What went wrong; empty when nothing did.
    pub error_detail: String,
    /// Turns of the caller.
    pub input_turns: usize,
    /// Turns of the AI.
    pub output_turns: usize,
    /// Tokens of the conversation.
    pub tokens_total: u64,
    /// Tokens of the prompt.
    pub tokens_prompt: u64,
    /// Name of the text file.
    pub file: String,
    /// What was said, in order of time.
    pub turns: Vec<Line>,
}

impl Document {
    /// The transcript of a call that is over.
    pub(super) fn of(call: &CallRecord, tenant: &str, file: &str) -> Self {
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        let is_outbound = Source::of(call).is_outbound();
        let turns = lines(call);
        let n_of = |speaker: &str| turns.iter().filter(|line| line.speaker == speaker).count();
        Self {
            call_id: call.public_id().to_owned(),
            session_id: call.session_id.clone(),
            caller_source: Source::of(call).as_str().to_owned(),
            tenant: tenant.to_owned(),
            requested_by: said(&call.requested_by),
            phone: is_outbound.then(|| said(&call.to_number)),
            display_name: is_outbound.then(|| display_name(call)),
            email: said(&call.email),
            number: if is_outbound { None } else { number(call) },
            number_name: call.number_name.clone().filter(|_| !is_outbound),
            from_number: call.from_number.clone().filter(|_| !is_outbound),
            voice: said(&call.voice),
            language: said(&call.language),
            model: said(&call.model),
            trunk_id: call.carrier_id.as_ref().map_or_else(String::new, |CarrierId(id)| id.clone()),
            started_utc: began(call),
            answered_utc: call.answered_at,
            ended_utc: ended(call),
            duration_sec: call.transcript_seconds(),
            answered: call.was_answered(),
            outcome: said(&call.outcome),
            error_detail: said(&call.error_detail),
            input_turns: n_of(speaker(Role::User)),
            output_turns: n_of(speaker(Role::Assistant)),
            tokens_total: call.tokens_total.unwrap_or(0),
            tokens_prompt: call.tokens_prompt.unwrap_or(0),
            file: file.to_owned(),
            turns,
        }
    }

    /// The text file.
    pub fn text(&self) -> String {
        let mut text = vec![
            format!("Call {} ({})", self.call_id, self.caller_source),
            format!("{} - {}", self.started_utc, self.ended_utc.map_or_else(String::new, |at| at.to_string())),
            format!("Outcome: {}", self.outcome),
            String::new(),
        ];
        text.extend(self.turns.iter().map(|line| format!("[{}] {}: {}", self.clock_of(line), line.speaker, line.text)));
        text.push(String::new());
        text.join("\n")
    }

    /// Minutes and seconds from the beginning to a line.
    pub(super) fn clock_of(&self, line: &Line) -> String {
        let seconds = line.ts.since(self.started_utc).as_secs();
        format!("{:02}:{:02}", seconds / 60, seconds % 60)
    }
}

/// Name of the file (seed 002): `outbound-ai-YYYYMMDD-HHMMSS-<callId>.txt` or `vnum-<number>-YYYYMMDD-HHMMSS-<callId>.txt`.
pub(super) fn file_name(call: &CallRecord) -> String {
    let at = stamp(began(call));
    let id = safe_id(call.public_id());
    if Source::of(call).is_outbound() {
        format!("outbound-ai-{at}-{id}.txt")
    } else {
        format!("vnum-{}-{at}-{id}.txt", safe(number(call).or_else(|| call.number_name.clone()).as_deref().unwrap_or("unknown")))
    }
}

/// An id in a file name. What had to be changed gets a mark of its own: ids of foreign engines may look alike once they are safe.
fn safe_id(id: &str) -> String {
    let safe = safe(id);
    if safe == id { safe } else { format!("{safe}-{}", &sha256_hex(id)[..8]) }
}

/// When a call began, as far as that is known.
pub(super) fn began(call: &CallRecord) -> Millis {
    call.started_at.or(call.answered_at).unwrap_or(call.created_at)
}

pub(super) fn ended(call: &CallRecord) -> Option<Millis> {
    call.ended_at.or(call.completed_at)
}

/// The number a caller reached.
pub(super) fn number(call: &CallRecord) -> Option<String> {
    call.number.clone().or_else(|| call.did.clone())
}

/// Name of whoever was called: its own, else the number.
pub(super) fn display_name(call: &CallRecord) -> String {
    call.display_name.clone().filter(|name| !name.is_empty()).or_else(|| call.to_number.clone()).unwrap_or_default()
}

/// What was said, in order of time; tools say nothing.
fn lines(call: &CallRecord) -> Vec<Line> {
    let mut turns: Vec<Turn> = call.turns().into_iter().filter(|turn| turn.role != Role::Tool).collect();
    turns.sort_by_key(|turn| turn.ts);
    turns.into_iter().map(|turn| Line { speaker: speaker(turn.role).to_owned(), text: turn.content, ts: turn.ts }).collect()
}

fn speaker(role: Role) -> &'static str {
    if role == Role::User { "Caller" } else { "AI" }
}

fn stamp(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| "00000000-000000".to_owned(), |at| at.strftime("%Y%m%d-%H%M%S").to_string())
}

/// Only what is harmless in a file name; the plus of a number goes too.
fn safe(text: &str) -> String {
    let kept: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(MOST_OF_A_NAME).collect();
    if kept.is_empty() { "unknown".to_owned() } else { kept }
}
