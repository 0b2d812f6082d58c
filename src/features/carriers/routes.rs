//! `/api/v1/carriers`.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{CarrierBody, CarrierView};
use super::service::Carriers;
use super::verdict::CheckedView;
use super::{EditCarriers, ReadCarriers};
use super::{dids_routes, engine_routes};
use crate::base::id::CarrierId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature, those of the engine included.
pub fn routes(carriers: Carriers) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get, replace, delete))
        .routes(routes!(dids_routes::create, dids_routes::list))
        .routes(routes!(dids_routes::replace, dids_routes::delete))
        .routes(routes!(sync))
        .routes(routes!(check))
        .routes(routes!(engine_routes::trunks))
        .routes(routes!(engine_routes::states))
        .with_state(carriers)
}

/// Makes a carrier.
#[utoipa::path(post, path = "/api/v1/carriers", tag = "carriers", request_body = CarrierBody, responses((status = 201, body = CarrierView)))]
async fn create(
    can: Can<EditCarriers>,
    State(carriers): State<Carriers>,
    Body(body): Body<CarrierBody>,
) -> ApiResult<(StatusCode, Json<CarrierView>)> {
    Ok((StatusCode::CREATED, Json(carriers.create(can.actor(), body).await?)))
}

/// Lists carriers, oldest first: the first active one places outbound calls.
#[utoipa::path(get, path = "/api/v1/carriers", tag = "carriers", params(PageQuery), responses((status = 200, body = Listing<CarrierView>)))]
async fn list(
    _can: Can<ReadCarriers>,
    State(carriers): State<Carriers>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<CarrierView>>> {
    let page = Page::from(&page);
    let (rows, total) = carriers.list(page).await?;
    Ok(Json(Listing::new(rows, total, page, "/api/v1/carriers", &[])))
}

/// Reads a carrier.
#[utoipa::path(
    get, path = "/api/v1/carriers/{id}", tag = "carriers", params(("id" = String, Path)), responses((status = 200, body = CarrierView))
)]
async fn get(_can: Can<ReadCarriers>, State(carriers): State<Carriers>, Path(id): Path<CarrierId>) -> ApiResult<Json<CarrierView>> {
    Ok(Json(carriers.get(id).await?))
}

/// Changes a carrier.
#[utoipa::path(
    put, path = "/api/v1/carriers/{id}", tag = "carriers", params(("id" = String, Path)), request_body = CarrierBody,
    responses((status = 200, body = CarrierView))
)]
async fn replace(
    can: Can<EditCarriers>,
    State(carriers): State<Carriers>,
    Path(id): Path<CarrierId>,
    Body(body): Body<CarrierBody>,
) -> ApiResult<Json<CarrierView>> {
    Ok(Json(carriers.replace(can.actor(), id, body).await?))
}

/// Removes a carrier.
#[utoipa::path(delete, path = "/api/v1/carriers/{id}", tag = "carriers", params(("id" = String, Path)), responses((status = 204)))]
async fn delete(can: Can<EditCarriers>, State(carriers): State<Carriers>, Path(id): Path<CarrierId>) -> ApiResult<StatusCode> {
    carriers.delete(can.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has the engines register at the carrier and ask it anew (OPTIONS), and shows how it is then. 409: it is not active.
#[utoipa::path(
    post, path = "/api/v1/carriers/{id}/sync", tag = "carriers", params(("id" = String, Path)), responses((status = 200, body = CarrierView))
)]
async fn sync(_can: Can<EditCarriers>, State(carriers): State<Carriers>, Path(id): Path<CarrierId>) -> ApiResult<Json<CarrierView>> {
    Ok(Json(carriers.sync(id).await?))
}

/// What each engine found at the carrier just now.
#[derive(Debug, Serialize, ToSchema)]
struct CheckView {
    /// One entry for each engine.
    engines: Vec<CheckedView>,
}

/// Checks the way to the carrier and back: does it answer, and does it see the box where the box says that it is (NAT). The verdict is in
/// words. 409: the carrier is not active.
#[utoipa::path(
    post, path = "/api/v1/carriers/{id}/check", tag = "carriers", params(("id" = String, Path)), responses((status = 200, body = CheckView))
)]
async fn check(_can: Can<EditCarriers>, State(carriers): State<Carriers>, Path(id): Path<CarrierId>) -> ApiResult<Json<CheckView>> {
    Ok(Json(CheckView { engines: carriers.check(id).await? }))
}
