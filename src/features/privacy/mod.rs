//! What becomes of stored calls with time, and when a person asks: retention by class, erasure, a person's own data, proof of consent.
//!
//! Owns the tables `erasures` and `consent_proofs`. It stands above the slices whose rows it removes; each of them has a `forget` of its own.
//! Hears `CallCompleted`; announces nothing, because nobody may learn again what was forgotten.

mod consent;
mod consent_store;
mod erase;
mod erasures_store;
mod jobs;
mod model;
mod person;
mod policy;
mod retention;
mod routes;
mod service;
mod spool;

pub use consent::subscription;
pub use jobs::handlers;
pub use model::{EraseOrder, ErasureView};
pub use retention::chore;
pub use routes::routes;
pub use service::{Privacy, PrivacySetup};

use crate::platform::access::{Permission, Role};

/// May erase persons and give them their data. Keys may not.
pub enum ErasePersons {}

impl Permission for ErasePersons {
    const RANK: Role = Role::Admin;
    const KEYS: bool = false;
}
