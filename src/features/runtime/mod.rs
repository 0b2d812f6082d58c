//! What a call runs on: which bot takes it and the config it is given. Owns no tables.
//!
//! Engines ask here. `inbound` decides what becomes of an incoming call, `config` answers with the call-time config and opens the call's
//! row. Announces no facts and hears none.

mod assemble;
mod config;
mod engine_routes;
mod hours;
mod inbound;
mod number;
mod seed;
mod service;
mod variables;

pub use engine_routes::routes;
pub use inbound::{Choice, choose_route};
pub use service::{Runtime, RuntimeSetup};
