//! Outbound calls on the CodeB surface (seed 002).

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::CodebStatus;
use super::outbound::OutboundBody;
use super::place::Placing;
use super::record::CallRecord;
use crate::base::id::CallId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::base::{Clock, Millis};
use crate::platform::access::{Can, Permission, Role};
use crate::platform::http::{AnyCase, ApiResult};

const CALLS_PATH: &str = "/api.ashx/v1/calls";

/// May place, see and end outbound calls.
enum PlaceCalls {}

impl Permission for PlaceCalls {
    const RANK: Role = Role::Admin;
}

#[derive(Clone)]
struct Door {
    placing: Placing,
    clock: Clock,
}

/// The routes of outbound calls.
pub fn outbound_routes(placing: Placing, clock: Clock) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get)).routes(routes!(hang_up)).with_state(Door { placing, clock })
}

/// A call that an engine dials.
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

/// What became of the wish to end a call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HungUp {
    ok: bool,
    call_id: CallId,
    #[schema(value_type = String)]
    new_status: CodebStatus,
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

/// An outbound call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CallItem {
    call_id: String,
    tenant: String,
    requested_by: String,
    phone: String,
    display_name: String,
    email: String,
    voice: String,
    language: String,
    model: String,
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at_utc: Millis,
    #[schema(value_type = Option<String>, format = DateTime)]
    scheduled_for_utc: Option<Millis>,
    #[schema(value_type = Option<String>, format = DateTime)]
    dispatched_at_utc: Option<Millis>,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at_utc: Option<Millis>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at_utc: Option<Millis>,
    ended_reason: String,
    duration_sec: u64,
    trunk_id: String,
    transcript_path: String,
    error_detail: String,
    attempt: u32,
    retries_left: u32,
    retry_delay_minutes: u32,
}

impl CallItem {
    fn new(call: CallRecord, tenant: &str) -> Self {
        let is_over = call.completed_at.is_some();
        Self {
            call_id: call.public_id().to_owned(),
            tenant: tenant.to_owned(),
            status: call.codeb_status.map_or("", CodebStatus::as_str),
            ended_at_utc: if is_over { call.ended_at.or(call.completed_at) } else { None },
            duration_sec: if is_over { call.talk_seconds() } else { 0 },
            ended_reason: call.outcome.filter(|_| is_over).unwrap_or_default(),
            requested_by: call.requested_by.unwrap_or_default(),
            phone: call.to_number.unwrap_or_default(),
            display_name: call.display_name.unwrap_or_default(),
            email: call.email.unwrap_or_default(),
            voice: call.voice.unwrap_or_default(),
            language: call.language.unwrap_or_default(),
            model: call.model.unwrap_or_default(),
            created_at_utc: call.created_at,
            scheduled_for_utc: call.scheduled_for,
            dispatched_at_utc: call.dispatched_at,
            answered_at_utc: call.answered_at,
            trunk_id: call.carrier_id.map(|id| id.0).unwrap_or_default(),
            transcript_path: call.transcript_file.unwrap_or_default(),
            error_detail: call.error_detail.unwrap_or_default(),
            attempt: call.attempt,
            retries_left: call.retries_left,
            retry_delay_minutes: call.retry_delay_minutes,
        }
    }
}

/// Places an outbound call now.
#[utoipa::path(
    post, path = "/api.ashx/v1/calls", tag = "outbound-ai", request_body = OutboundBody, responses((status = 200, body = Created))
)]
async fn create(can: Can<PlaceCalls>, State(door): State<Door>, AnyCase(body): AnyCase<OutboundBody>) -> ApiResult<Json<Created>> {
    let placed = door.placing.place(can.actor(), body, door.clock.now()).await?;
    Ok(Json(Created {
        ok: true,
        tenant: door.placing.tenant().to_owned(),
        whitelist_added: placed.is_new_number,
        whitelist_error: None,
        bridge_reply: placed.bridge_reply()?,
        call_id: placed.call_id,
    }))
}

/// Lists outbound calls, newest first.
#[utoipa::path(
    get, path = "/api.ashx/v1/calls", tag = "outbound-ai", params(CallsQuery, PageQuery),
    responses((status = 200, body = Listing<CallItem>))
)]
async fn list(
    _can: Can<PlaceCalls>,
    State(door): State<Door>,
    Query(query): Query<CallsQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<CallItem>>> {
    let page = Page::from(&page);
    let (calls, total) = door.placing.list(query.status.as_deref(), page).await?;
    let items = calls.into_iter().map(|call| CallItem::new(call, door.placing.tenant())).collect();
    Ok(Json(Listing::new(items, total, page, CALLS_PATH, &[("status", query.status.as_deref())])))
}

/// Reads an outbound call.
#[utoipa::path(
    get, path = "/api.ashx/v1/calls/{id}", tag = "outbound-ai", params(("id" = String, Path)), responses((status = 200, body = CallItem))
)]
async fn get(_can: Can<PlaceCalls>, State(door): State<Door>, Path(id): Path<CallId>) -> ApiResult<Json<CallItem>> {
    Ok(Json(CallItem::new(door.placing.get(id).await?, door.placing.tenant())))
}

/// Ends an outbound call.
#[utoipa::path(
    post, path = "/api.ashx/v1/calls/{id}/hangup", tag = "outbound-ai", params(("id" = String, Path)),
    responses((status = 200, body = HungUp))
)]
async fn hang_up(can: Can<PlaceCalls>, State(door): State<Door>, Path(id): Path<CallId>) -> ApiResult<Json<HungUp>> {
    let ended = door.placing.hang_up(id).await?;
    Ok(Json(HungUp {
        ok: true,
        call_id: ended.call_id,
        new_status: ended.status,
        actor: can.actor().name.clone(),
        was_noop: ended.was_over.then_some(true),
    }))
}
