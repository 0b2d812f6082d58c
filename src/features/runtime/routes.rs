//! What people ask: the config a call would run on, and what a bot answers in writing.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::chat::{ChatBody, ChatView};
use super::dialout::DialoutReply;
use super::preview::{ConfigPreview, PreviewQuery};
use super::service::Runtime;
use super::trial::TestCallBody;
use crate::base::id::BotId;
use crate::features::bots::{EditBots, ReadBots};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

pub(super) fn routes(runtime: Runtime) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(preview)).routes(routes!(test_chat)).routes(routes!(test_call)).with_state(runtime)
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

/// Has a bot call somebody to try it out: its draft, the published version or an old one. The bot need not be active and its hours do not
/// hold; the outbound gate does. The CRM is not told unless `variables` say so.
#[utoipa::path(
    post, path = "/api/v1/bots/{id}/test-call", tag = "bots", params(("id" = String, Path)), request_body = TestCallBody,
    responses(
        (status = 201, description = "An engine dials", body = DialoutReply),
        (status = 404, description = "No such bot or version, or no carrier has the number to show"),
        (status = 422, description = "The body does not fit, or the number may not be called (`call_not_permitted`)"),
        (status = 502, description = "The engine refused the call, or it is not known whether it dials"),
        (status = 503, description = "Outside the calling window, or no engine has room; `error` says which"),
        (status = 507, description = "The disk is almost full; no call is placed"),
    )
)]
async fn test_call(
    can: Can<EditBots>,
    State(runtime): State<Runtime>,
    Path(id): Path<BotId>,
    Body(body): Body<TestCallBody>,
) -> ApiResult<(StatusCode, Json<DialoutReply>)> {
    Ok((StatusCode::CREATED, Json(runtime.test_call(can.actor(), id, body).await?)))
}
