//! Telephones of people: the SIP account each may have, and where its telephones are. Owns the tables `phones` and `phone_registrations`.
//!
//! The engine fetches the accounts and reports the registrations. Only digests of a password are kept, sealed; it is shown once.
//! Announces no facts and hears none.

mod engine_routes;
mod model;
mod routes;
mod service;
mod store;

pub use model::{NewPhone, PhoneSecret, PhoneView};
pub use routes::routes;
pub use service::{Phones, PhonesSetup};

use crate::platform::access::{Permission, Role};

/// May see SIP accounts and where their telephones are.
pub enum ReadPhones {}

impl Permission for ReadPhones {
    const RANK: Role = Role::Admin;
}

/// May make and remove SIP accounts and change their passwords.
pub enum EditPhones {}

impl Permission for EditPhones {
    const RANK: Role = Role::Admin;
    const KEYS: bool = false;
}
