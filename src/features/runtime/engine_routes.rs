//! What engines ask: the config of a call, and what becomes of an incoming one.

use axum::Json;
use axum::extract::{Path, Query, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::config::ConfigQuery;
use super::service::Runtime;
use crate::base::id::BotId;
use crate::contract::config::CallConfig;
use crate::contract::inbound::{InboundAnswer, InboundCall};
use crate::contract::knowledge::{KnowledgeAnswer, KnowledgeAsk};
use crate::platform::access::EngineOnly;
use crate::platform::http::{ApiResult, Body};

pub(super) fn routes(runtime: Runtime) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(config)).routes(routes!(inbound)).routes(routes!(look_up)).with_state(runtime)
}

/// The config of a call. 404: no such bot, or it takes no calls. 503: outside its hours.
#[utoipa::path(
    get, path = "/api/v1/config/{bot_id}", tag = "engine", params(("bot_id" = String, Path), ConfigQuery),
    responses((status = 200, body = CallConfig))
)]
async fn config(
    _engine: EngineOnly,
    State(runtime): State<Runtime>,
    Path(bot_id): Path<BotId>,
    Query(query): Query<ConfigQuery>,
) -> ApiResult<Json<CallConfig>> {
    Ok(Json(runtime.config(bot_id, query).await?))
}

/// What becomes of an incoming call.
#[utoipa::path(
    post, path = "/api/v1/engine/inbound", tag = "engine", request_body = InboundCall, responses((status = 200, body = InboundAnswer))
)]
async fn inbound(_engine: EngineOnly, State(runtime): State<Runtime>, Body(call): Body<InboundCall>) -> ApiResult<Json<InboundAnswer>> {
    Ok(Json(runtime.inbound(call).await?))
}

/// What the documents of a bot say about a question of a caller.
#[utoipa::path(
    post, path = "/api/v1/knowledge/search", tag = "engine", request_body = KnowledgeAsk, responses((status = 200, body = KnowledgeAnswer))
)]
async fn look_up(_engine: EngineOnly, State(runtime): State<Runtime>, Body(ask): Body<KnowledgeAsk>) -> ApiResult<Json<KnowledgeAnswer>> {
    Ok(Json(runtime.look_up(ask).await?))
}
