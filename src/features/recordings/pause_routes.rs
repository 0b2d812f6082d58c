//! `PUT /api/v1/calls/{session_id}/recording`: pauses the recording of a running call and lets it go on.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::PauseRecordings;
use super::service::Recordings;
use crate::base::id::SessionId;
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

pub(super) fn routes(recordings: Recordings) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(pause)).with_state(recordings)
}

/// Whether what is said is left out.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecordingPause {
    /// `true`: nothing is recorded from now on; `false`: the recording goes on.
    is_paused: bool,
}

/// Pauses the recording of a call that runs, such as while a card number is said, or lets it go on. What is said meanwhile is in no file; the
/// transcript and the call itself go on. The call's events say when (`recording_paused`, `recording_resumed`), `recording_now` of the call
/// says how it stands. A call that is not recorded stays so; once it is, the pause holds.
#[utoipa::path(
    put, path = "/api/v1/calls/{session_id}/recording", tag = "recordings", params(("session_id" = String, Path)),
    request_body = RecordingPause,
    responses(
        (status = 200, body = RecordingPause),
        (status = 404, description = "No such call"),
        (status = 409, description = "The call is over"),
        (status = 502, description = "An engine that may hold the call does not answer: `bridge_unreachable`"),
    )
)]
async fn pause(
    can: Can<PauseRecordings>,
    State(recordings): State<Recordings>,
    Path(session_id): Path<SessionId>,
    Body(wish): Body<RecordingPause>,
) -> ApiResult<Json<RecordingPause>> {
    recordings.pause(can.actor(), session_id, wish.is_paused).await?;
    Ok(Json(wish))
}
