//! Calls as the admin API shows them: columns and the seed's own fields side by side.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::marks::{HoldView, NoteView, TagView};
use super::model::CallStatus;
use super::record::CallRecord;
use crate::base::Millis;
use crate::base::id::{BotId, CallId, CarrierId, NumberId, SessionId};
use crate::contract::event::{CallEvent, CallEventKind};

/// Whether what is said on a running call is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RecordingNow {
    /// It is.
    On,
    /// It is left out until somebody lets the recording go on, or a card number was read out.
    Paused,
}

/// What a list shows of a call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallSummary {
    session_id: SessionId,
    call_id: Option<CallId>,
    bot_id: Option<BotId>,
    bot_version: Option<u32>,
    stream_id: Option<String>,
    direction: String,
    origin: String,
    number_id: Option<NumberId>,
    number: Option<String>,
    number_name: Option<String>,
    did: Option<String>,
    caller_id: Option<String>,
    from_number: Option<String>,
    to_number: Option<String>,
    display_name: Option<String>,
    requested_by: Option<String>,
    carrier_id: Option<CarrierId>,
    /// SIP account of the person who called or was rung.
    phone_user: Option<String>,
    status: CallStatus,
    attempt: u32,
    retries_left: u32,
    outcome: Option<String>,
    disconnected_by: Option<String>,
    error_detail: Option<String>,
    answer_ms: Option<u32>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Millis,
    #[schema(value_type = Option<String>, format = DateTime)]
    dispatched_at: Option<Millis>,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Millis>,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Millis>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Millis>,
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Millis>,
    call_duration_seconds: Option<f64>,
    was_transferred: Option<bool>,
    recording_key: Option<String>,
    transcript_file: Option<String>,
    skip_post_push: bool,
    tokens_total: Option<u64>,
    tokens_prompt: Option<u64>,
    voice: Option<String>,
    language: Option<String>,
    model: Option<String>,
    /// Whether there is a recording.
    has_recording: bool,
    /// Whether what is said now is recorded; null where it is not, and when the call is over.
    recording_now: Option<RecordingNow>,
    /// Whether it still counts as active although it must long be over: its result never came.
    is_stale: bool,
    /// Tags that people put on it.
    tags: Vec<String>,
}

/// What is known of a call beside its row.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) is_stale: bool,
    pub(super) recording_now: Option<RecordingNow>,
    pub(super) tags: Vec<TagView>,
    pub(super) notes: Vec<NoteView>,
    pub(super) legal_hold: Option<HoldView>,
}

impl CallSummary {
    /// Shows a call in a list.
    pub(super) fn new(call: &CallRecord, beside: &Beside) -> Self {
        let call = call.clone();
        Self {
            has_recording: call.recording_token_sealed.is_some(),
            recording_now: beside.recording_now,
            is_stale: beside.is_stale,
            tags: beside.tags.iter().map(|tag| tag.tag.clone()).collect(),
            session_id: call.session_id,
            call_id: call.call_id,
            bot_id: call.bot_id,
            bot_version: call.bot_version,
            stream_id: call.stream_id,
            direction: call.direction.to_string(),
            origin: call.origin.to_string(),
            number_id: call.number_id,
            number: call.number,
            number_name: call.number_name,
            did: call.did,
            caller_id: call.caller_id,
            from_number: call.from_number,
            to_number: call.to_number,
            display_name: call.display_name,
            requested_by: call.requested_by,
            carrier_id: call.carrier_id,
            phone_user: call.phone_user,
            status: call.status,
            attempt: call.attempt,
            retries_left: call.retries_left,
            outcome: call.outcome,
            disconnected_by: call.disconnected_by,
            error_detail: call.error_detail,
            answer_ms: call.answer_ms,
            created_at: call.created_at,
            dispatched_at: call.dispatched_at,
            answered_at: call.answered_at,
            started_at: call.started_at,
            ended_at: call.ended_at,
            completed_at: call.completed_at,
            call_duration_seconds: call.call_duration_seconds,
            was_transferred: call.was_transferred,
            recording_key: call.recording_key,
            transcript_file: call.transcript_file,
            skip_post_push: call.skip_post_push,
            tokens_total: call.tokens_total,
            tokens_prompt: call.tokens_prompt,
            voice: call.voice,
            language: call.language,
            model: call.model,
        }
    }
}

/// A call with everything the engine sent about it, under the seed's own names.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallView {
    #[serde(flatten)]
    summary: CallSummary,
    /// Token of the public recording link; null where there is no recording.
    recording_access_token: Option<String>,
    /// The link a CRM gets; null where there is no recording.
    recording_link: Option<String>,
    /// `systemPrompt`, `voice`, `language`, `maxSeconds` of this call alone.
    #[schema(value_type = Object)]
    overrides: Option<Value>,
    /// The tags with who put them on it, and when.
    tag_log: Vec<TagView>,
    /// Notes that people wrote, oldest first.
    notes: Vec<NoteView>,
    /// Why nothing of it may be removed; null when it may.
    legal_hold: Option<HoldView>,
    /// `transcript`, `events`, `intents`, `post_call_analysis`, `qc_analysis`, `latency`, `connected_event`, `transfer_*` and the others.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    doc: Map<String, Value>,
}

/// How a recording is reached.
pub(super) struct Recording {
    pub(super) token: String,
    pub(super) link: String,
}

impl CallView {
    /// Shows a call. While it runs, `events` are what the engine has reported so far.
    pub(super) fn new(call: &CallRecord, beside: Beside, events: &[CallEvent], recording: Option<Recording>) -> Self {
        let mut doc = call.doc.clone();
        doc.entry("call_direction").or_insert_with(|| json!(call.direction.as_str()));
        if call.status == CallStatus::Active && !events.is_empty() {
            let turns = events.iter().filter_map(|event| match &event.what {
                CallEventKind::Turn { turn } => serde_json::to_value(turn).ok(),
                _ => None,
            });
            doc.entry("transcript").or_insert_with(|| turns.collect());
            doc.entry("events").or_insert_with(|| json!(events));
        }
        let (token, link) = recording.map(|recording| (recording.token, recording.link)).unzip();
        Self {
            summary: CallSummary::new(call, &beside),
            recording_access_token: token,
            recording_link: link,
            overrides: call.overrides.clone(),
            tag_log: beside.tags,
            notes: beside.notes,
            legal_hold: beside.legal_hold,
            doc,
        }
    }
}
