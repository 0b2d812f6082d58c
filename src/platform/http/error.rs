//! The one error body, in the shape of the surface that is asked (decision 1).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use crate::base::error::FieldError;
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

/// The body of every refusal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorBody {
    /// A word for programs; it does not change between versions.
    pub error: String,
    /// A sentence for people.
    pub error_description: String,
    /// Why in a word, where one `error` has several reasons, such as `do_not_call`; on `/api/v1` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// The same sentence once more, on `/api/v1` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail: Option<String>,
    /// What is wrong with which field, on `/api/v1` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub errors: Option<Vec<FieldProblem>>,
    /// The request's id, as in the header `X-Request-Id` and in the log; on `/api/v1` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

/// What is wrong with one field of a body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Path of the field, such as `flow.intents[0].id`.
    pub field: String,
    /// A sentence about it.
    pub message: String,
}

impl From<&FieldError> for FieldProblem {
    fn from(error: &FieldError) -> Self {
        Self { field: error.field.clone(), message: error.message.clone() }
    }
}

/// What an error says, kept with the answer until the surface gives it its shape.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) reason: Option<&'static str>,
    pub(super) sentence: String,
    pub(super) errors: Option<Vec<FieldProblem>>,
}

impl Problem {
    /// The body of `/api/v1`.
    pub(super) fn body(&self) -> ErrorBody {
        ErrorBody {
            error: self.code.to_owned(),
            error_description: self.sentence.clone(),
            reason: self.reason.map(str::to_owned),
            detail: Some(self.sentence.clone()),
            errors: self.errors.clone(),
            request_id: None,
        }
    }
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
        let errors = (error.kind() == Kind::Invalid).then(|| error.fields().iter().map(FieldProblem::from).collect());
        let problem = Problem { code: error.stable_code(), reason: error.reason(), sentence: sentence.to_owned(), errors };
        let mut response = (status, axum::Json(problem.body())).into_response();
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
