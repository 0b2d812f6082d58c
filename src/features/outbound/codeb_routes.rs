//! Outbound calls on the CodeB surface (seed 002).

use axum::Json;
use axum::extract::{Path, Query, State};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::OutboundBody;
use super::idempotency::OnceKey;
use super::machine::Status;
use super::model::Placed;
use super::service::Orders;
use super::view::CallItem;
use super::{PlaceCalls, engine_routes, prompts_routes, session_routes};
use crate::base::id::CallId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{AnyCase, ApiResult};

const CALLS_PATH: &str = "/api.ashx/v1/calls";
const KEY_HEADER: &str = "idempotency-key";

/// The routes of this slice.
pub fn routes(orders: Orders) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get))
        .routes(routes!(hang_up))
        .routes(routes!(engine_routes::other_carrier))
        .routes(routes!(engine_routes::call_back))
        .routes(routes!(engine_routes::leg))
        .with_state(orders.clone())
        .merge(session_routes::routes(orders.clone()))
        .merge(prompts_routes::routes(orders))
}

/// A call that is stored: an engine dials, or it waits for its time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Created {
    ok: bool,
    call_id: CallId,
    tenant: String,
    whitelist_added: bool,
    whitelist_error: Option<String>,
    bridge_reply: String,
}

impl Created {
    fn new(placed: Placed, tenant: &str) -> Self {
        let Placed { call_id, is_new_number, whitelist_error, bridge_reply } = placed;
        Self { ok: true, call_id, tenant: tenant.to_owned(), whitelist_added: is_new_number, whitelist_error, bridge_reply }
    }
}

/// What became of the wish to end a call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HungUp {
    ok: bool,
    call_id: CallId,
    #[schema(value_type = String)]
    new_status: Status,
    actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    was_noop: Option<bool>,
}

/// Which calls are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CallsQuery {
    /// Statuses with commas between them, such as `in-flight,scheduled`.
    status: Option<String>,
}

/// Places an outbound call, at once or at its time. With an `Idempotency-Key` the same request is carried out once a day.
#[utoipa::path(
    post, path = "/api.ashx/v1/calls", tag = "outbound-ai", request_body = OutboundBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters, chosen by the caller")),
    responses(
        (status = 200, body = Created),
        (status = 400, description = "A field does not fit, or the number may not be called: `call_not_permitted`"),
        (status = 409, description = "The key was used for another request: `idempotency_key_reused`"),
        (status = 502, description = "No engine answers: `bridge_unreachable`"),
        (status = 503, description = "No carrier: `bridge_not_configured`; no free engine: `no_capacity`"),
        (status = 507, description = "The disk is almost full"),
    )
)]
async fn create(
    can: Can<PlaceCalls>,
    State(orders): State<Orders>,
    headers: HeaderMap,
    AnyCase(body): AnyCase<OutboundBody>,
) -> ApiResult<Json<Created>> {
    let key = OnceKey::of(can.actor(), headers.get(KEY_HEADER).map(|value| value.as_bytes()))?;
    Ok(Json(Created::new(orders.order_once(can.actor(), key, body).await?, orders.tenant())))
}

/// Lists outbound calls, newest first.
#[utoipa::path(
    get, path = "/api.ashx/v1/calls", tag = "outbound-ai", params(CallsQuery, PageQuery),
    responses((status = 200, body = Listing<CallItem>), (status = 400, description = "There is no such status"))
)]
async fn list(
    _can: Can<PlaceCalls>,
    State(orders): State<Orders>,
    Query(query): Query<CallsQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<CallItem>>> {
    let page = Page::from(&page);
    let (found, total) = orders.list(query.status.as_deref(), page).await?;
    let items = found.into_iter().map(|order| CallItem::new(order, orders.tenant())).collect();
    Ok(Json(Listing::new(items, total, page, CALLS_PATH, &[("status", query.status.as_deref())])))
}

/// Reads an outbound call.
#[utoipa::path(
    get, path = "/api.ashx/v1/calls/{id}", tag = "outbound-ai", params(("id" = String, Path)),
    responses((status = 200, body = CallItem), (status = 404, description = "No such call"))
)]
async fn get(_can: Can<PlaceCalls>, State(orders): State<Orders>, Path(id): Path<CallId>) -> ApiResult<Json<CallItem>> {
    Ok(Json(CallItem::new(orders.get(id).await?, orders.tenant())))
}

/// Ends an outbound call, wherever it stands. One that is over stays as it is.
#[utoipa::path(
    post, path = "/api.ashx/v1/calls/{id}/hangup", tag = "outbound-ai", params(("id" = String, Path)),
    responses((status = 200, body = HungUp), (status = 404, description = "No such call"))
)]
async fn hang_up(can: Can<PlaceCalls>, State(orders): State<Orders>, Path(id): Path<CallId>) -> ApiResult<Json<HungUp>> {
    let ended = orders.hang_up(can.actor(), id).await?;
    let (actor, was_noop) = (can.actor().name.clone(), ended.was_over.then_some(true));
    Ok(Json(HungUp { ok: true, call_id: ended.call_id, new_status: ended.status, actor, was_noop }))
}
