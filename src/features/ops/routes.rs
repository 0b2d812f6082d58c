//! Routes that tell how the box is; all of them are public.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::readiness::{Readiness, Report};

/// The routes of this slice.
pub fn routes(readiness: Readiness) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(version)).routes(routes!(readyz)).with_state(readiness)
}

/// That the process lives.
#[derive(Debug, Serialize, ToSchema)]
struct Alive {
    /// `ok`.
    status: &'static str,
}

/// Which program runs.
#[derive(Debug, Serialize, ToSchema)]
struct Version {
    /// Name of the program.
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// Version of the contract between control plane and engine.
    contract: u32,
}

/// Whether the process lives. Says nothing about what it depends on.
#[utoipa::path(get, path = "/healthz", tag = "ops", responses((status = 200, body = Alive)))]
async fn healthz() -> Json<Alive> {
    Json(Alive { status: "ok" })
}

/// Which program runs.
#[utoipa::path(get, path = "/version", tag = "ops", responses((status = 200, body = Version)))]
async fn version() -> Json<Version> {
    Json(Version { name: "cxbox", version: env!("CARGO_PKG_VERSION"), contract: crate::contract::CONTRACT_VERSION })
}

/// Whether the box can take calls: 200, or 503 with the reasons.
#[utoipa::path(get, path = "/readyz", tag = "ops", responses((status = 200, body = Report), (status = 503, body = Report)))]
async fn readyz(State(readiness): State<Readiness>) -> (StatusCode, Json<Report>) {
    let report = readiness.report().await;
    let status = if report.reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}
