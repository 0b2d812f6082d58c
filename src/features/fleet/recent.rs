//! What hosts said of themselves a moment ago: a burst of calls need not ask each of them every time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::Clock;
use crate::contract::fleet::FleetHealth;

/// How long the word of a host counts.
const FRESH_FOR: Duration = Duration::from_secs(3);

/// Healths by the label of their host. Only good answers are kept: one that was unreachable is asked again at once.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<HashMap<String, (FleetHealth, Instant)>>);

impl Recent {
    /// What a host said, if that was a moment ago.
    pub(super) fn get(&self, host: &str, clock: &Clock) -> Option<FleetHealth> {
        let now = clock.monotonic();
        self.lock().get(host).filter(|(_, at)| now.saturating_duration_since(*at) < FRESH_FOR).map(|(health, _)| health.clone())
    }

    /// Takes note of what a host says now.
    pub(super) fn note(&self, host: &str, health: &FleetHealth, clock: &Clock) {
        let now = clock.monotonic();
        let mut known = self.lock();
        known.retain(|_, (_, at)| now.saturating_duration_since(*at) < FRESH_FOR);
        known.insert(host.to_owned(), (health.clone(), now));
    }

    /// The host has one call more than it said.
    pub(super) fn took_a_call(&self, host: &str) {
        if let Some((health, _)) = self.lock().get_mut(host) {
            health.fleet_available = health.fleet_available.saturating_sub(1);
            health.fleet_calls = health.fleet_calls.saturating_add(1);
        }
    }

    /// The host is to be asked again.
    pub(super) fn forget(&self, host: &str) {
        self.lock().remove(host);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (FleetHealth, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Millis;

    #[test]
    fn a_word_counts_for_three_seconds_and_calls_placed_meanwhile_are_taken_off() {
        let (recent, clock) = (Recent::default(), Clock::manual(Millis(0)));
        let health = FleetHealth {
            status: "ok".into(),
            fleet_max: 10,
            fleet_available: 2,
            fleet_calls: 8,
            workers: Vec::new(),
            contract_version: None,
            version: None,
            pid: None,
            sip: None,
            speech_ready: true,
            spooled: 0,
        };
        recent.note("a", &health, &clock);
        recent.took_a_call("a");
        let now = recent.get("a", &clock).unwrap();
        assert_eq!((now.fleet_available, now.fleet_calls), (1, 9));
        clock.advance(Duration::from_secs(3));
        assert_eq!(recent.get("a", &clock), None);
        recent.note("a", &health, &clock);
        recent.forget("a");
        assert_eq!(recent.get("a", &clock), None);
    }
}
