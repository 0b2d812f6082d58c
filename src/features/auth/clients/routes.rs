//! `/api/v1/oidc/clients`: admins see clients, super_admins write them. No API key may do either.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{ClientChange, ClientView, NewClient, RegisteredClient};
use super::service::Clients;
use crate::base::page::{Listing, Page, PageQuery};
use crate::features::auth::{ReadClients, WriteClients};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// Routes of the clients.
pub(in crate::features::auth) fn routes(clients: Clients) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(renew_secret))
        .with_state(clients)
}

/// All clients, the built-in one first.
#[utoipa::path(get, path = "/api/v1/oidc/clients", tag = "oidc-clients", params(PageQuery), responses((status = 200, body = Listing<ClientView>)))]
async fn list(
    _can: Can<ReadClients>,
    State(clients): State<Clients>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Listing<ClientView>>> {
    let page = Page::from(&query);
    let (data, total) = clients.list(page).await?;
    Ok(Json(Listing::new(data, total, page, "/api/v1/oidc/clients", &[])))
}

/// Registers a client. The answer is the only one that shows a secret.
#[utoipa::path(post, path = "/api/v1/oidc/clients", tag = "oidc-clients", request_body = NewClient,
    responses((status = 201, body = RegisteredClient), (status = 409), (status = 422)))]
async fn create(
    can: Can<WriteClients>,
    State(clients): State<Clients>,
    Body(new): Body<NewClient>,
) -> ApiResult<(StatusCode, Json<RegisteredClient>)> {
    Ok((StatusCode::CREATED, Json(clients.create(can.actor(), new).await?)))
}

/// One client.
#[utoipa::path(get, path = "/api/v1/oidc/clients/{client_id}", tag = "oidc-clients", params(("client_id" = String, Path)),
    responses((status = 200, body = ClientView), (status = 404)))]
async fn get(_can: Can<ReadClients>, State(clients): State<Clients>, Path(id): Path<String>) -> ApiResult<Json<ClientView>> {
    Ok(Json(clients.get(id).await?))
}

/// Changes a client; absent fields stay.
#[utoipa::path(patch, path = "/api/v1/oidc/clients/{client_id}", tag = "oidc-clients", params(("client_id" = String, Path)),
    request_body = ClientChange, responses((status = 200, body = ClientView), (status = 404), (status = 409), (status = 422)))]
async fn update(
    can: Can<WriteClients>,
    State(clients): State<Clients>,
    Path(id): Path<String>,
    Body(change): Body<ClientChange>,
) -> ApiResult<Json<ClientView>> {
    Ok(Json(clients.update(can.actor(), id, change).await?))
}

/// Removes a client; every token it was given is refused from then on.
#[utoipa::path(delete, path = "/api/v1/oidc/clients/{client_id}", tag = "oidc-clients", params(("client_id" = String, Path)),
    responses((status = 204), (status = 404), (status = 409)))]
async fn delete(can: Can<WriteClients>, State(clients): State<Clients>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    clients.delete(can.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes another secret for a confidential client and shows it once.
#[utoipa::path(post, path = "/api/v1/oidc/clients/{client_id}/secret", tag = "oidc-clients", params(("client_id" = String, Path)),
    responses((status = 200, body = RegisteredClient), (status = 404), (status = 409)))]
async fn renew_secret(can: Can<WriteClients>, State(clients): State<Clients>, Path(id): Path<String>) -> ApiResult<Json<RegisteredClient>> {
    Ok(Json(clients.renew_secret(can.actor(), id).await?))
}
