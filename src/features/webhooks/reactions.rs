//! What happens when a call's fact is heard: one delivery per listening subscription, in the fact's own transaction.

use super::deliveries_store::{self as deliveries, NewDelivery};
use super::event::EventName;
use super::service::Webhooks;
use super::{payload, store};
use crate::base::Result;
use crate::base::id::{DeliveryId, SessionId};
use crate::contract::fact::Fact;
use crate::features::calls;
use crate::platform::db::Tx;
use crate::platform::outbox::Event;

/// Every fact about calls can be told to receivers.
pub fn wants(fact: &Fact) -> bool {
    session_of(fact).is_some()
}

impl Webhooks {
    /// Makes the deliveries of a fact. Without a listener it reads one row and does nothing.
    pub fn react(&self, tx: &Tx<'_>, heard: &Event) -> Result<()> {
        let Some(session_id) = session_of(&heard.fact) else { return Ok(()) };
        if !store::has_listeners(tx)? {
            return Ok(());
        }
        let Some(call) = calls::find(tx, session_id)? else { return Ok(()) };
        let event = EventName::of(&heard.fact, payload::is_outbound(&call));
        let listeners = store::listeners(tx, event)?;
        if listeners.is_empty() {
            return Ok(());
        }
        let body = payload::body(event, self.tenant(), heard.at, payload::of_call(event, &call));
        for webhook_id in &listeners {
            let id = DeliveryId::new(self.random());
            let session_id = Some(session_id);
            deliveries::insert(tx, &NewDelivery { id, webhook_id, fact_id: Some(heard.id), session_id, event, body: &body })?;
            deliveries::release_next(tx, webhook_id, &call.session_id)?;
        }
        Ok(())
    }
}

fn session_of(fact: &Fact) -> Option<&SessionId> {
    match fact {
        Fact::CallAnswered { session_id, .. }
        | Fact::CallStarted { session_id }
        | Fact::CallTransferred { session_id }
        | Fact::CallCompleted { session_id, .. }
        | Fact::TranscriptSaved { session_id } => Some(session_id),
    }
}
