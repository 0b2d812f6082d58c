//! Whether a bot can be accepted: pure rules, each refusal with the path of its field.

use std::collections::BTreeSet;

use serde_json::Value;

use super::model::{ActiveHours, BotBody, Provider};
use crate::base::{Error, Result};
use crate::contract::flow::{Flow, FlowToolName, Intent};

/// Which providers fit which field.
const FITTING: &[(&str, &[&str])] = &[
    ("stt", &["pocketsphinx", "openai", "none"]),
    ("llm", &["flow", "openai", "none"]),
    ("tts", &["flite", "espeak-ng", "openai", "none"]),
];
/// Most intents a flow may have; the recogniser's grammar grows with them.
const MOST_INTENTS: usize = 200;
/// Most phrases one intent may have.
const MOST_PHRASES: usize = 100;
/// Longest text of a message or a reply.
const LONGEST_MESSAGE: usize = 4_000;
/// Longest prompt.
const LONGEST_PROMPT: usize = 200_000;
/// The days as `active_hours.days` spells them, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The refusals found so far.
#[derive(Default)]
struct Refusals(Vec<(String, String)>);

impl Refusals {
    fn add(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.0.push((field.into(), sentence.into()));
    }

    fn unless(&mut self, holds: bool, field: impl Into<String>, sentence: impl Into<String>) {
        if !holds {
            self.add(field, sentence);
        }
    }

    fn into_result(self) -> Result<()> {
        let Some((field, sentence)) = self.0.first() else { return Ok(()) };
        let error = Error::invalid(format!("{field}: {sentence}"));
        Err(self.0.iter().fold(error, |error, (field, sentence)| error.field(field, sentence)))
    }
}

/// Refuses a body that cannot run, naming every field that is wrong.
pub(super) fn check(body: &BotBody) -> Result<()> {
    let mut no = Refusals::default();
    let n_name = body.name.trim().chars().count();
    no.unless((1..=200).contains(&n_name), "name", "must have 1 to 200 characters");
    no.unless(is_language(&body.language), "language", "must be a language tag such as en-US");
    no.unless(is_zone(&body.timezone), "timezone", "must be an IANA time zone such as Europe/Malta");
    no.unless((1..=14_400).contains(&body.max_call_duration_seconds), "max_call_duration_seconds", "must be 1 to 14400");
    no.unless(body.min_words_interruption <= 20, "min_words_interruption", "must be 0 to 20");
    lengths(body, &mut no);
    for (slot, provider) in body.providers() {
        provider_fits(slot, provider, &mut no);
    }
    match &body.flow {
        Some(flow) => flow_runs(flow, !body.transfer_targets.is_empty(), &mut no),
        None => no.unless(body.llm.provider != "flow", "flow", "is needed when llm.provider is flow"),
    }
    if let Some(again) = &body.re_engagement {
        no.unless((1_000..=120_000).contains(&again.after_ms), "re_engagement.after_ms", "must be 1000 to 120000");
        no.unless((1..=10).contains(&again.times), "re_engagement.times", "must be 1 to 10");
        no.unless(!again.message.trim().is_empty(), "re_engagement.message", "must not be empty");
    }
    if let Some(hours) = &body.active_hours {
        hours_hold(hours, &mut no);
    }
    for (n, target) in body.transfer_targets.iter().enumerate() {
        no.unless(target.is_object(), format!("transfer_targets[{n}]"), "must be an object");
    }
    for (n, tool) in body.tools.iter().enumerate() {
        no.unless(tool.is_object(), format!("tools[{n}]"), "must be an object");
    }
    no.into_result()
}

fn lengths(body: &BotBody, no: &mut Refusals) {
    for (field, text) in [
        ("opening_message", &body.opening_message),
        ("recording_notice", &body.recording_notice),
        ("failure_message", &body.failure_message),
        ("voicemail_message", &body.voicemail_message),
        ("pre_transfer_message", &body.pre_transfer_message),
    ] {
        no.unless(text.len() <= LONGEST_MESSAGE, field, format!("must have at most {LONGEST_MESSAGE} bytes"));
    }
    no.unless(body.disclosure.words().len() <= LONGEST_MESSAGE, "disclosure", format!("must have at most {LONGEST_MESSAGE} bytes"));
    no.unless(body.system_prompt.len() <= LONGEST_PROMPT, "system_prompt", format!("must have at most {LONGEST_PROMPT} bytes"));
}

