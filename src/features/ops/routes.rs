//! Routes that tell how the box is; all of them are public.

use axum::Extension;
use axum::Json;
use axum::Router;
use axum::extract::State;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Error;
use crate::platform::access::Peer;
use crate::platform::http::{ApiError, ApiResult};

use super::metrics::Figures;
use super::readiness::{Readiness, Report};

/// All routes of this program, as committed; `tests/it` compares it with what is registered.
const DESCRIPTION: &str = include_str!("../../../assets/openapi.json");

/// The routes of this slice.
pub fn routes(readiness: Readiness, figures: Figures) -> OpenApiRouter {
    let metrics = OpenApiRouter::new().routes(routes!(metrics)).with_state(figures);
    let stateless = OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(version)).routes(routes!(description));
    stateless.merge(OpenApiRouter::new().routes(routes!(readyz)).with_state(readiness)).merge(metrics)
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

/// This description, as OpenAPI 3.1. A test keeps it equal to the routes.
#[utoipa::path(get, path = "/openapi.json", tag = "ops", responses((status = 200, body = serde_json::Value)))]
async fn description() -> ([(HeaderName, HeaderValue); 1], &'static str) {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], DESCRIPTION)
}

/// Whether the box can take calls: 200, or 503 with the reasons.
#[utoipa::path(get, path = "/readyz", tag = "ops", responses((status = 200, body = Report), (status = 503, body = Report)))]
async fn readyz(State(readiness): State<Readiness>) -> (StatusCode, Json<Report>) {
    let report = readiness.report().await;
    let status = if report.reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}

/// The router of a listener that gives figures and nothing else, to whoever reaches it.
pub fn figures_only(figures: Figures) -> Router {
    let nothing = || async { ApiError(nothing_here()) };
    let (router, _) = OpenApiRouter::new().routes(routes!(all_metrics)).with_state(figures).split_for_parts();
    router.fallback(nothing)
}

fn nothing_here() -> Error {
    Error::not_found("there is nothing at this path")
}

/// Figures for Prometheus, at the listener of its own.
#[utoipa::path(get, path = "/metrics", tag = "ops", responses((status = 200, body = String, content_type = "text/plain")))]
async fn all_metrics(State(figures): State<Figures>) -> String {
    figures.render().await
}

/// Figures for Prometheus. Clients on other machines are told that there is nothing here, and everybody is when a listener of its own
/// gives them: behind a proxy all clients seem to be on this machine.
#[utoipa::path(get, path = "/metrics", tag = "ops", responses((status = 200, body = String, content_type = "text/plain")))]
async fn metrics(State(figures): State<Figures>, peer: Option<Extension<Peer>>) -> ApiResult<String> {
    let is_far = peer.and_then(|Extension(peer)| peer.ip()).is_some_and(|ip| !ip.to_canonical().is_loopback());
    if is_far || figures.has_listener() { Err(nothing_here().into()) } else { Ok(figures.render().await) }
}
