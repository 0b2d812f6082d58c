//! What is known of a recording, and what follows for it. Pure.

use serde::Serialize;

use crate::base::Millis;
use crate::platform::objects::{Object, Progress};

/// One stored recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recording {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) sha256: Option<String>,
    pub(super) progress: Progress,
    /// Endpoint and bucket of the object store that has it.
    pub(super) uploaded_to: Option<String>,
    /// Whether the local copy was removed.
    pub(super) is_removed: bool,
}

impl Recording {
    /// The tag under which clients continue a part: the same wherever the bytes lie.
    pub(super) fn etag(&self) -> Option<String> {
        self.sha256.as_deref().map(|hash| format!("\"{}\"", &hash[..32.min(hash.len())]))
    }
}

/// The tag of an object that has no row.
pub(super) fn etag_of(object: Object) -> String {
    format!("\"{:x}-{:x}\"", object.size, object.changed_at.0)
}

/// One line of a backup's list of recordings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Manifest {
    /// Its key.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its bytes; null when it was stored before hashes were kept.
    pub sha256: Option<String>,
    /// Endpoint and bucket of the object store that has it.
    pub uploaded_to: Option<String>,
    /// Whether it lies on local disk.
    pub is_local: bool,
}

/// Whether a link still opens: `days` after the call's end it does not; 0 is for ever.
pub(super) fn is_over(ended_at: Millis, days: u32, now: Millis) -> bool {
    days > 0 && now.since(ended_at) >= std::time::Duration::from_secs(u64::from(days) * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_ends_after_its_days_or_never() {
        let day = 86_400_000;
        for (days, now, over) in [(0, i64::MAX, false), (1, day - 1, false), (1, day, true), (30, 29 * day, false), (30, 31 * day, true)] {
            assert_eq!(is_over(Millis(0), days, Millis(now)), over, "{days} days, at {now}");
        }
    }
}
