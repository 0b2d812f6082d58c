//! The figures of a load.

use std::fmt;

use serde::Serialize;

use super::Outcome;
use super::wire::Heard;

/// What came of a load. Times in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Calls made.
    pub n_calls: usize,
    /// Calls that were not answered, or ended before their time.
    pub n_failed: usize,
    /// Why the first of them failed.
    pub first_failure: Option<String>,
    /// INVITE to 200, half of the calls.
    pub setup_p50_ms: f64,
    /// INVITE to 200, 95 of 100 calls.
    pub setup_p95_ms: f64,
    /// Answer to the first sound on the wire, half of the calls.
    pub first_audio_p50_ms: f64,
    /// Answer to the first sound on the wire, 95 of 100 calls.
    pub first_audio_p95_ms: f64,
    /// Calls on which something was heard.
    pub n_heard: usize,
    /// Packets that came.
    pub n_received: u64,
    /// Packets that were sent to us and did not come, in percent.
    pub loss_percent: f64,
    /// Mean jitter (RFC 3550).
    pub jitter_ms: f64,
    /// Time between two packets of one call, half of them.
    pub inter_packet_p50_ms: f64,
    /// Time between two packets of one call, 99 of 100.
    pub inter_packet_p99_ms: f64,
    /// The longest.
    pub inter_packet_max_ms: f64,
    /// Interruptions after which the bot fell silent.
    pub n_interruptions: usize,
    /// Interruptions after which it did not.
    pub n_ignored: u32,
    /// Answers that callers waited for.
    pub n_answers: usize,
    /// Words of callers that were not answered.
    pub n_unanswered: u32,
    /// The caller's last sound to the first of the answer, half of them.
    pub answer_p50_ms: f64,
    /// The caller's last sound to the first of the answer, 95 of 100.
    pub answer_p95_ms: f64,
    /// Noises that were made while the bot spoke.
    pub n_disturbances: u32,
    /// Noises after which the bot did not go on.
    pub n_false_interruptions: u32,
    /// The caller's first sound to the bot's last, half of them.
    pub barge_in_p50_ms: f64,
    /// The caller's first sound to the bot's last, 95 of 100.
    pub barge_in_p95_ms: f64,
}

