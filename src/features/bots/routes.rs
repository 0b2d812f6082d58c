//! `/api/v1/bots`.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{BotBody, BotVersionView, BotView};
use super::service::Bots;
use super::{EditBots, ReadBots};
use crate::base::id::BotId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature.
pub fn routes(bots: Bots) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get, replace, delete)).routes(routes!(versions)).with_state(bots)
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

/// Saves a bot as a new version and publishes it.
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

/// Removes a bot that no number uses.
#[utoipa::path(delete, path = "/api/v1/bots/{id}", tag = "bots", params(("id" = String, Path)), responses((status = 204)))]
async fn delete(_can: Can<EditBots>, State(bots): State<Bots>, Path(id): Path<BotId>) -> ApiResult<StatusCode> {
    bots.delete(id).await?;
    Ok(StatusCode::NO_CONTENT)
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
