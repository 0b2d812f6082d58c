//! Virtual numbers and inbound routes: what a caller reaches. Owns the tables `numbers` and `inbound_routes`.
//!
//! A number in mode `live-voice-ai` is answered by a bot, one in mode `tts` speaks a text. Routes are kept in match order, which is the order of
//! their ids; the catch-all `*` is always there and always last. Announces no facts and hears none.

mod check;
mod codeb_routes;
mod model;
mod order;
mod route;
mod route_store;
mod routes;
mod routing;
mod service;
mod store;

pub use model::{NumberBody, NumberMode, NumberView, Visibility};
pub use route::{InboundRoute, NewRoute, first_match};
pub use routes::routes;
pub use routing::InboundRoutes;
pub use service::{Numbers, NumbersSetup};

use crate::platform::access::{Permission, Role};

/// May read numbers and routes.
pub enum ReadNumbers {}

impl Permission for ReadNumbers {
    const RANK: Role = Role::Admin;
}

/// May change numbers and routes.
pub enum EditNumbers {}

impl Permission for EditNumbers {
    const RANK: Role = Role::Admin;
}
