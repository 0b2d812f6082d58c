//! `GET /api/v1/events`: events by position, for whoever prefers asking to being called.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ReadWebhooks;
use super::event::EventName;
use super::pull::{PulledEvents, Wish};
use super::service::Webhooks;
use crate::base::page::{Page, PageQuery};
use crate::base::{Error, Result};
use crate::platform::access::Can;
use crate::platform::http::ApiResult;

/// Where to go on, and with what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PullQuery {
    /// The `cursor` of the last answer. Without it the oldest kept event comes first.
    after: Option<String>,
    /// Most events of the answer: 1 to 500, else 50.
    limit: Option<String>,
    /// Only events with these names, separated by commas.
    event: Option<String>,
}

impl PullQuery {
    fn wish(self) -> Result<Wish> {
        let unreadable = || Error::invalid("after must be the cursor of an earlier answer").field("after", "must be a whole number");
        let after = self.after.map(|text| text.parse().ok().filter(|n| *n >= 0).ok_or_else(unreadable)).transpose()?;
        let unknown = |name: &str| Error::invalid(format!("{name} is not an event")).field("event", "names an unknown event");
        let names = self.event.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
        let names = names.map(|name| EventName::parse(name).ok_or_else(|| unknown(name))).collect::<Result<_>>()?;
        Ok(Wish { after, limit: Page::from(&PageQuery { limit: self.limit, offset: None }).limit, names })
    }
}

/// The routes of this surface.
pub(super) fn routes() -> OpenApiRouter<Webhooks> {
    OpenApiRouter::new().routes(routes!(pull))
}

/// The events after a position, oldest first. 410 when events after it are no longer kept.
#[utoipa::path(get, path = "/api/v1/events", params(PullQuery),
    responses((status = 200, body = PulledEvents), (status = 410, description = "events after the position are gone")), tag = "webhooks")]
async fn pull(_: Can<ReadWebhooks>, State(webhooks): State<Webhooks>, Query(query): Query<PullQuery>) -> ApiResult<Json<PulledEvents>> {
    Ok(Json(webhooks.pull(query.wish()?).await?))
}
