//! The result of a call: body of `POST /api/v1/call-results` (seed 000, decision 22).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::base::id::{CallId, CarrierId, SessionId};

/// Everything known at the end of a call. Absent and null fields change nothing that is stored (seed 000).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallResultsPayload {
    /// Key of the call; the only required field.
    pub session_id: Option<SessionId>,
    /// Key of a WebSocket stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<String>,
    /// Who called or was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_id: Option<String>,
    /// Number of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_number: Option<String>,
    /// Answer to end, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_duration_seconds: Option<f64>,
    /// `bot`, `customer`, `voicemail`, `RNR`, `outside_hours`, `timeout`, `error`, `no_answer`, `rejected`, or another word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disconnected_by: Option<String>,
    /// `inbound` or `outbound`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_direction: Option<String>,
    /// The turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub transcript: Option<Vec<Value>>,
    /// The events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub events: Option<Vec<Value>>,
    /// The intents that were recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub intents: Option<Vec<Value>>,
    /// Where the raw recording lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_url: Option<String>,
    /// Key of the recording in the object store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_key: Option<String>,
    /// Token of the public recording link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_access_token: Option<String>,
    /// Analysis, as the bot's prompt shapes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub post_call_analysis: Option<Map<String, Value>>,
    /// Quality check, as the bot's prompt shapes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub qc_analysis: Option<Map<String, Value>>,
    /// Latency figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub latency: Option<Map<String, Value>>,
    /// Latency per turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub latency_samples: Option<Vec<Value>>,
    /// What models used (decision 23).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub usage_metrics: Option<Vec<Value>>,
    /// Token-only summary; replaced by a computed one when `usage_metrics` has matching entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub llm_cache_summary: Option<Map<String, Value>>,
    /// How the pipeline was set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub pipeline_config: Option<Map<String, Value>>,
    /// Variables the call started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub connected_event: Option<Map<String, Value>>,
    /// Who answered an outbound call: `answered_by` (`human`, `voicemail`, `ivr`, `screening`, `fax`, `unknown`), `after_ms`, `evidence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub answering: Option<Map<String, Value>>,
    /// Whether the call was handed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_transferred: Option<bool>,
    /// The CodeB key of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// Outcome word of the CodeB glossary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// When the call began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Millis>,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Millis>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Millis>,
    /// INVITE to 200 OK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_ms: Option<u32>,
    /// The trunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_id: Option<CarrierId>,
    /// Tokens of the conversation, input and output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_total: Option<u64>,
    /// Tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_prompt: Option<u64>,
    /// What went wrong, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_detail: Option<String>,
    /// All other keys; only those that begin with `transfer_` are kept.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub rest: Map<String, Value>,
}
