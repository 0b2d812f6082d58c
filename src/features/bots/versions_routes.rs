//! `/api/v1/bots/{id}`: versions, the draft, publishing, going back, comparing.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::BotBody;
use super::drafts::BotState;
use super::service::Bots;
use super::view::{BotDiff, BotDraft, BotVersion, BotVersionView, BotView};
use super::{EditBots, ReadBots};
use crate::base::Error;
use crate::base::id::BotId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

pub(super) fn routes(bots: Bots) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(versions))
        .routes(routes!(version))
        .routes(routes!(diff))
        .routes(routes!(draft, save_draft, discard_draft))
        .routes(routes!(publish))
        .routes(routes!(rollback))
        .with_state(bots)
}

/// What is published.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Publish {
    /// What to remember about the version, at most 1000 bytes.
    note: String,
    /// Publish the draft although another version was published after it was begun.
    force: bool,
}

/// Which version comes back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rollback {
    /// The version whose content is published again.
    version: u32,
    /// What to remember about it, at most 1000 bytes; absent: which version it came from.
    #[serde(default)]
    note: String,
}

/// What is compared.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// `draft`, `published` or the number of a version; `published` if absent.
    from: Option<String>,
    /// `draft`, `published` or the number of a version; `draft` if absent.
    to: Option<String>,
}

/// Lists the versions of a bot, newest first.
#[utoipa::path(
    get, path = "/api/v1/bots/{id}/versions", tag = "bots", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Listing<BotVersionView>))
)]
async fn versions(
    _can: Can<ReadBots>,
    State(bots): State<Bots>,
    Path(id): Path<BotId>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<BotVersionView>>> {
    let page = Page::from(&page);
    let (rows, total) = bots.versions(id.clone(), page).await?;
    Ok(Json(Listing::new(rows, total, page, &format!("/api/v1/bots/{id}/versions"), &[])))
}

/// Reads one version of a bot.
#[utoipa::path(
    get, path = "/api/v1/bots/{id}/versions/{version}", tag = "bots", params(("id" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = BotVersion))
)]
async fn version(_can: Can<ReadBots>, State(bots): State<Bots>, Path((id, version)): Path<(BotId, String)>) -> ApiResult<Json<BotVersion>> {
    let Ok(version) = version.parse() else {
        return Err(Error::not_found(format!("the bot {id} has no version {version}")).into());
    };
    Ok(Json(bots.version(id, version).await?))
}

/// What two states of a bot differ in, field by field.
#[utoipa::path(
    get, path = "/api/v1/bots/{id}/diff", tag = "bots", params(("id" = String, Path), DiffQuery), responses((status = 200, body = BotDiff))
)]
async fn diff(
    _can: Can<ReadBots>,
    State(bots): State<Bots>,
    Path(id): Path<BotId>,
    Query(query): Query<DiffQuery>,
) -> ApiResult<Json<BotDiff>> {
    let from = BotState::parse("from", query.from.as_deref().unwrap_or("published"))?;
    let to = BotState::parse("to", query.to.as_deref().unwrap_or("draft"))?;
    Ok(Json(bots.diff(id, from, to).await?))
}

/// Reads the draft of a bot.
#[utoipa::path(
    get, path = "/api/v1/bots/{id}/draft", tag = "bots", params(("id" = String, Path)), responses((status = 200, body = BotDraft))
)]
async fn draft(_can: Can<ReadBots>, State(bots): State<Bots>, Path(id): Path<BotId>) -> ApiResult<Json<BotDraft>> {
    Ok(Json(bots.draft(id).await?))
}

/// Saves a bot without publishing it: calls go on with the published version. `status` is not part of a draft.
#[utoipa::path(
    put, path = "/api/v1/bots/{id}/draft", tag = "bots", params(("id" = String, Path)), request_body = BotBody,
    responses((status = 200, body = BotDraft))
)]
async fn save_draft(
    can: Can<EditBots>,
    State(bots): State<Bots>,
    Path(id): Path<BotId>,
    Body(body): Body<BotBody>,
) -> ApiResult<Json<BotDraft>> {
    Ok(Json(bots.save_draft(can.actor(), id, body).await?))
}

/// Throws the draft of a bot away.
#[utoipa::path(delete, path = "/api/v1/bots/{id}/draft", tag = "bots", params(("id" = String, Path)), responses((status = 204)))]
async fn discard_draft(can: Can<EditBots>, State(bots): State<Bots>, Path(id): Path<BotId>) -> ApiResult<StatusCode> {
    bots.discard_draft(can.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Publishes the draft as a new version. 409 `draft_outdated` when another version was published after the draft was begun.
#[utoipa::path(
    post, path = "/api/v1/bots/{id}/publish", tag = "bots", params(("id" = String, Path)), request_body = Publish,
    responses((status = 200, body = BotView))
)]
async fn publish(
    can: Can<EditBots>,
    State(bots): State<Bots>,
    Path(id): Path<BotId>,
    Body(body): Body<Publish>,
) -> ApiResult<Json<BotView>> {
    Ok(Json(bots.publish(can.actor(), id, body.note, body.force).await?))
}

/// Publishes what an old version said, as a new version.
#[utoipa::path(
    post, path = "/api/v1/bots/{id}/rollback", tag = "bots", params(("id" = String, Path)), request_body = Rollback,
    responses((status = 200, body = BotView))
)]
async fn rollback(
    can: Can<EditBots>,
    State(bots): State<Bots>,
    Path(id): Path<BotId>,
    Body(body): Body<Rollback>,
) -> ApiResult<Json<BotView>> {
    Ok(Json(bots.rollback(can.actor(), id, body.version, body.note).await?))
}
