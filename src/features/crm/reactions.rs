//! What this slice does when a call is over: a row and a job, in the fact's own transaction.

use std::sync::Arc;

use super::model::PushState;
use super::service::Crm;
use super::store;
use super::work::begin;
use crate::base::Result;
use crate::contract::fact::Fact;
use crate::features::calls;
use crate::platform::db::Tx;
use crate::platform::outbox::{Event, Subscription};

/// The listener of this slice.
pub fn subscription(crm: &Crm) -> Subscription {
    let crm = crm.clone();
    Subscription {
        name: "crm",
        wants: |fact| matches!(fact, Fact::CallCompleted { .. }),
        react: Arc::new(move |tx, event| crm.react(tx, event)),
    }
}

impl Crm {
    /// Begins the push of a call whose bot pushes. One that asked for none is noted as skipped.
    fn react(&self, tx: &Tx<'_>, event: &Event) -> Result<()> {
        let Fact::CallCompleted { session_id, .. } = &event.fact else { return Ok(()) };
        let Some(call) = calls::find(tx, session_id)? else { return Ok(()) };
        let Some(bot_id) = call.bot_id.as_ref() else { return Ok(()) };
        if self.mapping(tx, bot_id)?.is_none() {
            return Ok(());
        }
        let state = if call.skip_post_push { PushState::Skipped } else { PushState::Pending };
        if !store::insert(tx, session_id, bot_id, state)? {
            return Ok(());
        }
        if state == PushState::Pending {
            begin(tx, session_id, bot_id, 1)?;
        }
        calls::add_to_doc(tx, session_id, &store::get(tx, session_id)?.view.log())
    }
}
