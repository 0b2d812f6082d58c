//! Exports over HTTP: the filters of the list, answered as they are read.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::header;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::stream::Format;
use crate::features::calls::list::ListQuery;
use crate::features::calls::{Calls, ExportCalls};
use crate::platform::access::{Actor, Can};
use crate::platform::http::ApiResult;

pub(in crate::features::calls) fn routes(calls: Calls) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(csv)).routes(routes!(json_lines)).with_state(calls)
}

/// All calls of a filter as CSV, newest first whatever `sort` says. Cells that a spreadsheet would take for a formula begin with `'`.
#[utoipa::path(
    get, path = "/api/v1/calls/export.csv", tag = "calls", params(ListQuery),
    responses((status = 200, description = "A line for each call, after one with the names of the columns", content_type = "text/csv",
        body = String))
)]
async fn csv(can: Can<ExportCalls>, State(calls): State<Calls>, Query(query): Query<ListQuery>) -> ApiResult<Response> {
    answer(can.actor(), calls, query, Format::Csv).await
}

/// All calls of a filter as JSON lines with everything that is kept of them, newest first whatever `sort` says.
#[utoipa::path(
    get, path = "/api/v1/calls/export.jsonl", tag = "calls", params(ListQuery),
    responses((status = 200, description = "An object on a line for each call", content_type = "application/x-ndjson", body = String))
)]
async fn json_lines(can: Can<ExportCalls>, State(calls): State<Calls>, Query(query): Query<ListQuery>) -> ApiResult<Response> {
    answer(can.actor(), calls, query, Format::JsonLines).await
}

async fn answer(actor: &Actor, calls: Calls, query: ListQuery, format: Format) -> ApiResult<Response> {
    let (filter, _) = query.read()?;
    let export = calls.export(actor, filter, format).await?;
    // The task lives as long as the answer: when the reader leaves, both end.
    let parts = stream::unfold(export, |mut export| async move { export.bytes.recv().await.map(|part| (part, export)) });
    let (media_type, file) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"calls.csv\""),
        Format::JsonLines => ("application/x-ndjson", "attachment; filename=\"calls.jsonl\""),
    };
    let headers = [(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, Body::from_stream(parts)).into_response())
}
