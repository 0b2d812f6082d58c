//! An outbound call as it is asked for on the CodeB surface, and whether it can be accepted. Pure.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::base::phone::is_e164;
use crate::base::{Error, Millis, Result};

/// Shown for a call that names no voice (seed 002).
const DEFAULT_VOICE: &str = "Aoede";
/// Shown for a call that names no language (seed 002).
const DEFAULT_LANGUAGE: &str = "en-US";
/// Longest prompt, in bytes.
const LONGEST_PROMPT: usize = 100_000;

/// The body of `POST /api.ashx/v1/calls`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutboundBody {
    /// Whom to call: E.164.
    pub phone: Option<String>,
    /// Name shown for the callee; the number where there is none.
    pub display_name: Option<String>,
    /// Where the transcript goes; the address of whoever asks where there is none.
    pub email: Option<String>,
    /// What the bot is to do: a text, or the name of a stored prompt.
    pub system_prompt: Option<String>,
    /// Key of a model provider. Taken for compatibility; the bot's own key is used and this one is not kept.
    #[schema(value_type = Option<String>)]
    pub api_key: Option<serde::de::IgnoredAny>,
    /// Model to note on the call.
    pub model: Option<String>,
    /// Voice for this call.
    pub voice: Option<String>,
    /// Language for this call.
    pub language: Option<String>,
    /// Longest talk: 10 to 3600, 300 if absent.
    pub max_seconds: Option<i64>,
    /// Further attempts: 0 to 10, none if absent.
    pub retries: Option<i64>,
    /// Minutes between attempts: 1 to 1440, 5 if absent.
    pub retry_delay_minutes: Option<i64>,
    /// When to call: ISO 8601 in UTC. A past time means now.
    pub schedule_at_utc: Option<String>,
    /// The bot that speaks; the default one if absent (an extension of ours).
    pub bot_id: Option<String>,
}

/// A call that can be placed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) phone: String,
    pub(super) display_name: String,
    pub(super) email: Option<String>,
    pub(super) system_prompt: String,
    pub(super) model: Option<String>,
    pub(super) voice: Option<String>,
    pub(super) language: Option<String>,
    pub(super) max_seconds: u32,
    pub(super) retries: u32,
    pub(super) retry_delay_minutes: u32,
    pub(super) bot_id: Option<String>,
}

impl Plan {
    /// The voice the call's record shows.
    pub(super) fn shown_voice(&self) -> String {
        self.voice.clone().unwrap_or_else(|| DEFAULT_VOICE.to_owned())
    }

    /// The language the call's record shows.
    pub(super) fn shown_language(&self) -> String {
        self.language.clone().unwrap_or_else(|| DEFAULT_LANGUAGE.to_owned())
    }
}

/// The plan of a body, or a refusal that names the field.
pub(super) fn plan(body: OutboundBody, now: Millis) -> Result<Plan> {
    let text = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let phone = text(body.phone).ok_or_else(|| refused("phone", "is required"))?;
    if !is_e164(&phone) {
        return Err(refused("phone", "must be an international number such as +15551234567"));
    }
    let system_prompt = text(body.system_prompt).ok_or_else(|| refused("systemPrompt", "is required"))?;
    if system_prompt.len() > LONGEST_PROMPT {
        return Err(refused("systemPrompt", "is too long"));
    }
    if let Some(at) = text(body.schedule_at_utc) {
        let at = Millis::parse(&at).ok_or_else(|| refused("scheduleAtUtc", "must be a time such as 2026-06-09T08:30:00Z"))?;
        if at > now {
            return Err(refused("scheduleAtUtc", "lies in the future: this version places calls at once and keeps no schedule"));
        }
    }
    Ok(Plan {
        display_name: text(body.display_name).unwrap_or_else(|| phone.clone()),
        phone,
        email: text(body.email),
        system_prompt,
        model: text(body.model),
        voice: text(body.voice),
        language: text(body.language),
        max_seconds: within("maxSeconds", body.max_seconds, 300, 10..=3600)?,
        retries: within("retries", body.retries, 0, 0..=10)?,
        retry_delay_minutes: within("retryDelayMinutes", body.retry_delay_minutes, 5, 1..=1440)?,
        bot_id: text(body.bot_id),
    })
}

fn within(field: &'static str, sent: Option<i64>, default: u32, range: std::ops::RangeInclusive<u32>) -> Result<u32> {
    let Some(sent) = sent else { return Ok(default) };
    u32::try_from(sent)
        .ok()
        .filter(|n| range.contains(n))
        .ok_or_else(|| refused(field, format!("must be {} to {}", range.start(), range.end())))
}

pub(super) fn refused(field: &'static str, sentence: impl Into<String>) -> Error {
    let sentence = sentence.into();
    Error::invalid(format!("{field} {sentence}")).field(field, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn planned(change: Value) -> Result<Plan, String> {
        let mut body = json!({ "phone": "+15551234567", "systemPrompt": "Remind them." });
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let now = Millis::parse("2026-06-09T08:00:00Z").unwrap();
        plan(serde_json::from_value(body).unwrap(), now).map_err(|error| error.fields()[0].field.clone())
    }

    #[test]
    fn what_is_not_said_has_the_defaults_of_the_seed() {
        let plan = planned(json!({})).unwrap();
        assert_eq!(plan.display_name, "+15551234567");
        assert_eq!((plan.shown_voice().as_str(), plan.shown_language().as_str()), ("Aoede", "en-US"));
        assert_eq!((plan.max_seconds, plan.retries, plan.retry_delay_minutes), (300, 0, 5));
        assert_eq!((plan.voice, plan.language, plan.email), (None, None, None));
    }

    #[test]
    fn limits_hold_at_both_ends() {
        for (field, good, bad) in
            [("maxSeconds", [10, 3600], [9, 3601]), ("retries", [0, 10], [-1, 11]), ("retryDelayMinutes", [1, 1440], [0, 1441])]
        {
            for n in good {
                assert!(planned(json!({ field: n })).is_ok(), "{field} {n}");
            }
            for n in bad {
                assert_eq!(planned(json!({ field: n })), Err(field.to_owned()), "{n}");
            }
        }
    }

    #[test]
    fn each_refusal_names_its_field() {
        for (field, value) in [
            ("phone", json!(null)),
            ("phone", json!("5551234567")),
            ("systemPrompt", json!("  ")),
            ("scheduleAtUtc", json!("tomorrow")),
            ("scheduleAtUtc", json!("2026-06-09T08:00:01Z")),
        ] {
            assert_eq!(planned(json!({ field: value })), Err(field.to_owned()), "{value}");
        }
        assert!(planned(json!({ "scheduleAtUtc": "2026-06-09T07:59:59Z" })).is_ok(), "a past time means now");
    }
}
