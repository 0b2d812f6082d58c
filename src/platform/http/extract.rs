//! JSON bodies with errors that name the field.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

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

/// A JSON body of `/api.ashx/v1`: the first letter of each top-level key may have either case (seed 002), unknown keys are ignored.
pub struct AnyCase<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for AnyCase<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read(request, state).await?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| Error::invalid("the body is not valid JSON").caused_by(error))?;
        let Value::Object(fields) = value else { return Err(Error::invalid("the body must be a JSON object").into()) };
        let fields = fields.into_iter().map(|(key, value)| (lower_first(&key), value)).collect();
        Ok(Self(serde_path_to_error::deserialize(Value::Object(fields)).map_err(refused)?))
    }
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
    // serde's own sentence names the position; the caller has the path instead.
    let text = cause.to_string();
    let sentence = text.split(" at line ").next().unwrap_or_default().to_owned();
    Error::invalid(format!("{path}: {sentence}")).field(path, sentence).into()
}

fn lower_first(key: &str) -> String {
    let mut chars = key.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
