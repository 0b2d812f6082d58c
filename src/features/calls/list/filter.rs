//! Which calls are wanted, and in which order: the query of a list, read and checked. Pure.

use serde::Deserialize;
use utoipa::IntoParams;

use super::span::Spans;
use super::words::{self, Question, facet, number_letters, span_facet};
use crate::base::{Error, Millis, Result};
use crate::features::calls::model::{CallStatus, Direction};

/// Longest text of a filter, in characters.
const LONGEST: usize = 200;
/// Shortest part of a number that can be looked for.
const SHORTEST_NUMBER: usize = 3;

/// Which calls are wanted. All filters must match; an empty one filters nothing.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::features::calls) struct ListQuery {
    /// Calls of this bot.
    bot_id: Option<String>,
    /// `active`, `completed`, `failed` or `voicemail`.
    status: Option<String>,
    /// `inbound` or `outbound`.
    direction: Option<String>,
    /// Made at or after this RFC 3339 time.
    from: Option<String>,
    /// Made before this RFC 3339 time.
    to: Option<String>,
    /// Part of a number of either end: at least three letters or digits; other characters do not count.
    phone: Option<String>,
    /// The virtual number that was reached, whole; for calls that reached none the number that was dialled.
    number: Option<String>,
    /// Outcome word, such as `no-answer`, or the `disposition` of the analysis.
    disposition: Option<String>,
    /// Who ended it, such as `customer`.
    disconnected_by: Option<String>,
    /// The trunk.
    carrier_id: Option<String>,
    /// A tag somebody put on it.
    tag: Option<String>,
    /// `true`: recorded calls; `false`: the others.
    has_recording: Option<String>,
    /// Talked at least so many seconds.
    min_duration: Option<String>,
    /// Talked at most so many seconds.
    max_duration: Option<String>,
    /// What was said: all words, "words in quotes" in that order, `begin*`. Capitals and accents do not matter.
    q: Option<String>,
    /// `-created_at` (newest first, the default), `created_at`, `-duration` or `duration`.
    sort: Option<String>,
    /// `false`: rows come before all that match are counted. With `q`, `phone`, `number` or `tag` and the newest first, `total` is then only the
    /// rows up to the end of this page, and one more when there are more.
    count: Option<String>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::features::calls) enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// Longest first.
    Longest,
    /// Shortest first.
    Shortest,
}

/// Which calls are wanted; `None` does not filter.
#[derive(Debug, Clone)]
pub(in crate::features::calls) struct Filter {
    pub(super) bot_id: Option<String>,
    pub(super) status: Option<CallStatus>,
    pub(super) direction: Option<Direction>,
    pub(super) from: Option<Millis>,
    pub(super) to: Option<Millis>,
    /// Letters and digits only.
    pub(super) phone: Option<String>,
    pub(super) number: Option<String>,
    pub(super) disposition: Option<String>,
    pub(super) disconnected_by: Option<String>,
    pub(super) carrier_id: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) has_recording: Option<bool>,
    pub(super) min_duration: Option<f64>,
    pub(super) max_duration: Option<f64>,
    pub(super) spans: Spans,
    /// An expression of the index.
    pub(super) spoken: Option<String>,
    /// A search without a letter or digit finds nothing.
    pub(super) finds_nothing: bool,
    /// Whether the exact number is worth waiting for.
    pub(super) counts: bool,
}

