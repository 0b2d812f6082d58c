//! Webhooks: who wants to hear of which events, and their signed, repeated, logged delivery.
//!
//! Owns the tables `webhooks` and `deliveries`. Hears of calls through facts, announces none. A fact makes one delivery per matching
//! subscription; a job per delivery sends it until the receiver takes it or four attempts have failed.

mod codeb_routes;
mod deliveries_store;
mod delivery;
mod event;
mod lanes;
mod model;
mod payload;
#[cfg(test)]
mod payload_table;
mod reactions;
mod retry;
mod routes;
mod service;
mod sign;
mod store;

use utoipa_axum::router::OpenApiRouter;

use crate::platform::access::{Permission, Role};

pub use delivery::JOB;
pub use event::EventName;
pub use model::{DeliveryState, DeliveryView, NewWebhook, WebhookChange, WebhookView, WebhookWithSecret};
pub use reactions::wants;
pub use service::{Webhooks, WebhooksSetup};

/// May read subscriptions and their delivery log.
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
    routes::routes().merge(codeb_routes::routes()).with_state(webhooks)
}
