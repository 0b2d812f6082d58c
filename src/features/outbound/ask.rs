//! An outbound call as it is asked for on the CodeB surface, and whether it can be accepted. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Brief, Wish};
use crate::base::email::is_address;
use crate::base::phone::is_e164;
use crate::base::secret::{Secret, sha256_hex};
use crate::base::{Context, Error, Millis, Result};

/// Shown for a call that names no voice (seed 002).
const DEFAULT_VOICE: &str = "Aoede";
/// Shown for a call that names no language (seed 002).
const DEFAULT_LANGUAGE: &str = "en-US";
/// Longest prompt, in bytes.
const LONGEST_PROMPT: usize = 100_000;
/// Longest value of any other field, in bytes.
const LONGEST_TEXT: usize = 500;

/// The body of `POST /api.ashx/v1/calls`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutboundBody {
    /// Whom to call: E.164.
    pub phone: Option<String>,
    /// Name shown for the callee; the number where there is none.
    pub display_name: Option<String>,
    /// Where transcript and outcome go; the default address of the settings, else that of whoever asks, where there is none.
    pub email: Option<String>,
    /// What the bot is to do: a text, or the name of a stored prompt.
    pub system_prompt: Option<String>,
    /// Key of the model provider for this call. Sealed until the call is over, then forgotten; never shown.
    pub api_key: Option<ApiKey>,
    /// Model for this call.
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

/// A caller's own key: never in debug output.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct ApiKey(String);

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

impl OutboundBody {
    /// The same for bodies that say the same, in whatever case and order their keys were.
    pub(super) fn hash(&self) -> Result<String> {
        Ok(sha256_hex(&serde_json::to_string(self).context("cannot write a body")?))
    }

    /// The wish of a body, or a refusal that names the field.
    pub(super) fn wish(self, now: Millis) -> Result<Wish> {
        let phone = text("phone", self.phone)?.ok_or_else(|| refused("phone", "is required"))?;
        if !is_e164(&phone) {
            return Err(refused("phone", "must be an international number such as +15551234567"));
        }
        let system_prompt = self.system_prompt.map(|prompt| prompt.trim().to_owned()).filter(|prompt| !prompt.is_empty());
        let system_prompt = system_prompt.ok_or_else(|| refused("systemPrompt", "is required"))?;
        if system_prompt.len() > LONGEST_PROMPT {
            return Err(refused("systemPrompt", "is too long"));
        }
        Ok(Wish {
            display_name: text("displayName", self.display_name)?.unwrap_or_else(|| phone.clone()),
            phone,
            email: text("email", self.email)?.map(address).transpose()?,
            api_key: text("apiKey", self.api_key.map(|key| key.0))?.map(Secret::new),
            bot_id: text("botId", self.bot_id)?.map(Into::into),
            at: text("scheduleAtUtc", self.schedule_at_utc)?.map(|at| moment(&at)).transpose()?.filter(|at| *at > now),
            retries: within("retries", self.retries, 0, 0..=10)?,
            retry_delay_minutes: within("retryDelayMinutes", self.retry_delay_minutes, 5, 1..=1440)?,
            is_direct: false,
            brief: Brief {
                system_prompt: Some(system_prompt),
                voice: text("voice", self.voice)?,
                language: text("language", self.language)?,
                model: text("model", self.model)?,
                max_seconds: within("maxSeconds", self.max_seconds, 300, 10..=3600)?,
                from_number: None,
                connected_event: None,
                tries: None,
                is_rehearsal: false,
                telephone: None,
            },
        })
    }
}

impl Brief {
    /// The voice the record shows.
    pub(super) fn shown_voice(&self) -> String {
        self.voice.clone().unwrap_or_else(|| DEFAULT_VOICE.to_owned())
    }

    /// The language the record shows.
    pub(super) fn shown_language(&self) -> String {
        self.language.clone().unwrap_or_else(|| DEFAULT_LANGUAGE.to_owned())
    }
}

/// A text without blanks around it; none if nothing is left. One line: nothing of it may become a header of a mail or of SIP.
fn text(field: &'static str, sent: Option<String>) -> Result<Option<String>> {
    let Some(text) = sent.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().any(char::is_control) {
        return Err(refused(field, "must be one line without control characters"));
    }
    if text.len() > LONGEST_TEXT {
        return Err(refused(field, "is too long"));
    }
    Ok(Some(text))
}

fn address(email: String) -> Result<String> {
    if is_address(&email) { Ok(email) } else { Err(refused("email", "must be one address such as ada@example.com")) }
}

