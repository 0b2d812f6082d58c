//! Calls for people: a list, one call.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::list::ListQuery;
use super::service::Calls;
use super::timeline::Entry;
use super::view::{CallSummary, CallView};
use super::{ReadCalls, engine_routes, export, live_routes, marks, series, trace_routes};
use crate::base::id::SessionId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::ApiResult;

/// All routes of the slice.
pub fn routes(calls: Calls) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(timeline))
        .with_state(calls.clone())
        .merge(engine_routes::routes(calls.clone()))
        .merge(export::routes(calls.clone()))
        .merge(live_routes::routes(calls.clone()))
        .merge(marks::routes(calls.clone()))
        .merge(series::routes(calls.clone()))
        .merge(trace_routes::routes(calls))
}

#[utoipa::path(
    get, path = "/api/v1/calls", tag = "calls", params(ListQuery, PageQuery),
    responses((status = 200, description = "Calls; newest first unless `sort` says otherwise", body = Listing<CallSummary>))
)]
async fn list(
    _: Can<ReadCalls>,
    State(calls): State<Calls>,
    Query(query): Query<ListQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<CallSummary>>> {
    let page = Page::from(&page);
    let (filter, sort) = query.read()?;
    let (data, total) = calls.list(filter, sort, page).await?;
    Ok(Json(Listing::new(data, total, page, "/api/v1/calls", &query.pairs())))
}

#[utoipa::path(
    get, path = "/api/v1/calls/{session_id}", tag = "calls", params(("session_id" = String, Path)),
    responses((status = 200, description = "The stored call", body = CallView), (status = 404, description = "No such call"))
)]
async fn show(_: Can<ReadCalls>, State(calls): State<Calls>, Path(session_id): Path<SessionId>) -> ApiResult<Json<CallView>> {
    Ok(Json(calls.view(session_id).await?))
}

/// Everything that happened on a call.
#[derive(Serialize, ToSchema)]
struct Timeline {
    /// In order of time.
    data: Vec<Entry>,
}

/// Stations, turns, tools and events of a call in one list, with how long each answer took. It grows while the call runs.
#[utoipa::path(
    get, path = "/api/v1/calls/{session_id}/timeline", tag = "calls", params(("session_id" = String, Path)),
    responses((status = 200, body = Timeline), (status = 404, description = "No such call"))
)]
async fn timeline(_: Can<ReadCalls>, State(calls): State<Calls>, Path(session_id): Path<SessionId>) -> ApiResult<Json<Timeline>> {
    Ok(Json(Timeline { data: calls.timeline(session_id).await? }))
}
