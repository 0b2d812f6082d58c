//! What every answer has in common: a request id, safe headers, and an error body in the shape of the surface that was asked.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use tracing::error;

use super::error::{ApiError, ErrorBody, Problem};
use crate::base::{Error, Random};

/// The header that names a request in answers and logs.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is taken over from a caller.
const LONGEST_ID: usize = 64;
/// Longest text of a foreign refusal that becomes the sentence of an error body.
const LONGEST_TEXT: usize = 2048;

/// Who is asked: the admin API with its FastAPI past, or the CodeB surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surface {
    Admin,
    Codeb,
}

impl Surface {
    fn of(path: &str) -> Self {
        let is_codeb = ["/api.ashx", "/oidc.ashx", "/oauth2/"].iter().any(|prefix| path.starts_with(prefix));
        if is_codeb { Self::Codeb } else { Self::Admin }
    }

    /// Bad input is 400 on the CodeB surface (decision 11).
    fn status(self, status: StatusCode) -> StatusCode {
        if self == Self::Codeb && status == StatusCode::UNPROCESSABLE_ENTITY { StatusCode::BAD_REQUEST } else { status }
    }
}

/// Middleware round everything else.
pub async fn edge(State(random): State<Random>, mut request: Request, next: Next) -> Response {
    let surface = Surface::of(request.uri().path());
    let id = request_id(&request, &random);
    request.headers_mut().insert(REQUEST_ID.clone(), id.clone());
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| {
        error!(request_id = id.to_str().unwrap_or_default(), "A handler panicked");
        ApiError(Error::internal("a handler panicked")).into_response()
    });
    if response.status().is_client_error() || response.status().is_server_error() {
        response = shape(response, surface, &id).await;
    }
    add_headers(&mut response, id);
    response
}

fn request_id(request: &Request, random: &Random) -> HeaderValue {
    let given = request.headers().get(&REQUEST_ID).filter(|id| {
        let is_safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        (1..=LONGEST_ID).contains(&id.len()) && id.as_bytes().iter().all(is_safe)
    });
    given.cloned().or_else(|| HeaderValue::from_str(&random.hex::<8>()).ok()).unwrap_or(HeaderValue::from_static("none"))
}

/// Gives an error its body. One that already has a body of its own keeps it.
async fn shape(response: Response, surface: Surface, id: &HeaderValue) -> Response {
    let (mut parts, body) = response.into_parts();
    let problem = match parts.extensions.remove::<Problem>() {
        Some(problem) => problem,
        None if has_own_body(&parts.headers) => return Response::from_parts(parts, body),
        None if parts.status == StatusCode::RANGE_NOT_SATISFIABLE => return Response::from_parts(parts, body),
        None => {
            let text = Limited::new(body, LONGEST_TEXT).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            foreign(parts.status, &text)
        }
    };
    parts.status = surface.status(parts.status);
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // A body of strings cannot fail to be written.
    let bytes = serde_json::to_vec(&body_of(&problem, surface, id)).unwrap_or_default();
    Response::from_parts(parts, bytes.into())
}

/// Errors of OIDC are JSON of their own; a page for people says in HTML what is wrong.
fn has_own_body(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    kind.starts_with(b"application/json") || kind.starts_with(b"text/html")
}

fn body_of(problem: &Problem, surface: Surface, id: &HeaderValue) -> ErrorBody {
    match surface {
        Surface::Admin => ErrorBody { request_id: id.to_str().ok().map(str::to_owned), ..problem.body() },
        // Exactly the two fields of the seed; the id is in the header.
        Surface::Codeb => ErrorBody { reason: None, detail: None, errors: None, ..problem.body() },
    }
}

/// A refusal that the router or an extractor of the web framework made.
fn foreign(status: StatusCode, text: &Bytes) -> Problem {
    let (code, sentence) = match status {
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "this path does not take this method"),
        StatusCode::NOT_FOUND => ("not_found", "there is nothing at this path"),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "the body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "the content type is not one this path takes"),
        status if status.is_server_error() => ("internal_error", "internal error"),
        _ => ("invalid_request", ""),
    };
    let sentence = match sentence {
        "" if text.is_empty() => "the request is not valid".to_owned(),
        "" => String::from_utf8_lossy(text).into_owned(),
        sentence => sentence.to_owned(),
    };
    Problem { code, reason: None, sentence, errors: None }
}

fn add_headers(response: &mut Response, id: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID.clone(), id);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"));
}
