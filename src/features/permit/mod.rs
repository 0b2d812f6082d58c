//! The one gate of outbound calls: who may be called, and when. Owns the tables `outbound_whitelist`,
//! `do_not_call`, `outbound_days` and `outbound_legs`.
//!
//! Every path that dials asks [`Permit::check`] in the transaction that opens the call, and tells [`Permit::count`] and [`Permit::opened`]. The
//! decision itself is a pure function (`decide.rs`); minutes and money are counted by `meter.rs`. Announces no facts and hears none.

#[cfg(test)]
mod cases;
mod decide;
mod do_not_call;
mod import;
mod meter;
mod model;
mod national;
mod opening;
mod person;
mod phone;
mod places;
mod ranges;
mod routes;
mod service;
mod store;
mod usage;
mod usage_store;
mod whitelist;

pub use do_not_call::{ImportReport, RowOutcome, RowReport};
pub use model::{CallWish, DoNotCallEntry, Verdict, WhitelistEntry, WishOrigin, refused};
pub use person::DoNotCallChoice;
pub use places::Places;
pub use routes::routes;
pub use service::{Homes, Permit, PermitSetup};

use crate::platform::access::{Permission, Role};

/// May see and change who may be called.
pub enum ManagePermits {}

impl Permission for ManagePermits {
    const RANK: Role = Role::Admin;
}
