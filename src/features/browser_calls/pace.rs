//! How often one address may call: counted in memory, so that no address of a visitor is ever stored.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::{Clock, Millis};

const HOUR: Duration = Duration::from_secs(3600);
/// Most addresses remembered; when there are more, those that are quiet are forgotten, then all.
const MOST_ADDRESSES: usize = 10_000;

/// Calls of the last hour by address.
pub(super) struct Pace {
    clock: Clock,
    calls: Mutex<HashMap<IpAddr, VecDeque<Millis>>>,
}

impl Pace {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, calls: Mutex::default() }
    }

    /// Counts a call of this address unless it has made so many within the last hour; then the seconds until the next one.
    pub(super) fn count(&self, ip: IpAddr, most: u32) -> Result<(), u32> {
        let now = self.clock.now();
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= MOST_ADDRESSES {
            calls.retain(|_, made| made.back().is_some_and(|last| now.since(*last) < HOUR));
            if calls.len() >= MOST_ADDRESSES {
                calls.clear();
            }
        }
        let made = calls.entry(of_network(ip)).or_default();
        while made.front().is_some_and(|first| now.since(*first) >= HOUR) {
            made.pop_front();
        }
        if made.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
            let wait = made.front().map_or(HOUR, |first| first.plus(HOUR).since(now));
            return Err(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).max(1));
        }
        made.push_back(now);
        Ok(())
    }
}

/// IPv6 users own whole networks of addresses: the first half counts.
fn of_network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_calls_so_often_in_an_hour_and_its_neighbours_in_the_network_count_with_it() {
        let clock = Clock::manual(Millis(0));
        let pace = Pace::new(clock.clone());
        let (one, neighbour): (IpAddr, IpAddr) = ("2001:db8::1".parse().expect("an address"), "2001:db8::2".parse().expect("an address"));
        assert_eq!(pace.count(one, 2), Ok(()));
        clock.advance(Duration::from_secs(600));
        assert_eq!(pace.count(neighbour, 2), Ok(()));
        assert_eq!(pace.count(one, 2), Err(3000));
        assert_eq!(pace.count([192, 0, 2, 1].into(), 2), Ok(()), "somebody else");
        clock.advance(Duration::from_secs(3000));
        assert_eq!((pace.count(one, 2), pace.count(one, 2)), (Ok(()), Err(600)));
        assert_eq!(pace.count(one, 0), Err(600));
    }
}
