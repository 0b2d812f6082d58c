//! `/api/v1/crm-pushes`, a push begun again, and the preview of a mapping.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ManageCrm;
use super::model::{Preview, PreviewWish, PushState, PushView};
use super::service::Crm;
use crate::base::id::{BotId, SessionId};
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature.
pub fn routes(crm: Crm) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(retry)).routes(routes!(preview)).with_state(crm)
}

/// Which pushes are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PushesQuery {
    /// Only this state: `pending`, `sent`, `failed` or `skipped`.
    status: Option<String>,
    /// Only pushes of this bot.
    bot_id: Option<String>,
}

/// How a push is to be begun again.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RetryQuery {
    /// `true`: also a push that was sent, or was to be left out.
    force: Option<String>,
}

/// What CRMs were sent after calls, newest first.
#[utoipa::path(
    get, path = "/api/v1/crm-pushes", tag = "crm", params(PushesQuery, PageQuery), responses((status = 200, body = Listing<PushView>))
)]
async fn list(
    _can: Can<ManageCrm>,
    State(crm): State<Crm>,
    Query(query): Query<PushesQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<PushView>>> {
    let page = Page::from(&page);
    let state = query.status.as_deref().map(PushState::parse).transpose()?;
    let (data, total) = crm.list(state, query.bot_id.clone(), page).await?;
    let pairs = [("status", query.status.as_deref()), ("bot_id", query.bot_id.as_deref())];
    Ok(Json(Listing::new(data, total, page, "/api/v1/crm-pushes", &pairs)))
}

/// Begins the push of a call again, with all its attempts before it.
#[utoipa::path(
    post, path = "/api/v1/calls/{session_id}/crm-push/retry", tag = "crm", params(("session_id" = String, Path), RetryQuery),
    responses(
        (status = 200, description = "It will be tried at once", body = PushView),
        (status = 404, description = "No such call"),
        (status = 409, description = "On its way, sent already, to be left out, or nothing to push"),
    )
)]
async fn retry(
    can: Can<ManageCrm>,
    State(crm): State<Crm>,
    Path(session_id): Path<SessionId>,
    Query(query): Query<RetryQuery>,
) -> ApiResult<Json<PushView>> {
    let force = matches!(query.force.as_deref(), Some("true" | "1"));
    Ok(Json(crm.retry(can.actor(), session_id, force).await?))
}

/// Shows what would be pushed for a past call; nothing is sent.
#[utoipa::path(
    post, path = "/api/v1/bots/{id}/crm-preview", tag = "crm", params(("id" = String, Path)), request_body = PreviewWish,
    responses(
        (status = 200, body = Preview),
        (status = 404, description = "No such bot or call"),
        (status = 409, description = "The bot pushes nothing and the body holds no mapping"),
    )
)]
async fn preview(
    _can: Can<ManageCrm>,
    State(crm): State<Crm>,
    Path(bot_id): Path<BotId>,
    Body(wish): Body<PreviewWish>,
) -> ApiResult<Json<Preview>> {
    Ok(Json(crm.preview(bot_id, wish).await?))
}
