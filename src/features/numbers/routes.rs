//! `/api/v1/numbers`, and the order of inbound routes.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::codeb_routes;
use super::model::{NumberBody, NumberView};
use super::order::Order;
use super::route::InboundRoute;
use super::routing::InboundRoutes;
use super::service::Numbers;
use super::{EditNumbers, ReadNumbers};
use crate::base::id::NumberId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature, those of the CodeB surface included. `tenant` is the host of the box.
pub fn routes(numbers: Numbers, inbound: InboundRoutes, tenant: String) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get, replace, delete))
        .with_state(numbers.clone())
        .merge(OpenApiRouter::new().routes(routes!(set_order)).with_state(inbound.clone()))
        .merge(codeb_routes::numbers(numbers, tenant))
        .merge(codeb_routes::inbound(inbound))
}

/// Makes a virtual number.
#[utoipa::path(post, path = "/api/v1/numbers", tag = "numbers", request_body = NumberBody, responses((status = 201, body = NumberView)))]
async fn create(
    can: Can<EditNumbers>,
    State(numbers): State<Numbers>,
    Body(body): Body<NumberBody>,
) -> ApiResult<(StatusCode, Json<NumberView>)> {
    Ok((StatusCode::CREATED, Json(numbers.create(can.actor(), body).await?)))
}

/// Lists virtual numbers by name.
#[utoipa::path(get, path = "/api/v1/numbers", tag = "numbers", params(PageQuery), responses((status = 200, body = Listing<NumberView>)))]
async fn list(
    _can: Can<ReadNumbers>,
    State(numbers): State<Numbers>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<NumberView>>> {
    let page = Page::from(&page);
    let (rows, total) = numbers.list(page).await?;
    Ok(Json(Listing::new(rows, total, page, "/api/v1/numbers", &[])))
}

/// Reads a virtual number.
#[utoipa::path(get, path = "/api/v1/numbers/{id}", tag = "numbers", params(("id" = String, Path)), responses((status = 200, body = NumberView)))]
async fn get(_can: Can<ReadNumbers>, State(numbers): State<Numbers>, Path(id): Path<NumberId>) -> ApiResult<Json<NumberView>> {
    Ok(Json(numbers.get(id).await?))
}

/// Changes a virtual number.
#[utoipa::path(
    put, path = "/api/v1/numbers/{id}", tag = "numbers", params(("id" = String, Path)), request_body = NumberBody,
    responses((status = 200, body = NumberView))
)]
async fn replace(
    can: Can<EditNumbers>,
    State(numbers): State<Numbers>,
    Path(id): Path<NumberId>,
    Body(body): Body<NumberBody>,
) -> ApiResult<Json<NumberView>> {
    Ok(Json(numbers.replace(can.actor(), id, body).await?))
}

/// Removes a virtual number.
#[utoipa::path(delete, path = "/api/v1/numbers/{id}", tag = "numbers", params(("id" = String, Path)), responses((status = 204)))]
async fn delete(can: Can<EditNumbers>, State(numbers): State<Numbers>, Path(id): Path<NumberId>) -> ApiResult<StatusCode> {
    numbers.delete(can.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All inbound routes in match order.
#[derive(Debug, Serialize, ToSchema)]
struct OrderedRoutes {
    /// The routes; the catch-all is the last.
    data: Vec<InboundRoute>,
}

/// Puts all inbound routes in another order; the first that fits takes a call. It holds from the next call on.
#[utoipa::path(
    put, path = "/api/v1/inbound-routes/order", tag = "inbound-routes", request_body = Order,
    responses(
        (status = 200, body = OrderedRoutes),
        (status = 409, description = "These are not the routes there are: `routes_changed`"),
        (status = 422, description = "A route is named twice, or the catch-all is named")
    )
)]
async fn set_order(
    can: Can<EditNumbers>,
    State(inbound): State<InboundRoutes>,
    Body(order): Body<Order>,
) -> ApiResult<Json<OrderedRoutes>> {
    Ok(Json(OrderedRoutes { data: inbound.arrange(can.actor(), order).await? }))
}
