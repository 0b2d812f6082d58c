//! The one error body, in the shape of the surface that is asked (decision 1).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
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

impl IntoResponse for ApiError {
    /// The shape of `/api/v1`. A layer on the CodeB router rewrites it for that surface.
    fn into_response(self) -> Response {
        let error = self.0;
        let status = status_of(error.kind());
        if error.kind() == Kind::Internal {
            error!("A request failed: {error}");
        }
        let sentence = if error.kind() == Kind::Internal { "internal error" } else { error.message() };
        let mut body = json!({ "error": error.stable_code(), "error_description": sentence, "detail": sentence });
        if error.kind() == Kind::Invalid {
            body["errors"] = error.fields().iter().map(|f| json!({ "field": f.field, "message": f.message })).collect();
        }
        let mut response = (status, axum::Json(body)).into_response();
        if error.kind() == Kind::Unauthorized {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = error.retry_after_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
