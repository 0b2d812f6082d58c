//! How fast and how many calls leave through a carrier. Pure: the time goes in, a wait or a refusal comes out.

use std::time::{Duration, Instant};

/// What a carrier allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// Calls per second, in the long run.
    pub(super) per_second: f64,
    /// Calls at once after a pause.
    pub(super) burst: u32,
}

/// The calls that left through a carrier, as the moment from which on all of its burst is there again.
///
/// It lives in memory: after a restart a burst may leave at once, never more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    full_at: Instant,
}

impl Pace {
    /// A carrier through which nothing has left for long.
    pub(super) fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes a place for one call: how long it has to wait for it, zero within the burst. When that were longer than `patience` no place is
    /// taken, and the wait is the error.
    pub(super) fn take(&mut self, limits: Limits, now: Instant, patience: Duration) -> Result<Duration, Duration> {
        let interval = Duration::from_secs_f64(1.0 / limits.per_second.clamp(0.01, 1000.0));
        let burst = interval * limits.burst.max(1);
        let full_at = self.full_at.max(now) + interval;
        let wait = full_at.saturating_duration_since(now).saturating_sub(burst);
        if wait > patience {
            return Err(wait);
        }
        self.full_at = full_at;
        Ok(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Clock, Millis};

    /// What becomes of calls at these moments (ms), in ms of waiting; `None` for a refusal.
    fn waits(per_second: f64, burst: u32, patience_ms: u64, at: &[u64]) -> Vec<Option<u128>> {
        let start = Clock::manual(Millis(0)).monotonic();
        let mut pace = Pace::new(start);
        let limits = Limits { per_second, burst };
        let take = |ms: &u64| pace.take(limits, start + Duration::from_millis(*ms), Duration::from_millis(patience_ms));
        at.iter().map(take).map(|wait| wait.ok().map(|wait| wait.as_millis())).collect()
    }

    #[test]
    fn a_burst_leaves_at_once_and_then_the_rate_holds() {
        for (per_second, burst, patience, at, expected) in [
            (1.0, 3, 0, vec![0, 0, 0, 0], vec![Some(0), Some(0), Some(0), None]),
            (1.0, 1, 0, vec![0, 500, 1000, 1500, 2000], vec![Some(0), None, Some(0), None, Some(0)]),
            (1.0, 1, 2000, vec![0, 0, 0, 0], vec![Some(0), Some(1000), Some(2000), None]),
            (2.0, 2, 2000, vec![0, 0, 0, 0, 0], vec![Some(0), Some(0), Some(500), Some(1000), Some(1500)]),
            (0.1, 1, 2000, vec![0, 5000, 9000, 10_000], vec![Some(0), None, Some(1000), None]),
            (1.0, 2, 0, vec![0, 0, 10_000, 10_000, 10_000], vec![Some(0), Some(0), Some(0), Some(0), None]),
        ] {
            assert_eq!(waits(per_second, burst, patience, &at), expected, "{per_second}/s, burst {burst}, at {at:?}");
        }
    }

    #[test]
    fn a_refusal_costs_nobody_else_a_place() {
        let refused: Vec<u64> = (0..100).map(|_| 0).chain([1000]).collect();
        assert_eq!(waits(1.0, 1, 0, &refused).last(), Some(&Some(0)));
    }

    proptest::proptest! {
        #[test]
        fn in_no_second_leave_more_than_rate_and_burst(mut at in proptest::collection::vec(0u64..20_000, 1..200), burst in 1u32..6) {
            at.sort_unstable();
            let left: Vec<u128> =
                waits(2.0, burst, 2000, &at).iter().zip(&at).filter_map(|(wait, at)| Some(u128::from(*at) + (*wait)?)).collect();
            for from in &left {
                let n = left.iter().filter(|at| (*from..from + 1000).contains(*at)).count();
                proptest::prop_assert!(n <= burst as usize + 2, "{n} calls within a second");
            }
        }
    }
}
