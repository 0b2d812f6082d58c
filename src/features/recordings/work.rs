//! The work this slice leaves to the outbox: recordings that are to be brought to the object store, or removed there.

use serde::{Deserialize, Serialize};

/// Kind of the job that uploads.
pub(super) const UPLOAD: &str = "recordings.upload";
/// Kind of the job that removes.
pub(super) const DELETE: &str = "recordings.delete";

/// Body of both jobs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeyBody {
    pub(super) key: String,
}
