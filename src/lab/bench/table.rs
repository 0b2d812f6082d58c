//! The findings on a terminal.

use std::fmt;

use super::Findings;

/// What is wanted at one call and at a hundred.
const ADDED_ALONE_MS: f64 = 30.0;
const ADDED_CROWDED_MS: f64 = 60.0;
const FIRST_WORD_MS: f64 = 300.0;
const BARGE_IN_MS: f64 = 200.0;
const FALSE_PERCENT: f64 = 5.0;
const MEMORY_KB: f64 = 1024.0;

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models = self.models;
        writeln!(
            f,
            "cxbox {}; models take {} ms (words), {} ms (first word of the answer), {} ms (first sound); a turn ends after {} ms\n",
            self.version, models.stt_ms, models.llm_ms, models.tts_ms, self.end_of_turn_ms
        )?;
        writeln!(f, "calls  failed  answers  no answer  added p50  added p95  first word p95  packets p99   lost  memory/call")?;
        for point in &self.points {
            writeln!(
                f,
                "{:5}  {:6}  {:7}  {:9}  {:6.0} ms  {:6.0} ms  {:11.0} ms  {:8.1} ms  {:4.2} %  {:8.0} KB",
                point.calls,
                point.failed,
                point.answers,
                point.unanswered,
                point.added_p50_ms,
                point.added_p95_ms,
                point.first_word_p95_ms,
                point.inter_packet_p99_ms,
                point.loss_percent,
                point.memory_kb
            )?;
        }
        writeln!(f)?;
        for (what, got, wanted, unit) in self.against() {
            let word = if got <= wanted { "ok    " } else { "missed" };
            writeln!(f, "{word}  {what}: {got:.0} {unit} (wanted: at most {wanted:.0} {unit})")?;
        }
        write!(
            f,
            "{} interruptions, {} ignored; {} noises, {} of them stopped the bot",
            self.interruptions, self.ignored, self.disturbances, self.false_interruptions
        )
    }
}

impl Findings {
    /// Each figure that is promised, as far as it was measured: what, how much, how much at most.
    fn against(&self) -> Vec<(String, f64, f64, &'static str)> {
        let mut all = Vec::new();
        for point in self.points.iter().filter(|point| point.answers > 0) {
            let wanted = if point.calls <= 1 { ADDED_ALONE_MS } else { ADDED_CROWDED_MS };
            if point.calls <= 100 {
                all.push((format!("added to the models at {} calls, p95", point.calls), point.added_p95_ms, wanted, "ms"));
            }
        }
        if let Some(point) = self.points.iter().filter(|point| point.calls <= 100).max_by_key(|point| point.calls) {
            all.push((format!("answer to first word at {} calls, p95", point.calls), point.first_word_p95_ms, FIRST_WORD_MS, "ms"));
            if point.calls > 1 {
                all.push((format!("memory of a call at {} calls", point.calls), point.memory_kb, MEMORY_KB, "KB"));
            }
        }
        if self.interruptions > 0 {
            all.push(("interruption to silence, p95".to_owned(), self.barge_in_p95_ms, BARGE_IN_MS, "ms"));
        }
        if self.disturbances > 0 {
            all.push(("noises that stop the bot".to_owned(), self.false_percent(), FALSE_PERCENT, "%"));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Models, Point};
    use super::*;

    #[test]
    fn the_table_says_what_was_kept_and_what_was_missed() {
        let point =
            |calls, added_p95_ms| Point { calls, answers: 5, added_p95_ms, first_word_p95_ms: 250.0, memory_kb: 700.0, ..Point::default() };
        let found = Findings {
            version: "1.2.3".to_owned(),
            models: Models::default(),
            end_of_turn_ms: 700,
            points: vec![point(1, 20.0), point(100, 80.0), point(200, 300.0)],
            interruptions: 4,
            ignored: 1,
            barge_in_p95_ms: 150.0,
            disturbances: 20,
            false_interruptions: 2,
        };
        let text = found.to_string();
        for line in [
            "ok      added to the models at 1 calls, p95: 20 ms (wanted: at most 30 ms)",
            "missed  added to the models at 100 calls, p95: 80 ms (wanted: at most 60 ms)",
            "ok      memory of a call at 100 calls: 700 KB",
            "missed  noises that stop the bot: 10 % (wanted: at most 5 %)",
            "ok      interruption to silence, p95: 150 ms",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("at 200 calls, p95"), "nothing is promised beyond a hundred");
    }
}
