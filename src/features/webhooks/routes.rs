//! `/api/v1/webhooks`: subscriptions and their delivery log.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{DeliveryView, NewWebhook, WebhookChange, WebhookView, WebhookWithSecret};
use super::service::{Replay, Webhooks};
use super::{EditWebhooks, ReadWebhooks};
use crate::base::id::{DeliveryId, WebhookId};
use crate::base::page::{Listing, Page, PageQuery};
use crate::base::{Error, Millis};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this surface.
pub(super) fn routes() -> OpenApiRouter<Webhooks> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, replace, change, delete))
        .routes(routes!(test))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(rotate))
        .routes(routes!(deliveries))
        .routes(routes!(resend))
}

/// What a resume brings back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ResumeQuery {
    /// `false` leaves parked deliveries where they are; they can be sent again one by one.
    replay: Option<bool>,
    /// Deliveries that were given up since this time are sent again, too.
    failed_since: Option<String>,
}

/// Whether a rotation is begun or ended.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RotateQuery {
    /// `true` ends the running rotation at once: only the new secret signs from now on.
    confirm: Option<bool>,
}

/// All subscriptions, oldest first.
#[utoipa::path(get, path = "/api/v1/webhooks", params(PageQuery), responses((status = 200, body = Listing<WebhookView>)), tag = "webhooks")]
async fn list(
    _: Can<ReadWebhooks>,
    State(webhooks): State<Webhooks>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Listing<WebhookView>>> {
    let page = Page::from(&query);
    let (rows, total) = webhooks.list(page).await?;
    Ok(Json(Listing::new(rows, total, page, "/api/v1/webhooks", &[])))
}

/// Subscribes a receiver. The answer shows the secret once.
#[utoipa::path(post, path = "/api/v1/webhooks", request_body = NewWebhook, responses((status = 201, body = WebhookWithSecret)), tag = "webhooks")]
async fn create(
    can: Can<EditWebhooks>,
    State(webhooks): State<Webhooks>,
    Body(new): Body<NewWebhook>,
) -> ApiResult<(StatusCode, Json<WebhookWithSecret>)> {
    Ok((StatusCode::CREATED, Json(webhooks.create(can.actor(), new).await?)))
}

/// One subscription.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", params(("id" = String, Path)), responses((status = 200, body = WebhookView)), tag = "webhooks")]
async fn read(_: Can<ReadWebhooks>, State(webhooks): State<Webhooks>, Path(id): Path<WebhookId>) -> ApiResult<Json<WebhookView>> {
    Ok(Json(webhooks.get(id).await?))
}

/// Changes URL and events.
#[utoipa::path(put, path = "/api/v1/webhooks/{id}", params(("id" = String, Path)), request_body = NewWebhook,
    responses((status = 200, body = WebhookView)), tag = "webhooks")]
async fn replace(
    can: Can<EditWebhooks>,
    State(webhooks): State<Webhooks>,
    Path(id): Path<WebhookId>,
    Body(new): Body<NewWebhook>,
) -> ApiResult<Json<WebhookView>> {
    let change = WebhookChange { url: Some(new.url), events: Some(new.events) };
    Ok(Json(webhooks.change(can.actor(), id, change).await?))
}

/// Changes URL or events.
#[utoipa::path(patch, path = "/api/v1/webhooks/{id}", params(("id" = String, Path)), request_body = WebhookChange,
    responses((status = 200, body = WebhookView)), tag = "webhooks")]
async fn change(
    can: Can<EditWebhooks>,
    State(webhooks): State<Webhooks>,
    Path(id): Path<WebhookId>,
    Body(change): Body<WebhookChange>,
) -> ApiResult<Json<WebhookView>> {
    Ok(Json(webhooks.change(can.actor(), id, change).await?))
}

/// Removes a subscription with its log.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", params(("id" = String, Path)), responses((status = 204)), tag = "webhooks")]
async fn delete(can: Can<EditWebhooks>, State(webhooks): State<Webhooks>, Path(id): Path<WebhookId>) -> ApiResult<StatusCode> {
    webhooks.delete(can.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends `webhook.test` to the receiver.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", params(("id" = String, Path)), responses((status = 200, body = DeliveryView)), tag = "webhooks")]
async fn test(can: Can<EditWebhooks>, State(webhooks): State<Webhooks>, Path(id): Path<WebhookId>) -> ApiResult<Json<DeliveryView>> {
    Ok(Json(webhooks.test(can.actor(), id).await?))
}

/// Stops sending; what waits is parked.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/pause", params(("id" = String, Path)), responses((status = 200, body = WebhookView)), tag = "webhooks")]
async fn pause(can: Can<EditWebhooks>, State(webhooks): State<Webhooks>, Path(id): Path<WebhookId>) -> ApiResult<Json<WebhookView>> {
    Ok(Json(webhooks.pause(can.actor(), id).await?))
}

/// Sends again; parked deliveries are replayed unless the query says otherwise.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/resume", params(("id" = String, Path), ResumeQuery),
    responses((status = 200, body = WebhookView)), tag = "webhooks")]
async fn resume(
    can: Can<EditWebhooks>,
    State(webhooks): State<Webhooks>,
    Path(id): Path<WebhookId>,
    Query(query): Query<ResumeQuery>,
) -> ApiResult<Json<WebhookView>> {
    let unreadable = || Error::invalid("failed_since must be an RFC 3339 time").field("failed_since", "must be an RFC 3339 time");
    let failed_since = query.failed_since.map(|text| Millis::parse(&text).ok_or_else(unreadable)).transpose()?;
    let replay = Replay { parked: query.replay.unwrap_or(true), failed_since };
    Ok(Json(webhooks.resume(can.actor(), id, replay).await?))
}

/// Makes a new secret, shown once; the old one signs beside it for a day, or until confirmed.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/rotate", params(("id" = String, Path), RotateQuery),
    responses((status = 200, body = WebhookWithSecret)), tag = "webhooks")]
async fn rotate(
    can: Can<EditWebhooks>,
    State(webhooks): State<Webhooks>,
    Path(id): Path<WebhookId>,
    Query(query): Query<RotateQuery>,
) -> ApiResult<axum::response::Response> {
    use axum::response::IntoResponse as _;
    if query.confirm == Some(true) {
        return Ok(Json(webhooks.confirm_rotation(can.actor(), id).await?).into_response());
    }
    Ok(Json(webhooks.rotate(can.actor(), id).await?).into_response())
}

/// The delivery log of a subscription, newest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Listing<DeliveryView>)), tag = "webhooks")]
async fn deliveries(
    _: Can<ReadWebhooks>,
    State(webhooks): State<Webhooks>,
    Path(id): Path<WebhookId>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Listing<DeliveryView>>> {
    let page = Page::from(&query);
    let path = format!("/api/v1/webhooks/{id}/deliveries");
    let (rows, total) = webhooks.deliveries(id, page).await?;
    Ok(Json(Listing::new(rows, total, page, &path, &[])))
}

/// Sends one delivery again: same id, same body.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/deliveries/{delivery_id}/resend",
    params(("id" = String, Path), ("delivery_id" = String, Path)), responses((status = 200, body = DeliveryView)), tag = "webhooks")]
async fn resend(
    can: Can<EditWebhooks>,
    State(webhooks): State<Webhooks>,
    Path((id, delivery_id)): Path<(WebhookId, DeliveryId)>,
) -> ApiResult<Json<DeliveryView>> {
    Ok(Json(webhooks.resend(can.actor(), id, delivery_id).await?))
}
