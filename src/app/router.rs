//! Merges the routes of all features behind the one gate. To add a feature: one `merge` line.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::compose::Handles;
use super::describe;
use crate::features::ops::Figures;
use crate::features::ops::doctor::Doctor;
use crate::features::{
    audit, auth, backups, bots, browser_calls, calls, carriers, console, crm, fleet, knowledge, mail, numbers, ops, outbound, permit,
    phones, privacy, recordings, runtime, settings, socket_calls, transcripts, webhooks,
};
use crate::platform::access::{Authenticate, doors, gate};
use crate::platform::http::edge;

/// Largest body of a route that does not say otherwise, in bytes.
const MOST_BODY: usize = 2 * 1024 * 1024;

/// All routes, and their description.
pub(super) fn build(handles: &Handles, figures: Figures, doctor: Doctor) -> (Router, OpenApi) {
    let h = handles.clone();
    let authenticate: Arc<dyn Authenticate> = Arc::new(h.auth.clone());
    let router = OpenApiRouter::with_openapi(description())
        .merge(ops::routes(h.readiness, figures))
        .merge(ops::doctor::routes(doctor))
        .merge(auth::routes(h.auth))
        .merge(audit::routes(h.audit))
        .merge(bots::routes(h.bots))
        .merge(carriers::routes(h.carriers))
        .merge(numbers::routes(h.numbers, h.inbound_routes, h.tenant))
        .merge(phones::routes(h.phones))
        .merge(browser_calls::routes(h.browser_calls))
        .merge(socket_calls::routes(h.socket_calls))
        .merge(calls::routes(h.calls))
        .merge(recordings::routes(h.recordings))
        .merge(backups::routes(h.backups))
        .merge(outbound::routes(h.orders))
        .merge(fleet::routes(h.fleet))
        .merge(transcripts::routes(h.transcripts, h.shares))
        .merge(webhooks::routes(h.webhooks))
        .merge(runtime::routes(h.runtime))
        .merge(settings::routes(h.settings))
        .merge(mail::routes(h.mails))
        .merge(crm::routes(h.crm))
        .merge(permit::routes(h.permit))
        .merge(privacy::routes(h.privacy))
        .merge(knowledge::routes(h.knowledge))
        .merge(console::routes());
    let catalogue = ops::Catalogue::of(router.get_openapi());
    let (router, openapi) = router.merge(ops::describe(catalogue)).split_for_parts();
    let router = router
        .fallback(move |request: Request| async move { h.console.answer(request) })
        .layer(from_fn_with_state(authenticate, gate))
        .layer(from_fn_with_state(h.doors, doors))
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .layer(from_fn_with_state(h.random, edge));
    (router, describe::complete(openapi))
}

fn description() -> OpenApi {
    let info = utoipa::openapi::InfoBuilder::new()
        .title("cxbox")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Control plane of cxbox: the admin API under /api/v1 and the CodeB surface under /api.ashx/v1."));
    utoipa::openapi::OpenApiBuilder::new().info(info).build()
}
