//! The answer to whoever hears a recording: the whole or one range, with the headers that keep it private.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tracing::warn;

use super::find::{self, Found, Rows};
use super::range::{Wanted, wanted};
use super::service::{Recordings, missing};
use crate::base::{Error, Result};
use crate::platform::objects::ObjectKey;

/// What a client asks for.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
}

/// A recording as it is asked for, from wherever it lies. Fails as [`find::find`] does, within its time.
pub(super) async fn heard(recordings: &Recordings, key: &ObjectKey, asked: &Asked) -> Result<Response> {
    tokio::time::timeout(find::ALL_WITHIN, from_anywhere(recordings, key, asked)).await.map_err(|_| find::too_late())?
}

async fn from_anywhere(recordings: &Recordings, key: &ObjectKey, asked: &Asked) -> Result<Response> {
    // Who only asks whether it is there gets no answer by hearsay.
    let rows = if asked.method == Method::HEAD { Rows::Checked } else { Rows::Believed };
    let found = find::looked_for(recordings, key, rows).await?;
    let answered = answer(recordings, &found, asked).await;
    if !found.is_by_row {
        return answered?.ok_or_else(missing);
    }
    let found = match answered {
        Ok(Some(response)) => return Ok(response),
        Ok(None) => find::looked_for(recordings, key, Rows::Checked).await?,
        Err(failure) => {
            warn!("The object store cannot be asked for a recording: {failure}");
            find::at_engines(recordings, key).await.ok_or(failure)?
        }
    };
    answer(recordings, &found, asked).await?.ok_or_else(missing)
}

/// The status and the bytes that a request asks for; none when the bytes are not where they were found.
async fn answer(recordings: &Recordings, found: &Found, asked: &Asked) -> Result<Option<Response>> {
    let said = |name: HeaderName| asked.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let (status, start, length) = match wanted(said(header::RANGE), said(header::IF_RANGE), &found.etag, found.size) {
        Wanted::Whole => (StatusCode::OK, 0, found.size),
        Wanted::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end - start + 1),
        Wanted::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    let body = match asked.method == Method::HEAD || length == 0 {
        true => Some(Body::empty()),
        false => recordings.open(found, start, length).await?,
    };
    let Some(body) = body else { return Ok(None) };
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
    Ok(Some(response))
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
