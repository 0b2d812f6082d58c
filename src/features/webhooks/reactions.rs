//! What happens when a fact is heard: one delivery per listening subscription, in the fact's own transaction.

use super::deliveries_store::{self as deliveries, NewDelivery};
use super::service::Webhooks;
use super::told::{delivery_id, told};
use super::{payload, store};
use crate::base::id::WebhookId;
use crate::base::{Millis, Result};
use crate::platform::db::Tx;
use crate::platform::outbox::{Event, facts_after};

/// Facts looked at in one transaction when a subscription catches up.
const FACTS_AT_ONCE: u32 = 200;

impl Webhooks {
    /// Makes the deliveries of a fact. Without a listener it reads one row and does nothing.
    pub fn react(&self, tx: &Tx<'_>, heard: &Event) -> Result<()> {
        if !store::has_listeners(tx)? {
            return Ok(());
        }
        let Some(told) = told(tx, &heard.fact)? else { return Ok(()) };
        let listeners = store::listeners(tx, told.event)?;
        if listeners.is_empty() {
            return Ok(());
        }
        let body = payload::body(told.event, self.tenant(), heard.at, told.data);
        for webhook_id in &listeners {
            let id = delivery_id(webhook_id, heard);
            let session_id = told.session_id.as_ref();
            deliveries::insert(tx, &NewDelivery { id, webhook_id, fact_id: Some(heard.id), session_id, event: told.event, body: &body })?;
        }
        Ok(())
    }

    /// Makes the deliveries that a subscription has missed of the facts after a position. Says how many those are and where to go on;
    /// `None` when there are no further facts.
    pub(super) fn catch_up(&self, tx: &Tx<'_>, webhook_id: &WebhookId, after: i64, until: Millis) -> Result<(usize, Option<i64>)> {
        let webhook = store::get(tx, webhook_id)?;
        let stretch = facts_after(tx, after, FACTS_AT_ONCE)?;
        // What happens from now on is told anyway.
        let next = stretch.last.filter(|_| stretch.events.iter().all(|heard| heard.at <= until));
        let mut n_missed = 0;
        for heard in stretch.events.iter().filter(|heard| heard.at <= until) {
            let Some(told) = told(tx, &heard.fact)? else { continue };
            if !super::model::matches(&webhook.events, told.event) {
                continue;
            }
            let (id, session_id) = (delivery_id(webhook_id, heard), told.session_id.as_ref());
            let body = payload::body(told.event, self.tenant(), heard.at, told.data);
            let new = NewDelivery { id, webhook_id, fact_id: Some(heard.id), session_id, event: told.event, body: &body };
            n_missed += usize::from(deliveries::insert(tx, &new)?);
        }
        Ok((n_missed, next))
    }
}
