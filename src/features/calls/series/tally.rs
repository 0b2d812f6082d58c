//! What is counted of calls in a quarter of an hour, and what that comes to. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::waits::{Waits, WaitsView};
use crate::base;
use crate::features::calls::model::Direction;
use crate::platform::db::from_json;

/// An outcome word is cut after so many characters: engines choose it.
const LONGEST_WORD: usize = 64;

/// Sums over calls; they can be added up.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Tally {
    /// By direction and outcome word, with a space between.
    calls: BTreeMap<String, Sum>,
    /// How long callers waited for answers.
    #[serde(skip_serializing_if = "Waits::is_empty")]
    waits: Waits,
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

impl Tally {
    /// Counts one call.
    pub(super) fn count(&mut self, call: &Ended<'_>) {
        let outcome: String = call.outcome.chars().take(LONGEST_WORD).collect();
        // The cast keeps what it can; a length below zero is none.
        let answered = if call.is_answered { (1, (call.seconds * 1000.0).round() as u64) } else { (0, 0) };
        self.put(&format!("{} {outcome}", call.direction), Sum(1, answered.0, answered.1));
        for wait in call.waits_ms {
            self.waits.count(*wait);
        }
    }

    /// Adds what was counted elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        for (key, sum) in &other.calls {
            self.put(key, *sum);
        }
        self.waits.add(&other.waits);
    }

    /// Adds a stored tally. A year of them is some 35,000, so nothing of it is copied that is known already.
    pub(super) fn add_stored(&mut self, json: &str) -> base::Result<()> {
        let stored: Stored<'_> = from_json(json)?;
        stored.calls.0.iter().for_each(|(key, sum)| self.put(&key.0, *sum));
        stored.waits.0.iter().for_each(|(class, n)| self.waits.put(*class, *n));
        Ok(())
    }

    /// Adds to the calls of one direction and outcome.
    fn put(&mut self, key: &str, more: Sum) {
        match self.calls.get_mut(key) {
            Some(mine) => *mine = mine.plus(more),
            None => drop(self.calls.insert(key.to_owned(), more)),
        }
    }

    /// What it comes to, for calls of one direction or of both. Waits are not kept by direction.
    pub(super) fn view(&self, direction: Option<Direction>) -> CallFiguresView {
        let mut all = Sum::default();
        let mut outcomes = BTreeMap::new();
        for (key, sum) in &self.calls {
            let (of, outcome) = key.split_once(' ').unwrap_or(("", key));
            if direction.is_none_or(|wanted| wanted.as_str() == of) {
                all = all.plus(*sum);
                *outcomes.entry(outcome.to_owned()).or_default() += sum.0;
            }
        }
        CallFiguresView {
            n_calls: all.0,
            n_answered: all.1,
            answered_share: ratio(all.1, all.0),
            mean_duration_seconds: ratio(all.2, all.1).map(|ms| (ms / 10.0).round() / 100.0),
            outcomes,
            latency: self.waits.view(),
        }
    }
}

impl Sum {
    fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1, self.2 + other.2)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// A tally as it is stored.
#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    calls: Entries<Word<'a>, Sum>,
    #[serde(default)]
    waits: Entries<u16, u64>,
}

/// A word that is not copied where it stands as it is.
#[derive(Deserialize)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

/// A map as it is read, entry by entry: to add it up, none has to be found again.
struct Entries<K, V>(Vec<(K, V)>);

impl<K, V> Default for Entries<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Entries<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

struct Reader<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Reader<K, V> {
    type Value = Entries<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
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
        noon.add_stored(&serde_json::to_string(&morning).unwrap()).unwrap();
        let all = noon.view(None);
        assert_eq!((all.n_calls, all.n_answered, all.mean_duration_seconds), (3, 2, Some(45.25)));
        assert_eq!(all.outcomes, BTreeMap::from([("finished".to_owned(), 2), ("no-answer".to_owned(), 1)]));
        let out = noon.view(Some(Direction::Outbound));
        assert_eq!((out.n_calls, out.answered_share, out.mean_duration_seconds), (1, Some(0.0), None));
        assert_eq!(Tally::default().view(None).answered_share, None);
    }

    #[test]
    fn words_and_lengths_of_engines_are_bounded() {
        let mut tally = Tally::default();
        tally.count(&Ended { direction: "inbound", outcome: &"x".repeat(500), is_answered: true, seconds: f64::NAN, waits_ms: &[] });
        assert_eq!(tally.view(None).outcomes.keys().next().map(String::len), Some(LONGEST_WORD));
        assert_eq!(tally.view(None).mean_duration_seconds, Some(0.0));
    }

    #[test]
    fn a_stored_tally_is_added_as_it_was_counted() {
        let mut counted = Tally::default();
        counted.count(&ended("inbound", "a \"word\"\nof an engine, ü", 1.5, &[40.0, 600.0, 610.0]));
        counted.count(&ended("outbound", "", 0.0, &[]));
        let mut read = Tally::default();
        for _ in 0..3 {
            read.add_stored(&serde_json::to_string(&counted).unwrap()).unwrap();
        }
        let mut added = counted.clone();
        added.add(&counted);
        added.add(&counted);
        assert_eq!(read, added);
        assert!(read.add_stored("{\"calls\":[]}").is_err() && read.add_stored("").is_err());
    }
}
