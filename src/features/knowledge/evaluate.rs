//! How well searches find what they should: questions with the place of their answer, ranks, figures. Pure.

use serde::{Deserialize, Serialize};

/// A question and where its answer stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The question.
    pub question: String,
    /// Name of the document that answers it.
    pub document: String,
    /// Part of the heading that answers it; empty: anywhere in the document.
    #[serde(default)]
    pub heading: String,
}

/// The place of the first passage that answers, from 1. `results` are names and headings in their order.
pub fn rank<'a>(case: &Case, results: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<usize> {
    let fits = |(name, heading): (&str, &str)| name == case.document && heading.to_lowercase().contains(&case.heading.to_lowercase());
    results.into_iter().position(fits).map(|at| at + 1)
}

/// What was seen of one ranking.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    ranks: Vec<Option<usize>>,
    times_ms: Vec<f64>,
}

/// What it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Questions.
    pub n: usize,
    /// Part of them whose answer came first.
    pub recall_at_1: f64,
    /// Part of them whose answer was among the first five.
    pub recall_at_5: f64,
    /// Part of them whose answer was among the first ten.
    pub recall_at_10: f64,
    /// Mean of one over the rank.
    pub mrr: f64,
    /// Discounted gain over the first ten, against the best there could be.
    pub ndcg_at_10: f64,
    /// Half of the searches took less, in milliseconds.
    pub p50_ms: f64,
    /// Nineteen of twenty took less.
    pub p95_ms: f64,
}

impl Tally {
    /// Notes one question.
    pub fn note(&mut self, rank: Option<usize>, took_ms: f64) {
        self.ranks.push(rank);
        self.times_ms.push(took_ms);
    }

    /// The figures; all zero without a question.
    pub fn figures(&self) -> Figures {
        let n = self.ranks.len();
        let mean = |worth: &dyn Fn(usize) -> f64| self.ranks.iter().flatten().map(|rank| worth(*rank)).sum::<f64>() / n.max(1) as f64;
        let within = |most: usize| mean(&|rank| if rank <= most { 1.0 } else { 0.0 });
        let mut times = self.times_ms.clone();
        times.sort_by(f64::total_cmp);
        let at = |part: f64| times.get(((times.len() as f64 * part).ceil() as usize).saturating_sub(1)).copied().unwrap_or(0.0);
        Figures {
            n,
            recall_at_1: within(1),
            recall_at_5: within(5),
            recall_at_10: within(10),
            mrr: mean(&|rank| 1.0 / rank as f64),
            ndcg_at_10: mean(&|rank| if rank <= 10 { 1.0 / ((rank + 1) as f64).log2() } else { 0.0 }),
            p50_ms: at(0.5),
            p95_ms: at(0.95),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_and_figures_are_counted() {
        let case = Case { question: "q".to_owned(), document: "a.md".to_owned(), heading: "Hours".to_owned() };
        let results = [("b.md", "Hours"), ("a.md", "Shop › Opening hours")];
        assert_eq!(rank(&case, results), Some(2));
        assert_eq!(rank(&case, [("a.md", "Parking")]), None);
        let mut tally = Tally::default();
        for (rank, time) in [(Some(1), 1.0), (Some(2), 2.0), (None, 3.0), (Some(7), 4.0)] {
            tally.note(rank, time);
        }
        let figures = tally.figures();
        assert!(
            (figures.recall_at_1 - 0.25).abs() < 1e-9
                && (figures.recall_at_5 - 0.5).abs() < 1e-9
                && (figures.recall_at_10 - 0.75).abs() < 1e-9
        );
        assert!((figures.mrr - (1.0 + 0.5 + 1.0 / 7.0) / 4.0).abs() < 1e-9);
        assert!((figures.p50_ms - 2.0).abs() < 1e-9 && (figures.p95_ms - 4.0).abs() < 1e-9);
        assert_eq!(Tally::default().figures().n, 0);
    }
}
