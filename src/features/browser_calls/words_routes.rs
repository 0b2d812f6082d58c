//! `GET /api/v1/public/calls/{session_id}/words`: what is said on a call from a browser, for whoever started it.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, StreamExt as _};
use http::HeaderMap;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service::BrowserCalls;
use crate::base::id::SessionId;
use crate::contract::event::CallEventKind;
use crate::contract::turn::Role;
use crate::features::calls::Live;
use crate::platform::http::{ApiResult, Draining};

/// A comment is sent this often, so that proxies keep the line open and a dead one is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The header with the key that came with the call.
const KEY: &str = "x-call-key";

/// The route.
pub(super) fn routes(calls: BrowserCalls) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(words)).with_state(calls)
}

/// What is said on a call from a browser, as it is said: `turn` with `role` (`assistant`, `user`) and `content`, then `completed`, with which
/// the stream ends. It begins with what was said before. Needs the key that came with the call, and holds until the box restarts.
#[utoipa::path(
    get, path = "/api/v1/public/calls/{session_id}/words", tag = "browser-calls", security(()),
    params(("session_id" = String, Path), ("X-Call-Key" = String, Header), ("Last-Event-ID" = Option<String>, Header)),
    responses(
        (status = 200, content_type = "text/event-stream", body = String),
        (status = 404, description = "No such call, or the key is another one's"),
    )
)]
async fn words(
    State(calls): State<BrowserCalls>,
    Path(session_id): Path<SessionId>,
    draining: Option<Extension<Draining>>,
    headers: HeaderMap,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let after = text("last-event-id").parse().unwrap_or(0);
    let said = calls.words(session_id, text(KEY), after).await?;
    let events = said.filter_map(|live| std::future::ready(event(&live))).map(Ok).take_until(Draining::of(draining));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat")))
}

/// What is told of an event: words of the two who talk, and the end.
fn event(live: &Live) -> Option<Event> {
    let (name, data) = match &live.event.what {
        CallEventKind::Turn { turn } if turn.role != Role::Tool => ("turn", json!({ "role": turn.role, "content": turn.content })),
        CallEventKind::Completed => ("completed", json!({})),
        _ => return None,
    };
    Some(Event::default().id(live.event.seq.to_string()).event(name).data(data.to_string()))
}
