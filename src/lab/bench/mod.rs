//! Measures conversations: an appliance of its own, models that always take the same time, callers who talk, interrupt and cough, and the
//! figures on the wire.

mod curve;
mod memory;
mod noises;
mod stage;
mod table;

use serde::Serialize;

use crate::base::{Clock, Random, Result};
use crate::lab::load::{Does, Report};

use stage::{Part, Stage};

/// What is measured.
#[derive(Debug, Clone)]
pub struct BenchOptions {
    /// Calls at once, one measurement each.
    pub calls: Vec<u16>,
    /// How long each measurement lasts.
    pub seconds: u64,
    /// How many calls are begun in a second.
    pub per_second: u32,
    /// Times of the models.
    pub models: Models,
    /// Silence after which the caller has finished.
    pub end_of_turn_ms: u32,
}

/// Times of the models, milliseconds each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Models {
    /// Speech to text.
    pub stt_ms: u64,
    /// First word of the language model.
    pub llm_ms: u64,
    /// First sound of the voice.
    pub tts_ms: u64,
}

impl Default for Models {
    fn default() -> Self {
        Self { stt_ms: 150, llm_ms: 200, tts_ms: 100 }
    }
}

impl Models {
    fn together(self) -> u64 {
        self.stt_ms + self.llm_ms + self.tts_ms
    }
}

/// One point of the curve. Times in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Point {
    /// Calls at once.
    pub calls: u16,
    /// Calls that were not answered or ended before their time.
    pub failed: usize,
    /// Answers of the bot that were measured.
    pub answers: usize,
    /// Words that were not answered.
    pub unanswered: u32,
    /// The caller's last sound to the bot's first, without the silence that ends a turn and the models: half of them.
    pub added_p50_ms: f64,
    /// The same, 95 of 100.
    pub added_p95_ms: f64,
    /// Answer of the call to the first word, 95 of 100.
    pub first_word_p95_ms: f64,
    /// Packets that came too late or not at all, in percent.
    pub loss_percent: f64,
    /// Time between two packets of one call, 99 of 100.
    pub inter_packet_p99_ms: f64,
    /// Memory of the engine that a call adds, in kilobytes.
    pub memory_kb: f64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Findings {
    /// Version of the program.
    pub version: String,
    /// Times of the models.
    pub models: Models,
    /// Silence after which the caller has finished.
    pub end_of_turn_ms: u32,
    /// The curve.
    pub points: Vec<Point>,
    /// Interruptions after which the bot fell silent.
    pub interruptions: usize,
    /// Interruptions after which it did not.
    pub ignored: u32,
    /// The caller's first sound to the bot's last, 95 of 100.
    pub barge_in_p95_ms: f64,
    /// Coughs, hums and noises while the bot spoke.
    pub disturbances: u32,
    /// Those after which it did not go on.
    pub false_interruptions: u32,
}

impl Findings {
    /// The curve as a picture.
    pub fn picture(&self) -> String {
        curve::picture(&self.points)
    }

    /// How often a noise stopped the bot, in percent.
    pub fn false_percent(&self) -> f64 {
        100.0 * f64::from(self.false_interruptions) / f64::from(self.disturbances.max(1))
    }
}

/// Measures. `news` is told of each step.
///
/// # Errors
/// When the appliance does not come up or a call cannot be set up; calls that fail are counted.
pub async fn run(options: &BenchOptions, news: impl Fn(&str)) -> Result<Findings> {
    let most = options.calls.iter().copied().max().unwrap_or(1);
    news("Starting an appliance in a temporary folder");
    let stage = Stage::start(options, most, Clock::system(), &Random::system()).await?;
    let measured = measure(&stage, options, news).await;
    stage.end().await?;
    measured
}

async fn measure(stage: &Stage, options: &BenchOptions, news: impl Fn(&str)) -> Result<Findings> {
    let mut points = Vec::new();
    let question = stage.spoken("could you please tell me when you are open").await?;
    for calls in &options.calls {
        news(&format!("{calls} conversations for {} s", options.seconds));
        let before = stage.memory_kb();
        let (report, peak) = stage.load(Part::Talk, *calls, Does::Talks(question.clone())).await?;
        points.push(point(options, *calls, &report, (before, peak)));
    }
    news("One caller who interrupts the bot");
    let words = stage.spoken("wait a moment please I have another question").await?;
    let (barge, _) = stage.load(Part::Monologue, 1, Does::Interrupts(words)).await?;
    let (mut disturbances, mut false_interruptions) = (0, 0);
    for (part, name, sounds) in [(Part::Hum, "hums", noises::hums()), (Part::Noise, "coughs on a bad line", noises::coughs())] {
        news(&format!("One caller who {name} while the bot speaks"));
        let (report, _) = stage.load(part, 1, Does::Disturbs(sounds)).await?;
        disturbances += report.n_disturbances;
        false_interruptions += report.n_false_interruptions;
    }
    Ok(Findings {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        models: options.models,
        end_of_turn_ms: options.end_of_turn_ms,
        points,
        interruptions: barge.n_interruptions,
        ignored: barge.n_ignored,
        barge_in_p95_ms: barge.barge_in_p95_ms,
        disturbances,
        false_interruptions,
    })
}

fn point(options: &BenchOptions, calls: u16, report: &Report, (before, peak): (u64, u64)) -> Point {
    let waited = f64::from(options.end_of_turn_ms) + options.models.together() as f64;
    let added = |ms: f64| if report.n_answers == 0 { 0.0 } else { ms - waited };
    Point {
        calls,
        failed: report.n_failed,
        answers: report.n_answers,
        unanswered: report.n_unanswered,
        added_p50_ms: added(report.answer_p50_ms),
        added_p95_ms: added(report.answer_p95_ms),
        first_word_p95_ms: report.first_audio_p95_ms,
        loss_percent: report.loss_percent,
        inter_packet_p99_ms: report.inter_packet_p99_ms,
        memory_kb: peak.saturating_sub(before) as f64 / f64::from(calls.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_adds_is_what_neither_silence_nor_models_explain() {
        let options = BenchOptions { calls: vec![10], seconds: 60, per_second: 10, models: Models::default(), end_of_turn_ms: 700 };
        let report = Report { n_answers: 9, answer_p50_ms: 1_165.0, answer_p95_ms: 1_190.0, n_failed: 1, ..Report::default() };
        let found = point(&options, 10, &report, (50_000, 55_000));
        assert_eq!((found.added_p50_ms, found.added_p95_ms, found.memory_kb, found.failed), (15.0, 40.0, 500.0, 1));
        let nothing = point(&options, 10, &Report::default(), (50_000, 40_000));
        assert_eq!((nothing.added_p95_ms, nothing.memory_kb), (0.0, 0.0));
    }
}
