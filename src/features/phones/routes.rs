//! `/api/v1/phones`.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{NewPhone, PhoneSecret, PhoneView};
use super::service::Phones;
use super::{EditPhones, ReadPhones, engine_routes};
use crate::base::id::PhoneId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature, those of the engine included.
pub fn routes(phones: Phones) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get, delete))
        .routes(routes!(change_password))
        .routes(routes!(engine_routes::book))
        .routes(routes!(engine_routes::report))
        .with_state(phones)
}

/// Makes the SIP account of a person. Its password is in this answer only.
#[utoipa::path(post, path = "/api/v1/phones", tag = "phones", request_body = NewPhone, responses((status = 201, body = PhoneSecret)))]
async fn create(
    can: Can<EditPhones>,
    State(phones): State<Phones>,
    Body(body): Body<NewPhone>,
) -> ApiResult<(StatusCode, Json<PhoneSecret>)> {
    Ok((StatusCode::CREATED, Json(phones.create(can.actor(), body).await?)))
}

/// Lists SIP accounts by name, each with the telephones that are registered now.
#[utoipa::path(get, path = "/api/v1/phones", tag = "phones", params(PageQuery), responses((status = 200, body = Listing<PhoneView>)))]
async fn list(_can: Can<ReadPhones>, State(phones): State<Phones>, Query(page): Query<PageQuery>) -> ApiResult<Json<Listing<PhoneView>>> {
    let page = Page::from(&page);
    let (rows, total) = phones.list(page).await?;
    Ok(Json(Listing::new(rows, total, page, "/api/v1/phones", &[])))
}

/// Reads a SIP account.
#[utoipa::path(get, path = "/api/v1/phones/{id}", tag = "phones", params(("id" = String, Path)), responses((status = 200, body = PhoneView)))]
async fn get(_can: Can<ReadPhones>, State(phones): State<Phones>, Path(id): Path<PhoneId>) -> ApiResult<Json<PhoneView>> {
    Ok(Json(phones.get(id).await?))
}

/// Removes a SIP account.
#[utoipa::path(delete, path = "/api/v1/phones/{id}", tag = "phones", params(("id" = String, Path)), responses((status = 204)))]
async fn delete(can: Can<EditPhones>, State(phones): State<Phones>, Path(id): Path<PhoneId>) -> ApiResult<StatusCode> {
    phones.delete(can.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a SIP account another password. It is in this answer only; telephones must sign in anew.
#[utoipa::path(
    post, path = "/api/v1/phones/{id}/password", tag = "phones", params(("id" = String, Path)),
    responses((status = 200, body = PhoneSecret))
)]
async fn change_password(can: Can<EditPhones>, State(phones): State<Phones>, Path(id): Path<PhoneId>) -> ApiResult<Json<PhoneSecret>> {
    Ok(Json(phones.change_password(can.actor(), id).await?))
}
