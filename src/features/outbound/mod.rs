//! Outbound orders: calls that this box places, from the request over schedules and retries to the last attempt's end.
//!
//! Owns the tables `outbound_orders`, `outbound_counts` and `outbound_answers`, and the folder of stored prompts. An order is one `oac-…` id;
//! its attempts are rows of `calls`. Hears [`Fact::CallAnswered`], [`Fact::CallCompleted`] and [`Fact::TranscriptSaved`]; announces the end
//! of attempts that no engine reports.
//!
//! [`Fact::CallAnswered`]: crate::contract::fact::Fact::CallAnswered
//! [`Fact::CallCompleted`]: crate::contract::fact::Fact::CallCompleted
//! [`Fact::TranscriptSaved`]: crate::contract::fact::Fact::TranscriptSaved

mod answers_store;
mod ask;
mod attempt;
mod callback;
mod codeb_routes;
mod dial;
mod direct;
mod engine_routes;
mod follow;
mod forget_store;
mod hang_up;
mod idempotency;
mod jobs;
mod list_store;
mod machine;
mod model;
mod place;
mod prompts;
mod prompts_routes;
mod reroute;
mod service;
mod session_routes;
mod store;
mod telephone;
mod view;
mod watch;
mod work;

pub use ask::OutboundBody;
pub use codeb_routes::routes;
pub use direct::{Dialled, Direct};
pub use follow::{Keys, subscription};
pub use forget_store::{OrderOf, each_number, forget, forget_old, orders_of};
pub use jobs::handlers;
pub use machine::Status;
pub use model::{Brief, OrderRecord, Placed, Wish};
pub use service::{Orders, OrdersSetup};
pub use telephone::Telephone;
pub use work::{DIAL, WATCH};

use crate::platform::access::{Permission, Role};

/// May place, see and end outbound calls, and keep their prompts.
pub enum PlaceCalls {}

impl Permission for PlaceCalls {
    const RANK: Role = Role::Admin;
}

/// May end calls that run, by their session.
pub enum EndCalls {}

impl Permission for EndCalls {
    const RANK: Role = Role::Supervisor;
}
