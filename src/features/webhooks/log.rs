//! The delivery log as it is shown: one line per delivery, and everything about one of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::base::Millis;
use crate::base::id::{DeliveryId, SessionId, WebhookId};

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// An attempt is due or will be.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// All attempts failed, or its subscription was paused. It is kept until it is sent again.
    Parked,
}

impl DeliveryState {
    /// Reads the stored word.
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "delivered" => Self::Delivered,
            "parked" => Self::Parked,
            _ => Self::Waiting,
        }
    }

    /// The word as it is stored.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Parked => "parked",
        }
    }
}

/// Which lines of the log are wanted; `None` does not filter.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Of this subscription.
    pub webhook_id: Option<WebhookId>,
    /// About this call.
    pub session_id: Option<SessionId>,
    /// That stand like this.
    pub state: Option<DeliveryState>,
}

/// One line of the delivery log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryView {
    /// `X-CodeB-Delivery-Id`, the same on every attempt.
    pub id: DeliveryId,
    /// The subscription.
    pub webhook_id: WebhookId,
    /// Name of the event.
    pub event: String,
    /// The call it tells of.
    pub session_id: Option<SessionId>,
    /// How it stands.
    pub status: DeliveryState,
    /// Attempts made in this round.
    pub attempts: u32,
    /// 1, and one more for each time it was sent again.
    pub round: u32,
    /// Status of the last answer.
    pub http_status: Option<u16>,
    /// Class of the last failure: `timeout`, `connect`, `dns`, `tls`, `blocked`, `broken`, `status`, …
    pub error: Option<String>,
    /// How long the last attempt took.
    pub duration_ms: Option<u64>,
    /// The first KiB of the last answer.
    pub response_excerpt: String,
    /// When the event was queued for this subscription.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When the last attempt was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_attempt_at: Option<Millis>,
    /// When the next attempt is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Millis>,
    /// When it was delivered or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Millis>,
}

/// One delivery with the body that is sent and all its attempts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveryDetail {
    /// The line of the log.
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// The body, byte for byte the same on every attempt.
    pub request_body: String,
    /// What was tried, oldest first.
    pub attempt_log: Vec<AttemptView>,
}

/// One attempt: what was sent, and what came back.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttemptView {
    /// The round it belongs to.
    pub round: u32,
    /// `X-CodeB-Attempt`.
    pub attempt: u32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Millis,
    /// Where to.
    pub url: String,
    /// The headers that were sent, signatures included.
    #[schema(value_type = Object)]
    pub request_headers: Map<String, Value>,
    /// Status of the answer.
    pub http_status: Option<u16>,
    /// Class of the failure; null if it was taken.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
    /// The first KiB of the answer.
    pub response_excerpt: String,
}
