//! The waveform of a recording, for players.

use axum::Json;
use axum::extract::{Path, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ReadRecordings;
use super::peaks::Peaks;
use super::service::Recordings;
use crate::base::id::SessionId;
use crate::platform::access::Can;
use crate::platform::http::ApiResult;

pub(super) fn routes(recordings: Recordings) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(peaks)).with_state(recordings)
}

/// The waveform of a call's recording, about 1,000 pieces of each channel. Computed when it is first asked for, then kept.
#[utoipa::path(
    get, path = "/api/v1/recordings/{session_id}/peaks", tag = "recordings", params(("session_id" = String, Path)),
    responses(
        (status = 200, body = Peaks),
        (status = 404, description = "No such recording"),
        (status = 422, description = "The recording is no WAV file"),
        (status = 503, description = "The object store does not answer; Retry-After says when to come again"),
    )
)]
async fn peaks(_: Can<ReadRecordings>, State(recordings): State<Recordings>, Path(session_id): Path<SessionId>) -> ApiResult<Json<Peaks>> {
    Ok(Json(recordings.peaks(session_id).await?))
}
