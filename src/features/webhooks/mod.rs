//! Webhooks: who wants to hear of which events, and their signed, repeated, logged delivery.
//!
//! Owns the tables `webhooks`, `deliveries` and `delivery_attempts`. Hears of calls through facts, announces none. A fact makes one delivery per matching
//! subscription; a job per delivery and round sends it until the receiver takes it or all attempts have failed. Nothing is dropped: what
//! failed is parked and can be sent again, and events can be pulled by position.

mod codeb_routes;
mod counted;
mod deliveries_store;
mod delivery;
mod event;
mod events_routes;
mod forget_store;
mod job;
mod log;
mod log_store;
mod model;
mod payload;
#[cfg(test)]
mod payload_table;
mod pull;
mod reactions;
mod recovery;
mod retry;
mod routes;
mod service;
mod sign;
mod store;
mod told;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::access::{Permission, Role};
use crate::platform::outbox::Chore;

pub use event::EventName;
pub use forget_store::forget;
pub use job::JOB;
pub use log::{AttemptView, DeliveryDetail, DeliveryState, DeliveryView, LogFilter};
pub use model::{NewWebhook, WebhookChange, WebhookView, WebhookWithSecret};
pub use pull::{PulledEvent, PulledEvents};
pub use recovery::{RecoverOrder, Recovered};
pub use retry::Schedule;
pub use service::{Webhooks, WebhooksSetup};
pub use sign::{Signed, headers as signed_headers};
pub use told::wants;

/// May read subscriptions, their delivery log, and events by position.
pub enum ReadWebhooks {}

impl Permission for ReadWebhooks {
    const RANK: Role = Role::Admin;
}

/// May change subscriptions. Keys may not (decision 30).
pub enum EditWebhooks {}

impl Permission for EditWebhooks {
    const RANK: Role = Role::Admin;
    const KEYS: bool = false;
}

/// The routes of both surfaces.
pub fn routes(webhooks: Webhooks) -> OpenApiRouter {
    routes::routes().merge(events_routes::routes()).merge(codeb_routes::routes()).with_state(webhooks)
}

/// Removes what the delivery log no longer keeps.
pub fn chore() -> Chore {
    Chore { name: "webhooks.log", run: Arc::new(log_store::forget) }
}