fn provider_fits(slot: &str, provider: &Provider, no: &mut Refusals) {
    let fitting = FITTING.iter().find(|(name, _)| *name == slot).map_or(&[][..], |(_, names)| names);
    if !fitting.contains(&provider.provider.as_str()) {
        no.add(format!("{slot}.provider"), format!("must be one of {}", fitting.join(", ")));
    }
    if let Some(url) = &provider.base_url {
        no.unless(is_http_url(url), format!("{slot}.base_url"), "must be an http or https URL");
    }
    if let Some(temperature) = provider.temperature {
        no.unless((0.0..=2.0).contains(&temperature), format!("{slot}.temperature"), "must be 0 to 2");
    }
    if let Some(most) = provider.max_tokens {
        no.unless((1..=200_000).contains(&most), format!("{slot}.max_tokens"), "must be 1 to 200000");
    }
    if let Some(language) = &provider.language {
        no.unless(is_language(language), format!("{slot}.language"), "must be a language tag such as en-US");
    }
}

fn flow_runs(flow: &Flow, has_targets: bool, no: &mut Refusals) {
    no.unless(!flow.fallback.trim().is_empty(), "flow.fallback", "must not be empty");
    no.unless(flow.intents.len() <= MOST_INTENTS, "flow.intents", format!("must have at most {MOST_INTENTS} intents"));
    let (mut ids, mut digits) = (BTreeSet::new(), BTreeSet::new());
    for (n, intent) in flow.intents.iter().enumerate() {
        let at = |field: &str| format!("flow.intents[{n}].{field}");
        no.unless(!intent.id.trim().is_empty(), at("id"), "must not be empty");
        no.unless(ids.insert(intent.id.as_str()), at("id"), format!("'{}' is used twice", intent.id));
        if let Some(keys) = &intent.digits {
            let fine = !keys.is_empty() && keys.len() <= 32 && keys.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b));
            no.unless(fine, at("digits"), "must be 1 to 32 of 0-9, * and #");
            no.unless(digits.insert(keys.as_str()), at("digits"), format!("'{keys}' belongs to another intent already"));
        }
        intent_runs(intent, has_targets, &at, no);
    }
}

fn intent_runs(intent: &Intent, has_targets: bool, at: &dyn Fn(&str) -> String, no: &mut Refusals) {
    no.unless(!intent.phrases.is_empty() || intent.digits.is_some(), at("phrases"), "needs a phrase, or digits beside it");
    no.unless(intent.phrases.len() <= MOST_PHRASES, at("phrases"), format!("must have at most {MOST_PHRASES} phrases"));
    for (n, phrase) in intent.phrases.iter().enumerate() {
        let fine = phrase.chars().any(char::is_alphanumeric) && phrase.len() <= 200;
        no.unless(fine, at(&format!("phrases[{n}]")), "must have words, and at most 200 bytes");
    }
    no.unless(intent.reply.len() <= LONGEST_MESSAGE, at("reply"), format!("must have at most {LONGEST_MESSAGE} bytes"));
    no.unless(!intent.reply.trim().is_empty() || intent.tool.is_some(), at("reply"), "must not be empty unless there is a tool");
    if let Some(tool) = &intent.tool {
        let named = tool.target.as_deref().is_some_and(|target| !target.trim().is_empty());
        let fine = tool.name != FlowToolName::Transfer || named || has_targets;
        no.unless(fine, at("tool.target"), "is needed for a transfer");
    }
}

fn hours_hold(hours: &ActiveHours, no: &mut Refusals) {
    for (n, day) in hours.days.iter().enumerate() {
        no.unless(day_index(day).is_some(), format!("active_hours.days[{n}]"), "must be mon to sun, or 0 (Monday) to 6");
    }
    for (field, text) in [("start_time", &hours.start_time), ("end_time", &hours.end_time)] {
        no.unless(minute_of_day(text).is_some(), format!("active_hours.{field}"), "must be a time such as 09:00");
    }
}

