//! The handle of webhooks: one method per use case.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::deliveries_store::{self as deliveries, NewDelivery};
use super::event::EventName;
use super::lanes::Lanes;
use super::model::{self, DeliveryView, NewWebhook, WebhookChange, WebhookView, WebhookWithSecret};
use super::{payload, store};
use crate::base::id::{DeliveryId, WebhookId};
use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::base::secret::Secret;
use crate::base::{Clock, Error, Millis, Random, Result};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::{Db, Tx};
use crate::platform::net::{Outbound, Target};

/// How long an old secret signs beside its successor (decision 27).
const OVERLAP: Duration = Duration::from_secs(24 * 3600);
/// Most subscriptions: each event is written once per subscription.
const MOST_WEBHOOKS: u64 = 100;

/// What webhooks are built from.
pub struct WebhooksSetup {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Seals the secrets.
    pub sealer: Arc<Sealer>,
    /// Sends deliveries.
    pub outbound: Outbound,
    /// Host of the public URL; the `tenant` of every body.
    pub tenant: String,
}

/// Subscriptions and their deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

struct Inner {
    setup: WebhooksSetup,
    lanes: Lanes,
}

/// What a resume brought back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replay {
    /// Whether parked deliveries are sent.
    pub(super) parked: bool,
    /// Deliveries given up since then are sent, too.
    pub(super) failed_since: Option<Millis>,
}

impl Webhooks {
    /// The handle.
    pub fn new(setup: WebhooksSetup) -> Self {
        Self(Arc::new(Inner { setup, lanes: Lanes::default() }))
    }

    pub(super) fn db(&self) -> &Db {
        &self.0.setup.db
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.setup.clock
    }

    pub(super) fn random(&self) -> &Random {
        &self.0.setup.random
    }

    pub(super) fn outbound(&self) -> &Outbound {
        &self.0.setup.outbound
    }

    pub(super) fn tenant(&self) -> &str {
        &self.0.setup.tenant
    }

