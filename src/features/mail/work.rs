//! The work this slice leaves to the outbox: the sending of one mail.

use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::base::backoff::Backoff;
use crate::base::id::MailId;
use crate::platform::db::Tx;
use crate::platform::outbox::{NewJob, enqueue};

/// When a mail that failed is tried again: for about five hours.
pub(super) const RETRY: Backoff = Backoff::Steps(&[30, 120, 600, 1_800, 3_600, 3_600, 7_200]);

/// Kind of the job that sends a mail.
pub const MAIL_SEND: &str = "mail.send";

/// Body of the job that sends a mail.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SendJob {
    pub(super) mail_id: MailId,
    pub(super) round: u32,
}

/// Enqueues the sending of a mail.
pub(super) fn begin(tx: &Tx<'_>, id: &MailId, round: u32) -> Result<()> {
    let body = SendJob { mail_id: id.clone(), round };
    enqueue(tx, &NewJob { kind: MAIL_SEND, key: &format!("{id}:{round}"), body: &body, due_at: tx.now })
}
