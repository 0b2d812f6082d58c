//! What features tell whoever watches the box live: named notices, never stored. A slow watcher loses the oldest.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::broadcast;

/// Notices that may wait for a slow watcher.
const WAITING: usize = 256;

/// Something that has just happened.
#[derive(Debug, Clone)]
pub struct Notice {
    /// What kind it is, such as `knowledge`.
    pub name: &'static str,
    /// More about it.
    pub data: Value,
}

/// The board that notices are put on. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bulletin(broadcast::Sender<Arc<Notice>>);

impl Default for Bulletin {
    fn default() -> Self {
        Self(broadcast::channel(WAITING).0)
    }
}

impl Bulletin {
    /// Tells whoever watches. Without a watcher nothing happens.
    pub fn tell(&self, name: &'static str, data: Value) {
        // No watcher, no matter.
        let _ = self.0.send(Arc::new(Notice { name, data }));
    }

    /// Notices from now on.
    pub fn watch(&self) -> broadcast::Receiver<Arc<Notice>> {
        self.0.subscribe()
    }
}
