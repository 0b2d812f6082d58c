//! What this slice does when a call is over: one that is to be kept and has turns gets its transcript file.

use std::sync::Arc;

use super::jobs;
use crate::base::Result;
use crate::contract::fact::Fact;
use crate::features::calls;
use crate::platform::db::Tx;
use crate::platform::outbox::{Event, NewJob, Subscription, enqueue};

/// The listeners of this slice. The name is older than the slice: reactions that failed lie in databases under it.
pub fn subscriptions() -> Vec<Subscription> {
    let wants = |fact: &Fact| matches!(fact, Fact::CallCompleted { has_transcript: true, .. });
    vec![Subscription { name: "calls.transcript", wants, react: Arc::new(write_transcript) }]
}

fn write_transcript(tx: &Tx<'_>, event: &Event) -> Result<()> {
    let Fact::CallCompleted { session_id, .. } = &event.fact else { return Ok(()) };
    if !calls::saves_transcript(tx, session_id)? {
        return Ok(());
    }
    let body = jobs::TranscriptJob { session_id: session_id.clone() };
    enqueue(tx, &NewJob { kind: jobs::TRANSCRIPT_WRITE, key: session_id.as_str(), body: &body, due_at: tx.now })
}
