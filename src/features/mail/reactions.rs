//! What this slice does when an outbound call is over: a row and a job, in the fact's own transaction.

use std::sync::Arc;

use super::service::Mails;
use super::store;
use super::work::begin;
use crate::base::Result;
use crate::base::id::MailId;
use crate::contract::fact::Fact;
use crate::features::calls::{self, Direction, Origin};
use crate::platform::db::Tx;
use crate::platform::outbox::{Event, Subscription};

/// The listener of this slice.
pub fn subscription(mails: &Mails) -> Subscription {
    let mails = mails.clone();
    Subscription {
        name: "mail",
        wants: |fact| matches!(fact, Fact::CallCompleted { .. } | Fact::WebhookPaused { .. }),
        react: Arc::new(move |tx, event| mails.react(tx, event)),
    }
}

impl Mails {
    /// Makes the mail of an attempt that is over, or the notices of a webhook. Nothing while no mail server is set, and nothing for calls
    /// that came in.
    fn react(&self, tx: &Tx<'_>, event: &Event) -> Result<()> {
        if !self.setup().settings.current().mail.is_on() {
            return Ok(());
        }
        let Fact::CallCompleted { session_id, .. } = &event.fact else { return self.notice(tx, event) };
        let Some(call) = calls::find(tx, session_id)? else { return Ok(()) };
        let is_ours = call.direction == Direction::Outbound && call.origin == Origin::OutboundAi;
        let Some(to) = call.email.as_deref().filter(|to| is_ours && !to.is_empty()) else { return Ok(()) };
        let id = MailId::new(&self.setup().random);
        if store::insert(tx, &id, session_id, call.public_id(), to)? {
            begin(tx, &id, 1)?;
        }
        Ok(())
    }
}
