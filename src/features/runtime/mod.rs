//! What a call runs on: which bot takes it and the config it is given. Owns no tables.
//!
//! Engines ask here. `inbound` decides what becomes of an incoming call, `config` answers with the call-time config and opens the call's
//! row; `preview` shows the same config to people, and `chat` lets an engine answer on it in writing. Announces no facts and hears none.

mod assemble;
mod browser;
mod callee;
mod chat;
mod config;
mod connected;
mod dialout;
mod engine_routes;
mod hours;
mod inbound;
mod knowledge;
mod lookup;
mod number;
mod preview;
mod routes;
mod seed;
mod service;
mod sip_routes;
mod socket;
mod trial;
mod variables;
mod within;

pub use inbound::{Choice, Dialled, choose_route};
pub use service::{Runtime, RuntimeSetup};

/// The routes of this feature.
pub fn routes(runtime: Runtime) -> utoipa_axum::router::OpenApiRouter {
    engine_routes::routes(runtime.clone()).merge(sip_routes::routes(runtime.clone())).merge(routes::routes(runtime))
}
