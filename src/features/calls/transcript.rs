//! What a transcript file says: plain text for people, a JSON sidecar beside it for programs.

use serde_json::{Value, json};

use super::model::{Direction, Origin};
use super::record::CallRecord;
use crate::base::Millis;
use crate::contract::turn::{Role, Turn};

/// Name of the file (seed 002): `outbound-ai-YYYYMMDD-HHMMSS-<callId>.txt` or `vnum-<number>-YYYYMMDD-HHMMSS-<callId>.txt`.
pub(super) fn file_name(call: &CallRecord) -> String {
    let at = stamp(began(call));
    let id = safe(call.public_id());
    match call.direction {
        Direction::Outbound => format!("outbound-ai-{at}-{id}.txt"),
        Direction::Inbound => {
            let number = call.number.as_deref().or(call.did.as_deref()).or(call.number_name.as_deref()).unwrap_or("unknown");
            format!("vnum-{}-{at}-{id}.txt", safe(number))
        }
    }
}

/// The words of CodeB for the source of a call.
pub(super) fn source(call: &CallRecord) -> &'static str {
    match (call.origin, call.direction) {
        (Origin::OutboundAi, _) | (Origin::External, Direction::Outbound) => "outbound-ai",
        _ => "vnum",
    }
}

/// The text.
pub(super) fn text(call: &CallRecord) -> String {
    let began = began(call);
    let mut lines = vec![
        format!("Call {} ({})", call.public_id(), call.direction),
        format!("{} - {}", began, call.ended_at.or(call.completed_at).map_or_else(String::new, |at| at.to_string())),
        format!("Outcome: {}", call.outcome.as_deref().unwrap_or("unknown")),
        String::new(),
    ];
    lines.extend(spoken(call).map(|turn| {
        let seconds = turn.ts.since(began).as_secs();
        format!("[{:02}:{:02}] {}: {}", seconds / 60, seconds % 60, speaker(turn.role), turn.content)
    }));
    lines.push(String::new());
    lines.join("\n")
}

/// The sidecar, in the shape of `GET /api.ashx/v1/transcripts/{callId}` and its list.
pub(super) fn sidecar(call: &CallRecord, tenant: &str, file: &str) -> Value {
    let (n_input, n_output) = call.n_turns();
    let turns: Vec<Value> =
        spoken(call).map(|turn| json!({ "speaker": speaker(turn.role), "text": turn.content, "ts": turn.ts })).collect();
    json!({
        "callId": call.public_id(), "sessionId": call.session_id, "callerSource": source(call), "tenant": tenant,
        "requestedBy": call.requested_by, "phone": call.to_number, "displayName": call.display_name, "email": call.email,
        "number": call.number, "numberName": call.number_name, "fromNumber": call.from_number,
        "voice": call.voice, "language": call.language, "model": call.model, "trunkId": call.carrier_id,
        "startedUtc": began(call), "answeredUtc": call.answered_at, "endedUtc": call.ended_at.or(call.completed_at),
        "durationSec": call.transcript_seconds(), "answered": call.was_answered(), "outcome": call.outcome,
        "errorDetail": call.error_detail.as_deref().unwrap_or_default(), "inputTurns": n_input, "outputTurns": n_output,
        "tokensTotal": call.tokens_total.unwrap_or(0), "tokensPrompt": call.tokens_prompt.unwrap_or(0), "file": file, "turns": turns,
    })
}

fn began(call: &CallRecord) -> Millis {
    call.started_at.or(call.answered_at).unwrap_or(call.created_at)
}

fn spoken(call: &CallRecord) -> impl Iterator<Item = Turn> {
    call.turns().into_iter().filter(|turn| turn.role != Role::Tool)
}

fn speaker(role: Role) -> &'static str {
    if role == Role::User { "Caller" } else { "AI" }
}

fn stamp(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| "00000000-000000".to_owned(), |at| at.strftime("%Y%m%d-%H%M%S").to_string())
}

/// Only what is harmless in a file name; the plus of a number goes too.
fn safe(text: &str) -> String {
    let kept: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(80).collect();
    if kept.is_empty() { "unknown".to_owned() } else { kept }
}
