//! Which receivers are slow at the moment, so that jobs for them do not wait in places that others need.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// An attempt that took longer makes its receiver a slow one.
const SLOW: Duration = Duration::from_secs(1);
/// How long a receiver counts as slow after the last sign of it.
const FORGIVEN_AFTER: Duration = Duration::from_secs(30);
/// How long a job may wait for a connection to a receiver that is not slow.
const PATIENCE: Duration = Duration::from_millis(500);
/// Receivers remembered.
const MOST_LANES: usize = 1024;

/// What is known of receivers, by host and port.
#[derive(Default)]
pub(super) struct Lanes(Mutex<HashMap<String, Lane>>);

struct Lane {
    slow_until: Instant,
    n_postponed: u32,
}

impl Lanes {
    /// How long a job may wait for one of the receiver's connections.
    pub(super) fn patience(&self, host: &str) -> Duration {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_slow = lanes.get(host).is_some_and(|lane| lane.slow_until > Instant::now());
        if is_slow { Duration::ZERO } else { PATIENCE }
    }

    /// An attempt has ended.
    pub(super) fn took(&self, host: &str, duration: Duration) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if duration < SLOW {
            lanes.remove(host);
        } else {
            slow(&mut lanes, host);
        }
    }

    /// No connection was free. Says how long the job should stay away: the longer, the more of them wait.
    pub(super) fn postponed(&self, host: &str) -> Duration {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = slow(&mut lanes, host);
        lane.n_postponed = lane.n_postponed.saturating_add(1);
        Duration::from_secs(u64::from(1 + lane.n_postponed / 8).min(30))
    }
}

fn slow<'a>(lanes: &'a mut HashMap<String, Lane>, host: &str) -> &'a mut Lane {
    let now = Instant::now();
    if lanes.len() >= MOST_LANES {
        lanes.retain(|_, lane| lane.slow_until > now);
    }
    let lane = lanes.entry(host.to_owned()).or_insert(Lane { slow_until: now, n_postponed: 0 });
    if lane.slow_until <= now {
        lane.n_postponed = 0;
    }
    lane.slow_until = now + FORGIVEN_AFTER;
    lane
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_receiver_gets_no_patience_until_it_is_fast_again() {
        let lanes = Lanes::default();
        assert_eq!(lanes.patience("a:443"), PATIENCE);
        lanes.took("a:443", Duration::from_secs(10));
        assert_eq!((lanes.patience("a:443"), lanes.patience("b:443")), (Duration::ZERO, PATIENCE));
        lanes.took("a:443", Duration::from_millis(20));
        assert_eq!(lanes.patience("a:443"), PATIENCE);
    }

    #[test]
    fn the_more_jobs_wait_the_longer_they_stay_away() {
        let lanes = Lanes::default();
        let stays: Vec<u64> = (0..400).map(|_| lanes.postponed("a:443").as_secs()).collect();
        assert_eq!((stays[0], stays[9], stays[399]), (1, 2, 30));
    }
}
