//! Recordings: taken from engines onto local disk, uploaded to the object store, heard through one proxy wherever they lie.
//!
//! Owns the tables `recordings` and `revoked_links`. A recording is written locally first and uploaded by a job, so nothing is lost while the
//! object store is away. Announces no facts. Hearing one is written into the audit trail.

mod answer;
mod engine_routes;
mod find;
mod jobs;
mod links;
mod listen;
mod model;
mod ogg;
mod pause;
mod pause_routes;
mod peaks;
mod peaks_routes;
mod range;
mod routes;
mod service;
mod store;
mod wav;
mod work;

pub use jobs::{chore, erasure, handlers};
pub use model::Manifest;
pub use routes::routes;
pub use service::{Recordings, RecordingsSetup};
pub use store::manifest;

use crate::platform::access::{Permission, Role};

/// May hear recordings.
pub enum ReadRecordings {}
impl Permission for ReadRecordings {
    const RANK: Role = Role::Admin;
}

/// May pause recordings of running calls.
pub enum PauseRecordings {}
impl Permission for PauseRecordings {
    const RANK: Role = Role::Supervisor;
}

/// May revoke and renew links.
pub enum EditLinks {}
impl Permission for EditLinks {
    const RANK: Role = Role::Admin;
}
