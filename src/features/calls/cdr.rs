//! Call detail records of WebSocket gateways: merged into the call they belong to, beside what is stored (contract §2.6).

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::cdr_store;
use super::service::Calls;
use crate::base::Result;

/// Which key of a record becomes which field of the call.
const FIELDS: [(&str, &str); 3] =
    [("talktime", "cdr_talktime"), ("call_status", "cdr_call_status"), ("recording_filename", "cdr_recording_url")];

/// What became of a record. Always 200: gateways repeat what is refused, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum CdrOutcome {
    /// It names no stream.
    Ignored {
        /// Always `no streamId`.
        #[schema(value_type = String)]
        reason: &'static str,
    },
    /// No call has this stream.
    NotFound {
        /// The stream.
        stream_id: String,
    },
    /// It is stored with its call.
    Ok {
        /// The stream.
        stream_id: String,
    },
}

impl Calls {
    /// Merges a record into the newest call with its stream. Adds and never takes away: status, outcome and analysis stay, and a key that
    /// a later record lacks keeps its value.
    pub(super) async fn merge_cdr(&self, record: Map<String, Value>) -> Result<CdrOutcome> {
        let Some(stream_id) = stream_of(&record) else { return Ok(CdrOutcome::Ignored { reason: "no streamId" }) };
        let (wanted, fields) = (stream_id.clone(), fields_of(record));
        let is_known = self.inner.setup.db.write(move |tx| cdr_store::merge(tx, &wanted, &fields)).await?;
        Ok(if is_known { CdrOutcome::Ok { stream_id } } else { CdrOutcome::NotFound { stream_id } })
    }
}

/// The stream a record belongs to, under either of its names.
fn stream_of(record: &Map<String, Value>) -> Option<String> {
    ["streamId", "stream_id"].into_iter().find_map(|key| match record.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// What a record adds to its call: itself, and the three fields that reports read.
fn fields_of(record: Map<String, Value>) -> Map<String, Value> {
    let of = |(from, to): &(&str, &str)| Some(((*to).to_owned(), record.get(*from).filter(|value| !value.is_null())?.clone()));
    let mut fields: Map<String, Value> = FIELDS.iter().filter_map(of).collect();
    fields.insert("cdr".to_owned(), Value::Object(record));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn the_stream_has_two_names_and_the_first_one_goes_first() {
        for (record, expected) in [
            (json!({ "streamId": "a", "stream_id": "b" }), Some("a")),
            (json!({ "stream_id": "b" }), Some("b")),
            (json!({ "streamId": " ", "stream_id": "b" }), Some("b")),
            (json!({ "streamId": 7 }), Some("7")),
            (json!({ "streamId": null }), None),
            (json!({ "streamId": { "a": 1 } }), None),
            (json!({}), None),
        ] {
            assert_eq!(stream_of(&object(record.clone())).as_deref(), expected, "{record}");
        }
    }

    #[test]
    fn a_record_is_kept_whole_and_nothing_absent_is_said() {
        let record = json!({ "streamId": "a", "talktime": 12, "call_status": null, "extra": [1] });
        assert_eq!(fields_of(object(record.clone())), object(json!({ "cdr_talktime": 12, "cdr": record })));
    }
}
