//! Who guessed passwords too often: ten wrong proofs in ten minutes silence an address for ten minutes. Pure.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// Wrong proofs that are answered.
const MOST: usize = 10;
/// The time they are counted in, and the time of the silence that follows.
const WINDOW: Duration = Duration::from_secs(600);
/// Addresses that are remembered; with more, those that are not silenced are forgotten.
const MOST_SOURCES: usize = 4096;

/// Counts wrong proofs by address.
#[derive(Debug, Default)]
pub(in crate::engine::sip) struct Failures {
    sources: HashMap<IpAddr, Vec<Duration>>,
}

impl Failures {
    /// One more wrong proof. `now` is any clock that never goes back.
    pub(in crate::engine::sip) fn count(&mut self, source: IpAddr, now: Duration) {
        if self.sources.len() >= MOST_SOURCES {
            self.sources.retain(|_, at| at.len() >= MOST);
            if self.sources.len() >= MOST_SOURCES {
                self.sources.clear();
            }
        }
        let at = self.sources.entry(source).or_default();
        at.retain(|at| now.saturating_sub(*at) < WINDOW);
        if at.len() < MOST {
            at.push(now);
        }
    }

    /// Whether this address gets no more answers for a while.
    pub(in crate::engine::sip) fn is_banned(&self, source: IpAddr, now: Duration) -> bool {
        self.sources.get(&source).is_some_and(|at| at.len() >= MOST && at.last().is_some_and(|last| now.saturating_sub(*last) < WINDOW))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn ten_wrong_proofs_in_ten_minutes_silence_an_address_for_ten_minutes() {
        let (mut failures, s) = (Failures::default(), Duration::from_secs);
        for n in 0..9 {
            failures.count(HERE, s(n));
            assert!(!failures.is_banned(HERE, s(n)));
        }
        failures.count(HERE, s(9));
        assert!(failures.is_banned(HERE, s(9)) && failures.is_banned(HERE, s(608)));
        assert!(!failures.is_banned(HERE, s(609)));
        assert!(!failures.is_banned(IpAddr::from([10, 0, 0, 1]), s(9)), "others are not affected");
        failures.count(HERE, s(700));
        assert!(!failures.is_banned(HERE, s(700)), "counted anew");
    }

    #[test]
    fn slow_mistakes_are_forgiven_and_memory_is_bounded() {
        let mut failures = Failures::default();
        for n in 0..100 {
            failures.count(HERE, Duration::from_secs(n * 70));
            assert!(!failures.is_banned(HERE, Duration::from_secs(n * 70)));
        }
        for n in 0..20_000u32 {
            failures.count(IpAddr::from(n.to_be_bytes()), Duration::ZERO);
        }
        assert!(failures.sources.len() <= MOST_SOURCES);
    }
}
