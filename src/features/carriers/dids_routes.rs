//! `/api/v1/carriers/{id}/dids`.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;

use super::did::{DidBody, DidView};
use super::service::Carriers;
use super::{EditCarriers, ReadCarriers};
use crate::base::id::{CarrierId, DidId};
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// Gives a carrier a number. 409: a carrier has it already.
#[utoipa::path(
    post, path = "/api/v1/carriers/{id}/dids", tag = "carriers", params(("id" = String, Path)), request_body = DidBody,
    responses((status = 201, body = DidView))
)]
pub(super) async fn create(
    can: Can<EditCarriers>,
    State(carriers): State<Carriers>,
    Path(id): Path<CarrierId>,
    Body(body): Body<DidBody>,
) -> ApiResult<(StatusCode, Json<DidView>)> {
    Ok((StatusCode::CREATED, Json(carriers.add_did(can.actor(), id, body).await?)))
}

/// Lists the numbers of a carrier, oldest first.
#[utoipa::path(
    get, path = "/api/v1/carriers/{id}/dids", tag = "carriers", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Listing<DidView>))
)]
pub(super) async fn list(
    _can: Can<ReadCarriers>,
    State(carriers): State<Carriers>,
    Path(id): Path<CarrierId>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<DidView>>> {
    let page = Page::from(&page);
    let path = format!("/api/v1/carriers/{id}/dids");
    let (rows, total) = carriers.dids(id, page).await?;
    Ok(Json(Listing::new(rows, total, page, &path, &[])))
}

/// Changes a number of a carrier.
#[utoipa::path(
    put, path = "/api/v1/carriers/{id}/dids/{did_id}", tag = "carriers", params(("id" = String, Path), ("did_id" = String, Path)),
    request_body = DidBody, responses((status = 200, body = DidView))
)]
pub(super) async fn replace(
    can: Can<EditCarriers>,
    State(carriers): State<Carriers>,
    Path((id, did_id)): Path<(CarrierId, DidId)>,
    Body(body): Body<DidBody>,
) -> ApiResult<Json<DidView>> {
    Ok(Json(carriers.replace_did(can.actor(), id, did_id, body).await?))
}

/// Takes a number away from a carrier. Calls to it go where the inbound routes say.
#[utoipa::path(
    delete, path = "/api/v1/carriers/{id}/dids/{did_id}", tag = "carriers", params(("id" = String, Path), ("did_id" = String, Path)),
    responses((status = 204))
)]
pub(super) async fn delete(
    can: Can<EditCarriers>,
    State(carriers): State<Carriers>,
    Path((id, did_id)): Path<(CarrierId, DidId)>,
) -> ApiResult<StatusCode> {
    carriers.delete_did(can.actor(), id, did_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
