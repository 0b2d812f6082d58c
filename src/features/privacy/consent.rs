//! Proof of consent: that a caller was told of the AI or asked about the recording is kept apart from the call, for longer, without the number.

use std::sync::Arc;

use serde_json::Value;

use super::consent_store::{self, Evidence, Proof};
use super::model::end_of;
use super::service::Privacy;
use crate::base::id::SessionId;
use crate::base::{Millis, Result};
use crate::contract::fact::Fact;
use crate::platform::db::Tx;
use crate::platform::outbox::{Event, Subscription};

/// The events that prove something.
const KINDS: [&str; 2] = ["recording_consent", "disclosure_spoken"];

/// Hears of calls that are over.
pub fn subscription(privacy: &Privacy) -> Subscription {
    let wants = |fact: &Fact| matches!(fact, Fact::CallCompleted { has_transcript: true, .. });
    let privacy = privacy.clone();
    Subscription { name: "privacy.consent", wants, react: Arc::new(move |tx, event| privacy.keep_proofs(tx, event)) }
}

impl Privacy {
    fn keep_proofs(&self, tx: &Tx<'_>, event: &Event) -> Result<()> {
        let Fact::CallCompleted { session_id, .. } = &event.fact else { return Ok(()) };
        let Some(evidence) = consent_store::evidence(tx, session_id)? else { return Ok(()) };
        let (person, end) = (self.mark(&evidence.phone), end_of(&evidence.phone));
        for proof in proofs(session_id, &evidence, event.at) {
            consent_store::insert(tx, &proof, &person, &end)?;
        }
        Ok(())
    }
}

fn proofs(session_id: &SessionId, evidence: &Evidence, otherwise_at: Millis) -> Vec<Proof> {
    let named = |event: &Value| KINDS.into_iter().find(|kind| event["name"] == *kind);
    let proof = |(kind, event): (&str, &Value)| Proof {
        session_id: session_id.clone(),
        bot_id: evidence.bot_id.clone(),
        bot_version: evidence.bot_version,
        kind: kind.to_owned(),
        given: event["detail"]["given"].as_bool(),
        at: event["at"].as_str().and_then(Millis::parse).unwrap_or(otherwise_at),
    };
    evidence.events.iter().filter_map(|event| Some((named(event)?, event))).map(proof).collect()
}