impl ListQuery {
    /// The filters and the order. What cannot be read is refused by field.
    pub(in crate::features::calls) fn read(&self) -> Result<(Filter, Sort)> {
        let q = text("q", &self.q)?;
        let spoken = q.as_deref().and_then(words::spoken);
        let (min_duration, max_duration) = (seconds("min_duration", &self.min_duration)?, seconds("max_duration", &self.max_duration)?);
        let filter = Filter {
            bot_id: text("bot_id", &self.bot_id)?,
            status: word("status", &self.status, CallStatus::parse)?,
            direction: word("direction", &self.direction, Direction::parse)?,
            from: word("from", &self.from, Millis::parse)?,
            to: word("to", &self.to, Millis::parse)?,
            phone: phone(&self.phone)?,
            number: text("number", &self.number)?,
            disposition: text("disposition", &self.disposition)?,
            disconnected_by: text("disconnected_by", &self.disconnected_by)?,
            carrier_id: text("carrier_id", &self.carrier_id)?,
            tag: text("tag", &self.tag)?,
            has_recording: word("has_recording", &self.has_recording, |text| text.parse().ok())?,
            min_duration,
            max_duration,
            spans: Spans::between(min_duration, max_duration),
            finds_nothing: q.is_some() && spoken.is_none(),
            counts: word("count", &self.count, |text| text.parse().ok())?.unwrap_or(true),
            spoken,
        };
        let sort = word("sort", &self.sort, |text| match text {
            "-created_at" => Some(Sort::Newest),
            "created_at" => Some(Sort::Oldest),
            "-duration" => Some(Sort::Longest),
            "duration" => Some(Sort::Shortest),
            _ => None,
        })?;
        Ok((filter, sort.unwrap_or_default()))
    }

    /// Names and values, for the link to the next page.
    pub(in crate::features::calls) fn pairs(&self) -> [(&'static str, Option<&str>); 17] {
        [
            ("bot_id", self.bot_id.as_deref()),
            ("status", self.status.as_deref()),
            ("direction", self.direction.as_deref()),
            ("from", self.from.as_deref()),
            ("to", self.to.as_deref()),
            ("phone", self.phone.as_deref()),
            ("number", self.number.as_deref()),
            ("disposition", self.disposition.as_deref()),
            ("disconnected_by", self.disconnected_by.as_deref()),
            ("carrier_id", self.carrier_id.as_deref()),
            ("tag", self.tag.as_deref()),
            ("has_recording", self.has_recording.as_deref()),
            ("min_duration", self.min_duration.as_deref()),
            ("max_duration", self.max_duration.as_deref()),
            ("q", self.q.as_deref()),
            ("sort", self.sort.as_deref()),
            ("count", self.count.as_deref()),
        ]
    }
}

impl Filter {
    /// Everything.
    pub(in crate::features::calls) fn all() -> Self {
        Self {
            bot_id: None,
            status: None,
            direction: None,
            from: None,
            to: None,
            phone: None,
            number: None,
            disposition: None,
            disconnected_by: None,
            carrier_id: None,
            tag: None,
            has_recording: None,
            min_duration: None,
            max_duration: None,
            spans: Spans::ALL,
            spoken: None,
            finds_nothing: false,
            counts: true,
        }
    }

    /// Calls with a number in them, whatever else they are.
    pub(in crate::features::calls) fn of_number(phone: &str) -> Self {
        Self { phone: Some(number_letters(phone)), ..Self::all() }
    }

    /// Whether only time is asked for.
    pub(super) fn takes_every_kind(&self) -> bool {
        let names = [&self.bot_id, &self.disposition, &self.disconnected_by, &self.carrier_id];
        let asks = names.iter().any(|name| name.is_some()) || self.status.is_some() || self.direction.is_some();
        !asks && self.has_recording.is_none() && self.spans == Spans::ALL
    }

    /// What the full-text index is asked, where kinds do not suffice.
    pub(super) fn question(&self, spans: u32) -> Option<String> {
        if [&self.phone, &self.number, &self.tag, &self.spoken].into_iter().all(Option::is_none) {
            return None;
        }
        let mut question = Question::default();
        self.phone.iter().for_each(|phone| question.number(phone));
        self.spoken.iter().for_each(|spoken| question.spoken(spoken));
        for (letter, value) in [
            ('t', self.tag.as_deref()),
            ('b', self.bot_id.as_deref()),
            ('n', self.number.as_deref()),
            ('o', self.disposition.as_deref()),
            ('e', self.disconnected_by.as_deref()),
            ('c', self.carrier_id.as_deref()),
            ('s', self.status.map(CallStatus::as_str)),
            ('d', self.direction.map(Direction::as_str)),
            ('r', self.has_recording.map(|has| if has { "yes" } else { "no" })),
        ] {
            if let Some(value) = value {
                question.facet(&[facet(letter, value)]);
            }
        }
        if spans != Spans::ALL.whole {
            let words: Vec<String> = (0..u32::BITS).filter(|span| spans & (1 << span) != 0).map(span_facet).collect();
            question.facet(&words);
        }
        Some(question.text())
    }
}

pub(in crate::features::calls) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.trim().is_empty())
}

