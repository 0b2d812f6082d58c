//! What people ask: the config a call would run on.

use axum::Json;
use axum::extract::{Path, Query, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::preview::{ConfigPreview, PreviewQuery};
use super::service::Runtime;
use crate::base::id::BotId;
use crate::features::bots::ReadBots;
use crate::platform::access::Can;
use crate::platform::http::ApiResult;

pub(super) fn routes(runtime: Runtime) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(preview)).with_state(runtime)
}

/// The config a call of this bot would run on now, credentials masked, and whether an engine would get it. Opens no call.
#[utoipa::path(
    get, path = "/api/v1/bots/{id}/config-preview", tag = "bots", params(("id" = String, Path), PreviewQuery),
    responses((status = 200, body = ConfigPreview))
)]
async fn preview(
    _can: Can<ReadBots>,
    State(runtime): State<Runtime>,
    Path(id): Path<BotId>,
    Query(query): Query<PreviewQuery>,
) -> ApiResult<Json<ConfigPreview>> {
    Ok(Json(runtime.preview(id, query).await?))
}