    pub(super) fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }

    /// Makes a subscription. The secret is in this answer and in no other.
    pub async fn create(&self, actor: &Actor, new: NewWebhook) -> Result<WebhookWithSecret> {
        let events = model::events(&new.events)?;
        self.check_url(&new.url)?;
        let id = WebhookId::new(self.random());
        let (secret, sealed) = self.new_secret(&id)?;
        let actor = actor.clone();
        let write = move |tx: &Tx<'_>| {
            if store::list(tx, Page { limit: 1, offset: 0 })?.1 >= MOST_WEBHOOKS {
                return Err(Error::conflict(format!("there are {MOST_WEBHOOKS} webhooks already; delete one first")));
            }
            store::insert(tx, &id, &new.url, &events, &sealed, &actor.name)?;
            audit::append(tx, &actor, "webhook.create", id.as_str(), &json!({ "host": host_of(&new.url), "events": events }))?;
            store::get(tx, &id)
        };
        Ok(WebhookWithSecret { webhook: self.db().write(write).await?, secret })
    }

    /// One subscription.
    pub async fn get(&self, id: WebhookId) -> Result<WebhookView> {
        self.db().read(move |conn| store::get(conn, &id)).await
    }

    /// One page of subscriptions, oldest first, and how many there are.
    pub async fn list(&self, page: Page) -> Result<(Vec<WebhookView>, u64)> {
        self.db().read(move |conn| store::list(conn, page)).await
    }

    /// Changes URL or events. What waits is sent to the new URL.
    pub async fn change(&self, actor: &Actor, id: WebhookId, change: WebhookChange) -> Result<WebhookView> {
        let events = change.events.as_deref().map(model::events).transpose()?;
        change.url.as_deref().map_or(Ok(()), |url| self.check_url(url))?;
        self.changed(actor, id, "webhook.update", move |tx, before| {
            let url = change.url.as_ref().unwrap_or(&before.url);
            let events = events.as_ref().unwrap_or(&before.events);
            store::update(tx, &before.id, url, events)?;
            Ok(json!({ "host": host_of(url), "events": events }))
        })
        .await
    }

    /// Removes a subscription with its log.
    pub async fn delete(&self, actor: &Actor, id: WebhookId) -> Result<()> {
        let actor = actor.clone();
        self.db()
            .write(move |tx| {
                let before = store::get(tx, &id)?;
                store::delete(tx, &id)?;
                audit::append(tx, &actor, "webhook.delete", id.as_str(), &json!({ "host": host_of(&before.url) }))
            })
            .await
    }

    /// Stops sending; what waits is parked.
    pub async fn pause(&self, actor: &Actor, id: WebhookId) -> Result<WebhookView> {
        self.changed(actor, id, "webhook.pause", |tx, before| {
            if before.active {
                store::pause(tx, &before.id, "an operator paused it")?;
            }
            Ok(json!({ "parked": deliveries::park_waiting(tx, &before.id)? }))
        })
        .await
    }

    /// Sends again from now on, and what the replay names.
    pub(super) async fn resume(&self, actor: &Actor, id: WebhookId, replay: Replay) -> Result<WebhookView> {
        self.changed(actor, id, "webhook.resume", move |tx, before| {
            store::resume(tx, &before.id)?;
            let n_replayed = if replay.parked { deliveries::replay(tx, &before.id, replay.failed_since)? } else { 0 };
            Ok(json!({ "replayed": n_replayed }))
        })
        .await
    }

    /// Makes a new secret that signs beside the old one for a day and then alone. It is in this answer and in no other.
    pub async fn rotate(&self, actor: &Actor, id: WebhookId) -> Result<WebhookWithSecret> {
        let (secret, sealed) = self.new_secret(&id)?;
        let webhook = self
            .changed(actor, id, "webhook.rotate", move |tx, before| {
                if before.rotation_ends_at.is_some_and(|at| at <= tx.now) {
                    store::end_rotation(tx, &before.id)?;
                }
                store::begin_rotation(tx, &before.id, &sealed, OVERLAP)?;
                Ok(json!({}))
            })
            .await?;
        Ok(WebhookWithSecret { webhook, secret })
    }

    /// Ends a rotation before its time: the receiver knows the new secret.
    pub async fn confirm_rotation(&self, actor: &Actor, id: WebhookId) -> Result<WebhookView> {
        self.changed(actor, id, "webhook.rotate_confirm", |tx, before| {
            if store::end_rotation(tx, &before.id)? {
                return Ok(json!({}));
            }
            Err(Error::conflict("no new secret waits to be confirmed"))
        })
        .await
    }

    /// Sends `webhook.test` to one subscription, whatever it listens to.
    pub async fn test(&self, actor: &Actor, id: WebhookId) -> Result<DeliveryView> {
        let (delivery_id, tenant, name) = (DeliveryId::new(self.random()), self.tenant().to_owned(), actor.name.clone());
        self.db()
            .write(move |tx| {
                if !store::get(tx, &id)?.active {
                    return Err(Error::conflict("this webhook is paused; resume it first"));
                }
                let Value::Object(data) = json!({ "webhookId": id, "requestedBy": name }) else { return Err(Error::internal("no data")) };
                let body = payload::body(EventName::Test, &tenant, tx.now, data);
                let new =
                    NewDelivery { id: delivery_id, webhook_id: &id, fact_id: None, session_id: None, event: EventName::Test, body: &body };
                deliveries::insert(tx, &new)?;
                deliveries::enqueue_job(tx, &new.id, 1)?;
                deliveries::get(tx, &id, &new.id)
            })
            .await
    }

    /// One page of a subscription's delivery log, newest first, and how many rows it has.
    pub async fn deliveries(&self, id: WebhookId, page: Page) -> Result<(Vec<DeliveryView>, u64)> {
        self.db()
            .read(move |conn| {
                store::get(conn, &id)?;
                deliveries::list(conn, &id, page)
            })
            .await
    }

    /// Sends a finished or parked delivery once more: same id, same body, four new attempts.
    pub async fn resend(&self, actor: &Actor, id: WebhookId, delivery_id: DeliveryId) -> Result<DeliveryView> {
        let actor = actor.clone();
        self.db()
            .write(move |tx| {
                if !store::get(tx, &id)?.active {
                    return Err(Error::conflict("this webhook is paused; resume it first"));
                }
                deliveries::resend(tx, &id, &delivery_id)?;
                audit::append(tx, &actor, "webhook.resend", id.as_str(), &json!({ "delivery_id": delivery_id }))?;
                deliveries::get(tx, &id, &delivery_id)
            })
            .await
    }

    /// The secret in force, and the one that signs beside it.
    pub(super) async fn secrets(&self, id: &WebhookId, now: Millis) -> Result<(Secret, Option<Secret>)> {
        let wanted = id.clone();
        let sealed = self.db().read(move |conn| store::sealed(conn, &wanted)).await?;
        let sealed = sealed.ok_or_else(|| Error::not_found(format!("no webhook {id}")))?;
        let open = |text: &str| self.0.setup.sealer.open(id.as_str(), text).map(Secret::new);
        match sealed.next {
            Some((next, ends)) if ends <= now => Ok((open(&next)?, None)),
            Some((next, _)) => Ok((open(&sealed.secret)?, Some(open(&next)?))),
            None => Ok((open(&sealed.secret)?, None)),
        }
    }

    fn new_secret(&self, id: &WebhookId) -> Result<(String, String)> {
        let secret = self.random().hex::<32>();
        let sealed = self.0.setup.sealer.seal(id.as_str(), &secret)?;
        Ok((secret, sealed))
    }

    fn check_url(&self, url: &str) -> Result<()> {
        self.outbound().check(url).map_err(|error| Error::invalid(error.message().to_owned()).field("url", error.message()))
    }

    /// One change of one subscription, audited, in one transaction.
    async fn changed<F>(&self, actor: &Actor, id: WebhookId, action: &'static str, change: F) -> Result<WebhookView>
    where
        F: FnOnce(&Tx<'_>, &WebhookView) -> Result<Value> + Send + 'static,
    {
        let actor = actor.clone();
        self.db()
            .write(move |tx| {
                let before = store::get(tx, &id)?;
                let detail = change(tx, &before)?;
                audit::append(tx, &actor, action, id.as_str(), &detail)?;
                store::get(tx, &id)
            })
            .await
    }
}

/// The host of a URL for the trail: path and query may hold the receiver's own secrets.
fn host_of(url: &str) -> String {
    Target::read(url).map(|target| target.authority).unwrap_or_default()
}
