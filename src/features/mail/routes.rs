//! `/api/v1/mails`, and a mail that tries the server out.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ManageMails;
use super::model::{MailState, MailView, TriedOut, TryOut};
use super::service::Mails;
use crate::base::id::MailId;
use crate::base::page::{Listing, Page, PageQuery};
use crate::features::settings::EditSettings;
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature.
pub fn routes(mails: Mails) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(resend)).routes(routes!(try_out)).with_state(mails)
}

/// Which mails are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MailsQuery {
    /// Only this state: `waiting`, `sent` or `parked`.
    state: Option<String>,
}

/// Mails about outbound calls, newest first.
#[utoipa::path(
    get, path = "/api/v1/mails", tag = "mail", params(MailsQuery, PageQuery), responses((status = 200, body = Listing<MailView>))
)]
async fn list(
    _can: Can<ManageMails>,
    State(mails): State<Mails>,
    Query(query): Query<MailsQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<MailView>>> {
    let page = Page::from(&page);
    let state = query.state.as_deref().map(MailState::parse).transpose()?;
    let (data, total) = mails.list(state, page).await?;
    Ok(Json(Listing::new(data, total, page, "/api/v1/mails", &[("state", query.state.as_deref())])))
}

/// Sends a mail again that was sent or given up.
#[utoipa::path(
    post, path = "/api/v1/mails/{id}/resend", tag = "mail", params(("id" = String, Path)), responses((status = 200, body = MailView))
)]
async fn resend(can: Can<ManageMails>, State(mails): State<Mails>, Path(id): Path<MailId>) -> ApiResult<Json<MailView>> {
    Ok(Json(mails.resend(can.actor(), id).await?))
}

/// Sends a mail now that only shows whether mail works; an error says why it does not.
#[utoipa::path(
    post, path = "/api/v1/settings/mail/test", tag = "settings", request_body = TryOut, responses((status = 200, body = TriedOut))
)]
async fn try_out(can: Can<EditSettings>, State(mails): State<Mails>, Body(wish): Body<TryOut>) -> ApiResult<Json<TriedOut>> {
    Ok(Json(mails.try_out(can.actor(), wish).await?))
}
