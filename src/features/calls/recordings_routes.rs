//! Recordings: for admins by session, for whoever has the link by token. One range at a time.

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tokio_util::io::ReaderStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ReadRecordings;
use super::range::{Wanted, wanted};
use super::service::Calls;
use crate::base::id::SessionId;
use crate::base::{Error, Result};
use crate::platform::access::{Can, Peer};
use crate::platform::http::ApiResult;
use crate::platform::objects::{Object, ObjectKey};

const CHUNK: usize = 64 * 1024;

pub(super) fn routes(calls: Calls) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(by_session)).routes(routes!(by_token)).with_state(calls)
}

#[utoipa::path(
    get, path = "/api/v1/recordings/{session_id}", tag = "recordings", params(("session_id" = String, Path)),
    responses(
        (status = 200, description = "The recording", content_type = "audio/wav"),
        (status = 206, description = "The range that was asked for", content_type = "audio/wav"),
        (status = 404, description = "No such recording"),
        (status = 416, description = "Nothing of the range exists"),
    )
)]
async fn by_session(
    _: Can<ReadRecordings>,
    State(calls): State<Calls>,
    Path(session_id): Path<SessionId>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let (key, object) = calls.recording(session_id).await?;
    Ok(answer(&calls, &key, object, &method, &headers).await?)
}

#[utoipa::path(
    get, path = "/api/v1/public/recordings/{token}", tag = "recordings", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "The recording", content_type = "audio/wav"),
        (status = 206, description = "The range that was asked for", content_type = "audio/wav"),
        (status = 404, description = "No such recording"),
        (status = 416, description = "Nothing of the range exists"),
        (status = 429, description = "Too many unknown links from this address"),
    )
)]
async fn by_token(
    State(calls): State<Calls>,
    Path(token): Path<String>,
    peer: Option<Extension<Peer>>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let (key, object) = calls.public_recording(&token, peer.and_then(|Extension(peer)| peer.ip())).await?;
    Ok(answer(&calls, &key, object, &method, &headers).await?)
}

async fn answer(calls: &Calls, key: &ObjectKey, object: Object, method: &Method, headers: &HeaderMap) -> Result<Response> {
    let etag = format!("\"{:x}-{:x}\"", object.size, object.changed_at.0);
    let said = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let (status, start, length) = match wanted(said(header::RANGE), said(header::IF_RANGE), &etag, object.size) {
        Wanted::Whole => (StatusCode::OK, 0, object.size),
        Wanted::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end - start + 1),
        Wanted::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    let body = if *method == Method::HEAD || length == 0 {
        Body::empty()
    } else {
        Body::from_stream(ReaderStream::with_capacity(calls.recordings().open(key, start, length).await?, CHUNK))
    };
    let mut response = (status, body).into_response();
    let content_range = match status {
        StatusCode::PARTIAL_CONTENT => Some(format!("bytes {start}-{}/{}", start + length - 1, object.size)),
        StatusCode::RANGE_NOT_SATISFIABLE => Some(format!("bytes */{}", object.size)),
        _ => None,
    };
    for (name, value) in headers_of(key, etag, length, content_range) {
        let value = HeaderValue::from_str(&value).map_err(|cause| Error::internal("a header cannot be written").caused_by(cause))?;
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

fn headers_of(key: &ObjectKey, etag: String, length: u64, content_range: Option<String>) -> Vec<(HeaderName, String)> {
    let name = key.as_str().rsplit('/').next().unwrap_or_default();
    let media_type = match name.rsplit('.').next() {
        Some("mp3") => "audio/mpeg",
        Some("ogg" | "opus") => "audio/ogg",
        _ => "audio/wav",
    };
    let mut headers = vec![
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, etag),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    headers.extend(content_range.map(|range| (header::CONTENT_RANGE, range)));
    headers
}
