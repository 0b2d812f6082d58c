//! What people ask: the config a call would run on, and what a bot answers in writing.

use axum::Json;
use axum::extract::{Path, Query, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::chat::{ChatBody, ChatView};
use super::preview::{ConfigPreview, PreviewQuery};
use super::service::Runtime;
use crate::base::id::BotId;
use crate::features::bots::{EditBots, ReadBots};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

pub(super) fn routes(runtime: Runtime) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(preview)).routes(routes!(test_chat)).with_state(runtime)
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

/// What a bot answers to a conversation in writing, its draft included: the same providers, intents, documents and tools as on a call, without a
/// telephone. Nothing is stored; send the turns of the answer back with the next one.
#[utoipa::path(
    post, path = "/api/v1/bots/{id}/test-chat", tag = "bots", params(("id" = String, Path)), request_body = ChatBody,
    responses(
        (status = 200, body = ChatView),
        (status = 404, description = "No such bot, version or draft"),
        (status = 422, description = "The conversation is too long, or does not end with the caller"),
        (status = 502, description = "The provider of the bot does not answer (`engine_refused`, with its sentence), or no engine does")
    )
)]
async fn test_chat(
    _can: Can<EditBots>,
    State(runtime): State<Runtime>,
    Path(id): Path<BotId>,
    Body(body): Body<ChatBody>,
) -> ApiResult<Json<ChatView>> {
    Ok(Json(runtime.chat(id, body).await?))
}
