//! Reads the body of `POST /api/v1/call-results` in one pass. Free fields stay the text they were sent as; nothing is built that is not
//! looked at. The shape is [`crate::contract::result::CallResultsPayload`].

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::cache_summary;
use super::model::Direction;
use crate::base::id::{CallId, CarrierId, SessionId};
use crate::base::{Error, Millis, Result};
use crate::platform::db::to_json;

/// Most `transfer_*` keys of one result.
const MOST_TRANSFER_KEYS: usize = 64;
/// Most fields that are named in one refusal: an answer is not to grow with what was wrong.
const MOST_REFUSED: usize = 32;

/// A result, ready to be stored. Absent and null fields are `None`.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub(super) session_id: Option<SessionId>,
    pub(super) call_id: Option<CallId>,
    pub(super) stream_id: Option<String>,
    pub(super) caller_id: Option<String>,
    pub(super) from_number: Option<String>,
    pub(super) direction: Option<Direction>,
    pub(super) carrier_id: Option<CarrierId>,
    pub(super) disconnected_by: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) error_detail: Option<String>,
    pub(super) call_duration_seconds: Option<f64>,
    pub(super) started_at: Option<Millis>,
    pub(super) answered_at: Option<Millis>,
    pub(super) ended_at: Option<Millis>,
    pub(super) answer_ms: Option<u32>,
    pub(super) tokens_total: Option<i64>,
    pub(super) tokens_prompt: Option<i64>,
    pub(super) was_transferred: Option<bool>,
    pub(super) recording_key: Option<String>,
    pub(super) recording_token: Option<String>,
    /// Whether it names a recording by key or URL.
    pub(super) has_recording: bool,
    /// Whether its transcript has turns.
    pub(super) has_transcript: bool,
    /// All other fields as one JSON object.
    pub(super) doc: String,
}

/// Reads and checks a body. What does not fit is named field by field, and nothing of it is to be stored.
pub(super) fn read(body: &[u8]) -> Result<Results> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let draft = json.deserialize_map(DraftVisitor).and_then(|draft| json.end().map(|()| draft)).map_err(|cause| {
        let sentence = if cause.is_data() { "the body must be a JSON object" } else { "the body is not valid JSON" };
        Error::invalid(sentence).caused_by(cause)
    })?;
    draft.finish()
}

/// What has been read so far.
#[derive(Default)]
struct Draft<'de> {
    results: Results,
    doc: Vec<(String, &'de RawValue)>,
    n_transfer_keys: usize,
    refused: Vec<(String, String)>,
}

struct DraftVisitor;

impl<'de> Visitor<'de> for DraftVisitor {
    type Value = Draft<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Draft<'de>, A::Error> {
        let mut draft = Draft::default();
        while let Some(Key(key)) = map.next_key()? {
            let raw: &'de RawValue = map.next_value()?;
            if raw.get() != "null"
                && let Err(sentence) = draft.take(&key, raw)
                && draft.refused.len() < MOST_REFUSED
            {
                draft.refused.push((key.into_owned(), sentence));
            }
        }
        Ok(draft)
    }
}

