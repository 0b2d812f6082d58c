//! What orders make of what happens to their attempts: an engine asks for the config, facts are heard.

use std::sync::Arc;

use super::machine::{Event as Change, Status, step};
use super::model::Order;
use super::service::Orders;
use super::store::{self, End};
use super::work;
use crate::base::id::SessionId;
use crate::base::secret::Secret;
use crate::base::{Error, Result};
use crate::contract::fact::Fact;
use crate::features::calls::{self, CallRecord, Origin};
use crate::platform::db::{Conn, Tx};
use crate::platform::outbox::{Event, Subscription};

/// Keys of a model provider for one call.
#[derive(Debug, Default)]
pub struct Keys {
    /// The caller's own; it goes before the bot's.
    pub own: Option<Secret>,
    /// The box's; for bots that have none.
    pub fallback: Option<Secret>,
}

/// The listener of this slice.
pub fn subscription(orders: &Orders) -> Subscription {
    let orders = orders.clone();
    let wants = |fact: &Fact| matches!(fact, Fact::CallAnswered { .. } | Fact::CallCompleted { .. } | Fact::TranscriptSaved { .. });
    Subscription { name: "outbound", wants, react: Arc::new(move |tx, event| orders.react(tx, event)) }
}

impl Orders {
    /// An engine asks for the config of a call: notes that it has the attempt, and gives what only engines may have. Refused when the
    /// attempt does not count any more, so that no phone rings for it. Calls without an order have no keys.
    pub fn claim(&self, tx: &Tx<'_>, call: &CallRecord) -> Result<Keys> {
        let Some(call_id) = call.call_id.as_ref().filter(|_| call.origin == Origin::OutboundAi) else { return Ok(Keys::default()) };
        let Some(order) = store::find(tx, call_id)? else { return Ok(Keys::default()) };
        if order.session_id.as_ref() != Some(&call.session_id) || step(&order.standing(), Change::Taken).is_none() {
            return Err(Error::conflict("this attempt was ended or replaced by another one").code("attempt_withdrawn"));
        }
        store::claimed(tx, call_id)?;
        let open = |sealed: &str| self.setup().sealer.open(call_id.as_str(), sealed).map(Secret::new);
        let fallback = Some(self.setup().settings.current().outbound.default_api_key.clone()).filter(|key| !key.expose().is_empty());
        Ok(Keys { own: order.api_key_sealed.as_deref().map(open).transpose()?, fallback })
    }

    fn react(&self, tx: &Tx<'_>, event: &Event) -> Result<()> {
        match &event.fact {
            Fact::CallAnswered { session_id, .. } => {
                if let Some(at) = self.metered(tx, session_id)?.and_then(|call| call.answered_at) {
                    self.setup().permit.answered(tx, session_id, at)?;
                }
                self.answered(tx, session_id)
            }
            Fact::CallCompleted { session_id, .. } => {
                if let Some(call) = self.metered(tx, session_id)? {
                    self.setup().permit.ended(tx, session_id, call.talk_seconds(), call.ended_at.unwrap_or(tx.now))?;
                }
                self.completed(tx, session_id)
            }
            Fact::TranscriptSaved { session_id } => {
                let Some((order, call)) = attempt(tx, session_id)? else { return Ok(()) };
                store::set_transcript(tx, &order.record.call_id, call.transcript_file.as_deref().unwrap_or_default())
            }
            _ => Ok(()),
        }
    }

    /// The call, if it uses up something of its day. Most calls come in, and do not.
    fn metered(&self, conn: &Conn, session_id: &SessionId) -> Result<Option<CallRecord>> {
        if self.setup().permit.has_legs(conn, session_id)? { calls::find(conn, session_id) } else { Ok(None) }
    }

    fn answered(&self, tx: &Tx<'_>, session_id: &SessionId) -> Result<()> {
        let Some((order, call)) = attempt(tx, session_id)? else { return Ok(()) };
        let to = step(&order.standing(), Change::Answered).map_or(order.record.status, |step| step.to);
        store::answered(tx, &order.record.call_id, to, call.answered_at)
    }

    fn completed(&self, tx: &Tx<'_>, session_id: &SessionId) -> Result<()> {
        let Some((order, call)) = attempt(tx, session_id)? else { return Ok(()) };
        work::unwatch(tx, session_id)?;
        let outcome = call.outcome.as_deref().unwrap_or_default();
        let change = Change::Finished { outcome, by: call.disconnected_by.as_deref() };
        match step(&order.standing(), change) {
            Some(step) => {
                store::finished(tx, &order.record.call_id, step.to, &end(&order, &call, outcome))?;
                self.after(tx, &order, step.then)
            }
            // The operator was faster; what the engine measured completes the record.
            None if order.record.status == Status::Cancelled => {
                store::finished(tx, &order.record.call_id, Status::Cancelled, &end(&order, &call, "cancelled"))
            }
            None => Ok(()),
        }
    }
}

/// The order whose attempt that counts is this session, with the call.
fn attempt(tx: &Tx<'_>, session_id: &SessionId) -> Result<Option<(Order, CallRecord)>> {
    let Some(order) = store::find_by_session(tx, session_id)? else { return Ok(None) };
    Ok(calls::find(tx, session_id)?.map(|call| (order, call)))
}

fn end<'a>(order: &Order, call: &'a CallRecord, reason: &'a str) -> End<'a> {
    End {
        reason,
        answered_at: call.answered_at,
        at: call.ended_at.or(call.completed_at).or(order.record.ended_at).unwrap_or(order.record.created_at),
        duration_sec: call.talk_seconds(),
        carrier_id: call.carrier_id.as_ref(),
        error_detail: call.error_detail.as_deref().filter(|_| reason == "failed").unwrap_or_default(),
    }
}
