//! `/api/v1/whitelist`, `/api/v1/do-not-call`, and a question to the gate.

use axum::Json;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ManagePermits;
use super::do_not_call::ImportReport;
use super::meter::Today;
use super::model::{Advice, DoNotCallEntry, NewEntry, NewNumber, Question, WhitelistEntry};
use super::service::Permit;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// Largest list that is imported in one request: more than a million numbers.
const MOST_IMPORT: usize = 32 * 1024 * 1024;

/// The routes of this feature.
pub fn routes(permit: Permit) -> OpenApiRouter {
    let import = OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(MOST_IMPORT));
    OpenApiRouter::new()
        .routes(routes!(whitelist, add_to_whitelist))
        .routes(routes!(remove_from_whitelist))
        .routes(routes!(do_not_call, add_to_do_not_call))
        .routes(routes!(remove_from_do_not_call))
        .routes(routes!(check))
        .routes(routes!(usage))
        .merge(import)
        .with_state(permit)
}

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Part of a number; of the do-not-call list also of a note.
    q: Option<String>,
}

/// Numbers that the box may dial again, by number.
#[utoipa::path(
    get, path = "/api/v1/whitelist", tag = "outbound-gate", params(ListQuery, PageQuery),
    responses((status = 200, body = Listing<WhitelistEntry>))
)]
async fn whitelist(
    _can: Can<ManagePermits>,
    State(permit): State<Permit>,
    Query(query): Query<ListQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<WhitelistEntry>>> {
    let page = Page::from(&page);
    let (data, total) = permit.whitelisted(query.q.clone(), page).await?;
    Ok(Json(Listing::new(data, total, page, "/api/v1/whitelist", &[("q", query.q.as_deref())])))
}

/// Adds a number to the whitelist. One that is there already stays as it is.
#[utoipa::path(
    post, path = "/api/v1/whitelist", tag = "outbound-gate", request_body = NewNumber, responses((status = 201, body = WhitelistEntry))
)]
async fn add_to_whitelist(
    can: Can<ManagePermits>,
    State(permit): State<Permit>,
    Body(number): Body<NewNumber>,
) -> ApiResult<(StatusCode, Json<WhitelistEntry>)> {
    Ok((StatusCode::CREATED, Json(permit.add_to_whitelist(can.actor(), &number.phone).await?)))
}

/// Takes a number off the whitelist.
#[utoipa::path(
    delete, path = "/api/v1/whitelist/{phone}", tag = "outbound-gate", params(("phone" = String, Path)), responses((status = 204))
)]
async fn remove_from_whitelist(can: Can<ManagePermits>, State(permit): State<Permit>, Path(phone): Path<String>) -> ApiResult<StatusCode> {
    permit.remove_from_whitelist(can.actor(), &phone).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Numbers that are never dialled, newest first.
#[utoipa::path(
    get, path = "/api/v1/do-not-call", tag = "outbound-gate", params(ListQuery, PageQuery),
    responses((status = 200, body = Listing<DoNotCallEntry>))
)]
async fn do_not_call(
    _can: Can<ManagePermits>,
    State(permit): State<Permit>,
    Query(query): Query<ListQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<DoNotCallEntry>>> {
    let page = Page::from(&page);
    let (data, total) = permit.not_called(query.q.clone(), page).await?;
    Ok(Json(Listing::new(data, total, page, "/api/v1/do-not-call", &[("q", query.q.as_deref())])))
}

/// Adds a number to the do-not-call list.
#[utoipa::path(
    post, path = "/api/v1/do-not-call", tag = "outbound-gate", request_body = NewEntry, responses((status = 201, body = DoNotCallEntry))
)]
async fn add_to_do_not_call(
    can: Can<ManagePermits>,
    State(permit): State<Permit>,
    Body(entry): Body<NewEntry>,
) -> ApiResult<(StatusCode, Json<DoNotCallEntry>)> {
    Ok((StatusCode::CREATED, Json(permit.add_to_do_not_call(can.actor(), entry).await?)))
}

/// Adds many numbers: one on each line, or a table whose first line names a column `phone` (and perhaps `note`).
#[utoipa::path(
    post, path = "/api/v1/do-not-call/import", tag = "outbound-gate", request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = ImportReport))
)]
async fn import(can: Can<ManagePermits>, State(permit): State<Permit>, text: Bytes) -> ApiResult<Json<ImportReport>> {
    Ok(Json(permit.import(can.actor(), &String::from_utf8_lossy(&text)).await?))
}

/// Takes a number off the do-not-call list.
#[utoipa::path(
    delete, path = "/api/v1/do-not-call/{phone}", tag = "outbound-gate", params(("phone" = String, Path)), responses((status = 204))
)]
async fn remove_from_do_not_call(
    can: Can<ManagePermits>,
    State(permit): State<Permit>,
    Path(phone): Path<String>,
) -> ApiResult<StatusCode> {
    permit.remove_from_do_not_call(can.actor(), &phone).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the gate would say to a call: nothing is dialled and nothing is counted.
#[utoipa::path(
    post, path = "/api/v1/outbound-gate/check", tag = "outbound-gate", request_body = Question, responses((status = 200, body = Advice))
)]
async fn check(_can: Can<ManagePermits>, State(permit): State<Permit>, Body(question): Body<Question>) -> ApiResult<Json<Advice>> {
    Ok(Json(permit.advise(question).await?))
}

/// What the outbound calls of this day have used up, and what they may.
#[utoipa::path(get, path = "/api/v1/outbound-gate/usage", tag = "outbound-gate", responses((status = 200, body = Today)))]
async fn usage(_can: Can<ManagePermits>, State(permit): State<Permit>) -> ApiResult<Json<Today>> {
    Ok(Json(permit.today().await?))
}
