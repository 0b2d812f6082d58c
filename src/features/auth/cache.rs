//! Rows that every request needs, kept in memory until anything in their table changes.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

/// Most rows kept; a fuller cache is emptied.
const MOST: usize = 10_000;

/// A cache that is emptied as a whole by each change. Cheap to clone.
pub(super) struct Cache<K, V>(Arc<RwLock<Rows<K, V>>>);

struct Rows<K, V> {
    rows: HashMap<K, Arc<V>>,
    /// Counts the changes, so that a row read before a change is not kept after it.
    epoch: u64,
}

/// The state of the table at the time of a read.
#[derive(Clone, Copy)]
pub(super) struct Epoch(u64);

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(super) fn new() -> Self {
        Self(Arc::new(RwLock::new(Rows { rows: HashMap::new(), epoch: 0 })))
    }

    /// The row, or the epoch to hand to [`Cache::keep`] after reading it.
    pub(super) fn get(&self, key: &K) -> Result<Arc<V>, Epoch> {
        let rows = self.0.read().unwrap_or_else(PoisonError::into_inner);
        rows.rows.get(key).cloned().ok_or(Epoch(rows.epoch))
    }

    /// Keeps a row that was read in this epoch; drops it if anything changed since.
    pub(super) fn keep(&self, epoch: Epoch, key: K, row: Arc<V>) {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if rows.epoch == epoch.0 {
            if rows.rows.len() >= MOST {
                rows.rows.clear();
            }
            rows.rows.insert(key, row);
        }
    }

    /// Forgets everything; called after each change, before its answer.
    pub(super) fn clear(&self) {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        rows.rows.clear();
        rows.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_read_before_a_change_is_not_kept_after_it() {
        let cache = Cache::<u8, &str>::new();
        let Err(epoch) = cache.get(&1) else { panic!("it is empty") };
        cache.clear();
        cache.keep(epoch, 1, Arc::new("old"));
        assert!(cache.get(&1).is_err());
        let Err(epoch) = cache.get(&1) else { panic!("it is empty") };
        cache.keep(epoch, 1, Arc::new("new"));
        assert_eq!(cache.get(&1).ok().as_deref(), Some(&"new"));
    }
}
