//! `/api/v1/carriers`.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::engine_routes;
use super::model::{CarrierBody, CarrierView};
use super::service::Carriers;
use super::{EditCarriers, ReadCarriers};
use crate::base::id::CarrierId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature, those of the engine included.
pub fn routes(carriers: Carriers) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get, replace, delete))
        .routes(routes!(engine_routes::trunks))
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
