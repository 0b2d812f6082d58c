//! Carriers: whose SIP trunks calls come from and go to, and their numbers. Owns the tables `carriers`, `carriers_revision` and
//! `carrier_dids`.
//!
//! Passwords are sealed at rest and never read back over the API. Announces no facts and hears none.

mod address;
mod check;
mod choose;
mod did;
mod dids;
mod dids_routes;
mod dids_store;
mod engine_routes;
mod model;
mod pace;
mod routes;
mod service;
mod states;
mod store;
mod trial;
mod verdict;

pub use did::{DidBody, DidDirection, DidView};
pub use model::{CarrierBody, CarrierView, InboundAuth, SyncStatus, TrunkTransport, TrunkView};
pub use routes::routes;
pub use service::{Carriers, CarriersSetup, Home, OutboundTrunk};
pub use verdict::{CheckedView, Verdict};

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
