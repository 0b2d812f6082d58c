//! Subscriptions as they are sent and shown, and the rules for what may be subscribed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::event::EventName;
use super::retry::Schedule;
use crate::base::id::WebhookId;
use crate::base::{Error, Millis, Result};

/// The word that stands for all events.
pub(super) const ALL_EVENTS: &str = "*";
/// Longest description, in characters.
const MOST_DESCRIPTION: usize = 200;

/// A subscription to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where deliveries are posted to.
    pub url: String,
    /// Event names, or `["*"]` for all.
    pub events: Vec<String>,
    /// What it is for, in the operator's words; at most 200 characters.
    #[serde(default)]
    pub description: String,
    /// How patiently deliveries are repeated.
    #[serde(default)]
    pub schedule: Schedule,
    /// `false` makes it paused. Absent: a new one is active, a replaced one stays as it is.
    #[serde(default)]
    pub active: Option<bool>,
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
    /// What it is for, in the operator's words; at most 200 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// How patiently deliveries are repeated. Those on their way follow it from their next attempt on.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// `false` pauses, `true` resumes with everything that is parked.
    #[serde(default)]
    pub active: Option<bool>,
}

impl From<NewWebhook> for WebhookChange {
    fn from(new: NewWebhook) -> Self {
        Self {
            url: Some(new.url),
            events: Some(new.events),
            description: Some(new.description),
            schedule: Some(new.schedule),
            active: new.active,
        }
    }
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
    /// What it is for.
    pub description: String,
    /// How patiently deliveries are repeated.
    pub schedule: Schedule,
    /// False while paused: nothing is sent.
    pub active: bool,
    /// Failed deliveries in a row; 20 pause the subscription.
    pub failures: u32,
    /// Why it is paused; empty while it is active.
    pub paused_because: String,
    /// Deliveries that wait for an operator: all attempts failed, or the subscription was paused.
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

/// Checks a description: short, and one line of text.
pub(super) fn description(text: &str) -> Result<()> {
    let wrong = |sentence: &'static str| Err(Error::invalid(sentence).field("description", sentence));
    if text.chars().count() > MOST_DESCRIPTION {
        return wrong("a description has at most 200 characters");
    }
    if text.chars().any(char::is_control) {
        return wrong("a description is one line without control characters");
    }
    Ok(())
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

    #[test]
    fn a_description_is_one_short_line() {
        assert!(description("").is_ok() && description(&"ü".repeat(200)).is_ok());
        assert!(description(&"x".repeat(201)).is_err());
        assert!(description("two\nlines").is_err());
    }
}