/// The report of these calls.
pub(super) fn make(outcomes: &[Outcome], heard: &[Heard]) -> Report {
    let setups = sorted(outcomes.iter().filter_map(|o| match o {
        Outcome::Held { setup } | Outcome::Dropped { setup } => Some(setup.as_secs_f64() * 1000.0),
        Outcome::Failed(_) => None,
    }));
    let first_audio = sorted(heard.iter().filter_map(|h| h.first_audio_ms));
    let gaps = sorted(heard.iter().flat_map(|h| h.gaps_ms.iter().map(|g| f64::from(*g))));
    let barge_ins = sorted(heard.iter().flat_map(|h| h.found.took_ms.iter().copied()));
    let answers = sorted(heard.iter().flat_map(|h| h.found.answers_ms.iter().copied()));
    let (n_received, n_expected) = heard.iter().fold((0, 0), |(r, e), h| (r + h.n_received, e + h.n_expected));
    let failures = outcomes.iter().filter_map(|o| match o {
        Outcome::Held { .. } => None,
        Outcome::Dropped { .. } => Some("the far end hung up before its time".to_owned()),
        Outcome::Failed(why) => Some(why.clone()),
    });
    let failures: Vec<String> = failures.collect();
    Report {
        n_calls: outcomes.len(),
        n_failed: failures.len(),
        first_failure: failures.into_iter().next(),
        setup_p50_ms: at(&setups, 50),
        setup_p95_ms: at(&setups, 95),
        first_audio_p50_ms: at(&first_audio, 50),
        first_audio_p95_ms: at(&first_audio, 95),
        n_heard: first_audio.len(),
        n_received,
        loss_percent: if n_expected == 0 { 0.0 } else { 100.0 * n_expected.saturating_sub(n_received) as f64 / n_expected as f64 },
        jitter_ms: heard.iter().map(|h| h.jitter_ms).sum::<f64>() / heard.len().max(1) as f64,
        inter_packet_p50_ms: at(&gaps, 50),
        inter_packet_p99_ms: at(&gaps, 99),
        inter_packet_max_ms: gaps.last().copied().unwrap_or(0.0),
        n_interruptions: barge_ins.len(),
        n_ignored: heard.iter().map(|h| h.found.n_ignored).sum(),
        n_answers: answers.len(),
        n_unanswered: heard.iter().map(|h| h.found.n_unanswered).sum(),
        answer_p50_ms: at(&answers, 50),
        answer_p95_ms: at(&answers, 95),
        n_disturbances: heard.iter().map(|h| h.found.n_disturbances).sum(),
        n_false_interruptions: heard.iter().map(|h| h.found.n_false).sum(),
        barge_in_p50_ms: at(&barge_ins, 50),
        barge_in_p95_ms: at(&barge_ins, 95),
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all
}

/// The value that so many percent do not exceed; zero of nothing.
fn at(sorted: &[f64], percent: usize) -> f64 {
    let n = (sorted.len() * percent).div_ceil(100);
    n.checked_sub(1).and_then(|at| sorted.get(at)).copied().unwrap_or(0.0)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "calls            {} made, {} failed, {} heard", self.n_calls, self.n_failed, self.n_heard)?;
        if let Some(why) = &self.first_failure {
            writeln!(f, "first failure    {why}")?;
        }
        writeln!(f, "setup            p50 {:.1} ms   p95 {:.1} ms", self.setup_p50_ms, self.setup_p95_ms)?;
        writeln!(f, "answer to sound  p50 {:.1} ms   p95 {:.1} ms", self.first_audio_p50_ms, self.first_audio_p95_ms)?;
        let (p50, p99, max) = (self.inter_packet_p50_ms, self.inter_packet_p99_ms, self.inter_packet_max_ms);
        writeln!(f, "inter-packet     p50 {p50:.2} ms   p99 {p99:.2} ms   max {max:.2} ms")?;
        if self.n_interruptions > 0 || self.n_ignored > 0 {
            let (p50, p95) = (self.barge_in_p50_ms, self.barge_in_p95_ms);
            writeln!(f, "barge-in         p50 {p50:.0} ms   p95 {p95:.0} ms   {} made, {} ignored", self.n_interruptions, self.n_ignored)?;
        }
        if self.n_answers > 0 || self.n_unanswered > 0 {
            let (p50, p95) = (self.answer_p50_ms, self.answer_p95_ms);
            writeln!(f, "words to answer  p50 {p50:.0} ms   p95 {p95:.0} ms   {} answered, {} not", self.n_answers, self.n_unanswered)?;
        }
        if self.n_disturbances > 0 {
            writeln!(f, "noises           {} made, {} stopped the bot", self.n_disturbances, self.n_false_interruptions)?;
        }
        write!(f, "packets          {} received, {:.3} % lost, jitter {:.2} ms", self.n_received, self.loss_percent, self.jitter_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::super::acts::Found;
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_report_counts_what_failed_and_what_was_lost() {
        let held = |ms| Outcome::Held { setup: Duration::from_millis(ms) };
        let outcomes = [held(10), held(20), Outcome::Failed("486".to_owned())];
        let found = Found { took_ms: vec![80.0, 120.0], n_ignored: 1, answers_ms: vec![900.0], n_unanswered: 2, ..Found::default() };
        let packets = Heard { first_audio_ms: Some(30.0), n_received: 90, n_expected: 100, jitter_ms: 1.0, ..Heard::default() };
        let heard = [Heard { gaps_ms: vec![20.0; 99], found, ..packets }];
        let report = make(&outcomes, &heard);
        assert_eq!((report.n_calls, report.n_failed, report.first_failure.as_deref()), (3, 1, Some("486")));
        assert_eq!((report.setup_p50_ms, report.setup_p95_ms, report.loss_percent), (10.0, 20.0, 10.0));
        assert_eq!((report.n_interruptions, report.n_ignored, report.barge_in_p95_ms), (2, 1, 120.0));
        assert_eq!((report.n_answers, report.n_unanswered, report.answer_p95_ms), (1, 2, 900.0));
        assert_eq!(make(&[], &[]), Report::default());
    }
}
