//! What a list shows of a transcript, and which transcripts are wanted. Pure.

use serde::Serialize;
use utoipa::ToSchema;

use super::document;
use super::source::Source;
use crate::base::{Error, Millis, Result};
use crate::features::calls::CallRecord;

/// Longest text that can be searched for, in characters.
const LONGEST_SEARCH: usize = 200;

/// A transcript in a list (seed 002).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TranscriptItem {
    /// The call.
    pub call_id: String,
    /// `vnum`, `office-tab` or `outbound-ai`.
    pub caller_source: String,
    /// When the call began.
    #[schema(value_type = String, format = DateTime)]
    pub started_utc: Millis,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_utc: Option<Millis>,
    /// When the file was written.
    #[schema(value_type = String, format = DateTime)]
    pub mtime_utc: Millis,
    /// Start to end in whole seconds.
    pub duration_sec: u64,
    /// `outbound: <phone> (<displayName>)` or `vnum:<number name>`.
    pub rule: String,
    /// Number that was called; outbound calls only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Name of whoever was called; outbound calls only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The number that was reached; calls that came in only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// How it ended.
    pub outcome: String,
    /// Voice of the bot.
    pub voice: String,
    /// Language of the bot.
    pub language: String,
    /// Model of the bot.
    pub model: String,
    /// Tokens of the conversation.
    pub tokens_total: u64,
    /// Tokens of the prompt.
    pub tokens_prompt: u64,
    /// Turns of both sides.
    pub turn_count: u64,
    /// Bytes of the text file.
    pub size: u64,
    /// Always `tenant`: transcripts belong to the box.
    pub source: &'static str,
    /// Name of the text file.
    pub file: String,
}

impl TranscriptItem {
    /// What is listed of a call whose text file has been written.
    pub(super) fn of(call: &CallRecord, document: &document::Document, size: u64, written_at: Millis) -> Self {
        Self {
            call_id: document.call_id.clone(),
            caller_source: document.caller_source.clone(),
            started_utc: document.started_utc,
            ended_utc: document.ended_utc,
            mtime_utc: written_at,
            duration_sec: document.duration_sec,
            rule: rule(call),
            phone: document.phone.clone(),
            display_name: document.display_name.clone(),
            number: document.number.clone(),
            outcome: document.outcome.clone(),
            voice: document.voice.clone(),
            language: document.language.clone(),
            model: document.model.clone(),
            tokens_total: document.tokens_total,
            tokens_prompt: document.tokens_prompt,
            turn_count: document.turns.len() as u64,
            size,
            source: "tenant",
            file: document.file.clone(),
        }
    }
}

/// Which rule brought the call about.
fn rule(call: &CallRecord) -> String {
    if Source::of(call).is_outbound() {
        let phone = call.to_number.as_deref().unwrap_or_default();
        return format!("outbound: {phone} ({})", document::display_name(call));
    }
    let name = call.number_name.clone().or_else(|| document::number(call)).unwrap_or_else(|| "unknown".to_owned());
    format!("vnum:{name}")
}

/// The text a search looks at: rule (it holds number and name of a callee), caller and number, a line each, in lower case.
pub(super) fn words(item: &TranscriptItem, call: &CallRecord) -> String {
    let caller = if item.phone.is_some() { None } else { call.from_number.as_deref().or(call.caller_id.as_deref()) };
    let parts = [Some(item.rule.as_str()), caller, item.number.as_deref()];
    parts.into_iter().flatten().map(|part| part.replace('\n', " ").to_lowercase()).collect::<Vec<_>>().join("\n")
}

/// Which transcripts are wanted; all filters must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only outbound calls, or only those that came in.
    pub(super) is_outbound: Option<bool>,
    /// Part of caller, number, name or rule; in lower case, never empty.
    pub(super) text: Option<String>,
    /// Begun at or after this moment.
    pub(super) since: Option<Millis>,
}

impl Filter {
    /// Reads the query of a list. `source` and `since` must be what they should be; a blank `q` filters nothing.
    pub fn read(source: Option<&str>, text: Option<&str>, since: Option<&str>) -> Result<Self> {
        let is_outbound = match source.map(str::trim).filter(|source| !source.is_empty()) {
            None => None,
            Some("vnum") => Some(false),
            Some("outbound-ai") => Some(true),
            Some(_) => return Err(Error::invalid("source must be vnum or outbound-ai").field("source", "is neither vnum nor outbound-ai")),
        };
        let unreadable = || Error::invalid("since must be an ISO 8601 time such as 2026-01-01T12:00:00Z").field("since", "is not a time");
        let since = since.filter(|since| !since.trim().is_empty()).map(|since| moment(since).ok_or_else(unreadable)).transpose()?;
        // An unencoded plus in a query string arrives as a space; what surrounds the text is not looked for.
        let text = text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
        if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_SEARCH) {
            return Err(Error::invalid(format!("q must have at most {LONGEST_SEARCH} characters")).field("q", "is too long"));
        }
        Ok(Self { is_outbound, text, since })
    }
}

/// An ISO 8601 time; one without an offset, or a date alone, is in UTC.
fn moment(text: &str) -> Option<Millis> {
    let text = text.trim();
    let civil = || {
        text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| Millis(at.timestamp().as_millisecond()))
    };
    Millis::parse(text).or_else(civil)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_or_refused_by_field() {
        let noon = Some(Millis(1_767_268_800_000));
        for (source, q, since, expected) in [
            (None, None, None, Filter::default()),
            (Some("vnum"), Some(" Ada "), None, Filter { is_outbound: Some(false), text: Some("ada".into()), since: None }),
            (Some("outbound-ai"), Some("  "), Some("2026-01-01T12:00:00Z"), Filter { is_outbound: Some(true), text: None, since: noon }),
            (
                Some(""),
                Some("ÄÖ"),
                Some("2026-01-01T13:00:00.000+01:00"),
                Filter { is_outbound: None, text: Some("äö".into()), since: noon },
            ),
            (None, None, Some("2026-01-01T12:00:00"), Filter { since: noon, ..Filter::default() }),
            (None, None, Some("2026-01-01"), Filter { since: Some(Millis(1_767_225_600_000)), ..Filter::default() }),
        ] {
            assert_eq!(Filter::read(source, q, since).expect("read"), expected, "{source:?} {q:?} {since:?}");
        }
        let long = "x".repeat(201);
        for (source, q, since, field) in [
            (Some("sip"), None, None, "source"),
            (Some("office-tab"), None, None, "source"),
            (None, Some(long.as_str()), None, "q"),
            (None, None, Some("yesterday"), "since"),
            (None, None, Some("2026-13-01T00:00:00Z"), "since"),
            (None, None, Some("1767268800"), "since"),
        ] {
            let refusal = Filter::read(source, q, since).expect_err("refused");
            assert_eq!(refusal.fields()[0].field, field, "{source:?} {q:?} {since:?}");
        }
    }
}