pub(in crate::features::calls) fn text(field: &str, value: &Option<String>) -> Result<Option<String>> {
    let Some(value) = given(value) else { return Ok(None) };
    if value.chars().count() > LONGEST {
        return Err(refused(field, &format!("must have at most {LONGEST} characters")));
    }
    Ok(Some(value.to_owned()))
}

fn word<T>(field: &str, value: &Option<String>, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
    let sentence = match field {
        "from" | "to" => "must be an RFC 3339 time such as 2026-01-01T12:00:00Z",
        "status" => "must be active, completed, failed or voicemail",
        "direction" => "must be inbound or outbound",
        "has_recording" | "count" => "must be true or false",
        _ => "must be -created_at, created_at, -duration or duration",
    };
    given(value).map(|value| parse(value.trim()).ok_or_else(|| refused(field, sentence))).transpose()
}

fn seconds(field: &str, value: &Option<String>) -> Result<Option<f64>> {
    let parse = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    given(value).map(|text| parse(text).ok_or_else(|| refused(field, "must be a number of seconds, not below zero"))).transpose()
}

fn phone(value: &Option<String>) -> Result<Option<String>> {
    let Some(value) = text("phone", value)? else { return Ok(None) };
    let letters = number_letters(&value);
    if letters.len() < SHORTEST_NUMBER {
        return Err(refused("phone", "must have at least three letters or digits"));
    }
    Ok(Some(letters))
}

pub(in crate::features::calls) fn refused(field: &str, sentence: &str) -> Error {
    Error::invalid(format!("{field} {sentence}")).field(field, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn query(value: Value) -> ListQuery {
        serde_json::from_value(value).expect("a query")
    }

    #[test]
    fn each_filter_is_read_or_refused_by_its_name() {
        let (filter, sort) = query(json!({ "phone": "+1 (555) 01", "q": "Late order", "min_duration": "60", "has_recording": "true",
            "status": "", "sort": "-duration" }))
        .read()
        .expect("read");
        assert_eq!((filter.phone.as_deref(), filter.spoken.as_deref()), (Some("155501"), Some("\"Late\" AND \"order\"")));
        assert_eq!((filter.min_duration, filter.has_recording, filter.status, sort), (Some(60.0), Some(true), None, Sort::Longest));
        for (field, value) in [
            ("status", "done"),
            ("direction", "up"),
            ("from", "yesterday"),
            ("to", "1767268800"),
            ("phone", "+1 2"),
            ("has_recording", "1"),
            ("count", "no"),
            ("min_duration", "-1"),
            ("max_duration", "NaN"),
            ("sort", "status"),
            ("q", &"x".repeat(201)),
            ("bot_id", &"x".repeat(201)),
        ] {
            let refusal = query(json!({ field: value })).read().expect_err(field);
            assert_eq!(refusal.fields()[0].field, field);
        }
    }

    #[test]
    fn only_texts_numbers_and_tags_need_the_index() {
        let ask = |value: Value| query(value).read().expect("read").0.question(Spans::ALL.whole);
        assert_eq!(ask(json!({ "status": "completed", "min_duration": "60" })), None);
        let question = ask(json!({ "q": "late", "status": "completed" })).expect("asked");
        assert_eq!(question, format!("words : (\"late\") AND facets : ({})", facet('s', "completed")));
        assert!(query(json!({ "q": "!!" })).read().expect("read").0.finds_nothing);
    }
}
