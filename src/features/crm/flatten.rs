//! From a CRM's JSON to flat fields. Pure, and bounded whatever is sent: it keeps a limited number of fields and never builds the whole tree.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::base::mapping::text_of;
use crate::base::{Error, Result};

/// Largest answer of a CRM, in bytes.
pub(super) const MOST_BYTES: usize = 1024 * 1024;
/// Deepest answer.
const MOST_DEPTH: usize = 64;
/// How deep objects become fields of their own; what lies deeper stays JSON.
const FLAT_DEPTH: usize = 4;
/// Fields kept of one answer.
const MOST_FIELDS: usize = 1_000;
/// Bytes kept of one answer, names and values.
const MOST_KEPT: usize = 256 * 1024;

/// What was kept of an answer.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Flat {
    /// Values as texts, by dotted name.
    pub(super) fields: Map<String, Value>,
    /// Fields there was no room for.
    pub(super) n_left_out: usize,
    n_bytes: usize,
}

/// The fields of the object that lies at `path` (dots; numbers count in lists) in an answer; the whole answer when the path is empty.
pub(super) fn flatten(answer: &[u8], path: &str) -> Result<Flat> {
    if answer.len() > MOST_BYTES {
        return Err(Error::invalid("the answer is larger than 1 MB"));
    }
    if depth(answer) > MOST_DEPTH {
        return Err(Error::invalid(format!("the answer is nested deeper than {MOST_DEPTH}")));
    }
    let no_json = |_| Error::invalid("the answer is not JSON");
    let whole: &RawValue = serde_json::from_slice(answer).map_err(no_json)?;
    let found = at(whole, path).ok_or_else(|| Error::invalid(format!("the answer has nothing at {path}")))?;
    if !is_object(found) {
        let place = if path.is_empty() { "the answer".to_owned() } else { format!("the answer at {path}") };
        return Err(Error::invalid(format!("{place} is not a JSON object")));
    }
    let mut flat = Flat::default();
    flat.object(found, "", 1).map_err(|_| Error::invalid("the answer is not JSON"))?;
    Ok(flat)
}

/// The same for an object that is at hand.
pub(super) fn flatten_object(fields: &Map<String, Value>) -> Map<String, Value> {
    let text = serde_json::to_vec(fields).unwrap_or_default();
    flatten(&text, "").map(|flat| flat.fields).unwrap_or_default()
}

impl Flat {
    fn object(&mut self, object: &RawValue, prefix: &str, depth: usize) -> serde_json::Result<()> {
        each(object, |key, value| {
            let name = if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
            self.keep(&name, value)?;
            if depth < FLAT_DEPTH && is_object(value) { self.object(value, &name, depth + 1) } else { Ok(()) }
        })
    }

    fn keep(&mut self, name: &str, value: &RawValue) -> serde_json::Result<()> {
        let n_bytes = name.len() + value.get().len();
        let is_known = self.fields.contains_key(name);
        if (self.fields.len() >= MOST_FIELDS && !is_known) || self.n_bytes + n_bytes > MOST_KEPT {
            self.n_left_out += 1;
            return Ok(());
        }
        self.n_bytes += n_bytes;
        let value: Value = serde_json::from_str(value.get())?;
        self.fields.insert(name.to_owned(), Value::String(text_of(&value).into_owned()));
        Ok(())
    }
}

/// What lies at a path of dots.
fn at<'a>(whole: &'a RawValue, path: &str) -> Option<&'a RawValue> {
    let parts = path.split('.').filter(|part| !part.is_empty());
    parts.into_iter().try_fold(whole, |value, part| {
        if !is_object(value) {
            let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
            return items.get(part.parse::<usize>().ok()?).copied();
        }
        let mut found = None;
        each(value, |key, value| {
            if key == part {
                found = Some(value);
            }
            Ok(())
        })
        .ok()?;
        found
    })
}

fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

