//! The answer to whoever hears a recording: the whole or one range, with the headers that keep it private.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::find::Found;
use super::range::{Wanted, wanted};
use super::service::Recordings;
use crate::base::{Error, Result};

/// The status and the bytes that a request asks for.
pub(super) async fn answer(recordings: &Recordings, found: &Found, method: &Method, headers: &HeaderMap) -> Result<Response> {
    let said = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let (status, start, length) = match wanted(said(header::RANGE), said(header::IF_RANGE), &found.etag, found.size) {
        Wanted::Whole => (StatusCode::OK, 0, found.size),
        Wanted::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end - start + 1),
        Wanted::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    let body = if *method == Method::HEAD || length == 0 { Body::empty() } else { recordings.open(found, start, length).await? };
    let mut response = (status, body).into_response();
    let content_range = match status {
        StatusCode::PARTIAL_CONTENT => Some(format!("bytes {start}-{}/{}", start + length - 1, found.size)),
        StatusCode::RANGE_NOT_SATISFIABLE => Some(format!("bytes */{}", found.size)),
        _ => None,
    };
    for (name, value) in headers_of(found, length, content_range) {
        let value = HeaderValue::from_str(&value).map_err(|cause| Error::internal("a header cannot be written").caused_by(cause))?;
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

fn headers_of(found: &Found, length: u64, content_range: Option<String>) -> Vec<(HeaderName, String)> {
    let name = found.key.as_str().rsplit('/').next().unwrap_or_default();
    let media_type = match name.rsplit('.').next() {
        Some("wav") => Some("audio/wav"),
        Some("mp3") => Some("audio/mpeg"),
        Some("ogg" | "opus") => Some("audio/ogg"),
        _ => None,
    };
    // What is no sound must never be shown by a browser as a page of this box.
    let disposition = if media_type.is_some() { "inline" } else { "attachment" };
    let mut headers = vec![
        (header::CONTENT_TYPE, media_type.unwrap_or("application/octet-stream").to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("{disposition}; filename=\"{name}\"")),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, found.etag.clone()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    headers.extend(content_range.map(|range| (header::CONTENT_RANGE, range)));
    headers
}
