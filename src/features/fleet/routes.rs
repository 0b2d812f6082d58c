//! `/api/v1/fleet`.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service::{Fleet, WorkerStatus};
use super::{EditFleet, ReadFleet};
use crate::platform::access::Can;
use crate::platform::http::{ApiResult, Body};

/// The routes of this feature.
pub fn routes(fleet: Fleet) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(status)).routes(routes!(drain)).with_state(fleet)
}

/// All hosts; the sums count the healthy ones only.
#[derive(Debug, Serialize, ToSchema)]
struct FleetStatus {
    /// Calls all healthy hosts can hold.
    total_capacity: u32,
    /// Calls they hold.
    active_calls: u32,
    /// Calls they can still take.
    available: u32,
    /// Every host.
    workers: Vec<WorkerStatus>,
}

/// How the engines are.
#[utoipa::path(get, path = "/api/v1/fleet/status", tag = "fleet", responses((status = 200, body = FleetStatus)))]
async fn status(_can: Can<ReadFleet>, State(fleet): State<Fleet>) -> ApiResult<Json<FleetStatus>> {
    Ok(Json(FleetStatus::from(fleet.status().await)))
}

/// Which host is meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DrainBody {
    /// Its URL as the settings list it, or `local` for the engine of this box.
    url: String,
}

/// Asks an engine to take no more calls; those that run go on to their end, then it ends. 404: no such host is listed.
#[utoipa::path(post, path = "/api/v1/fleet/drain", tag = "fleet", request_body = DrainBody, responses((status = 204)))]
async fn drain(can: Can<EditFleet>, State(fleet): State<Fleet>, Body(body): Body<DrainBody>) -> ApiResult<StatusCode> {
    fleet.drain(&body.url).await?;
    tracing::info!(by = %can.actor().name, "The engine {} is drained", body.url);
    Ok(StatusCode::NO_CONTENT)
}

impl From<Vec<WorkerStatus>> for FleetStatus {
    fn from(workers: Vec<WorkerStatus>) -> Self {
        let sum = |of: fn(&WorkerStatus) -> u32| workers.iter().filter(|w| w.status == "ok").map(of).fold(0, u32::saturating_add);
        Self {
            total_capacity: sum(|w| w.total_capacity),
            active_calls: sum(|w| w.worker_calls),
            available: sum(|w| w.total_available),
            workers,
        }
    }
}
