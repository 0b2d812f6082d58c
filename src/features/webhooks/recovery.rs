//! What an operator does when a receiver was away: pause, resume, send one again, recover everything since a time.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::deliveries_store::{self as deliveries, NewDelivery};
use super::event::EventName;
use super::log::DeliveryView;
use super::model::WebhookView;
use super::service::Webhooks;
use super::{log_store, payload, store};
use crate::base::id::{DeliveryId, WebhookId};
use crate::base::{Error, Millis, Result};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::outbox::facts_since;

/// Since when everything is to be sent again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoverOrder {
    /// An RFC 3339 time.
    #[schema(value_type = String, format = DateTime)]
    pub since: Millis,
}

/// What a recovery has queued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Recovered {
    /// Deliveries that had failed, were parked or waited for a later attempt.
    pub requeued: usize,
    /// Events this subscription was never sent: it was paused, or did not exist yet.
    pub missed: usize,
}

impl Webhooks {
    /// Stops sending; what waits is parked.
    pub async fn pause(&self, actor: &Actor, id: WebhookId) -> Result<WebhookView> {
        self.changed(actor, id, "webhook.pause", |tx, before| {
            store::pause(tx, &before.id, "an operator paused it")?;
            Ok(json!({ "parked": deliveries::park_waiting(tx, &before.id)? }))
        })
        .await
    }

    /// Sends again from now on, and what is parked if `replays`.
    pub(super) async fn resume(&self, actor: &Actor, id: WebhookId, replays: bool) -> Result<WebhookView> {
        self.changed(actor, id, "webhook.resume", move |tx, before| {
            store::resume(tx, &before.id)?;
            let n_replayed = if replays { deliveries::replay_parked(tx, &before.id)? } else { 0 };
            Ok(json!({ "replayed": n_replayed }))
        })
        .await
    }

    /// Sends `webhook.test` to one subscription, whatever it listens to.
    pub async fn test(&self, actor: &Actor, id: WebhookId) -> Result<DeliveryView> {
        let (delivery_id, tenant, name) = (DeliveryId::new(self.random()), self.tenant().to_owned(), actor.name.clone());
        self.db()
            .write(move |tx| {
                must_be_active(&store::get(tx, &id)?)?;
                let Value::Object(data) = json!({ "webhookId": id, "requestedBy": name }) else { return Err(Error::internal("no data")) };
                let body = payload::body(EventName::Test, &tenant, tx.now, data);
                let new =
                    NewDelivery { id: delivery_id, webhook_id: &id, fact_id: None, session_id: None, event: EventName::Test, body: &body };
                deliveries::insert(tx, &new)?;
                log_store::get(tx, &id, &new.id)
            })
            .await
    }

    /// Sends a finished or parked delivery once more: same id, same body, all attempts anew.
    pub async fn resend(&self, actor: &Actor, id: WebhookId, delivery_id: DeliveryId) -> Result<DeliveryView> {
        let actor = actor.clone();
        self.db()
            .write(move |tx| {
                must_be_active(&store::get(tx, &id)?)?;
                log_store::get(tx, &id, &delivery_id)?;
                deliveries::resend(tx, &id, &delivery_id)?;
                audit::append(tx, &actor, "webhook.resend", id.as_str(), &json!({ "delivery_id": delivery_id }))?;
                log_store::get(tx, &id, &delivery_id)
            })
            .await
    }

    /// Queues everything a receiver has not taken since a time: what is parked or waits, at once, and what it was never sent, some facts
    /// at a time. When it is cut short it can be repeated: what was queued already is not queued twice.
    pub async fn recover(&self, actor: &Actor, id: WebhookId, order: RecoverOrder) -> Result<Recovered> {
        let (actor, webhook_id, since) = (actor.clone(), id.clone(), order.since);
        let (requeued, mut after, until) = self
            .db()
            .write(move |tx| {
                must_be_active(&store::get(tx, &webhook_id)?)?;
                let n_requeued = deliveries::replay_since(tx, &webhook_id, since)?;
                audit::append(tx, &actor, "webhook.recover", webhook_id.as_str(), &json!({ "since": since, "requeued": n_requeued }))?;
                Ok((n_requeued, facts_since(tx, since)?, tx.now))
            })
            .await?;
        let mut missed = 0;
        loop {
            let (webhooks, webhook_id) = (self.clone(), id.clone());
            let (n_missed, next) = self.db().write(move |tx| webhooks.catch_up(tx, &webhook_id, after, until)).await?;
            missed += n_missed;
            match next {
                Some(next) => after = next,
                None => return Ok(Recovered { requeued, missed }),
            }
        }
    }
}

fn must_be_active(webhook: &WebhookView) -> Result<()> {
    if webhook.active { Ok(()) } else { Err(Error::conflict("this webhook is paused; resume it first")) }
}
