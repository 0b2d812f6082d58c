//! Shares for admins: make a link, see which there are, take one back.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{NewShare, ShareMade, ShareView};
use super::service::Shares;
use crate::base::id::ShareId;
use crate::base::page::{Listing, Page, PageQuery, percent_encode};
use crate::features::transcripts::{ReadTranscripts, ShareTranscripts};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes for admins.
pub(super) fn routes(shares: Shares) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(create, list_of)).routes(routes!(list)).routes(routes!(revoke)).with_state(shares)
}

/// Makes a link to the transcript of a call. Only this answer shows the token.
#[utoipa::path(
    post, path = "/api/v1/transcripts/{call_id}/shares", tag = "shares", params(("call_id" = String, Path)), request_body = NewShare,
    responses((status = 201, body = ShareMade), (status = 404, description = "No such transcript"), (status = 422, description = "Bad ttl_hours"))
)]
async fn create(
    can: Can<ShareTranscripts>,
    State(shares): State<Shares>,
    Path(call_id): Path<String>,
    Body(new): Body<NewShare>,
) -> ApiResult<(StatusCode, Json<ShareMade>)> {
    Ok((StatusCode::CREATED, Json(shares.create(can.actor(), call_id, new).await?)))
}

/// The links of one call's transcripts, newest first.
#[utoipa::path(
    get, path = "/api/v1/transcripts/{call_id}/shares", tag = "shares", params(("call_id" = String, Path), PageQuery),
    responses((status = 200, body = Listing<ShareView>), (status = 404, description = "No such transcript"))
)]
async fn list_of(
    _: Can<ReadTranscripts>,
    State(shares): State<Shares>,
    Path(call_id): Path<String>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<ShareView>>> {
    let page = Page::from(&page);
    let path = format!("/api/v1/transcripts/{}/shares", percent_encode(&call_id));
    let (rows, total) = shares.list(Some(call_id), page).await?;
    Ok(Json(Listing::new(rows, total, page, &path, &[])))
}

/// All links, newest first.
#[utoipa::path(get, path = "/api/v1/shares", tag = "shares", params(PageQuery), responses((status = 200, body = Listing<ShareView>)))]
async fn list(_: Can<ReadTranscripts>, State(shares): State<Shares>, Query(page): Query<PageQuery>) -> ApiResult<Json<Listing<ShareView>>> {
    let page = Page::from(&page);
    let (rows, total) = shares.list(None, page).await?;
    Ok(Json(Listing::new(rows, total, page, "/api/v1/shares", &[])))
}

/// Takes a link back.
#[utoipa::path(
    delete, path = "/api/v1/shares/{id}", tag = "shares", params(("id" = String, Path)),
    responses((status = 204, description = "It opens nothing any more"), (status = 404, description = "No such share"))
)]
async fn revoke(can: Can<ShareTranscripts>, State(shares): State<Shares>, Path(id): Path<ShareId>) -> ApiResult<StatusCode> {
    shares.revoke(can.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
