//! `GET /api.ashx/v1/webhooks`: the subscriptions as CodeB's clients read them (seed 002).

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ReadWebhooks;
use super::model::WebhookView;
use super::service::Webhooks;
use crate::base::Millis;
use crate::base::id::WebhookId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::ApiResult;

/// A subscription in camelCase.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CodebWebhook {
    /// 16 hexadecimal digits.
    id: WebhookId,
    /// Where deliveries are posted to.
    url: String,
    /// Event names, or `["*"]` for all.
    events: Vec<String>,
    /// False while paused.
    active: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at_utc: Millis,
    /// Who made it.
    created_by: String,
    /// When a delivery was last taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_fired_utc: Option<Millis>,
    /// Failed deliveries in a row.
    failures: u32,
}

impl From<WebhookView> for CodebWebhook {
    fn from(webhook: WebhookView) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            events: webhook.events,
            active: webhook.active,
            created_at_utc: webhook.created_at,
            created_by: webhook.created_by,
            last_fired_utc: webhook.last_fired_at,
            failures: webhook.failures,
        }
    }
}

/// The routes of this surface.
pub(super) fn routes() -> OpenApiRouter<Webhooks> {
    OpenApiRouter::new().routes(routes!(list))
}

/// All subscriptions, oldest first.
#[utoipa::path(get, path = "/api.ashx/v1/webhooks", operation_id = "codeb_webhooks", params(PageQuery),
    responses((status = 200, body = Listing<CodebWebhook>)), tag = "webhooks")]
async fn list(
    _: Can<ReadWebhooks>,
    State(webhooks): State<Webhooks>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Listing<CodebWebhook>>> {
    let page = Page::from(&query);
    let (rows, total) = webhooks.list(page).await?;
    let rows = rows.into_iter().map(CodebWebhook::from).collect();
    Ok(Json(Listing::new(rows, total, page, "/api.ashx/v1/webhooks", &[])))
}
