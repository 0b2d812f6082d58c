//! The work this slice leaves to the outbox: backups that are to be made, brought to the object store or removed there.

use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::platform::db::Tx;
use crate::platform::outbox::{NewJob, enqueue};

/// Kind of the job that makes a backup.
pub(super) const MAKE: &str = "backups.make";
pub(super) const UPLOAD: &str = "backups.upload";
pub(super) const REMOVE: &str = "backups.remove";
pub(super) const LEDGER: &str = "backups.ledger";

/// What a backup is to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MakeBody {
    pub(super) name: String,
    pub(super) compact: bool,
    pub(super) with_recordings: bool,
    /// Sealed for the name.
    pub(super) passphrase: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct NameBody {
    name: String,
}

/// Has a backup made.
pub(super) fn enqueue_make(tx: &Tx<'_>, body: &MakeBody) -> Result<()> {
    enqueue(tx, &NewJob { kind: MAKE, key: &body.name, body, due_at: tx.now })
}

/// Has a backup brought to the object store.
pub(super) fn enqueue_upload(tx: &Tx<'_>, name: &str) -> Result<()> {
    enqueue(tx, &NewJob { kind: UPLOAD, key: name, body: &NameBody { name: name.to_owned() }, due_at: tx.now })
}

/// Has a backup removed from the object store.
pub(super) fn enqueue_remove(tx: &Tx<'_>, name: &str) -> Result<()> {
    enqueue(tx, &NewJob { kind: REMOVE, key: name, body: &NameBody { name: name.to_owned() }, due_at: tx.now })
}
