//! Carriers: whose SIP trunks calls come from and go to. Owns the tables `carriers` and `carriers_revision`.
//!
//! Passwords are sealed at rest and never read back over the API. Announces no facts and hears none.

mod address;
mod check;
mod engine_routes;
mod model;
mod pace;
mod routes;
mod service;
mod store;

pub use model::{CarrierBody, CarrierView, InboundAuth, TrunkTransport};
pub use routes::routes;
pub use service::{Carriers, OutboundTrunk};

use crate::platform::access::{Permission, Role};

/// May read carriers; passwords are never shown.
pub enum ReadCarriers {}

impl Permission for ReadCarriers {
    const RANK: Role = Role::Admin;
}

/// May change carriers (decision 17).
pub enum EditCarriers {}

impl Permission for EditCarriers {
    const RANK: Role = Role::SuperAdmin;
    const KEYS: bool = false;
}
