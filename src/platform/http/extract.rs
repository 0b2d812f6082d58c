//! JSON bodies with errors that name the field.

use std::fmt;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use serde::de::{DeserializeOwned, Deserializer as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::base::{Error, Kind};

/// A JSON body of `/api/v1`. What does not fit is 422 with the field's path.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read(request, state).await?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(refused)?;
        json.end().map_err(|error| Error::invalid("the body is not one JSON value").caused_by(error))?;
        Ok(Self(value))
    }
}

/// A JSON body of `/api.ashx/v1`: the first letter of each top-level key may have either case (seed 002), unknown keys are ignored. A field
/// that stands twice, in whichever case, is refused: whichever of the two was meant, the other would be lost.
pub struct AnyCase<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for AnyCase<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read(request, state).await?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let Fields { fields, twice } = json.deserialize_any(ReadFields).map_err(no_object)?;
        json.end().map_err(|error| Error::invalid("the body is not one JSON value").caused_by(error))?;
        if let Some(key) = twice {
            return Err(Error::invalid(format!("{key} stands twice in the body")).into());
        }
        Ok(Self(serde_path_to_error::deserialize(Value::Object(fields)).map_err(refused)?))
    }
}

/// An object with the first letter of each key in lower case.
#[derive(Default)]
struct Fields {
    fields: Map<String, Value>,
    /// The first key that stands there more than once.
    twice: Option<String>,
}

/// Reads [`Fields`].
struct ReadFields;

impl<'de> Visitor<'de> for ReadFields {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<Self::Value, A::Error> {
        let mut read = Fields::default();
        while let Some((key, value)) = given.next_entry::<String, Value>()? {
            let key = lower_first(&key);
            if read.fields.contains_key(&key) {
                read.twice.get_or_insert(key);
            } else {
                read.fields.insert(key, value);
            }
        }
        Ok(read)
    }
}

/// What is wrong with a body that is not read as an object.
fn no_object(error: serde_json::Error) -> ApiError {
    let sentence = if error.is_data() { "the body must be a JSON object" } else { "the body is not valid JSON" };
    Error::invalid(sentence).caused_by(error).into()
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        let kind = if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE { Kind::TooLarge } else { Kind::Invalid };
        Error::new(kind, if kind == Kind::TooLarge { "the body is too large" } else { "the body could not be read" }).into()
    })
}

fn refused(error: serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let path = error.path().to_string();
    let cause = error.into_inner();
    if cause.is_syntax() || cause.is_eof() {
        return Error::invalid("the body is not valid JSON").into();
    }
    let sentence = in_plain_words(&without_position(&cause.to_string()));
    let whole = if path == "." { sentence.clone() } else { format!("{path}: {sentence}") };
    Error::invalid(whole).field(path, sentence).into()
}

/// serde's own sentence names the position; the caller has the path instead.
fn without_position(sentence: &str) -> String {
    sentence.split(" at line ").next().unwrap_or_default().to_owned()
}

/// "invalid type: string "60", expected i64" as somebody who knows no Rust would say it.
fn in_plain_words(sentence: &str) -> String {
    let Some((found, expected)) = sentence.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected ")) else {
        return sentence.to_owned();
    };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" => "text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    let found = found.replace("floating point `", "the number `").replace("integer `", "the number `").replace("string \"", "the text \"");
    let found = if found == "sequence" {
        "a list".to_owned()
    } else if found == "map" {
        "an object".to_owned()
    } else {
        found
    };
    format!("must be {expected}, not {found}")
}

fn lower_first(key: &str) -> String {
    let mut chars = key.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
