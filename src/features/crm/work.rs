//! The work this slice leaves to the outbox: one push of one call.

use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::base::id::{BotId, SessionId};
use crate::platform::db::Tx;
use crate::platform::outbox::{NewJob, enqueue_in_lane};

/// Kind of the job that pushes a call.
pub const CRM_PUSH: &str = "crm.push";

/// Body of the job that pushes a call.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PushJob {
    pub(super) session_id: SessionId,
    pub(super) round: u32,
}

/// Enqueues a push, in the lane of its bot: a slow CRM holds up the pushes of its own bot alone.
pub(super) fn begin(tx: &Tx<'_>, session_id: &SessionId, bot_id: &BotId, round: u32) -> Result<()> {
    let body = PushJob { session_id: session_id.clone(), round };
    let job = NewJob { kind: CRM_PUSH, key: &job_key(session_id, round), body: &body, due_at: tx.now };
    enqueue_in_lane(tx, &job, bot_id.as_str())
}

/// The key of the job of a round.
pub(super) fn job_key(session_id: &SessionId, round: u32) -> String {
    format!("{session_id}:{round}")
}
