//! A wall clock that is set. Rows hold its moments; before the first change under the new time, whoever keeps pauses in rows moves them along:
//! what was to be done "in five minutes" is still done in five minutes.
//!
//! The writer compares the wall clock with one that nobody can set, so no row is ever written between the setting and the moving. A box that
//! was off meanwhile cannot know; it does what is due when it starts.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::tx::Tx;
use crate::base::{Clock, Millis, Result};

/// Less than this is how clocks are held right all the time.
const NOT_WORTH_IT_MS: u64 = 2_000;

/// Moves the moments of pauses by so many milliseconds and says how many it moved.
pub type OnClockSet = Box<dyn Fn(&Tx<'_>, i64) -> Result<usize> + Send + Sync>;

/// Who is told; nobody until somebody asks for it.
pub(super) type Listener = Arc<OnceLock<OnClockSet>>;

/// Both clocks as they were last seen.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    wall: Millis,
    passed: Instant,
}

impl Seen {
    /// As they are now.
    pub fn now(clock: &Clock) -> Self {
        Self { wall: clock.now(), passed: clock.monotonic() }
    }

    /// By how many milliseconds the wall clock was set between this and `later`; `None` for what is not worth it.
    pub fn set_by(self, later: Self) -> Option<i64> {
        let by = difference(self.wall, later.wall, later.passed.saturating_duration_since(self.passed));
        (by.unsigned_abs() >= NOT_WORTH_IT_MS).then_some(by)
    }
}

fn difference(before: Millis, now: Millis, passed: Duration) -> i64 {
    now.0.saturating_sub(before.plus(passed).0)
}

/// Tells the listener, in a transaction that is open, if the clock was set since `seen`. Gives the clocks as they are now. A failure is
/// logged: nothing else may wait for it.
pub(super) fn tell(tx: &Tx<'_>, seen: Seen, clock: &Clock, listener: &Listener) -> Seen {
    let now = Seen::now(clock);
    if let (Some(by), Some(move_pauses)) = (seen.set_by(now), listener.get()) {
        let (seconds, way) = (by.unsigned_abs() / 1000, if by < 0 { "back" } else { "forward" });
        match move_pauses(tx, by) {
            Ok(n) => warn!("The clock was set {way} by {seconds} s; the pauses of {n} pieces of work stay as long as they were"),
            Err(failure) => error!("The clock was set {way} by {seconds} s and pauses could not be moved along: {failure}"),
        }
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_time_does_not_explain_counts() {
        let hour = 3_600_000;
        for (before, now, passed, by) in [
            (0, 1_000, 1_000, 0),
            (0, hour, 0, hour),
            (hour, 5_000, 5_000, -hour),
            (hour, hour + 400, 1_000, -600),
            (0, 2 * hour + 7, 7, 2 * hour),
        ] {
            assert_eq!(difference(Millis(before), Millis(now), Duration::from_millis(passed)), by, "{before} {now} {passed}");
        }
        let clock = Clock::manual(Millis(hour));
        let seen = Seen::now(&clock);
        clock.advance(Duration::from_secs(60));
        assert_eq!(seen.set_by(Seen::now(&clock)), None);
        clock.set(Millis(0));
        assert_eq!(seen.set_by(Seen::now(&clock)), Some(-hour - 60_000));
    }
}
