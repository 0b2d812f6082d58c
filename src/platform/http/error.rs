//! The one error body, in the shape of the surface that is asked (decision 1).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tracing::error;

use crate::base::{Error, Kind};

/// An [`Error`] on its way out. Exists only in routes and extractors.
#[derive(Debug)]
pub struct ApiError(pub Error);

/// What a handler returns.
pub type ApiResult<T> = Result<T, ApiError>;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// The status of `/api/v1`; the CodeB surface answers 400 where this says 422.
pub(crate) fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unauthorized => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Upstream => StatusCode::BAD_GATEWAY,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What an error says, kept with the answer until the surface gives it its shape.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) sentence: String,
    pub(super) errors: Option<Value>,
}

impl IntoResponse for ApiError {
    /// Status, headers and the body of `/api/v1`. [`super::edge`] makes the body anew, in the shape of the surface that was asked.
    fn into_response(self) -> Response {
        let error = self.0;
        let status = status_of(error.kind());
        if error.kind() == Kind::Internal {
            error!("A request failed: {error}");
        }
        let sentence = if error.kind() == Kind::Internal { "internal error" } else { error.message() };
        let errors = (error.kind() == Kind::Invalid)
            .then(|| error.fields().iter().map(|f| json!({ "field": f.field, "message": f.message })).collect());
        let problem = Problem { code: error.stable_code(), sentence: sentence.to_owned(), errors };
        let mut body = json!({ "error": problem.code, "error_description": problem.sentence, "detail": problem.sentence });
        if let Some(errors) = &problem.errors {
            body["errors"] = errors.clone();
        }
        let mut response = (status, axum::Json(body)).into_response();
        response.extensions_mut().insert(problem);
        if error.kind() == Kind::Unauthorized {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = error.retry_after_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
