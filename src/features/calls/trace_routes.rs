//! Raw events and log lines of a call.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ReadTraces;
use super::service::Calls;
use crate::base::id::SessionId;
use crate::base::page::{Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::db::TraceLine;
use crate::platform::http::ApiResult;

pub(super) fn routes(calls: Calls) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(trace)).with_state(calls)
}

/// Which lines are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TraceQuery {
    /// Lines after this one: the `last` of the page before. Unreadable: from the beginning.
    after: Option<String>,
    /// Lines to return: 1 to 500, 50 if absent or unreadable.
    limit: Option<String>,
}

/// Lines of a trace.
#[derive(Serialize, ToSchema)]
struct TracePage {
    /// In the order they came in.
    data: Vec<TraceLine>,
    /// Position of the last line; null when there is none.
    last: Option<i64>,
}

/// What engines reported and logged about a call, line by line as it came in. Kept for some days only.
#[utoipa::path(
    get, path = "/api/v1/calls/{session_id}/trace", tag = "calls", params(("session_id" = String, Path), TraceQuery),
    responses((status = 200, body = TracePage), (status = 404, description = "No such call"))
)]
async fn trace(
    _: Can<ReadTraces>,
    State(calls): State<Calls>,
    Path(session_id): Path<SessionId>,
    Query(query): Query<TraceQuery>,
) -> ApiResult<Json<TracePage>> {
    let after = query.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0);
    let page = Page::from(&PageQuery { limit: query.limit, offset: None });
    let data = calls.trace(session_id, after, page.limit).await?;
    Ok(Json(TracePage { last: data.last().map(|line| line.id), data }))
}
