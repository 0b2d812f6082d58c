//! `/api/v1/users`: admins see and make people; super_admins delete them.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{NewUser, UserChange, UserFilter, UserView};
use super::service::Users;
use crate::base::id::UserId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::base::secret::Secret;
use crate::features::auth::{DeleteUsers, ManageUsers};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// Routes of the users.
pub(in crate::features::auth) fn routes(users: Users) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(deactivate))
        .routes(routes!(activate))
        .routes(routes!(reset_password))
        .with_state(users)
}

/// Body of `POST /api/v1/users/{id}/reset-password`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// 8 to 1024 bytes.
    #[schema(value_type = String)]
    new_password: Secret,
}

/// Which people are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UsersQuery {
    /// Part of the name or the address.
    q: Option<String>,
    /// Only this role: `agent`, `supervisor`, `admin` or `super_admin`.
    role: Option<String>,
    /// `true`: only people who may sign in; `false`: only those who may not; anything else: all.
    is_active: Option<String>,
}

/// All people, in the order they were made.
#[utoipa::path(
    get, path = "/api/v1/users", tag = "users", params(UsersQuery, PageQuery), responses((status = 200, body = Listing<UserView>))
)]
async fn list(
    _can: Can<ManageUsers>,
    State(users): State<Users>,
    Query(query): Query<UsersQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<UserView>>> {
    let page = Page::from(&page);
    let filter = UserFilter {
        q: query.q.clone(),
        role: query.role.clone(),
        is_active: query.is_active.as_deref().and_then(|word| word.parse().ok()),
    };
    let (data, total) = users.list(filter, page).await?;
    let filters = [("q", query.q.as_deref()), ("role", query.role.as_deref()), ("is_active", query.is_active.as_deref())];
    Ok(Json(Listing::new(data, total, page, "/api/v1/users", &filters)))
}

/// Makes a person with a role up to the caller's own: the same as `POST /api/v1/users`.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "auth", request_body = NewUser, responses((status = 201, body = UserView)))]
async fn register(can: Can<ManageUsers>, State(users): State<Users>, Body(new): Body<NewUser>) -> ApiResult<(StatusCode, Json<UserView>)> {
    Ok((StatusCode::CREATED, Json(users.create(can.actor(), new).await?)))
}

/// Makes a person with a role up to the caller's own.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUser, responses((status = 201, body = UserView)))]
async fn create(can: Can<ManageUsers>, State(users): State<Users>, Body(new): Body<NewUser>) -> ApiResult<(StatusCode, Json<UserView>)> {
    Ok((StatusCode::CREATED, Json(users.create(can.actor(), new).await?)))
}

/// One person.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)), responses((status = 200, body = UserView)))]
async fn get(_can: Can<ManageUsers>, State(users): State<Users>, Path(id): Path<UserId>) -> ApiResult<Json<UserView>> {
    Ok(Json(users.get(id).await?))
}

/// Changes name, address, role or whether they may sign in.
#[utoipa::path(put, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)), request_body = UserChange,
    responses((status = 200, body = UserView)))]
async fn update(
    can: Can<ManageUsers>,
    State(users): State<Users>,
    Path(id): Path<UserId>,
    Body(change): Body<UserChange>,
) -> ApiResult<Json<UserView>> {
    Ok(Json(users.update(can.actor(), id, change).await?))
}

/// Switches a person off: their tokens and the `ak_` keys they minted are refused from the next request on. Somebody who is off already
/// may sign in again, as the contract has it; `activate` and `PUT` with `is_active` can be repeated without harm.
#[utoipa::path(post, path = "/api/v1/users/{id}/deactivate", tag = "users", params(("id" = String, Path)), responses((status = 200, body = UserView)))]
async fn deactivate(can: Can<ManageUsers>, State(users): State<Users>, Path(id): Path<UserId>) -> ApiResult<Json<UserView>> {
    Ok(Json(users.toggle(can.actor(), id).await?))
}

/// Lets a person sign in again.
#[utoipa::path(post, path = "/api/v1/users/{id}/activate", tag = "users", params(("id" = String, Path)), responses((status = 200, body = UserView)))]
async fn activate(can: Can<ManageUsers>, State(users): State<Users>, Path(id): Path<UserId>) -> ApiResult<Json<UserView>> {
    let change = UserChange { is_active: Some(true), ..UserChange::default() };
    Ok(Json(users.update(can.actor(), id, change).await?))
}

/// Sets another password for a person below oneself; never one's own.
#[utoipa::path(post, path = "/api/v1/users/{id}/reset-password", tag = "users", params(("id" = String, Path)), request_body = NewPassword,
    responses((status = 204)))]
async fn reset_password(
    can: Can<ManageUsers>,
    State(users): State<Users>,
    Path(id): Path<UserId>,
    Body(body): Body<NewPassword>,
) -> ApiResult<StatusCode> {
    users.reset_password(can.actor(), id, body.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a person; the `ak_` keys they minted are refused from then on.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)), responses((status = 204)))]
async fn delete(can: Can<DeleteUsers>, State(users): State<Users>, Path(id): Path<UserId>) -> ApiResult<StatusCode> {
    users.delete(can.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
