//! `/api/v1/knowledge-bases`: bases and the search bench.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{BaseChange, NewBase};
use super::search::{Found, SearchOrder};
use super::service::Knowledge;
use super::views::BaseView;
use super::{EditKnowledge, ReadKnowledge};
use crate::base::id::KnowledgeBaseId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

pub(super) fn routes() -> OpenApiRouter<Knowledge> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(search)).routes(routes!(get, change, remove))
}

/// Filters of the list of bases.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BasesQuery {
    /// Part of the name.
    q: Option<String>,
}

/// How a base goes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RemoveQuery {
    /// `true` removes the base with its documents, index and files. Otherwise it is only switched off.
    purge: Option<bool>,
}

/// Makes a knowledge base.
#[utoipa::path(post, path = "/api/v1/knowledge-bases", tag = "knowledge", request_body = NewBase, responses((status = 201, body = BaseView)))]
async fn create(
    can: Can<EditKnowledge>,
    State(knowledge): State<Knowledge>,
    Body(body): Body<NewBase>,
) -> ApiResult<(StatusCode, Json<BaseView>)> {
    Ok((StatusCode::CREATED, Json(knowledge.create(can.actor(), body).await?)))
}

/// Lists knowledge bases, oldest first.
#[utoipa::path(
    get, path = "/api/v1/knowledge-bases", tag = "knowledge", params(BasesQuery, PageQuery), responses((status = 200, body = Listing<BaseView>))
)]
async fn list(
    _: Can<ReadKnowledge>,
    State(knowledge): State<Knowledge>,
    Query(query): Query<BasesQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<BaseView>>> {
    let page = Page::from(&page);
    let (rows, total) = knowledge.list(query.q.clone(), page).await?;
    Ok(Json(Listing::new(rows, total, page, "/api/v1/knowledge-bases", &[("q", query.q.as_deref())])))
}

/// Searches the bases that are switched on, and shows how each passage did by words and by vectors.
#[utoipa::path(
    post, path = "/api/v1/knowledge-bases/search", tag = "knowledge", request_body = SearchOrder,
    responses((status = 200, body = Found), (status = 503, description = "The index is being opened"))
)]
async fn search(_: Can<ReadKnowledge>, State(knowledge): State<Knowledge>, Body(order): Body<SearchOrder>) -> ApiResult<Json<Found>> {
    Ok(Json(knowledge.search(order).await?))
}

/// Reads a knowledge base.
#[utoipa::path(
    get, path = "/api/v1/knowledge-bases/{kb_id}", tag = "knowledge", params(("kb_id" = String, Path)), responses((status = 200, body = BaseView))
)]
async fn get(_: Can<ReadKnowledge>, State(knowledge): State<Knowledge>, Path(id): Path<KnowledgeBaseId>) -> ApiResult<Json<BaseView>> {
    Ok(Json(knowledge.get(id).await?))
}

/// Changes a knowledge base. Another embedding model embeds everything anew in the background; the old vectors serve meanwhile.
#[utoipa::path(
    patch, path = "/api/v1/knowledge-bases/{kb_id}", tag = "knowledge", params(("kb_id" = String, Path)), request_body = BaseChange,
    responses((status = 200, body = BaseView))
)]
async fn change(
    can: Can<EditKnowledge>,
    State(knowledge): State<Knowledge>,
    Path(id): Path<KnowledgeBaseId>,
    Body(body): Body<BaseChange>,
) -> ApiResult<Json<BaseView>> {
    Ok(Json(knowledge.change(can.actor(), id, body).await?))
}

/// Switches a knowledge base off; with `purge=true` it is removed with everything in it.
#[utoipa::path(
    delete, path = "/api/v1/knowledge-bases/{kb_id}", tag = "knowledge", params(("kb_id" = String, Path), RemoveQuery),
    responses((status = 204, description = "It is off, or gone"))
)]
async fn remove(
    can: Can<EditKnowledge>,
    State(knowledge): State<Knowledge>,
    Path(id): Path<KnowledgeBaseId>,
    Query(query): Query<RemoveQuery>,
) -> ApiResult<StatusCode> {
    knowledge.remove(can.actor(), id, query.purge.unwrap_or(false)).await?;
    Ok(StatusCode::NO_CONTENT)
}
