//! `/api/v1/browser-calls` for people, `/api/v1/public/browser-calls` for visitors, and a bot's test call.

use axum::Json;
use axum::extract::{Extension, Path, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{BrowserNumber, NewBrowserCall, NewTestCall, StartedCall};
use super::service::BrowserCalls;
use super::{CallFromBrowser, TryBots};
use crate::base::id::BotId;
use crate::platform::access::{Can, Peer};
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature.
pub fn routes(calls: BrowserCalls) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(look))
        .routes(routes!(call))
        .routes(routes!(look_public))
        .routes(routes!(call_public))
        .routes(routes!(try_out))
        .with_state(calls.clone())
        .merge(super::words_routes::routes(calls))
}

/// A number that may be called from a browser.
#[utoipa::path(
    get, path = "/api/v1/browser-calls/{number}", tag = "browser-calls", params(("number" = String, Path)),
    responses((status = 200, body = BrowserNumber), (status = 404, description = "No such number"))
)]
async fn look(_can: Can<CallFromBrowser>, State(calls): State<BrowserCalls>, Path(number): Path<String>) -> ApiResult<Json<BrowserNumber>> {
    Ok(Json(calls.look(number, false).await?))
}

/// Calls a virtual number from a browser: its offer goes in, the answer comes back.
#[utoipa::path(
    post, path = "/api/v1/browser-calls", tag = "browser-calls", request_body = NewBrowserCall,
    responses(
        (status = 201, body = StartedCall),
        (status = 404, description = "No such number"),
        (status = 422, description = "The offer cannot be answered"),
        (status = 429, description = "All lines of the engine are in use"),
        (status = 502, description = "No engine answers"),
        (status = 503, description = "No engine takes calls now, or the number's bot takes none"),
    )
)]
async fn call(
    can: Can<CallFromBrowser>,
    State(calls): State<BrowserCalls>,
    Body(new): Body<NewBrowserCall>,
) -> ApiResult<(StatusCode, Json<StartedCall>)> {
    Ok((StatusCode::CREATED, Json(calls.call(can.actor(), new).await?)))
}

/// A number that visitors who are not signed in may call from a browser.
#[utoipa::path(
    get, path = "/api/v1/public/browser-calls/{number}", tag = "browser-calls", params(("number" = String, Path)), security(()),
    responses((status = 200, body = BrowserNumber), (status = 404, description = "No such number, or none for visitors: `sign_in_needed`"))
)]
async fn look_public(State(calls): State<BrowserCalls>, Path(number): Path<String>) -> ApiResult<Json<BrowserNumber>> {
    Ok(Json(calls.look(number, true).await?))
}

/// Calls a public number from a browser without signing in, where the setting `browser.visitors` permits it.
#[utoipa::path(
    post, path = "/api/v1/public/browser-calls", tag = "browser-calls", request_body = NewBrowserCall, security(()),
    responses(
        (status = 201, body = StartedCall),
        (status = 404, description = "No such number, or none for visitors: `sign_in_needed`"),
        (status = 422, description = "The offer cannot be answered"),
        (status = 429, description = "`too_many_calls` of this address, `daily_cap`, `busy`, or all lines of the engine are in use"),
        (status = 502, description = "No engine answers"),
        (status = 503, description = "No engine takes calls now, or the number's bot takes none"),
    )
)]
async fn call_public(
    State(calls): State<BrowserCalls>,
    peer: Option<Extension<Peer>>,
    Body(new): Body<NewBrowserCall>,
) -> ApiResult<(StatusCode, Json<StartedCall>)> {
    let ip = peer.and_then(|Extension(peer)| peer.ip());
    Ok((StatusCode::CREATED, Json(calls.visit(ip, new).await?)))
}

/// Calls a bot from a browser to try it out: its draft, what is published, or an old version. It need not take calls for that. The call is
/// kept like every other one, but nothing is pushed to a CRM.
#[utoipa::path(
    post, path = "/api/v1/bots/{id}/browser-call", tag = "browser-calls", params(("id" = String, Path)), request_body = NewTestCall,
    responses(
        (status = 201, body = StartedCall),
        (status = 404, description = "No such bot, version or draft"),
        (status = 422, description = "The offer cannot be answered"),
        (status = 429, description = "All lines of the engine are in use"),
        (status = 502, description = "No engine answers"),
        (status = 503, description = "No engine takes calls now"),
    )
)]
async fn try_out(
    can: Can<TryBots>,
    State(calls): State<BrowserCalls>,
    Path(id): Path<BotId>,
    Body(new): Body<NewTestCall>,
) -> ApiResult<(StatusCode, Json<StartedCall>)> {
    Ok((StatusCode::CREATED, Json(calls.try_out(can.actor(), id, new).await?)))
}
