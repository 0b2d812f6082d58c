//! How long callers waited for answers, as counts by classes of waits: they add up and still give percentiles. Pure.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Waits up to this long share the first class.
const SHORTEST_MS: f64 = 50.0;
/// Each class of waits is so much wider than the one before, so that a percentile is right to 2.5 %.
const STEP: f64 = 1.05;
/// The last class; whoever waited longer (two minutes) is in it.
const LAST: u16 = 160;

/// How often callers waited how long: the n-th number is that of the n-th class. It is written as a map of the classes that somebody is in.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Waits(Vec<u64>);

/// How long callers waited from the end of their words to the first sound of the answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = CallWaitsView)]
pub(super) struct WaitsView {
    /// Answers that were measured.
    pub(super) n_answers: u64,
    /// Half of them came within so many milliseconds, to 2.5 %; null without any.
    pub(super) p50_ms: Option<u64>,
    /// 95 of 100 came within so many milliseconds, to 2.5 %; null without any.
    pub(super) p95_ms: Option<u64>,
}

impl Waits {
    /// Counts one wait.
    pub(super) fn count(&mut self, ms: f64) {
        self.put(class(ms), 1);
    }

    /// Adds what was counted elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        for (class, n) in other.classes() {
            self.put(class, n);
        }
    }

    /// Whether nobody waited.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|n| *n == 0)
    }

    /// What it comes to.
    pub(super) fn view(&self) -> WaitsView {
        let n_answers: u64 = self.0.iter().sum();
        let within = |share: f64| {
            let rank = ((n_answers as f64 * share).ceil() as u64).max(1);
            let mut n = 0;
            let reached = self.classes().find(|(_, of_class)| {
                n += *of_class;
                n >= rank
            });
            reached.map(|(class, _)| middle_ms(class))
        };
        WaitsView { n_answers, p50_ms: within(0.5), p95_ms: within(0.95) }
    }

    /// Adds to a class.
    pub(super) fn put(&mut self, class: u16, n: u64) {
        let class = usize::from(class.min(LAST));
        if self.0.len() <= class {
            self.0.resize(class + 1, 0);
        }
        self.0[class] += n;
    }

    /// The classes that somebody is in.
    fn classes(&self) -> impl Iterator<Item = (u16, u64)> {
        (0..).zip(&self.0).filter(|(_, n)| **n > 0).map(|(class, n)| (class, *n))
    }
}

impl Serialize for Waits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.classes())
    }
}

/// The class of a wait.
fn class(ms: f64) -> u16 {
    if ms <= SHORTEST_MS {
        return 0;
    }
    let class = ((ms / SHORTEST_MS).ln() / STEP.ln()).floor() + 1.0;
    if class < f64::from(LAST) { class as u16 } else { LAST }
}

/// The middle of a class.
fn middle_ms(class: u16) -> u64 {
    match class {
        0 => SHORTEST_MS as u64,
        class => (SHORTEST_MS * STEP.powf(f64::from(class) - 0.5)).round() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_fortieth() {
        let mut waits = Waits::default();
        (1..=1000).for_each(|n| waits.count(f64::from(n) * 3.0));
        let waited = waits.view();
        assert_eq!(waited.n_answers, 1000);
        for (found, exact) in [(waited.p50_ms, 1500.0), (waited.p95_ms, 2850.0)] {
            let found = found.unwrap() as f64;
            assert!((found / exact - 1.0).abs() <= 0.026, "{found} for {exact}");
        }
    }

    #[test]
    fn waits_without_end_and_nonsense_stay_in_the_classes() {
        for (ms, expected) in [(-5.0, 0), (0.0, 0), (50.0, 0), (50.1, 1), (1e12, LAST), (f64::INFINITY, LAST), (f64::NAN, LAST)] {
            assert_eq!(class(ms), expected, "{ms}");
        }
        let mut waits = Waits::default();
        waits.put(u16::MAX, 2);
        waits.put(LAST, 1);
        assert_eq!(serde_json::to_string(&waits).unwrap(), r#"{"160":3}"#, "a class that is none is the last one");
    }
}
