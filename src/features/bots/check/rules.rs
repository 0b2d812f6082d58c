//! Whether the small blocks of a bot hold: silence, hours, headers, dispositions, callbacks, knowledge, free objects.

use std::collections::BTreeSet;

use http::HeaderName;
use serde_json::Value;

use super::super::body::BotBody;
use super::super::rules::{ActiveHours, SipHeaderConfig};
use super::{LONGEST_PROMPT, Refusals};

/// The days as `active_hours.days` spells them, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Most SIP headers a bot may name.
const MOST_HEADERS: usize = 50;
/// Most knowledge bases of one bot.
const MOST_BASES: usize = 50;
/// Longest free object, as JSON.
const LONGEST_OBJECT: usize = 64 * 1024;

pub(super) fn rules_hold(body: &BotBody, no: &mut Refusals) {
    if let Some(again) = &body.re_engagement {
        no.unless((1_000..=120_000).contains(&again.after_ms), "re_engagement.after_ms", "must be 1000 to 120000");
        no.unless((1..=10).contains(&again.times), "re_engagement.times", "must be 1 to 10");
        no.unless(!again.message.trim().is_empty(), "re_engagement.message", "must not be empty");
    }
    if let Some(hours) = &body.active_hours {
        hours_hold(hours, no);
    }
    if let Some(own) = &body.retention {
        for (field, days) in [
            ("audio_days", own.audio_days),
            ("transcript_days", own.transcript_days),
            ("analysis_days", own.analysis_days),
            ("metadata_days", own.metadata_days),
        ] {
            no.unless(days.is_none_or(|days| days <= 36_500), format!("retention.{field}"), "must be 0 to 36500");
        }
    }
    if let Some(config) = &body.sip_header_config {
        headers_hold(config, no);
    }
    if let Some(callback) = &body.callback_prompt_injection {
        let fine = callback.text.len() <= LONGEST_PROMPT;
        no.unless(fine, "callback_prompt_injection.text", format!("must have at most {LONGEST_PROMPT} bytes"));
    }
    for (name, given) in body.auto_dispositions.iter().flat_map(|given| given.given()) {
        let is_word = |text: &str| text.len() <= 100 && !text.chars().any(char::is_control);
        let fine = is_word(&given.disposition) && !given.disposition.trim().is_empty();
        no.unless(fine, format!("auto_dispositions.{name}.disposition"), "must be one line of 1 to 100 bytes");
        no.unless(
            is_word(&given.sub_disposition),
            format!("auto_dispositions.{name}.sub_disposition"),
            "must be one line of at most 100 bytes",
        );
    }
    for (field, object) in [("conversation_policy", &body.conversation_policy), ("post_call_cache", &body.post_call_cache)] {
        let Some(object) = object else { continue };
        let fine = object.is_object() && object.to_string().len() <= LONGEST_OBJECT;
        no.unless(fine, field, format!("must be an object of at most {LONGEST_OBJECT} bytes"));
    }
    knowledge_holds(body, no);
}

fn knowledge_holds(body: &BotBody, no: &mut Refusals) {
    no.unless((1..=10).contains(&body.knowledge_top_k), "knowledge_top_k", "must be 1 to 10");
    no.unless((0.0..=1.0).contains(&body.knowledge_score_threshold), "knowledge_score_threshold", "must be 0 to 1");
    no.unless(body.knowledge_kb_ids.len() <= MOST_BASES, "knowledge_kb_ids", format!("must have at most {MOST_BASES} ids"));
    let mut seen = BTreeSet::new();
    for (n, id) in body.knowledge_kb_ids.iter().enumerate() {
        let is_id = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        no.unless(is_id, format!("knowledge_kb_ids[{n}]"), "must be the id of a knowledge base");
        no.unless(seen.insert(id), format!("knowledge_kb_ids[{n}]"), "is named twice");
    }
}

fn headers_hold(config: &SipHeaderConfig, no: &mut Refusals) {
    no.unless(config.headers.len() <= MOST_HEADERS, "sip_header_config.headers", format!("must have at most {MOST_HEADERS} names"));
    for (n, name) in config.headers.iter().enumerate() {
        let bare = name.strip_suffix('*').unwrap_or(name);
        let fine = name.len() <= 100 && HeaderName::from_bytes(bare.as_bytes()).is_ok();
        no.unless(fine, format!("sip_header_config.headers[{n}]"), "must be the name of a header, or its beginning and a *");
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
