//! Notices that the wall clock was set while nobody wrote: the database moves pauses along before its next change, so one is made.

use std::sync::{Mutex, PoisonError};

use crate::base::{Clock, Result};
use crate::platform::db::{Db, Seen};

/// Both clocks as they were last seen.
pub(super) struct Drift {
    clock: Clock,
    seen: Mutex<Seen>,
}

impl Drift {
    pub(super) fn new(clock: Clock) -> Self {
        let seen = Mutex::new(Seen::now(&clock));
        Self { clock, seen }
    }

    /// After this, no pause in a row is longer or shorter than it was meant to be.
    pub(super) async fn settle(&self, db: &Db) -> Result<()> {
        let now = Seen::now(&self.clock);
        let was_set = self.seen.lock().unwrap_or_else(PoisonError::into_inner).set_by(now).is_some();
        if was_set {
            db.write(|_| Ok(())).await?;
        }
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(())
    }
}