/// Position of a day in the week (Monday is 0), from its name or its number.
pub(crate) fn day_index(day: &Value) -> Option<usize> {
    match day {
        Value::Number(number) => number.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n < 7),
        Value::String(name) => {
            let short: String = name.trim().to_lowercase().chars().take(3).collect();
            DAYS.iter().position(|day| *day == short)
        }
        _ => None,
    }
}

/// Minutes since midnight of `HH:MM`; `24:00` is the end of the day.
pub(crate) fn minute_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str| if part.len() <= 2 { part.parse::<u32>().ok() } else { None };
    let at = number(hours)?.checked_mul(60)? + number(minutes).filter(|m| *m < 60)?;
    (at <= 24 * 60).then_some(at)
}

/// Whether a text is a language tag: a language of two or three letters, then subtags.
pub(crate) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn is_zone(text: &str) -> bool {
    jiff::tz::TimeZone::get(text).is_ok()
}

fn is_http_url(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(change: Value) -> Vec<String> {
        let mut body = json!({
            "name": "Anna", "llm": { "provider": "flow" },
            "flow": { "intents": [{ "id": "hours", "phrases": ["opening hours"], "reply": "Nine to five." }], "fallback": "Pardon?" }
        });
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let body: BotBody = serde_json::from_value(body).unwrap();
        check(&body).map_or_else(|error| error.fields().iter().map(|f| f.field.clone()).collect(), |()| Vec::new())
    }

    #[test]
    fn a_small_flow_bot_is_accepted() {
        assert!(refused(json!({})).is_empty());
    }

    #[test]
    fn each_refusal_names_its_field() {
        let intent = |change: Value| {
            let mut intent = json!({ "id": "a", "phrases": ["yes"], "reply": "Fine." });
            for (key, value) in change.as_object().unwrap() {
                intent[key] = value.clone();
            }
            json!({ "flow": { "intents": [intent], "fallback": "Pardon?" } })
        };
        for (change, field) in [
            (json!({ "name": "  " }), "name"),
            (json!({ "timezone": "Mars/Olympus" }), "timezone"),
            (json!({ "language": "english please" }), "language"),
            (json!({ "max_call_duration_seconds": 0 }), "max_call_duration_seconds"),
            (json!({ "min_words_interruption": 21 }), "min_words_interruption"),
            (json!({ "stt": { "provider": "flite" } }), "stt.provider"),
            (json!({ "llm": { "provider": "openai", "base_url": "ftp://x" } }), "llm.base_url"),
            (json!({ "llm": { "provider": "openai", "temperature": 3.0 } }), "llm.temperature"),
            (json!({ "flow": null }), "flow"),
            (json!({ "flow": { "intents": [], "fallback": "" } }), "flow.fallback"),
            (intent(json!({ "id": "" })), "flow.intents[0].id"),
            (intent(json!({ "phrases": [] })), "flow.intents[0].phrases"),
            (intent(json!({ "phrases": ["..."] })), "flow.intents[0].phrases[0]"),
            (intent(json!({ "digits": "A" })), "flow.intents[0].digits"),
            (intent(json!({ "reply": "" })), "flow.intents[0].reply"),
            (intent(json!({ "tool": { "name": "transfer" } })), "flow.intents[0].tool.target"),
            (json!({ "active_hours": { "days": ["someday"], "start_time": "09:00", "end_time": "17:00" } }), "active_hours.days[0]"),
            (json!({ "active_hours": { "start_time": "9 o'clock", "end_time": "17:00" } }), "active_hours.start_time"),
            (json!({ "re_engagement": { "after_ms": 1, "message": "Hello?" } }), "re_engagement.after_ms"),
        ] {
            assert_eq!(refused(change.clone()), [field], "{change}");
        }
    }

    #[test]
    fn two_intents_may_not_share_an_id_or_digits() {
        let twice = json!({ "id": "a", "phrases": ["yes"], "digits": "1", "reply": "Fine." });
        let fields = refused(json!({ "flow": { "intents": [twice, twice], "fallback": "Pardon?" } }));
        assert_eq!(fields, ["flow.intents[1].id", "flow.intents[1].digits"]);
    }
}
