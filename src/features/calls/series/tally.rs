//! What is counted of calls in a quarter of an hour, and what that comes to. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::features::calls::model::Direction;

/// Waits up to this long share the first class.
const SHORTEST_MS: f64 = 50.0;
/// Each class of waits is so much wider than the one before, so that a percentile is right to 2.5 %.
const STEP: f64 = 1.05;
/// The last class; whoever waited longer (two minutes) is in it.
const LAST: u16 = 160;
/// An outcome word is cut after so many characters: engines choose it.
const LONGEST_WORD: usize = 64;

/// Sums over calls; they can be added up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// By direction and outcome word, with a space between.
    calls: BTreeMap<String, Sum>,
    /// How often callers waited how long for an answer, by class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    waits: BTreeMap<u16, u64>,
}

/// Sums over calls with the same outcome: how many, how many of them were answered, how many milliseconds those took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Sum(u64, u64, u64);

/// One call that is over.
pub(super) struct Ended<'a> {
    pub(super) direction: &'a str,
    pub(super) outcome: &'a str,
    pub(super) is_answered: bool,
    pub(super) seconds: f64,
    /// How long the caller waited for each answer, in milliseconds.
    pub(super) waits_ms: &'a [f64],
}

/// What a stretch of time comes to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct CallFiguresView {
    /// Calls that began in it and are over.
    n_calls: u64,
    /// Those somebody answered.
    n_answered: u64,
    /// Their share; null without calls.
    answered_share: Option<f64>,
    /// How long an answered call took on average; null without any.
    mean_duration_seconds: Option<f64>,
    /// How many calls ended with which outcome word.
    outcomes: BTreeMap<String, u64>,
    /// How long callers waited for answers of the bot.
    latency: WaitsView,
}

/// How long callers waited from the end of their words to the first sound of the answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = CallWaitsView)]
pub(super) struct WaitsView {
    /// Answers that were measured.
    n_answers: u64,
    /// Half of them came within so many milliseconds, to 2.5 %; null without any.
    p50_ms: Option<u64>,
    /// 95 of 100 came within so many milliseconds, to 2.5 %; null without any.
    p95_ms: Option<u64>,
}

impl Tally {
    /// Counts one call.
    pub(super) fn count(&mut self, call: &Ended<'_>) {
        let outcome: String = call.outcome.chars().take(LONGEST_WORD).collect();
        let sum = self.calls.entry(format!("{} {outcome}", call.direction)).or_default();
        sum.0 += 1;
        if call.is_answered {
            sum.1 += 1;
            // The cast keeps what it can; a length below zero is none.
            sum.2 += (call.seconds * 1000.0).round() as u64;
        }
        for wait in call.waits_ms {
            *self.waits.entry(class(*wait)).or_default() += 1;
        }
    }

    /// Adds what was counted elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        for (key, sum) in &other.calls {
            let mine = self.calls.entry(key.clone()).or_default();
            *mine = Sum(mine.0 + sum.0, mine.1 + sum.1, mine.2 + sum.2);
        }
        for (class, n) in &other.waits {
            *self.waits.entry(*class).or_default() += n;
        }
    }

    /// What it comes to, for calls of one direction or of both. Waits are not kept by direction.
    pub(super) fn view(&self, direction: Option<Direction>) -> CallFiguresView {
        let mut all = Sum::default();
        let mut outcomes = BTreeMap::new();
        for (key, sum) in &self.calls {
            let (of, outcome) = key.split_once(' ').unwrap_or(("", key));
            if direction.is_none_or(|wanted| wanted.as_str() == of) {
                all = Sum(all.0 + sum.0, all.1 + sum.1, all.2 + sum.2);
                *outcomes.entry(outcome.to_owned()).or_default() += sum.0;
            }
        }
        CallFiguresView {
            n_calls: all.0,
            n_answered: all.1,
            answered_share: ratio(all.1, all.0),
            mean_duration_seconds: ratio(all.2, all.1).map(|ms| (ms / 10.0).round() / 100.0),
            outcomes,
            latency: self.waits(),
        }
    }

    fn waits(&self) -> WaitsView {
        let n_answers: u64 = self.waits.values().sum();
        let within = |share: f64| {
            let rank = ((n_answers as f64 * share).ceil() as u64).max(1);
            let mut n = 0;
            let reached = self.waits.iter().find(|(_, of_class)| {
                n += **of_class;
                n >= rank
            });
            reached.map(|(class, _)| middle_ms(*class))
        };
        WaitsView { n_answers, p50_ms: within(0.5), p95_ms: within(0.95) }
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
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

    fn ended<'a>(direction: &'a str, outcome: &'a str, seconds: f64, waits_ms: &'a [f64]) -> Ended<'a> {
        Ended { direction, outcome, is_answered: seconds > 0.0, seconds, waits_ms }
    }

    #[test]
    fn calls_add_up_by_outcome_and_direction() {
        let (mut morning, mut noon) = (Tally::default(), Tally::default());
        morning.count(&ended("inbound", "finished", 60.0, &[]));
        morning.count(&ended("outbound", "no-answer", 0.0, &[]));
        noon.count(&ended("inbound", "finished", 30.5, &[]));
        noon.add(&serde_json::from_str(&serde_json::to_string(&morning).unwrap()).unwrap());
        let all = noon.view(None);
        assert_eq!((all.n_calls, all.n_answered, all.mean_duration_seconds), (3, 2, Some(45.25)));
        assert_eq!(all.outcomes, BTreeMap::from([("finished".to_owned(), 2), ("no-answer".to_owned(), 1)]));
        let out = noon.view(Some(Direction::Outbound));
        assert_eq!((out.n_calls, out.answered_share, out.mean_duration_seconds), (1, Some(0.0), None));
        assert_eq!(Tally::default().view(None).answered_share, None);
    }

    #[test]
    fn percentiles_are_right_to_a_fortieth() {
        let waits: Vec<f64> = (1..=1000).map(|n| f64::from(n) * 3.0).collect();
        let mut tally = Tally::default();
        tally.count(&ended("inbound", "finished", 1.0, &waits));
        let waited = tally.view(None).latency;
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
        let mut tally = Tally::default();
        tally.count(&Ended { direction: "inbound", outcome: &"x".repeat(500), is_answered: true, seconds: f64::NAN, waits_ms: &[] });
        assert_eq!(tally.view(None).outcomes.keys().next().map(String::len), Some(LONGEST_WORD));
        assert_eq!(tally.view(None).mean_duration_seconds, Some(0.0));
    }
}
