//! The handle of webhooks: one method per use case.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::deliveries_store as deliveries;
use super::log::{DeliveryDetail, DeliveryView, LogFilter};
use super::model::{self, NewWebhook, WebhookChange, WebhookView, WebhookWithSecret};
use super::store::{Sealed, Settings};
use super::{counted, log_store, store};
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
/// Why a subscription that was made with `active: false` is paused.
const MADE_PAUSED: &str = "it was made paused";

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
}

impl Webhooks {
    /// The handle.
    pub fn new(setup: WebhooksSetup) -> Self {
        counted::begin();
        Self(Arc::new(Inner { setup }))
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

    /// Makes a subscription. The secret is in this answer and in no other.
    pub async fn create(&self, actor: &Actor, new: NewWebhook) -> Result<WebhookWithSecret> {
        let events = model::events(&new.events)?;
        model::description(&new.description)?;
        self.check_url(&new.url)?;
        let id = WebhookId::new(self.random());
        let (secret, sealed) = self.new_secret(&id)?;
        let actor = actor.clone();
        let write = move |tx: &Tx<'_>| {
            if store::list(tx, Page { limit: 1, offset: 0 })?.1 >= MOST_WEBHOOKS {
                return Err(Error::conflict(format!("there are {MOST_WEBHOOKS} webhooks already; delete one first")));
            }
            let settings = Settings { url: &new.url, events: &events, description: &new.description, schedule: new.schedule };
            store::insert(tx, &id, &settings, &sealed, &actor.name)?;
            if new.active == Some(false) {
                store::pause(tx, &id, MADE_PAUSED)?;
            }
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

    /// Changes what is named. What waits is sent to the new URL and by the new schedule.
    pub async fn change(&self, actor: &Actor, id: WebhookId, change: WebhookChange) -> Result<WebhookView> {
        let events = change.events.as_deref().map(model::events).transpose()?;
        change.url.as_deref().map_or(Ok(()), |url| self.check_url(url))?;
        change.description.as_deref().map_or(Ok(()), model::description)?;
        self.changed(actor, id, "webhook.update", move |tx, before| {
            let settings = Settings {
                url: change.url.as_ref().unwrap_or(&before.url),
                events: events.as_ref().unwrap_or(&before.events),
                description: change.description.as_ref().unwrap_or(&before.description),
                schedule: change.schedule.unwrap_or(before.schedule),
            };
            store::update(tx, &before.id, &settings)?;
            set_active(tx, before, change.active)?;
            Ok(json!({ "host": host_of(settings.url), "events": settings.events, "active": change.active.unwrap_or(before.active) }))
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

    /// One page of the delivery log, newest first, and how many rows match. `NotFound` for a subscription that is not there.
    pub async fn deliveries(&self, filter: LogFilter, page: Page) -> Result<(Vec<DeliveryView>, u64)> {
        self.db()
            .read(move |conn| {
                if let Some(id) = &filter.webhook_id {
                    store::get(conn, id)?;
                }
                log_store::list(conn, &filter, page)
            })
            .await
    }

    /// One delivery with its body and all its attempts.
    pub async fn delivery(&self, id: WebhookId, delivery_id: DeliveryId) -> Result<DeliveryDetail> {
        self.db().read(move |conn| log_store::detail(conn, &id, &delivery_id)).await
    }

    /// The secret in force, and the one that signs beside it.
    pub(super) fn open(&self, id: &WebhookId, sealed: &Sealed, now: Millis) -> Result<(Secret, Option<Secret>)> {
        let open = |text: &str| self.0.setup.sealer.open(id.as_str(), text).map(Secret::new);
        match &sealed.next {
            Some((next, ends)) if *ends <= now => Ok((open(next)?, None)),
            Some((next, _)) => Ok((open(&sealed.secret)?, Some(open(next)?))),
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
    pub(super) async fn changed<F>(&self, actor: &Actor, id: WebhookId, action: &'static str, change: F) -> Result<WebhookView>
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

/// Pauses or resumes as a change of `active` says; what was parked goes out again.
fn set_active(tx: &Tx<'_>, before: &WebhookView, wanted: Option<bool>) -> Result<()> {
    match wanted.filter(|wanted| *wanted != before.active) {
        None => Ok(()),
        Some(false) => {
            store::pause(tx, &before.id, "an operator paused it")?;
            deliveries::park_waiting(tx, &before.id).map(drop)
        }
        Some(true) => {
            store::resume(tx, &before.id)?;
            deliveries::replay_parked(tx, &before.id).map(drop)
        }
    }
}

/// The host of a URL for the trail: path and query may hold the receiver's own secrets.
fn host_of(url: &str) -> String {
    Target::read(url).map(|target| target.authority).unwrap_or_default()
}
