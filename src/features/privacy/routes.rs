//! Erasure of persons, and their own data, over HTTP.

use axum::Json;
use axum::body::Body as RawBody;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ErasePersons;
use super::model::{EraseOrder, ErasureView};
use super::service::Privacy;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature.
pub fn routes(privacy: Privacy) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(erase, list)).routes(routes!(export)).with_state(privacy)
}

/// Whose data is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PersonQuery {
    /// The number with its country code, or the name a caller of another kind calls by; percent-encode the plus.
    phone: String,
}

/// Erases a person: their calls become anonymous; transcripts, recordings, orders, deliveries, mails, notes and tags are removed. Calls on
/// legal hold stay and are named in the answer.
#[utoipa::path(
    post, path = "/api/v1/erasures", tag = "privacy", request_body = EraseOrder,
    responses((status = 200, body = ErasureView), (status = 409, description = "A call with this number is under way: `call_running`"))
)]
async fn erase(can: Can<ErasePersons>, State(privacy): State<Privacy>, Body(order): Body<EraseOrder>) -> ApiResult<Json<ErasureView>> {
    Ok(Json(privacy.erase(can.actor(), order).await?))
}

/// Erasures that were done, newest first.
#[utoipa::path(
    get, path = "/api/v1/erasures", tag = "privacy", params(PageQuery), responses((status = 200, body = Listing<ErasureView>))
)]
async fn list(
    _: Can<ErasePersons>,
    State(privacy): State<Privacy>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<ErasureView>>> {
    let page = Page::from(&page);
    let (data, total) = privacy.erasures(page).await?;
    Ok(Json(Listing::new(data, total, page, "/api/v1/erasures", &[])))
}

/// Everything the box knows about a number as one JSON document: lists, proofs of consent, orders, and calls with links to their recordings.
#[utoipa::path(
    get, path = "/api/v1/erasures/export", tag = "privacy", params(PersonQuery),
    responses((status = 200, description = "The document, written while it is read", content_type = "application/json", body = Object))
)]
async fn export(can: Can<ErasePersons>, State(privacy): State<Privacy>, Query(query): Query<PersonQuery>) -> ApiResult<Response> {
    let data = privacy.data_of(can.actor(), &query.phone).await?;
    let parts = stream::unfold(data, |mut data| async move { data.bytes.recv().await.map(|part| (part, data)) });
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CONTENT_DISPOSITION, "attachment; filename=\"person.json\"")];
    Ok((headers, RawBody::from_stream(parts)).into_response())
}
