//! Time, passed in: the real clock for the program, one that tests move by hand.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A moment: milliseconds since the Unix epoch. Written as RFC 3339 in UTC with milliseconds and `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub i64);

impl Millis {
    /// This moment plus a duration.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment minus a duration.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whether this is a moment of the calendar; a damaged row may hold another number.
    pub fn is_moment(self) -> bool {
        jiff::Timestamp::from_millisecond(self.0).is_ok()
    }

    /// Reads an RFC 3339 time with any offset. `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|at| Self(at.as_millisecond()))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl Serialize for Millis {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("must be an RFC 3339 time such as 2026-01-01T12:00:00.000Z"))
    }
}

/// The clock of the program. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    /// Since when it runs.
    System(Instant),
    Manual(Arc<Manual>),
}

struct Manual {
    base: Instant,
    now: watch::Sender<Reading>,
    order: Mutex<()>,
}

/// Both clocks of a machine at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// What people call the time; somebody may set it.
    wall: Millis,
    /// What only ever goes on.
    passed: Duration,
}

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
    pub fn system() -> Self {
        Self(Source::System(Instant::now()))
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
    pub fn manual(at: Millis) -> Self {
        let (now, _) = watch::channel(Reading { wall: at, passed: Duration::ZERO });
        Self(Source::Manual(Arc::new(Manual { base: Instant::now(), now, order: Mutex::new(()) })))
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
    pub fn now(&self) -> Millis {
        match &self.0 {
            Source::System(_) => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Manual(manual) => manual.now.borrow().wall,
        }
    }

    /// A reading that never goes backwards, for measuring how long something took.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
    pub fn monotonic(&self) -> Instant {
        match &self.0 {
            Source::System(_) => Instant::now(),
            Source::Manual(manual) => manual.base + manual.now.borrow().passed,
        }
    }

    /// How long this clock has been running, as a moment: nobody can set it, and only differences mean anything. For limits and the age of
    /// what is kept in memory.
    pub fn ticks(&self) -> Millis {
        let passed = match &self.0 {
            Source::System(began) => self.monotonic().saturating_duration_since(*began),
            Source::Manual(manual) => manual.now.borrow().passed,
        };
        Millis(0).plus(passed)
    }

    /// Waits for a duration of this clock's time.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Source::System(_) => tokio::time::sleep(duration).await,
            Source::Manual(manual) => {
                let until = manual.now.borrow().passed.saturating_add(duration);
                let mut now = manual.now.subscribe();
                // The sender lives in `self`, so waiting cannot fail.
                let _ = now.wait_for(|at| at.passed >= until).await;
            }
        }
    }

    /// Moves a manual clock and wakes whoever waited for that time. Does nothing to the machine's clock.
    pub fn advance(&self, duration: Duration) {
        if let Source::Manual(manual) = &self.0 {
            let _order = manual.order.lock().unwrap_or_else(PoisonError::into_inner);
            manual.now.send_modify(|now| *now = Reading { wall: now.wall.plus(duration), passed: now.passed + duration });
        }
    }

    /// Sets a manual clock, as an operator or a time server sets that of a machine: no time passes. Does nothing to the machine's clock.
    pub fn set(&self, to: Millis) {
        if let Source::Manual(manual) = &self.0 {
            let _order = manual.order.lock().unwrap_or_else(PoisonError::into_inner);
            manual.now.send_modify(|now| now.wall = to);
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_with_milliseconds_and_z_and_read_back() {
        let at = Millis(1_767_268_805_500);
        assert_eq!(at.to_string(), "2026-01-01T12:00:05.500Z");
        assert_eq!(Millis::parse("2026-01-01T13:00:05.5+01:00"), Some(at));
        assert_eq!(Millis::parse("yesterday"), None);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_lets_no_time_pass() {
        let clock = Clock::manual(Millis(1_000));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        let began = clock.monotonic();
        clock.set(Millis(10_000_000));
        assert_eq!((clock.now(), clock.monotonic(), clock.ticks()), (Millis(10_000_000), began, Millis(0)));
        clock.set(Millis(0));
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.expect("the sleeper ends");
        assert_eq!((clock.now(), clock.ticks()), (Millis(60_000), Millis(60_000)));
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_manual_clock_passes_its_time() {
        let clock = Clock::manual(Millis(0));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(61));
        sleeper.await.expect("the sleeper ends");
        assert_eq!(clock.now(), Millis(61_000));
    }
}
