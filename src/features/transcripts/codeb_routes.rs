//! Transcripts on the CodeB surface (seed 002).

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ReadTranscripts;
use super::document::Document;
use super::model::{Filter, TranscriptItem};
use super::service::Transcripts;
use crate::base::page::{Listing, Page, PageQuery};
use crate::platform::access::Can;
use crate::platform::http::ApiResult;

const TRANSCRIPTS_PATH: &str = "/api.ashx/v1/transcripts";

/// The routes of this surface.
pub(super) fn routes(transcripts: Transcripts) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).with_state(transcripts)
}

/// Which transcripts are wanted. All filters must match.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `vnum`: calls that came in, from anywhere; `outbound-ai`: calls we placed.
    source: Option<String>,
    /// Part of caller, number, display name or rule; capitals do not matter.
    q: Option<String>,
    /// Calls that began at or after this ISO 8601 time.
    since: Option<String>,
}

/// Lists transcripts, newest call first.
#[utoipa::path(
    get, path = "/api.ashx/v1/transcripts", tag = "transcripts", params(ListQuery, PageQuery),
    responses((status = 200, body = Listing<TranscriptItem>), (status = 400, description = "A filter cannot be read"))
)]
async fn list(
    _: Can<ReadTranscripts>,
    State(transcripts): State<Transcripts>,
    Query(query): Query<ListQuery>,
    Query(page): Query<PageQuery>,
) -> ApiResult<Json<Listing<TranscriptItem>>> {
    let page = Page::from(&page);
    let (source, q, since) = (query.source.as_deref(), query.q.as_deref(), query.since.as_deref());
    let (items, total) = transcripts.list(Filter::read(source, q, since)?, page).await?;
    Ok(Json(Listing::new(items, total, page, TRANSCRIPTS_PATH, &[("source", source), ("q", q), ("since", since)])))
}

/// Reads the transcript of one call, by call id or file name.
#[utoipa::path(
    get, path = "/api.ashx/v1/transcripts/{callId}", tag = "transcripts", params(("callId" = String, Path)),
    responses((status = 200, body = Document), (status = 404, description = "No such transcript"))
)]
async fn get(_: Can<ReadTranscripts>, State(transcripts): State<Transcripts>, Path(call_id): Path<String>) -> ApiResult<Json<Document>> {
    Ok(Json(transcripts.get(call_id).await?))
}
