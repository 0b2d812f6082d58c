//! The timers of one call: one of each kind at most, nothing runs while none is set.

use std::time::{Duration, Instant};

use crate::base::Clock;

/// Timers named by `T`.
#[derive(Debug)]
pub(super) struct Timers<T> {
    clock: Clock,
    set: Vec<(T, Instant)>,
}

impl<T: Copy + PartialEq> Timers<T> {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, set: Vec::with_capacity(4) }
    }

    /// Starts (or restarts) a timer.
    pub(super) fn wake(&mut self, timer: T, after: Duration) {
        self.forget(timer);
        self.set.push((timer, self.clock.monotonic() + after));
    }

    /// Stops a timer.
    pub(super) fn forget(&mut self, timer: T) {
        self.set.retain(|(set, _)| *set != timer);
    }

    /// Waits for the next timer. It stays set until it is forgotten, so that dropping this future loses nothing.
    pub(super) async fn next(&self) -> T {
        match self.set.iter().min_by_key(|(_, at)| *at) {
            Some((timer, at)) => {
                self.clock.sleep(at.saturating_duration_since(self.clock.monotonic())).await;
                *timer
            }
            None => std::future::pending().await,
        }
    }
}