/// A key that is borrowed from the body unless it has escapes in it.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Draft<'de> {
    fn take(&mut self, key: &str, raw: &'de RawValue) -> Result<(), String> {
        let results = &mut self.results;
        match key {
            "session_id" => results.session_id = Some(SessionId(name(raw)?)),
            "call_id" => results.call_id = Some(CallId(name(raw)?)),
            "carrier_id" => results.carrier_id = Some(CarrierId(name(raw)?)),
            "stream_id" => results.stream_id = Some(text(raw)?),
            "caller_id" => results.caller_id = Some(text(raw)?),
            "from_number" => results.from_number = Some(text(raw)?),
            "disconnected_by" => results.disconnected_by = Some(text(raw)?),
            "outcome" => results.outcome = Some(text(raw)?),
            "error_detail" => results.error_detail = Some(text(raw)?),
            "recording_key" => {
                let recording_key = text(raw)?;
                results.has_recording |= !recording_key.is_empty();
                results.recording_key = Some(recording_key);
            }
            "recording_access_token" => results.recording_token = Some(text(raw)?).filter(|token| !token.is_empty()),
            "call_duration_seconds" => results.call_duration_seconds = Some(duration(raw)?),
            "started_at" => results.started_at = Some(moment(raw)?),
            "answered_at" => results.answered_at = Some(moment(raw)?),
            "ended_at" => results.ended_at = Some(moment(raw)?),
            "answer_ms" => results.answer_ms = Some(whole(raw)?.try_into().map_err(|_| "is too large")?),
            "tokens_total" => results.tokens_total = Some(whole(raw)?),
            "tokens_prompt" => results.tokens_prompt = Some(whole(raw)?),
            "was_transferred" => results.was_transferred = Some(typed(raw, "must be true or false")?),
            _ => return self.take_free(key, raw),
        }
        Ok(())
    }

    /// Fields that are kept as they were sent.
    fn take_free(&mut self, key: &str, raw: &'de RawValue) -> Result<(), String> {
        match key {
            "call_direction" => self.results.direction = Direction::parse(&text(raw)?),
            "recording_url" => self.results.has_recording |= !text(raw)?.is_empty(),
            "transcript" => {
                let inside = begins(raw, "[", "must be an array")?;
                self.results.has_transcript = !inside.trim_start().starts_with(']');
            }
            "events" | "intents" => {
                begins(raw, "[", "must be an array")?;
            }
            "post_call_analysis" | "qc_analysis" | "pipeline_config" | "connected_event" | "llm_cache_summary" | "answering" => {
                begins(raw, "{", "must be an object")?;
            }
            "latency" | "latency_samples" | "usage_metrics" => {
                begins(raw, "[{", "must be an array or an object")?;
            }
            other if other.starts_with("transfer_") => {
                self.n_transfer_keys += 1;
                if self.n_transfer_keys > MOST_TRANSFER_KEYS {
                    return Err(format!("there are more than {MOST_TRANSFER_KEYS} transfer_ fields"));
                }
            }
            _ => return Ok(()),
        }
        // As everywhere in JSON, the last one of two equal keys counts.
        match self.doc.iter_mut().find(|(known, _)| known == key) {
            Some(known) => known.1 = raw,
            None => self.doc.push((key.to_owned(), raw)),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Results> {
        if self.results.session_id.is_none() && !self.refused.iter().any(|(field, _)| field == "session_id") {
            self.refused.push(("session_id".to_owned(), "is required".to_owned()));
        }
        if let Some((field, sentence)) = self.refused.first() {
            let error = Error::invalid(format!("{field} {sentence}"));
            return Err(self.refused.iter().fold(error, |error, (field, sentence)| error.field(field, sentence)));
        }
        let summary = self.cache_summary()?;
        self.results.doc = self.doc_text(summary.as_ref())?;
        serde_json::from_str::<Sound>(&self.results.doc).map_err(|cause| {
            Error::invalid("a value cannot be read: it is nested too deeply, or a number or character is no such thing").caused_by(cause)
        })?;
        Ok(self.results)
    }

    fn raw(&self, key: &str) -> Option<&'de RawValue> {
        self.doc.iter().find(|(known, _)| known == key).map(|(_, raw)| *raw)
    }

    fn cache_summary(&self) -> Result<Option<Map<String, Value>>> {
        let unreadable = |cause: serde_json::Error| Error::invalid("usage_metrics or llm_cache_summary cannot be read").caused_by(cause);
        let usage = self.raw("usage_metrics").map(RawValue::get);
        // Most results have no such entries; then nothing is built.
        let usage_says = match usage.filter(|text| text.starts_with('[') && (text.contains("post_call") || text.contains("qc"))) {
            Some(text) => cache_summary::of_usage(&serde_json::from_str::<Vec<Value>>(text).map_err(unreadable)?),
            None => None,
        };
        if usage_says.is_some() {
            return Ok(usage_says);
        }
        match self.raw("llm_cache_summary") {
            Some(sent) => Ok(Some(cache_summary::of_sent(serde_json::from_str(sent.get()).map_err(unreadable)?))),
            None => Ok(usage.map(|_| cache_summary::empty())),
        }
    }

    fn doc_text(&self, summary: Option<&Map<String, Value>>) -> Result<String> {
        let mut out = String::with_capacity(self.doc.iter().map(|(key, raw)| key.len() + raw.get().len() + 4).sum::<usize>() + 256);
        out.push('{');
        let mut put = |key: &str, value: &str| -> Result<()> {
            if out.len() > 1 {
                out.push(',');
            }
            out.push_str(&to_json(key)?);
            out.push(':');
            out.push_str(value);
            Ok(())
        };
        for (key, raw) in self.doc.iter().filter(|(key, _)| key != "llm_cache_summary") {
            put(key, raw.get())?;
        }
        if let Some(summary) = summary {
            put("llm_cache_summary", &to_json(summary)?)?;
        }
        out.push('}');
        Ok(out)
    }
}

fn typed<T: DeserializeOwned>(raw: &RawValue, sentence: &str) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|_| sentence.to_owned())
}

fn text(raw: &RawValue) -> Result<String, String> {
    typed(raw, "must be a string")
}

/// A key of something: not empty, not a novel.
fn name(raw: &RawValue) -> Result<String, String> {
    text(raw).and_then(|name| if (1..=200).contains(&name.len()) { Ok(name) } else { Err("must have 1 to 200 characters".to_owned()) })
}

fn moment(raw: &RawValue) -> Result<Millis, String> {
    Millis::parse(&text(raw)?).ok_or_else(|| "must be an RFC 3339 time such as 2026-01-01T12:00:00.000Z".to_owned())
}

fn duration(raw: &RawValue) -> Result<f64, String> {
    let sentence = "must be a number of seconds, not below zero";
    typed(raw, sentence).and_then(|seconds: f64| if seconds >= 0.0 { Ok(seconds) } else { Err(sentence.to_owned()) })
}

fn whole(raw: &RawValue) -> Result<i64, String> {
    let number: f64 = typed(raw, "must be a whole number")?;
    let fits = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
    if fits { Ok(number as i64) } else { Err("must be a whole number, not below zero".to_owned()) }
}

/// The text after the first character, which must be one of `openers`.
fn begins<'a>(raw: &'a RawValue, openers: &str, sentence: &str) -> Result<&'a str, String> {
    let mut chars = raw.get().chars();
    chars.next().filter(|first| openers.contains(*first)).map(|_| chars.as_str()).ok_or_else(|| sentence.to_owned())
}

/// Any JSON that can be read back whole: nesting, numbers and characters are checked, nothing is kept.
struct Sound;

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SoundVisitor)
    }
}

struct SoundVisitor;

macro_rules! accept {
    ($($visit:ident($kind:ty)),+) => {
        $(fn $visit<E>(self, _: $kind) -> Result<Sound, E> { Ok(Sound) })+
    };
}

impl<'de> Visitor<'de> for SoundVisitor {
    type Value = Sound;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    accept!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));

    fn visit_unit<E>(self) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sound, A::Error> {
        while seq.next_element::<Sound>()?.is_some() {}
        Ok(Sound)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sound, A::Error> {
        while map.next_entry::<Sound, Sound>()?.is_some() {}
        Ok(Sound)
    }
}
