//! Refusals of the identity provider in the words of RFC 6749, section 5.2.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::base::{Error, Kind};

/// A refusal as the standards write it.
#[derive(Debug)]
pub(in crate::features::auth) struct OAuthError {
    status: StatusCode,
    pub(super) code: &'static str,
    pub(super) sentence: Cow<'static, str>,
    retry_after_s: Option<u32>,
    challenge: Option<&'static str>,
}

impl OAuthError {
    /// 400 with this code.
    pub(super) fn new(code: &'static str, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, sentence: sentence.into(), retry_after_s: None, challenge: None }
    }

    /// The request itself is at fault.
    pub(super) fn request(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_request", sentence)
    }

    /// A code, a refresh token or a password that does not hold. It says no more, so that nobody learns why.
    pub(super) fn grant(sentence: &'static str) -> Self {
        Self::new("invalid_grant", sentence)
    }

    /// The client is unknown or did not prove itself.
    pub(super) fn client() -> Self {
        let challenge = Some("Basic realm=\"cxbox\"");
        Self {
            status: StatusCode::UNAUTHORIZED,
            challenge,
            ..Self::new("invalid_client", "this client is unknown or its proof does not hold")
        }
    }

    /// A bearer token is missing, or does not hold (RFC 6750).
    pub(super) fn token(is_given: bool) -> Self {
        let (challenge, sentence) =
            if is_given { ("Bearer error=\"invalid_token\"", "this token is not valid") } else { ("Bearer", "a bearer token is needed") };
        Self { status: StatusCode::UNAUTHORIZED, challenge: Some(challenge), ..Self::new("invalid_token", sentence) }
    }

    /// The bearer token lacks the scope `openid` (RFC 6750).
    pub(super) fn scope() -> Self {
        let challenge = Some("Bearer error=\"insufficient_scope\", scope=\"openid\"");
        Self { status: StatusCode::FORBIDDEN, challenge, ..Self::new("insufficient_scope", "this token lacks the scope openid") }
    }

    /// What refusing this password is called on a page.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Error> for OAuthError {
    fn from(error: Error) -> Self {
        let retry_after_s = error.retry_after_seconds();
        match error.kind() {
            Kind::Unauthorized => Self::grant("Invalid credentials"),
            Kind::TooMany => {
                Self { status: StatusCode::TOO_MANY_REQUESTS, retry_after_s, ..Self::new("too_many_requests", error.message().to_owned()) }
            }
            Kind::Unavailable | Kind::DiskFull => Self {
                status: StatusCode::SERVICE_UNAVAILABLE,
                retry_after_s,
                ..Self::new("temporarily_unavailable", error.message().to_owned())
            },
            _ => {
                tracing::error!("A request to the identity provider failed: {error}");
                Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::new("server_error", "internal error") }
            }
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code, "error_description": self.sentence });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        unstored(response)
    }
}

/// The answer with what keeps it out of caches (RFC 6749, section 5.1).
pub(super) fn unstored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
