//! `/api/v1/api-keys`: admins mint, list, change and delete keys. No key may do any of it.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{KeyChange, KeyView, MintedKey, NewKey};
use super::service::Keys;
use crate::base::id::ApiKeyId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::features::auth::{ManageKeys, MintKeys};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// Routes of the API keys.
pub(in crate::features::auth) fn routes(keys: Keys) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list, mint)).routes(routes!(update, delete)).with_state(keys)
}

/// All keys, newest first; never the keys themselves.
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "api-keys", params(PageQuery), responses((status = 200, body = Listing<KeyView>)))]
async fn list(_can: Can<ManageKeys>, State(keys): State<Keys>, Query(query): Query<PageQuery>) -> ApiResult<Json<Listing<KeyView>>> {
    let page = Page::from(&query);
    let (data, total) = keys.list(page).await?;
    Ok(Json(Listing::new(data, total, page, "/api/v1/api-keys", &[])))
}

/// Mints a key. The answer is the only one that shows it.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "api-keys", request_body = NewKey, responses((status = 201, body = MintedKey)))]
async fn mint(can: Can<MintKeys>, State(keys): State<Keys>, Body(new): Body<NewKey>) -> ApiResult<(StatusCode, Json<MintedKey>)> {
    Ok((StatusCode::CREATED, Json(keys.mint(can.actor(), new).await?)))
}

/// Changes name, bots, expiry or whether it may be used.
#[utoipa::path(patch, path = "/api/v1/api-keys/{id}", tag = "api-keys", params(("id" = String, Path)), request_body = KeyChange,
    responses((status = 200, body = KeyView)))]
async fn update(
    can: Can<ManageKeys>,
    State(keys): State<Keys>,
    Path(id): Path<ApiKeyId>,
    Body(change): Body<KeyChange>,
) -> ApiResult<Json<KeyView>> {
    Ok(Json(keys.update(can.actor(), id, change).await?))
}

/// Deletes a key.
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "api-keys", params(("id" = String, Path)), responses((status = 204)))]
async fn delete(can: Can<ManageKeys>, State(keys): State<Keys>, Path(id): Path<ApiKeyId>) -> ApiResult<StatusCode> {
    keys.delete(can.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
