//! How long to wait before a crashed engine is started again. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::Millis;

/// Crashes older than this are forgotten.
const REMEMBERED: Duration = Duration::from_secs(60);
/// From this many crashes within that time on, the pause is long.
const MANY: usize = 5;
/// The pause after the first crash; it doubles with each further one.
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause while crashes are few.
const SHORT: Duration = Duration::from_secs(3);
/// The pause when they are many.
const LONG: Duration = Duration::from_secs(30);

/// The crashes of the last minute.
#[derive(Debug, Default)]
pub(super) struct Restarts(VecDeque<Millis>);

impl Restarts {
    /// Notes a crash and says how long to wait.
    pub(super) fn after_crash(&mut self, now: Millis) -> Duration {
        while self.0.front().is_some_and(|at| now.since(*at) >= REMEMBERED) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        if self.0.len() >= MANY {
            return LONG;
        }
        let doublings = u32::try_from(self.0.len().saturating_sub(1)).unwrap_or(0);
        FIRST.saturating_mul(2u32.saturating_pow(doublings)).min(SHORT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_crashes_mean_short_pauses_and_five_in_a_minute_a_long_one() {
        let mut restarts = Restarts::default();
        let pauses: Vec<u64> = (0..6).map(|n| u64::try_from(restarts.after_crash(Millis(n * 1000)).as_millis()).unwrap()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 30_000, 30_000]);
        assert_eq!(restarts.after_crash(Millis(200_000)), FIRST, "a quiet minute makes it forget");
    }
}
