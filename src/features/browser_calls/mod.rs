//! Calls from browsers: who may make one, and the way of an offer to an engine and of its answer back. Owns the table `visitor_calls`.
//!
//! A person who is signed in calls any virtual number; an admin also tries out a bot, its draft included. A visitor who is not signed in
//! calls public numbers, where the setting `browser.visitors` permits it and within its limits (decision 30). The engine then asks for the
//! bot as for every incoming call (`features/runtime/browser.rs`), so all else is the same. Announces no facts and hears none.

mod keys;
mod model;
mod pace;
mod routes;
mod service;
mod store;
mod words_routes;

pub use model::{BrowserNumber, StartedCall};
pub use routes::routes;
pub use service::{BrowserCalls, BrowserCallsSetup};

use crate::platform::access::{Permission, Role};

/// May call virtual numbers from a browser.
pub enum CallFromBrowser {}

impl Permission for CallFromBrowser {
    const RANK: Role = Role::Agent;
}

/// May talk with a bot to try it out.
pub enum TryBots {}

impl Permission for TryBots {
    const RANK: Role = Role::Admin;
}
