//! Answers over HTTP that go wrong: refused, cut in the middle of a word, silent from there on, or not to be read.

use std::io;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::json;

use super::script::Fault;
use crate::base::Clock;

/// How long after the first half the connection is cut: that has left by then.
const CUT_AFTER: Duration = Duration::from_millis(50);

/// The answer `whole`, spoilt by a fault.
pub(super) fn answer(clock: Clock, fault: Fault, kind: &'static str, mut whole: Vec<u8>) -> Response {
    if let Some(status) = fault.status() {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (status, Json(json!({ "error": { "message": "no", "type": "lab" } }))).into_response();
    }
    // Half of it ends within a word, and within an event of a stream.
    match fault {
        Fault::None => {}
        Fault::Nonsense => whole = b"data: {\"choices\":[{\"del\n\n<html>".to_vec(),
        _ => whole.truncate(whole.len() / 2),
    }
    let first = futures_util::stream::iter([Ok::<_, io::Error>(Bytes::from(whole))]);
    let rest = match fault {
        Fault::Silence => futures_util::stream::pending().boxed(),
        Fault::Cut => futures_util::stream::once(async move {
            clock.sleep(CUT_AFTER).await;
            Err(io::Error::other("cut"))
        })
        .boxed(),
        _ => futures_util::stream::empty().boxed(),
    };
    ([("content-type", kind)], Body::from_stream(first.chain(rest))).into_response()
}
