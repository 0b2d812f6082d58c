//! `/api/v1/doctor`, for super_admins.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::live::Doctor;
use super::model::Diagnosis;
use crate::platform::access::{Can, Permission, Role};
use crate::platform::http::ApiResult;

/// May have the box looked over: what is found names paths and peers.
pub(super) enum SeeDoctor {}

impl Permission for SeeDoctor {
    const RANK: Role = Role::SuperAdmin;
    const KEYS: bool = false;
}

/// The route of the doctor.
pub fn routes(doctor: Doctor) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(look)).with_state(doctor)
}

/// Looks the box over: each part, how well it is, and the command that mends it.
#[utoipa::path(get, path = "/api/v1/doctor", tag = "ops", responses((status = 200, body = Diagnosis)))]
async fn look(_: Can<SeeDoctor>, State(doctor): State<Doctor>) -> ApiResult<Json<Diagnosis>> {
    Ok(Json(Box::pin(doctor.look()).await?))
}
