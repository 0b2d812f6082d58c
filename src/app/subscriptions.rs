//! Who hears which facts: one line per listener.

use std::sync::Arc;

use super::compose::Handles;
use crate::features::{crm, mail, ops, outbound, privacy, transcripts, webhooks};
use crate::platform::outbox::Subscription;

/// All listeners, by the name under which their reactions are stored.
pub(super) fn all(handles: &Handles) -> Vec<Subscription> {
    let hooks = handles.webhooks.clone();
    let mut all = transcripts::subscriptions();
    all.push(outbound::subscription(&handles.orders));
    all.push(ops::subscription());
    all.push(mail::subscription(&handles.mails));
    all.push(privacy::subscription(&handles.privacy));
    all.push(crm::subscription(&handles.crm));
    all.push(Subscription { name: "webhooks", wants: webhooks::wants, react: Arc::new(move |tx, event| hooks.react(tx, event)) });
    all
}
