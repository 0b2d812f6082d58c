//! `GET /api/v1/events/stream`: what happens on running calls, as it happens (Server-Sent Events).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt as _};
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ReadCalls;
use super::service::{Calls, Live};
use crate::platform::access::Can;
use crate::platform::bulletin::Notice;
use crate::platform::http::{ApiResult, Draining};

/// A comment is sent this often, so that proxies keep the line open and a dead one is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The routes of live events.
pub(super) fn routes(calls: Calls) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(watch)).with_state(calls)
}

/// Events of running calls: `ringing`, `answered`, `started`, `turn`, `transferred`, `note`, `completed`; and `knowledge`, how far documents
/// are being taken in. Each event of a call has an id; a client that
/// comes back with `Last-Event-ID` gets what it missed of that call, at least that it is over, and `resync`: what happened on other calls
/// meanwhile is read from their list. A client that is too slow gets `lagged`.
#[utoipa::path(get, path = "/api/v1/events/stream", params(("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, content_type = "text/event-stream", body = String)), tag = "calls")]
async fn watch(
    _: Can<ReadCalls>,
    State(calls): State<Calls>,
    draining: Option<Extension<Draining>>,
    headers: HeaderMap,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let (live, notices) = (calls.live(), calls.bulletin().watch());
    let missed = match headers.get("last-event-id").and_then(|id| id.to_str().ok()) {
        Some(id) => calls.missed(id).await?,
        None => Vec::new(),
    };
    let back = headers.contains_key("last-event-id").then(|| Event::default().event("resync").data("{}"));
    let of_calls = stream::iter(missed.into_iter().map(|live| event(&live)).chain(back)).chain(stream::unfold(live, next));
    let events = stream::select(of_calls, stream::unfold(notices, next_notice)).map(Ok);
    let events = events.take_until(Draining::of(draining));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat")))
}

/// What other features tell. These have no id and are not told again.
async fn next_notice(mut notices: Receiver<Arc<Notice>>) -> Option<(Event, Receiver<Arc<Notice>>)> {
    loop {
        match notices.recv().await {
            Ok(notice) => return Some((Event::default().event(notice.name).data(notice.data.to_string()), notices)),
            // The next one says where things stand.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}

async fn next(mut live: Receiver<Arc<Live>>) -> Option<(Event, Receiver<Arc<Live>>)> {
    match live.recv().await {
        Ok(happened) => Some((event(&happened), live)),
        Err(RecvError::Lagged(n_missed)) => {
            let told = Event::default().event("lagged").data(json!({ "missed": n_missed }).to_string());
            Some((told, live))
        }
        Err(RecvError::Closed) => None,
    }
}

fn event(live: &Live) -> Event {
    let mut data = json!({ "session_id": live.session_id });
    if let (Value::Object(data), Ok(Value::Object(fields))) = (&mut data, serde_json::to_value(&live.event)) {
        data.extend(fields);
    }
    let name = data["type"].as_str().unwrap_or("note").to_owned();
    Event::default().id(format!("{}:{}", live.session_id, live.event.seq)).event(name).data(data.to_string())
}
