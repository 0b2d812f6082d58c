//! `/api/v1/webhooks`: subscriptions and their delivery log.

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::log::{DeliveryDetail, DeliveryState, DeliveryView, LogFilter};
use super::model::{NewWebhook, WebhookChange, WebhookView, WebhookWithSecret};
use super::recovery::{RecoverOrder, Recovered};
use super::service::Webhooks;
use super::{EditWebhooks, ReadWebhooks};
use crate::base::id::{DeliveryId, SessionId, WebhookId};
use crate::base::page::{Listing, Page, PageQuery};
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
        .routes(routes!(recover))
        .routes(routes!(deliveries))
        .routes(routes!(all_deliveries))
        .routes(routes!(delivery))
        .routes(routes!(resend))
}

/// What a resume brings back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ResumeQuery {
    /// `false` leaves parked deliveries where they are; they can be sent again one by one, or by `recover`.
    replay: Option<bool>,
}

/// Which lines of the log are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LogQuery {
    /// Only deliveries that stand like this.
    status: Option<DeliveryState>,
    /// Only deliveries about this call.
    session_id: Option<SessionId>,
}

impl LogQuery {
    fn filter(&self, webhook_id: Option<WebhookId>) -> LogFilter {
        LogFilter { webhook_id, session_id: self.session_id.clone(), state: self.status }
    }

    /// Names and values, for the link to the next page.
    fn pairs(&self) -> [(&'static str, Option<&str>); 2] {
        [("status", self.status.map(DeliveryState::as_str)), ("session_id", self.session_id.as_ref().map(SessionId::as_str))]
    }
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

/// Sets everything an operator may set; what is absent gets its default, except `active`.
#[utoipa::path(put, path = "/api/v1/webhooks/{id}", params(("id" = String, Path)), request_body = NewWebhook,
    responses((status = 200, body = WebhookView)), tag = "webhooks")]
async fn replace(
    can: Can<EditWebhooks>,
    State(webhooks): State<Webhooks>,
    Path(id): Path<WebhookId>,
    Body(new): Body<NewWebhook>,
) -> ApiResult<Json<WebhookView>> {
    Ok(Json(webhooks.change(can.actor(), id, new.into()).await?))
}

/// Changes what the body names.
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
    Ok(Json(webhooks.resume(can.actor(), id, query.replay.unwrap_or(true)).await?))
}

/// Queues everything the receiver has not taken since a time: what is parked or waits, and what it was never sent.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/recover", params(("id" = String, Path)), request_body = RecoverOrder,
    responses((status = 200, body = Recovered)), tag = "webhooks")]
async fn recover(
    can: Can<EditWebhooks>,
    State(webhooks): State<Webhooks>,
    Path(id): Path<WebhookId>,
    Body(order): Body<RecoverOrder>,
) -> ApiResult<Json<Recovered>> {
    Ok(Json(webhooks.recover(can.actor(), id, order).await?))
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
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", params(("id" = String, Path), PageQuery, LogQuery),
    responses((status = 200, body = Listing<DeliveryView>)), tag = "webhooks")]
async fn deliveries(
    _: Can<ReadWebhooks>,
    State(webhooks): State<Webhooks>,
    Path(id): Path<WebhookId>,
    Query(page): Query<PageQuery>,
    Query(query): Query<LogQuery>,
) -> ApiResult<Json<Listing<DeliveryView>>> {
    let (page, path) = (Page::from(&page), format!("/api/v1/webhooks/{id}/deliveries"));
    let (rows, total) = webhooks.deliveries(query.filter(Some(id)), page).await?;
    Ok(Json(Listing::new(rows, total, page, &path, &query.pairs())))
}

/// The delivery log of all subscriptions, newest first: with `session_id` everything that webhooks were told of a call.
#[utoipa::path(get, path = "/api/v1/deliveries", params(PageQuery, LogQuery), responses((status = 200, body = Listing<DeliveryView>)),
    tag = "webhooks")]
async fn all_deliveries(
    _: Can<ReadWebhooks>,
    State(webhooks): State<Webhooks>,
    Query(page): Query<PageQuery>,
    Query(query): Query<LogQuery>,
) -> ApiResult<Json<Listing<DeliveryView>>> {
    let page = Page::from(&page);
    let (rows, total) = webhooks.deliveries(query.filter(None), page).await?;
    Ok(Json(Listing::new(rows, total, page, "/api/v1/deliveries", &query.pairs())))
}

/// One delivery: the body, and every attempt with its headers and what came back.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries/{delivery_id}",
    params(("id" = String, Path), ("delivery_id" = String, Path)), responses((status = 200, body = DeliveryDetail)), tag = "webhooks")]
async fn delivery(
    _: Can<ReadWebhooks>,
    State(webhooks): State<Webhooks>,
    Path((id, delivery_id)): Path<(WebhookId, DeliveryId)>,
) -> ApiResult<Json<DeliveryDetail>> {
    Ok(Json(webhooks.delivery(id, delivery_id).await?))
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
