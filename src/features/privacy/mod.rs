//! What becomes of stored calls with time, and when a person asks: retention by class, erasure, a person's own data, proof of consent.
//!
//! Owns the tables `erasures` and `consent_proofs`. It stands above the slices whose rows it removes; each of them has a `forget` of its own.
//! What was forgotten stands in a ledger beside the database too, so that a restored backup forgets it again.
//! Hears `CallCompleted`; announces nothing, because nobody may learn again what was forgotten.

mod again;
mod consent;
mod consent_store;
mod entry;
mod erase;
mod erasures_store;
mod jobs;
mod ledger;
mod model;
mod person;
mod policy;
mod retention;
mod routes;
mod service;
mod spool;

pub use consent::subscription;
pub use jobs::handlers;
pub use ledger::{complete as complete_ledger, n_to_repeat};
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
