//! What engines bring: recordings, behind the internal secret.

use axum::Json;
use axum::body::Body as RawBody;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service::Recordings;
use crate::platform::access::EngineOnly;
use crate::platform::http::ApiResult;

/// The engine's routes of this slice.
pub(super) fn routes(recordings: Recordings) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(receive_recording)).with_state(recordings)
}

/// A recording that lies in the store.
#[derive(Serialize, ToSchema)]
struct StoredRecording {
    /// Its key.
    key: String,
    /// Its length in bytes.
    size: u64,
}

#[utoipa::path(
    put, path = "/api/v1/engine/recordings/{key}", tag = "engine", params(("key" = String, Path)),
    request_body(content = Vec<u8>, content_type = "audio/wav"),
    responses(
        (status = 201, description = "On disk and synced", body = StoredRecording),
        (status = 422, description = "The key is no name of a file, or the upload broke off"),
        (status = 507, description = "The disk is almost full; the same upload is taken when there is room again"),
    )
)]
async fn receive_recording(
    _: EngineOnly,
    State(recordings): State<Recordings>,
    Path(key): Path<String>,
    body: RawBody,
) -> ApiResult<(StatusCode, Json<StoredRecording>)> {
    let stored = recordings.store(&key, body.into_data_stream()).await?;
    Ok((StatusCode::CREATED, Json(StoredRecording { key, size: stored.size })))
}
