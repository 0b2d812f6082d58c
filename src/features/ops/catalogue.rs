//! What the CodeB surface offers, read off the routes that are registered: `GET /api.ashx/v1` (seed 002).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::secret::sha256_hex;

/// Where the surface's routes begin.
const PREFIX: &str = "/api.ashx/v1/";

/// The order in which the seed lists the routes. What is registered beside them comes after them.
const ORDER: &[(&str, &str)] = &[
    ("POST", "/api.ashx/v1/calls"),
    ("GET", "/api.ashx/v1/calls"),
    ("GET", "/api.ashx/v1/calls/{id}"),
    ("POST", "/api.ashx/v1/calls/{id}/hangup"),
    ("GET", "/api.ashx/v1/numbers"),
    ("GET", "/api.ashx/v1/transcripts"),
    ("GET", "/api.ashx/v1/transcripts/{callId}"),
    ("GET", "/api.ashx/v1/inbound-routes"),
    ("POST", "/api.ashx/v1/inbound-routes"),
    ("GET", "/api.ashx/v1/inbound-routes/{did}"),
    ("DELETE", "/api.ashx/v1/inbound-routes/{did}"),
    ("PUT", "/api.ashx/v1/inbound-routes/{did}"),
    ("GET", "/api.ashx/v1/webhooks"),
];

/// A route of the surface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct Endpoint {
    /// HTTP method.
    method: String,
    /// Path with placeholders in braces.
    path: String,
    /// What it does.
    description: String,
    /// What it belongs to.
    area: String,
}

/// The surface in one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct SelfDescription {
    name: &'static str,
    version: &'static str,
    /// Changes with the program's version and with every change of its routes.
    build: String,
    endpoints: Vec<Endpoint>,
    auth: &'static str,
    pagination: &'static str,
    errors: &'static str,
}

/// The self-description of the surface. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalogue(Arc<SelfDescription>);

impl Catalogue {
    /// Reads it off the description of all registered routes.
    pub fn of(openapi: &OpenApi) -> Self {
        // One that cannot be written fails the test of `assets/openapi.json`.
        let described = openapi.to_json().unwrap_or_default();
        Self(Arc::new(SelfDescription {
            name: "CodeB Platform REST API",
            version: "v1",
            build: format!("{}-{}", env!("CARGO_PKG_VERSION"), &sha256_hex(&described)[..8]),
            endpoints: endpoints(openapi),
            auth: "Authorization: Bearer <token>: an OIDC access token whose user has role=admin, or an API key that begins with ak_",
            pagination: "?limit=N&offset=M (defaults 50, 0; limit at most 500); next is the relative URL of the following page, or null",
            errors: "{ error: <code>, error_description: <sentence> }",
        }))
    }
}

fn endpoints(openapi: &OpenApi) -> Vec<Endpoint> {
    let paths = openapi.paths.paths.iter().filter(|(path, _)| path.starts_with(PREFIX));
    let mut found: Vec<Endpoint> =
        paths.flat_map(|(path, item)| operations(item).map(move |(method, operation)| endpoint(method, path, operation))).collect();
    let place = |endpoint: &Endpoint| ORDER.iter().position(|row| *row == (endpoint.method.as_str(), endpoint.path.as_str()));
    found.sort_by_key(|endpoint| place(endpoint).unwrap_or(ORDER.len()));
    found
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("PATCH", &item.patch), ("DELETE", &item.delete)];
    all.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

fn endpoint(method: &str, path: &str, operation: &Operation) -> Endpoint {
    let said = operation.summary.as_deref().unwrap_or_default();
    Endpoint {
        method: method.to_owned(),
        path: path.to_owned(),
        description: said.trim_end_matches('.').to_owned(),
        area: operation.tags.iter().flatten().next().cloned().unwrap_or_default(),
    }
}

/// The route of the self-description.
pub fn describe(catalogue: Catalogue) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(root)).with_state(catalogue)
}

/// Every route of the CodeB surface, for whoever is about to integrate.
#[utoipa::path(get, path = "/api.ashx/v1", tag = "ops", security(()), responses((status = 200, body = SelfDescription)))]
async fn root(State(catalogue): State<Catalogue>) -> Json<SelfDescription> {
    Json(catalogue.0.as_ref().clone())
}
