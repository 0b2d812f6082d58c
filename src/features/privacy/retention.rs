//! Removes what is no longer kept: a chore of the outbox, some calls in each transaction.

use std::sync::Arc;

use serde_json::json;
use tracing::warn;

use super::consent_store;
use super::jobs::remove_later;
use super::policy::{Bots, Rule, before, rules};
use super::service::Privacy;
use crate::base::Result;
use crate::features::calls::{self, Class, DueCall, Of};
use crate::features::{crm, mail, outbound, transcripts, webhooks};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Tx;
use crate::platform::outbox::Chore;

/// Calls in one transaction.
const AT_ONCE: u32 = 50;

/// Removes what is due.
pub fn chore(privacy: &Privacy) -> Chore {
    let privacy = privacy.clone();
    Chore { name: "privacy.retention", run: Arc::new(move |tx| privacy.remove_due(tx)) }
}

impl Privacy {
    /// Removes some of what is due. Says how much; nothing is left when it is none.
    fn remove_due(&self, tx: &Tx<'_>) -> Result<usize> {
        if let Some(by) = self.is_ahead_by() {
            // What is removed does not come back when the clock does.
            let days = by.as_secs() / 86_400;
            warn!("The clock was set forward by {days} days; nothing is removed by its age until the box is started anew");
            return Ok(0);
        }
        let settings = &self.setup.settings.current().retention;
        self.setup.trace.bound(before(tx.now, settings.trace_days), u64::from(settings.trace_mb) * 1024 * 1024);
        for rule in rules(settings, &self.setup.bots.retentions(tx)?, tx.now) {
            let n = apply(tx, &rule)?;
            if n > 0 {
                return Ok(n);
            }
        }
        match before(tx.now, settings.consent_days) {
            Some(before) => consent_store::remove_old(tx, before, AT_ONCE),
            None => Ok(0),
        }
    }
}

fn apply(tx: &Tx<'_>, rule: &Rule) -> Result<usize> {
    let of = match &rule.bots {
        Bots::One(bot) => Of::Bot(bot),
        Bots::AllBut(bots) => Of::AllBut(bots),
    };
    let due = calls::due(tx, rule.class, &of, rule.before, AT_ONCE)?;
    for call in &due {
        remove(tx, rule.class, call)?;
    }
    if !due.is_empty() {
        let detail = json!({ "class": word(rule.class), "n_calls": due.len(), "before": rule.before });
        audit::append(tx, &Actor::system(), "retention.remove", "", &detail)?;
    }
    if rule.class != Class::Metadata || !due.is_empty() {
        return Ok(due.len());
    }
    match &rule.bots {
        Bots::One(bot) => outbound::forget_old(tx, true, std::slice::from_ref(bot), rule.before, AT_ONCE),
        Bots::AllBut(bots) => outbound::forget_old(tx, false, bots, rule.before, AT_ONCE),
    }
}

fn remove(tx: &Tx<'_>, class: Class, call: &DueCall) -> Result<()> {
    match class {
        // The object follows: recordings that no call names are removed wherever they lie.
        Class::Audio => calls::forget_recording(tx, call.id),
        Class::Transcript => remove_transcript(tx, call),
        Class::Analysis => calls::forget_analysis(tx, call.id),
        Class::Metadata => {
            remove_transcript(tx, call)?;
            webhooks::forget(tx, &call.session_id)?;
            mail::forget(tx, &call.session_id)?;
            crm::forget(tx, &call.session_id)?;
            calls::remove(tx, call)
        }
    }
}

fn remove_transcript(tx: &Tx<'_>, call: &DueCall) -> Result<()> {
    if let Some(file) = transcripts::forget(tx, &call.session_id)? {
        remove_later(tx, file)?;
    }
    calls::forget_transcript(tx, call.id)
}

fn word(class: Class) -> &'static str {
    match class {
        Class::Audio => "audio",
        Class::Transcript => "transcript",
        Class::Analysis => "analysis",
        Class::Metadata => "metadata",
    }
}
