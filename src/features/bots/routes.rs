//! `/api/v1/bots`.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{BotBody, BotStatus};
use super::service::Bots;
use super::view::{BotFile, BotView, ImportedBot};
use super::{EditBots, ReadBots, versions_routes};
use crate::base::id::BotId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature.
pub fn routes(bots: Bots) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(import))
        .routes(routes!(get, replace, delete))
        .routes(routes!(activate))
        .routes(routes!(deactivate))
        .routes(routes!(copy))
        .routes(routes!(export))
        .with_state(bots.clone())
        .merge(versions_routes::routes(bots))
}

/// Filters of the list of bots.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BotsQuery {
    /// Part of the name.
    q: Option<String>,
    /// `draft`, `active` or `inactive`.
    status: Option<String>,
}

/// What a copy of a bot is called.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct NewCopy {
    /// Its name; absent: that of the original and `(copy)`.
    name: Option<String>,
}

/// Makes a bot.
#[utoipa::path(post, path = "/api/v1/bots", tag = "bots", request_body = BotBody, responses((status = 201, body = BotView)))]
async fn create(can: Can<EditBots>, State(bots): State<Bots>, Body(body): Body<BotBody>) -> ApiResult<(StatusCode, Json<BotView>)> {
    Ok((StatusCode::CREATED, Json(bots.create(can.actor(), body).await?)))
}

/// Lists bots, newest first.
#[utoipa::path(get, path = "/api/v1/bots", tag = "bots", params(BotsQuery, PageQuery), responses((status = 200, body = Listing<BotView>)))]
async fn list(
    _can: Can<ReadBots>,
    State(bots): State<Bots>,
    Query(query): Query<BotsQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<BotView>>> {
    let page = Page::from(&page);
    let (rows, total) = bots.list(query.q.clone(), query.status.clone(), page).await?;
    let filters = [("q", query.q.as_deref()), ("status", query.status.as_deref())];
    Ok(Json(Listing::new(rows, total, page, "/api/v1/bots", &filters)))
}

/// Reads a bot.
#[utoipa::path(get, path = "/api/v1/bots/{id}", tag = "bots", params(("id" = String, Path)), responses((status = 200, body = BotView)))]
async fn get(_can: Can<ReadBots>, State(bots): State<Bots>, Path(id): Path<BotId>) -> ApiResult<Json<BotView>> {
    Ok(Json(bots.get(id).await?))
}

/// Saves a bot as a new version and publishes it at once. To try it first, save a draft.
#[utoipa::path(
    put, path = "/api/v1/bots/{id}", tag = "bots", params(("id" = String, Path)), request_body = BotBody,
    responses((status = 200, body = BotView))
)]
async fn replace(
    can: Can<EditBots>,
    State(bots): State<Bots>,
    Path(id): Path<BotId>,
    Body(body): Body<BotBody>,
) -> ApiResult<Json<BotView>> {
    Ok(Json(bots.replace(can.actor(), id, body).await?))
}

/// Removes a bot. 409 while a virtual number or a DID answers with it.
#[utoipa::path(delete, path = "/api/v1/bots/{id}", tag = "bots", params(("id" = String, Path)), responses((status = 204)))]
async fn delete(can: Can<EditBots>, State(bots): State<Bots>, Path(id): Path<BotId>) -> ApiResult<StatusCode> {
    bots.delete(can.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a bot take calls.
#[utoipa::path(
    post, path = "/api/v1/bots/{id}/activate", tag = "bots", params(("id" = String, Path)), responses((status = 200, body = BotView))
)]
async fn activate(can: Can<EditBots>, State(bots): State<Bots>, Path(id): Path<BotId>) -> ApiResult<Json<BotView>> {
    Ok(Json(bots.set_status(can.actor(), id, BotStatus::Active).await?))
}

/// Switches a bot off: it takes no new call; calls that run go on.
#[utoipa::path(
    post, path = "/api/v1/bots/{id}/deactivate", tag = "bots", params(("id" = String, Path)), responses((status = 200, body = BotView))
)]
async fn deactivate(can: Can<EditBots>, State(bots): State<Bots>, Path(id): Path<BotId>) -> ApiResult<Json<BotView>> {
    Ok(Json(bots.set_status(can.actor(), id, BotStatus::Inactive).await?))
}

/// Makes another bot that says the same, credentials included. It is a draft until it is switched on.
#[utoipa::path(
    post, path = "/api/v1/bots/{id}/clone", tag = "bots", params(("id" = String, Path)), request_body = NewCopy,
    responses((status = 201, body = BotView))
)]
async fn copy(
    can: Can<EditBots>,
    State(bots): State<Bots>,
    Path(id): Path<BotId>,
    Body(new): Body<NewCopy>,
) -> ApiResult<(StatusCode, Json<BotView>)> {
    Ok((StatusCode::CREATED, Json(bots.copy(can.actor(), id, new.name).await?)))
}

/// The published version as one JSON file. It holds no credentials.
#[utoipa::path(
    get, path = "/api/v1/bots/{id}/export", tag = "bots", params(("id" = String, Path)), responses((status = 200, body = BotFile))
)]
async fn export(_can: Can<ReadBots>, State(bots): State<Bots>, Path(id): Path<BotId>) -> ApiResult<impl IntoResponse> {
    let name = format!("attachment; filename=\"{id}.json\"");
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(bots.export(id).await?)))
}

/// Makes a bot of such a file. It is a draft until it is switched on; `missing` names the credentials it still needs.
#[utoipa::path(
    post, path = "/api/v1/bots/import", tag = "bots", request_body = BotFile, responses((status = 201, body = ImportedBot))
)]
async fn import(can: Can<EditBots>, State(bots): State<Bots>, Body(file): Body<BotFile>) -> ApiResult<(StatusCode, Json<ImportedBot>)> {
    Ok((StatusCode::CREATED, Json(bots.import(can.actor(), file).await?)))
}
