//! The job behind each delivery: which one, and which round of it.

use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::base::id::{DeliveryId, WebhookId};
use crate::platform::db::Tx;
use crate::platform::outbox::{NewJob, enqueue_in_lane};

/// Kind of the jobs that send deliveries.
pub const JOB: &str = "webhooks.deliver";

/// What a job of kind [`JOB`] carries. It makes the attempts of its own round only: what was paused or sent again has a later one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct JobBody {
    pub(super) delivery_id: DeliveryId,
    pub(super) round: u32,
}

/// Enqueues the job of one round of a delivery, in the lane of its subscription.
pub(super) fn send_now(tx: &Tx<'_>, webhook_id: &WebhookId, id: &DeliveryId, round: u32) -> Result<()> {
    let body = JobBody { delivery_id: id.clone(), round };
    let job = NewJob { kind: JOB, key: &format!("{id}:{round}"), body: &body, due_at: tx.now };
    enqueue_in_lane(tx, &job, webhook_id.as_str())
}
