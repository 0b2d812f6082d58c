//! Subscriptions and deliveries as they are sent and shown, and the rules for what may be subscribed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::event::EventName;
use crate::base::id::{DeliveryId, SessionId, WebhookId};
use crate::base::{Error, Millis, Result};

/// The word that stands for all events.
pub(super) const ALL_EVENTS: &str = "*";

/// A subscription to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where deliveries are posted to.
    pub url: String,
    /// Event names, or `["*"]` for all.
    pub events: Vec<String>,
}

/// What is to be different; absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookChange {
    /// Where deliveries are posted to.
    #[serde(default)]
    pub url: Option<String>,
    /// Event names, or `["*"]` for all.
    #[serde(default)]
    pub events: Option<Vec<String>>,
}

/// A subscription. The secret is in no read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookView {
    /// 16 hexadecimal digits.
    pub id: WebhookId,
    /// Where deliveries are posted to.
    pub url: String,
    /// Event names, or `["*"]` for all.
    pub events: Vec<String>,
    /// False while paused: nothing is sent.
    pub active: bool,
    /// Failed deliveries in a row; 20 pause the subscription.
    pub failures: u32,
    /// Why it is paused; empty while it is active.
    pub paused_because: String,
    /// Deliveries that wait for the subscription to be resumed.
    pub parked: u64,
    /// When a delivery was last taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_fired_at: Option<Millis>,
    /// Until when the old secret signs beside the new one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub rotation_ends_at: Option<Millis>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// A subscription with the secret that is shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    /// The subscription.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// 64 hexadecimal digits. Keep it: it is never shown again.
    pub secret: String,
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// An attempt is due or will be.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// All attempts failed.
    Failed,
    /// Waits for its subscription to be resumed.
    Parked,
}

impl DeliveryState {
    /// Reads the stored word.
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            "parked" => Self::Parked,
            _ => Self::Waiting,
        }
    }
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
    /// 1, and one more for each time an operator sent it again.
    pub round: u32,
    /// Status of the last answer.
    pub http_status: Option<u16>,
    /// Class of the last failure: `timeout`, `connect`, `dns`, `tls`, `blocked`, `broken`, `status`, …
    pub error: Option<String>,
    /// How long the last attempt took.
    pub duration_ms: Option<u64>,
    /// The first KiB of the last answer.
    pub response_excerpt: String,
    /// When the event happened.
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

/// Checks the names and brings them into the table's order: `*` alone stands for all.
pub(super) fn events(names: &[String]) -> Result<Vec<String>> {
    if names.is_empty() {
        return Err(Error::invalid("a subscription needs at least one event").field("events", "must not be empty"));
    }
    if names.iter().any(|name| name == ALL_EVENTS) {
        return Ok(vec![ALL_EVENTS.to_owned()]);
    }
    if let Some((n, name)) = names.iter().enumerate().find(|(_, name)| EventName::parse(name).is_none()) {
        let sentence = format!("{name} is not an event; the names are {}", name_list());
        return Err(Error::invalid(sentence.clone()).field(format!("events[{n}]"), sentence));
    }
    Ok(EventName::ALL.iter().map(|event| event.as_str().to_owned()).filter(|event| names.contains(event)).collect())
}

/// Whether a subscription to these events wants this one.
pub(super) fn matches(events: &[String], event: EventName) -> bool {
    events.iter().any(|name| name == ALL_EVENTS || name == event.as_str())
}

fn name_list() -> String {
    EventName::ALL.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&str]) -> Result<Vec<String>> {
        events(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn names_are_checked_and_a_star_stands_for_all() {
        assert_eq!(read(&["transcript.saved", "call.ended", "call.ended"]).expect("names"), ["call.ended", "transcript.saved"]);
        assert_eq!(read(&["call.ended", "*"]).expect("a star"), ["*"]);
        assert!(read(&[]).is_err());
        assert!(read(&["call.finished"]).is_err());
        let all = vec!["*".to_owned()];
        assert!(EventName::ALL.iter().all(|event| matches(&all, *event)));
        assert!(!matches(&["call.ended".to_owned()], EventName::CallStarted));
    }
}
