//! The engines: which hosts there are, how they are, and which one takes the next call. Owns no tables.
//!
//! Without a list of hosts the built-in engine on this machine is the only one (decision 6); [`Supervisor`] starts it and watches it.
//! Announces no facts and hears none.

mod adopt;
mod client;
mod place;
mod process;
mod recent;
mod restart;
mod routes;
mod service;
mod supervisor;

pub use client::Host;
pub use routes::routes;
pub use service::{Fleet, FleetSetup, Told, WorkerStatus};
pub use supervisor::{Kept, Supervisor, SupervisorSetup};

use crate::platform::access::{Permission, Role};

/// May see how the engines are.
pub enum ReadFleet {}

impl Permission for ReadFleet {
    const RANK: Role = Role::Admin;
}

/// May take engines out of service.
pub enum EditFleet {}

impl Permission for EditFleet {
    const RANK: Role = Role::SuperAdmin;
    const KEYS: bool = false;
}
