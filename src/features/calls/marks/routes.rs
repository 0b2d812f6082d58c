//! Tags, notes and holds over HTTP.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::model::{HoldBody, HoldView, KnownTag, NoteBody, NoteView, TagView, TagsBody};
use crate::base::id::{NoteId, SessionId};
use crate::features::calls::{Calls, HoldCalls, MarkCalls, ReadCalls};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

pub(in crate::features::calls) fn routes(calls: Calls) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(known_tags))
        .routes(routes!(set_tags))
        .routes(routes!(add_note))
        .routes(routes!(remove_note))
        .routes(routes!(hold, release))
        .with_state(calls)
}

/// Tags.
#[derive(Serialize, ToSchema)]
struct Tags<T> {
    tags: Vec<T>,
}

/// The tags that are in use on calls, the most used first; at most 1000.
#[utoipa::path(get, path = "/api/v1/call-tags", tag = "calls", responses((status = 200, body = Tags<KnownTag>)))]
async fn known_tags(_: Can<ReadCalls>, State(calls): State<Calls>) -> ApiResult<Json<Tags<KnownTag>>> {
    Ok(Json(Tags { tags: calls.known_tags().await? }))
}

/// Makes these the tags of a call. Those that stay keep who put them there.
#[utoipa::path(
    put, path = "/api/v1/calls/{session_id}/tags", tag = "calls", params(("session_id" = String, Path)), request_body = TagsBody,
    responses((status = 200, body = Tags<TagView>), (status = 404, description = "No such call"))
)]
async fn set_tags(
    can: Can<MarkCalls>,
    State(calls): State<Calls>,
    Path(session_id): Path<SessionId>,
    Body(body): Body<TagsBody>,
) -> ApiResult<Json<Tags<TagView>>> {
    Ok(Json(Tags { tags: calls.set_tags(can.actor(), session_id, body.read()?).await? }))
}

/// Writes a note on a call.
#[utoipa::path(
    post, path = "/api/v1/calls/{session_id}/notes", tag = "calls", params(("session_id" = String, Path)), request_body = NoteBody,
    responses((status = 201, body = NoteView), (status = 404, description = "No such call"))
)]
async fn add_note(
    can: Can<MarkCalls>,
    State(calls): State<Calls>,
    Path(session_id): Path<SessionId>,
    Body(body): Body<NoteBody>,
) -> ApiResult<(StatusCode, Json<NoteView>)> {
    Ok((StatusCode::CREATED, Json(calls.add_note(can.actor(), session_id, body.read()?).await?)))
}

/// Removes a note. Supervisors remove their own, admins any.
#[utoipa::path(
    delete, path = "/api/v1/calls/{session_id}/notes/{note_id}", tag = "calls",
    params(("session_id" = String, Path), ("note_id" = String, Path)),
    responses((status = 204), (status = 403, description = "Somebody else wrote it"), (status = 404, description = "No such call or note"))
)]
async fn remove_note(
    can: Can<MarkCalls>,
    State(calls): State<Calls>,
    Path((session_id, note_id)): Path<(SessionId, NoteId)>,
) -> ApiResult<StatusCode> {
    calls.remove_note(can.actor(), session_id, note_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a call on legal hold: nothing of it is removed until it is released.
#[utoipa::path(
    put, path = "/api/v1/calls/{session_id}/legal-hold", tag = "calls", params(("session_id" = String, Path)), request_body = HoldBody,
    responses((status = 200, body = HoldView), (status = 404, description = "No such call"))
)]
async fn hold(
    can: Can<HoldCalls>,
    State(calls): State<Calls>,
    Path(session_id): Path<SessionId>,
    Body(body): Body<HoldBody>,
) -> ApiResult<Json<HoldView>> {
    Ok(Json(calls.hold(can.actor(), session_id, body.read()?).await?))
}

/// Ends the legal hold on a call. Does nothing when there is none.
#[utoipa::path(
    delete, path = "/api/v1/calls/{session_id}/legal-hold", tag = "calls", params(("session_id" = String, Path)),
    responses((status = 204), (status = 404, description = "No such call"))
)]
async fn release(can: Can<HoldCalls>, State(calls): State<Calls>, Path(session_id): Path<SessionId>) -> ApiResult<StatusCode> {
    calls.release(can.actor(), session_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
