//! What the engine sends: results, events of running calls. All behind the internal secret.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cdr::CdrOutcome;
use super::service::Calls;
use crate::base::id::SessionId;
use crate::base::{Error, Kind};
use crate::contract::event::CallEvent;
use crate::contract::log::EngineLog;
use crate::contract::result::CallResultsPayload;
use crate::platform::access::EngineOnly;
use crate::platform::http::{ApiResult, Body};

/// Largest result (decision 28).
const MOST_RESULT_BYTES: usize = 16 * 1024 * 1024;

/// The engine's routes of this slice.
pub(super) fn routes(calls: Calls) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(receive_result))
        .routes(routes!(receive_event))
        .routes(routes!(receive_log))
        .routes(routes!(receive_cdr))
        .layer(DefaultBodyLimit::max(MOST_RESULT_BYTES))
        .with_state(calls)
}

/// Says that something is stored and synced.
#[derive(Serialize, ToSchema)]
struct Stored {
    /// Always `ok`.
    status: &'static str,
    /// The call.
    session_id: SessionId,
}

#[utoipa::path(
    post, path = "/api/v1/call-results", tag = "engine", request_body = CallResultsPayload,
    responses(
        (status = 200, description = "Stored; what follows happens later", body = Stored),
        (status = 403, description = "Wrong or missing internal secret"),
        (status = 422, description = "The body does not fit; nothing was stored"),
        (status = 507, description = "The disk is full; nothing was stored, a repeat is taken when there is room again"),
    )
)]
async fn receive_result(_: EngineOnly, State(calls): State<Calls>, body: Result<Bytes, BytesRejection>) -> ApiResult<Json<Stored>> {
    let session_id = calls.record_result(body.map_err(unreadable)?).await?;
    Ok(Json(Stored { status: "ok", session_id }))
}

fn unreadable(rejection: BytesRejection) -> Error {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(Kind::TooLarge, "a result may have at most 16 MiB"),
        _ => Error::invalid("the body could not be read"),
    }
}

#[utoipa::path(
    post, path = "/api/v1/engine/calls/{session_id}/events", tag = "engine", params(("session_id" = String, Path)),
    request_body = CallEvent,
    responses((status = 200, description = "Stored, or known already", body = Stored), (status = 404, description = "No such call"))
)]
async fn receive_event(
    _: EngineOnly,
    State(calls): State<Calls>,
    Path(session_id): Path<SessionId>,
    Body(event): Body<CallEvent>,
) -> ApiResult<Json<Stored>> {
    calls.record_event(session_id.clone(), event).await?;
    Ok(Json(Stored { status: "ok", session_id }))
}

#[utoipa::path(
    post, path = "/api/v1/cdr", tag = "engine", request_body = Object,
    responses(
        (status = 200, description = "`ok`: stored with its call. `not_found`: no call has this stream. `ignored`: it names none",
            body = CdrOutcome),
        (status = 403, description = "Wrong or missing internal secret"),
        (status = 422, description = "The body is not a JSON object"),
    )
)]
async fn receive_cdr(_: EngineOnly, State(calls): State<Calls>, Body(record): Body<Map<String, Value>>) -> ApiResult<Json<CdrOutcome>> {
    Ok(Json(calls.merge_cdr(record).await?))
}

/// Most lines of one request that are kept.
const MOST_LINES: usize = 500;

/// How many lines were noted.
#[derive(Serialize, ToSchema)]
struct Noted {
    noted: usize,
}

/// What an engine logged about calls. Kept in the trace for some days; with too much at once, lines are left out.
#[utoipa::path(post, path = "/api/v1/engine/logs", tag = "engine", request_body = EngineLog, responses((status = 200, body = Noted)))]
async fn receive_log(_: EngineOnly, State(calls): State<Calls>, Body(log): Body<EngineLog>) -> Json<Noted> {
    let lines = log.lines.into_iter().take(MOST_LINES);
    Json(Noted { noted: calls.trace_log(lines) })
}
