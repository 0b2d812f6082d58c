//! Recordings: for admins by session, for whoever has the link by token, one range at a time; and the links themselves.

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Asked;
use super::links::{Link, SignedUrl};
use super::service::Recordings;
use super::{EditLinks, ReadRecordings, engine_routes, pause_routes, peaks_routes};
use crate::base::id::SessionId;
use crate::platform::access::{Can, Peer};
use crate::platform::http::{ApiResult, Body};

/// All routes of the slice.
pub fn routes(recordings: Recordings) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(by_session))
        .routes(routes!(by_token))
        .routes(routes!(revoke, renew))
        .routes(routes!(sign))
        .with_state(recordings.clone())
        .merge(peaks_routes::routes(recordings.clone()))
        .merge(pause_routes::routes(recordings.clone()))
        .merge(engine_routes::routes(recordings))
}

/// The recording of a call, whole or one range of it, from wherever it lies. Who hears it is written into the audit trail.
#[utoipa::path(
    get, path = "/api/v1/recordings/{session_id}", tag = "recordings", params(("session_id" = String, Path)),
    responses(
        (status = 200, description = "The recording", content_type = "audio/wav"),
        (status = 206, description = "The range that was asked for", content_type = "audio/wav"),
        (status = 404, description = "No such recording"),
        (status = 416, description = "Nothing of the range exists"),
        (status = 503, description = "The object store does not answer; Retry-After says when to come again"),
    )
)]
async fn by_session(
    can: Can<ReadRecordings>,
    State(recordings): State<Recordings>,
    Path(session_id): Path<SessionId>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    Ok(recordings.of_session(can.actor(), session_id, &Asked { method, headers }).await?)
}

/// The recording behind a link. The token is the whole secret; nobody has to sign in.
#[utoipa::path(
    get, path = "/api/v1/public/recordings/{token}", tag = "recordings", params(("token" = String, Path)), security(()),
    responses(
        (status = 200, description = "The recording", content_type = "audio/wav"),
        (status = 206, description = "The range that was asked for", content_type = "audio/wav"),
        (status = 404, description = "No such recording"),
        (status = 410, description = "The link was revoked, or has lived its time"),
        (status = 416, description = "Nothing of the range exists"),
        (status = 429, description = "Too many unknown links from this address"),
        (status = 503, description = "The object store does not answer; Retry-After says when to come again"),
    )
)]
async fn by_token(
    State(recordings): State<Recordings>,
    Path(token): Path<String>,
    peer: Option<Extension<Peer>>,
    method: Method,
    headers: HeaderMap,
) -> ApiResult<Response> {
    Ok(recordings.of_token(&token, peer.and_then(|Extension(peer)| peer.ip()), &Asked { method, headers }).await?)
}

/// Ends the public link of a recording at once. It does not come back by itself.
#[utoipa::path(
    delete, path = "/api/v1/recordings/{session_id}/link", tag = "recordings", params(("session_id" = String, Path)),
    responses((status = 204, description = "No link opens the recording any more"), (status = 404, description = "No such recording"))
)]
async fn revoke(can: Can<EditLinks>, State(recordings): State<Recordings>, Path(session_id): Path<SessionId>) -> ApiResult<StatusCode> {
    recordings.revoke_link(can.actor(), session_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new public link for a recording. The former one ends.
#[utoipa::path(
    post, path = "/api/v1/recordings/{session_id}/link", tag = "recordings", params(("session_id" = String, Path)),
    responses((status = 201, description = "The new link", body = Link), (status = 404, description = "No such recording"))
)]
async fn renew(
    can: Can<EditLinks>,
    State(recordings): State<Recordings>,
    Path(session_id): Path<SessionId>,
) -> ApiResult<(StatusCode, Json<Link>)> {
    Ok((StatusCode::CREATED, Json(recordings.renew_link(can.actor(), session_id).await?)))
}

/// How long a signed link is to live.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignBody {
    /// Minutes, 1 to 10080 (a week); a day when absent.
    #[schema(minimum = 1, maximum = 10080)]
    minutes: Option<u32>,
}

/// Makes a link of this box that opens the recording for a while and cannot be made longer. It ends early when the links are revoked.
#[utoipa::path(
    post, path = "/api/v1/recordings/{session_id}/signed-url", tag = "recordings", params(("session_id" = String, Path)),
    request_body = SignBody,
    responses(
        (status = 201, description = "The link", body = SignedUrl),
        (status = 404, description = "No such recording"),
        (status = 422, description = "The life is not 1 to 10080 minutes"),
    )
)]
async fn sign(
    can: Can<ReadRecordings>,
    State(recordings): State<Recordings>,
    Path(session_id): Path<SessionId>,
    Body(body): Body<SignBody>,
) -> ApiResult<(StatusCode, Json<SignedUrl>)> {
    Ok((StatusCode::CREATED, Json(recordings.sign_link(can.actor(), session_id, body.minutes).await?)))
}