/// A time; one without a zone is in UTC, as the field's name says.
fn moment(text: &str) -> Result<Millis> {
    let zoned = || Millis::parse(text);
    zoned()
        .or_else(|| Millis::parse(&format!("{text}Z")))
        .ok_or_else(|| refused("scheduleAtUtc", "must be a time such as 2026-06-09T08:30:00Z"))
}

fn within(field: &'static str, sent: Option<i64>, default: u32, range: std::ops::RangeInclusive<u32>) -> Result<u32> {
    let Some(sent) = sent else { return Ok(default) };
    u32::try_from(sent)
        .ok()
        .filter(|n| range.contains(n))
        .ok_or_else(|| refused(field, format!("must be {} to {}", range.start(), range.end())))
}

/// A refusal that names the field.
pub(super) fn refused(field: &'static str, sentence: impl Into<String>) -> Error {
    let sentence = sentence.into();
    Error::invalid(format!("{field} {sentence}")).field(field, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn body(change: &Value) -> OutboundBody {
        let mut body = json!({ "phone": "+15551234567", "systemPrompt": "Remind them." });
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        serde_json::from_value(body).unwrap()
    }

    fn wished(change: Value) -> Result<Wish, String> {
        let now = Millis::parse("2026-06-09T08:00:00Z").unwrap();
        body(&change).wish(now).map_err(|error| error.fields()[0].field.clone())
    }

    #[test]
    fn what_is_not_said_has_the_defaults_of_the_seed() {
        let wish = wished(json!({})).unwrap();
        assert_eq!(wish.display_name, "+15551234567");
        assert_eq!((wish.brief.shown_voice().as_str(), wish.brief.shown_language().as_str()), ("Aoede", "en-US"));
        assert_eq!((wish.brief.max_seconds, wish.retries, wish.retry_delay_minutes), (300, 0, 5));
        assert_eq!((wish.brief.voice, wish.brief.language, wish.email, wish.at), (None, None, None, None));
    }

    #[test]
    fn limits_hold_at_both_ends() {
        for (field, good, bad) in
            [("maxSeconds", [10, 3600], [9, 3601]), ("retries", [0, 10], [-1, 11]), ("retryDelayMinutes", [1, 1440], [0, 1441])]
        {
            for n in good {
                assert!(wished(json!({ field: n })).is_ok(), "{field} {n}");
            }
            for n in bad {
                assert_eq!(wished(json!({ field: n })).err(), Some(field.to_owned()), "{n}");
            }
        }
    }

    #[test]
    fn each_refusal_names_its_field() {
        for (field, value) in [
            ("phone", json!(null)),
            ("phone", json!("5551234567")),
            ("systemPrompt", json!("  ")),
            ("systemPrompt", json!("x".repeat(LONGEST_PROMPT + 1))),
            ("scheduleAtUtc", json!("tomorrow")),
            ("email", json!("ada")),
            ("email", json!("ada@example.com\r\nBcc: all@example.com")),
            ("email", json!("ada@example.com, bob@example.com")),
            ("displayName", json!("Ada\nX: y")),
            ("apiKey", json!("k\u{0}")),
            ("model", json!("m".repeat(501))),
        ] {
            assert_eq!(wished(json!({ field: value.clone() })).err(), Some(field.to_owned()), "{value:.40}");
        }
    }

    #[test]
    fn a_schedule_in_the_past_means_now_and_a_time_without_a_zone_is_utc() {
        assert_eq!(wished(json!({ "scheduleAtUtc": "2026-06-09T07:59:59Z" })).unwrap().at, None);
        let at = Millis::parse("2026-06-09T08:00:01Z");
        for text in ["2026-06-09T08:00:01Z", "2026-06-09T08:00:01", "2026-06-09T10:00:01.000+02:00"] {
            assert_eq!(wished(json!({ "scheduleAtUtc": text })).unwrap().at, at, "{text}");
        }
    }

    #[test]
    fn bodies_are_the_same_when_they_say_the_same_and_a_key_is_never_printed() {
        let with = |key: &str| body(&json!({ "apiKey": key }));
        assert_eq!(with("k-1").hash().unwrap(), with("k-1").hash().unwrap());
        assert_ne!(with("k-1").hash().unwrap(), with("k-2").hash().unwrap());
        assert!(!format!("{:?}", with("k-secret")).contains("k-secret"));
        assert!(!format!("{:?}", with("k-secret").wish(Millis(0)).unwrap()).contains("k-secret"));
    }
}
