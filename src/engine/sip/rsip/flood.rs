//! Who sends too much: counts packets of strangers in windows of two seconds. Pure.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// Length of a window.
const WINDOW: Duration = Duration::from_secs(2);
/// Packets of one stranger in a window that are looked at.
const MOST: u32 = 30;
/// Strangers that are remembered; with more, all are forgotten and counted anew.
const MOST_SOURCES: usize = 4096;

/// Counts strangers' packets.
#[derive(Debug, Default)]
pub(super) struct Flood {
    sources: HashMap<IpAddr, (Duration, u32)>,
}

impl Flood {
    /// Whether one more packet of this stranger is worth a look. `now` is any clock that never goes back.
    pub(super) fn is_tolerable(&mut self, source: IpAddr, now: Duration) -> bool {
        if self.sources.len() >= MOST_SOURCES && !self.sources.contains_key(&source) {
            self.sources.clear();
        }
        let (since, count) = self.sources.entry(source).or_insert((now, 0));
        if now.saturating_sub(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= MOST
    }
}

/// At most so many events in each second.
#[derive(Debug)]
pub(super) struct PerSecond {
    most: u32,
    since: Duration,
    count: u32,
}

impl PerSecond {
    pub(super) fn new(most: u32) -> Self {
        Self { most, since: Duration::ZERO, count: 0 }
    }

    /// Whether one more is allowed now.
    pub(super) fn allows(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.since) >= Duration::from_secs(1) {
            (self.since, self.count) = (now, 0);
        }
        self.count = self.count.saturating_add(1);
        self.count <= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_packets_in_two_seconds_are_looked_at_and_then_no_more_until_the_next_window() {
        let (mut flood, source) = (Flood::default(), IpAddr::from([192, 0, 2, 1]));
        let seen = (0..100).filter(|i| flood.is_tolerable(source, Duration::from_millis(i * 10))).count();
        assert_eq!(seen, 30);
        assert!(flood.is_tolerable(IpAddr::from([192, 0, 2, 2]), Duration::from_secs(1)), "others are not affected");
        assert!(flood.is_tolerable(source, Duration::from_secs(2)));
    }

    #[test]
    fn memory_is_bounded_however_many_strangers_there_are() {
        let mut flood = Flood::default();
        for i in 0..20_000u32 {
            flood.is_tolerable(IpAddr::from(i.to_be_bytes()), Duration::ZERO);
        }
        assert!(flood.sources.len() <= MOST_SOURCES);
    }

    #[test]
    fn only_so_many_in_a_second() {
        let mut calls = PerSecond::new(2);
        let at = |ms: u64| Duration::from_millis(5000 + ms);
        assert_eq!([at(0), at(1), at(2), at(1000)].map(|now| calls.allows(now)), [true, true, false, true]);
    }
}
