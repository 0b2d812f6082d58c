//! Slows down whoever guesses the tokens of public links: misses are counted per address and minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::{Clock, Error, Millis, Result};

const MOST_PER_WINDOW: u32 = 60;
const WINDOW: Duration = Duration::from_secs(60);
/// Most addresses remembered; when there are more, the windows that ended are forgotten, then all.
const MOST_ADDRESSES: usize = 10_000;

/// Misses by address.
pub struct Misses {
    clock: Clock,
    seen: Mutex<HashMap<IpAddr, (Millis, u32)>>,
}

impl Misses {
    /// Nobody has missed yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, seen: Mutex::default() }
    }

    /// Refuses an address that has missed too often within the last minute.
    pub fn check(&self, ip: IpAddr) -> Result<()> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get(&of_network(ip)) {
            Some((since, n)) if *n >= MOST_PER_WINDOW && self.clock.ticks().since(*since) < WINDOW => {
                Err(Error::too_many("too many unknown links, try again later").retry_after(WINDOW.as_secs() as u32))
            }
            _ => Ok(()),
        }
    }

    /// Counts a miss.
    pub fn count(&self, ip: IpAddr) {
        let now = self.clock.ticks();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST_ADDRESSES {
            seen.retain(|_, (since, _)| now.since(*since) < WINDOW);
            if seen.len() >= MOST_ADDRESSES {
                seen.clear();
            }
        }
        let entry = seen.entry(of_network(ip)).or_insert((now, 0));
        if now.since(entry.0) >= WINDOW {
            *entry = (now, 0);
        }
        entry.1 += 1;
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
    fn the_sixty_first_guess_within_a_minute_is_refused() {
        let clock = Clock::manual(Millis(0));
        let misses = Misses::new(clock.clone());
        let (guesser, other): (IpAddr, IpAddr) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        for _ in 0..60 {
            misses.check(guesser).expect("not yet");
            misses.count(guesser);
        }
        assert!(misses.check(guesser).is_err());
        misses.check(other).expect("another address");
        clock.advance(WINDOW);
        misses.check(guesser).expect("a new minute");
    }
}
