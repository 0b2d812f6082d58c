//! What the control plane's status codes mean to the engine.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::{Error, Kind, Result};
use crate::platform::net::Answer;

/// Largest answer that is read.
const MOST_BYTES: usize = 16 << 20;

/// The body of a 2xx as JSON; anything else as the error it stands for.
pub(super) async fn read<T: DeserializeOwned>(answer: Answer) -> Result<T> {
    if answer.is_success() { Ok(answer.json(MOST_BYTES).await?) } else { Err(refusal(answer).await) }
}

/// The error an answer stands for, with the sentence it carries.
pub(in crate::engine) async fn refusal(mut answer: Answer) -> Error {
    let status = answer.status;
    let kind = match status {
        400 | 422 => Kind::Invalid,
        401 | 403 => Kind::Forbidden,
        404 => Kind::NotFound,
        409 => Kind::Conflict,
        413 => Kind::TooLarge,
        429 => Kind::TooMany,
        503 => Kind::Unavailable,
        507 => Kind::DiskFull,
        _ => Kind::Upstream,
    };
    let body = answer.first(8 * 1024).await.map(|(bytes, _)| bytes).unwrap_or_default();
    let said = serde_json::from_slice::<Value>(&body).ok();
    let sentence = said.as_ref().and_then(|v| v.get("error_description").or_else(|| v.get("detail"))).and_then(Value::as_str);
    Error::new(kind, format!("the control plane answered {status}: {}", sentence.unwrap_or("no reason given")))
}