/// Goes through the fields of an object, one at a time.
fn each<'a>(object: &'a RawValue, then: impl FnMut(&str, &'a RawValue) -> serde_json::Result<()>) -> serde_json::Result<()> {
    struct Fields<F>(F);

    impl<'de, F: FnMut(&str, &'de RawValue) -> serde_json::Result<()>> Visitor<'de> for Fields<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
            while let Some((key, value)) = map.next_entry::<std::borrow::Cow<'de, str>, &'de RawValue>()? {
                self.0(&key, value).map_err(serde::de::Error::custom)?;
            }
            Ok(())
        }
    }

    serde_json::Deserializer::from_str(object.get()).deserialize_map(Fields(then))
}

/// How deep brackets are nested, outside texts.
fn depth(json: &[u8]) -> usize {
    let (mut deepest, mut depth, mut in_text, mut is_escaped) = (0usize, 0usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(answer: Value, path: &str) -> Value {
        Value::Object(flatten(answer.to_string().as_bytes(), path).expect("flat").fields)
    }

    #[test]
    fn objects_become_dotted_fields_down_to_four_and_stay_json_below() {
        let answer = json!({ "name": "Ada", "age": 36, "vip": true, "note": null, "tags": ["a", "b"],
            "a": { "b": { "c": { "d": { "e": 1 } } } } });
        assert_eq!(
            fields(answer, ""),
            json!({ "name": "Ada", "age": "36", "vip": "true", "note": "", "tags": r#"["a","b"]"#,
                "a": r#"{"b":{"c":{"d":{"e":1}}}}"#, "a.b": r#"{"c":{"d":{"e":1}}}"#, "a.b.c": r#"{"d":{"e":1}}"#, "a.b.c.d": r#"{"e":1}"# })
        );
    }

    #[test]
    fn a_path_leads_to_the_object_that_counts() {
        let answer = json!({ "data": { "items": [{ "id": 1 }, { "id": 2 }] } });
        assert_eq!(fields(answer.clone(), "data.items.1"), json!({ "id": "2" }));
        for (path, said) in [("data.items", "is not a JSON object"), ("data.items.7", "has nothing at"), ("nowhere", "has nothing at")] {
            let error = flatten(answer.to_string().as_bytes(), path).expect_err("refused");
            assert!(error.message().contains(said), "{error}");
        }
    }

    #[test]
    fn what_is_too_large_too_deep_or_no_json_is_refused() {
        let deep = |n: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(n - 1), "]".repeat(n - 1));
        assert!(flatten(deep(64).as_bytes(), "").is_ok());
        for (answer, said) in [
            (deep(65), "deeper"),
            (deep(400_000), "deeper"),
            (format!(r#"{{"a":"{}"}}"#, "x".repeat(MOST_BYTES)), "larger"),
            ("{".to_owned(), "not JSON"),
            (r#"{"a":NaN}"#.to_owned(), "not JSON"),
            ("[1]".to_owned(), "not a JSON object"),
            ("<html>".to_owned(), "not JSON"),
            (String::new(), "not JSON"),
        ] {
            let error = flatten(answer.as_bytes(), "").expect_err("refused");
            assert!(error.message().contains(said), "{error}: {answer:.40}");
        }
        assert!(flatten(b"{\"a\":\"\xff\"}", "").is_err(), "not UTF-8");
    }

    #[test]
    fn of_a_hundred_thousand_fields_a_thousand_are_kept_and_the_rest_is_counted() {
        let many: String = (0..60_000).map(|n| format!(r#""k{n}":{n},"#)).collect();
        let flat = flatten(format!(r#"{{{many}"last":"x"}}"#).as_bytes(), "").expect("flat");
        assert_eq!((flat.fields.len(), flat.n_left_out), (1_000, 59_001));
        let long = format!(r#"{{"long":"{}","short":"s"}}"#, "x".repeat(300 * 1024));
        let flat = flatten(long.as_bytes(), "").expect("flat");
        assert_eq!((Value::Object(flat.fields), flat.n_left_out), (json!({ "short": "s" }), 1));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), path in "[a-z.0-9]{0,8}") {
            let _ = flatten(&bytes, &path);
        }

        #[test]
        fn no_json_of_brackets_and_quotes_makes_it_panic(text in r#"[\[\]{}":,\\a1 ]{0,60}"#) {
            let _ = flatten(text.as_bytes(), "");
        }
    }
}
