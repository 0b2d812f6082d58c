//! Login limits: only failures count. Ten per address and minute are refused, ten per account and quarter of an hour wait ever longer.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::{Clock, Error, Millis, Result};

/// Failures per address within [`ADDRESS_WINDOW`].
const PER_ADDRESS: usize = 10;
const ADDRESS_WINDOW: Duration = Duration::from_secs(60);
/// Failures per account within [`ACCOUNT_WINDOW`] before attempts wait.
const PER_ACCOUNT: usize = 10;
const ACCOUNT_WINDOW: Duration = Duration::from_secs(15 * 60);
/// The longest wait: the owner gets in within it, even during an attack.
const LONGEST_WAIT_S: u64 = 30;
/// Most failures remembered per key, and most keys; the oldest go first.
const REMEMBERED: usize = 64;
const KEYS: usize = 20_000;

/// Counts failures. Cheap to clone.
#[derive(Clone)]
pub(super) struct Limits {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    addresses: HashMap<IpAddr, VecDeque<Millis>>,
    accounts: HashMap<String, VecDeque<Millis>>,
}

impl Limits {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, state: Arc::default() }
    }

    /// Refuses an address that failed too often (429, with the seconds until it may try again).
    pub(super) fn check_address(&self, ip: Option<IpAddr>) -> Result<()> {
        let Some(ip) = ip else { return Ok(()) };
        let now = self.clock.ticks();
        self.with(|state| match state.addresses.get_mut(&ip).and_then(|failures| locked_until(failures, now)) {
            Some(until) => Err(refused(until.since(now))),
            None => Ok(()),
        })
    }

    /// How long an attempt on this account has to wait.
    pub(super) fn wait_for(&self, account: &str) -> Duration {
        let now = self.clock.ticks();
        self.with(|state| {
            let n_failures = state.accounts.get_mut(account).map_or(0, |failures| recent(failures, now, ACCOUNT_WINDOW));
            wait_after(n_failures)
        })
    }

    /// Counts a failure ahead of the check, so that guesses in parallel count like guesses in a row.
    pub(super) fn count(&self, ip: Option<IpAddr>, account: &str) {
        let now = self.clock.ticks();
        self.with(|state| {
            if let Some(ip) = ip {
                push(&mut state.addresses, ip, now, ADDRESS_WINDOW);
            }
            push(&mut state.accounts, account.to_owned(), now, ACCOUNT_WINDOW);
        });
    }

    /// Takes back what [`Limits::count`] counted for an attempt that succeeded, and forgets the account's failures.
    pub(super) fn succeeded(&self, ip: Option<IpAddr>, account: &str) {
        self.with(|state| {
            state.accounts.remove(account);
            if let Some(failures) = ip.and_then(|ip| state.addresses.get_mut(&ip)) {
                failures.pop_back();
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// When the address may try again, if it has used up its failures.
fn locked_until(failures: &mut VecDeque<Millis>, now: Millis) -> Option<Millis> {
    let n_failures = recent(failures, now, ADDRESS_WINDOW);
    let oldest_that_counts = n_failures.checked_sub(PER_ADDRESS)?;
    failures.get(oldest_that_counts).map(|at| at.plus(ADDRESS_WINDOW))
}

/// Drops what is older than the window; how many are left.
fn recent(failures: &mut VecDeque<Millis>, now: Millis, window: Duration) -> usize {
    while failures.front().is_some_and(|at| now.since(*at) >= window) {
        failures.pop_front();
    }
    failures.len()
}

/// The wait before the next attempt: none for the first ten failures, then 1, 2, 4, 8, 16, 30 seconds.
fn wait_after(n_failures: usize) -> Duration {
    match n_failures.checked_sub(PER_ACCOUNT) {
        None => Duration::ZERO,
        Some(more) => {
            Duration::from_secs(1_u64.checked_shl(u32::try_from(more).unwrap_or(u32::MAX)).unwrap_or(u64::MAX).min(LONGEST_WAIT_S))
        }
    }
}

fn push<K: std::hash::Hash + Eq + Clone>(map: &mut HashMap<K, VecDeque<Millis>>, key: K, now: Millis, window: Duration) {
    if map.len() >= KEYS && !map.contains_key(&key) {
        map.retain(|_, failures| recent(failures, now, window) > 0);
        if map.len() >= KEYS
            && let Some(oldest) = map.iter().min_by_key(|(_, failures)| failures.back().copied()).map(|(key, _)| key.clone())
        {
            map.remove(&oldest);
        }
    }
    let failures = map.entry(key).or_default();
    if failures.len() >= REMEMBERED {
        failures.pop_front();
    }
    failures.push_back(now);
}

fn refused(wait: Duration) -> Error {
    let seconds = u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1);
    Error::too_many("too many failed logins from this address").retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    #[test]
    fn the_eleventh_attempt_of_an_address_is_refused_until_the_first_failure_is_a_minute_old() {
        let clock = Clock::manual(Millis(0));
        let limits = Limits::new(clock.clone());
        for n in 0..10 {
            assert!(limits.check_address(HOME).is_ok(), "attempt {n}");
            limits.count(HOME, &format!("user {n}"));
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(limits.check_address(HOME).unwrap_err().retry_after_seconds(), Some(50));
        assert!(limits.check_address(Some([10, 0, 0, 1].into())).is_ok(), "another address is free");
        clock.advance(Duration::from_secs(50));
        assert!(limits.check_address(HOME).is_ok());
    }

    #[test]
    fn a_success_counts_nothing_and_clears_the_account_only() {
        let limits = Limits::new(Clock::manual(Millis(0)));
        for _ in 0..9 {
            limits.count(HOME, "anna");
        }
        for _ in 0..50 {
            limits.count(HOME, "bert");
            limits.succeeded(HOME, "bert");
        }
        assert!(limits.check_address(HOME).is_ok());
        limits.count(HOME, "anna");
        assert!(limits.check_address(HOME).is_err(), "nine failures were kept");
    }

    #[test]
    fn an_account_under_attack_waits_ever_longer_but_never_more_than_thirty_seconds() {
        let clock = Clock::manual(Millis(0));
        let limits = Limits::new(clock.clone());
        let mut waits = Vec::new();
        for n in 0..18_u8 {
            waits.push(limits.wait_for("anna").as_secs());
            limits.count(Some([10, 0, 0, n].into()), "anna");
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(wait_after(500).as_secs(), 30);
        clock.advance(ACCOUNT_WINDOW);
        assert_eq!(limits.wait_for("anna"), Duration::ZERO);
    }

    #[test]
    fn a_flood_of_names_does_not_fill_the_memory() {
        let limits = Limits::new(Clock::manual(Millis(0)));
        for n in 0..KEYS + 50 {
            limits.count(None, &n.to_string());
        }
        assert_eq!(limits.with(|state| state.accounts.len()), KEYS);
    }
}
