//! Stored prompts over the admin API.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::PlaceCalls;
use super::prompts::{Prompt, PromptItem};
use super::service::Orders;
use crate::base::page::{Listing, MAX_LIMIT, Page};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes.
pub(super) fn routes(orders: Orders) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read, write, remove)).with_state(orders)
}

/// What a prompt is to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PromptBody {
    /// The text. Variables such as `{{call.display_name}}` are filled in for each call.
    text: String,
}

/// Lists the stored prompts by name, all of them.
#[utoipa::path(get, path = "/api/v1/prompts", tag = "prompts", responses((status = 200, body = Listing<PromptItem>)))]
async fn list(_can: Can<PlaceCalls>, State(orders): State<Orders>) -> ApiResult<Json<Listing<PromptItem>>> {
    let prompts = orders.prompts().list()?;
    let n = prompts.len() as u64;
    Ok(Json(Listing::new(prompts, n, Page { limit: MAX_LIMIT, offset: 0 }, "/api/v1/prompts", &[])))
}

/// Reads a stored prompt.
#[utoipa::path(
    get, path = "/api/v1/prompts/{slug}", tag = "prompts", params(("slug" = String, Path)),
    responses((status = 200, body = Prompt), (status = 404, description = "No such prompt"))
)]
async fn read(_can: Can<PlaceCalls>, State(orders): State<Orders>, Path(slug): Path<String>) -> ApiResult<Json<Prompt>> {
    Ok(Json(orders.prompts().read(&slug)?))
}

/// Writes a stored prompt, new or not. It holds from the next call on.
#[utoipa::path(
    put, path = "/api/v1/prompts/{slug}", tag = "prompts", params(("slug" = String, Path)), request_body = PromptBody,
    responses((status = 200, body = Prompt), (status = 422, description = "The name or the text does not fit"))
)]
async fn write(
    can: Can<PlaceCalls>,
    State(orders): State<Orders>,
    Path(slug): Path<String>,
    Body(body): Body<PromptBody>,
) -> ApiResult<Json<Prompt>> {
    Ok(Json(orders.prompts().write(&orders.setup().db, can.actor(), slug, body.text).await?))
}

/// Removes a stored prompt.
#[utoipa::path(
    delete, path = "/api/v1/prompts/{slug}", tag = "prompts", params(("slug" = String, Path)),
    responses((status = 204, description = "It is gone"), (status = 404, description = "No such prompt"))
)]
async fn remove(can: Can<PlaceCalls>, State(orders): State<Orders>, Path(slug): Path<String>) -> ApiResult<StatusCode> {
    orders.prompts().delete(&orders.setup().db, can.actor(), slug).await?;
    Ok(StatusCode::NO_CONTENT)
}
