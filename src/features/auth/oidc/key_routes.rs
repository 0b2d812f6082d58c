//! `/api/v1/oidc/keys`: the keys that sign, and another one in their place.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::features::auth::RotateKeys;
use crate::features::auth::service::Auth;
use crate::platform::access::Can;
use crate::platform::http::ApiResult;

/// Routes of the signing keys.
pub(super) fn routes() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(rotate))
}

/// A rotation that has taken place.
#[derive(Serialize, ToSchema)]
struct Rotated {
    /// Name of the key that signs from now on.
    active: String,
    /// Name of the key that signed until now.
    retired: String,
    /// How long the retired key still verifies, in seconds.
    retired_verifies_for_s: u64,
}

/// Makes another signing key. The one before verifies until the last token it signed is over, so nobody is signed out.
#[utoipa::path(post, path = "/api/v1/oidc/keys/rotate", tag = "oidc-keys", responses((status = 200, body = Rotated)))]
async fn rotate(can: Can<RotateKeys>, State(auth): State<Auth>) -> ApiResult<Json<Rotated>> {
    let (retired, active, overlap) = auth.rotate_keys(can.actor()).await?;
    Ok(Json(Rotated { active, retired, retired_verifies_for_s: overlap.as_secs() }))
}
