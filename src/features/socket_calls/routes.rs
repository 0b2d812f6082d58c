//! `WS /ws/{bot_id}`.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tracing::debug;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::CallBySocket;
use super::service::SocketCalls;
use crate::base::id::BotId;
use crate::base::{Error, Result};
use crate::platform::access::Can;
use crate::platform::http::ApiResult;
use crate::platform::net::Answer;

/// The routes of this feature.
pub fn routes(calls: SocketCalls) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(open)).with_state(calls)
}

/// Talks with a bot over a WebSocket: JSON messages with sound of 8 kHz, 16 bit, mono in base64, both ways. The bearer token goes into the header
/// `Authorization` or, where none can be given, into the address as `?token=…`. The manual (`websocket-calls.md`) has the messages.
#[utoipa::path(
    get, path = "/ws/{bot_id}", tag = "socket-calls",
    params(("bot_id" = String, Path), ("token" = Option<String>, Query, description = "The bearer token, where no header can be given")),
    responses(
        (status = 101, description = "The socket is open"),
        (status = 404, description = "No such bot, or `bot_not_active`"),
        (status = 422, description = "`websocket_needed`: this is no handshake of a WebSocket"),
        (status = 429, description = "All lines of the engine are in use"),
        (status = 502, description = "No engine answers"),
        (status = 503, description = "No engine takes calls now"),
    )
)]
async fn open(
    can: Can<CallBySocket>,
    State(calls): State<SocketCalls>,
    Path(bot_id): Path<BotId>,
    request: Request,
) -> ApiResult<Response> {
    let handshake = handshake(request.headers())?;
    let answer = calls.open(can.actor(), bot_id, &handshake).await?;
    let headers = answer.headers.clone();
    tokio::spawn(carry(hyper::upgrade::on(request), answer));
    Ok(switched(&headers))
}

/// What the engine needs to know of a handshake. `Invalid` when it is none, or one of another version.
fn handshake(headers: &HeaderMap) -> Result<Vec<(String, String)>> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let has = |name, word: &str| text(name).split(',').any(|part| part.trim().eq_ignore_ascii_case(word));
    let (key, version) = (text(header::SEC_WEBSOCKET_KEY), text(header::SEC_WEBSOCKET_VERSION));
    let is_one = has(header::CONNECTION, "upgrade") && has(header::UPGRADE, "websocket") && !key.is_empty() && version == "13";
    if !is_one {
        return Err(Error::invalid("this address takes WebSockets only (RFC 6455, version 13)").code("websocket_needed"));
    }
    let pairs = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13"), ("sec-websocket-key", key)];
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
}

/// 101 in the engine's words.
fn switched(theirs: &HeaderMap) -> Response {
    let mut response = (StatusCode::SWITCHING_PROTOCOLS, Body::empty()).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for name in [header::CONNECTION, header::UPGRADE, header::SEC_WEBSOCKET_ACCEPT] {
        if let Some(value) = theirs.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// Carries the bytes until one side has ended.
async fn carry(client: OnUpgrade, answer: Answer) {
    let (client, engine) = tokio::join!(client, answer.upgraded());
    let (Ok(client), Ok(mut engine)) = (client, engine) else { return debug!("A WebSocket was gone before it was open") };
    if let Err(error) = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut engine).await {
        debug!(%error, "A WebSocket broke off");
    }
}
