//! Measures the built-in embedding model: `cargo run --release --example embeddings -- TEXTS VECTORS [ROUNDS]`.
//!
//! TEXTS is a JSON list of texts; their vectors are written as JSON. Prints as JSON the processor and wall time of the best round, how long
//! single questions take, and the memory. `tests/bench/embeddings.sh` runs it beside Python's onnxruntime.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a measuring tool")]

use std::fs;
use std::time::{Duration, Instant};

use cxbox::platform::embed::{Embedder, MODEL, MOST_TOKENS};
use serde_json::json;

fn main() {
    let mut args = std::env::args().skip(1);
    let (texts, out) = (args.next().unwrap(), args.next().unwrap());
    let rounds: usize = args.next().map_or(3, |rounds| rounds.parse().unwrap());
    let texts: Vec<String> = serde_json::from_slice(&fs::read(texts).unwrap()).unwrap();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();

    let began = Instant::now();
    let embedder = Embedder::built_in().unwrap();
    embedder.embed(&["Where is the manual?"]).unwrap();
    let first_ms = began.elapsed().as_secs_f64() * 1e3;
    let rss_ready_kb = memory("VmRSS");

    let rounds = (0..rounds).map(|_| {
        let (began, used) = (Instant::now(), processor_time());
        fs::write(&out, serde_json::to_vec(&embedder.embed(&texts).unwrap()).unwrap()).unwrap();
        (processor_time() - used, began.elapsed())
    });
    let (cpu, wall) = rounds.min().unwrap();
    let tokens: usize = texts.iter().map(|text| embedder.count_tokens(text).min(MOST_TOKENS)).sum();
    let (p50, p95) = questions(&embedder, &texts);
    let figures = json!({
        "model": MODEL,
        "texts": texts.len(),
        "tokens": tokens,
        "cpu_s": cpu.as_secs_f64(),
        "wall_s": wall.as_secs_f64(),
        "chunks_per_s": texts.len() as f64 / wall.as_secs_f64(),
        "question_p50_ms": p50.as_secs_f64() * 1e3,
        "question_p95_ms": p95.as_secs_f64() * 1e3,
        "first_ms": first_ms,
        "rss_ready_kb": rss_ready_kb,
        "rss_peak_kb": memory("VmHWM"),
    });
    println!("{figures}");
}

/// How long the first ten words of a text take.
fn questions(embedder: &Embedder, texts: &[&str]) -> (Duration, Duration) {
    let mut times: Vec<Duration> = (0..200)
        .map(|i| {
            let question = texts[i % texts.len()].split(' ').take(10).collect::<Vec<_>>().join(" ");
            let began = Instant::now();
            embedder.embed(&[&question]).unwrap();
            began.elapsed()
        })
        .collect();
    times.sort();
    (times[times.len() / 2], times[times.len() * 95 / 100])
}

fn processor_time() -> Duration {
    let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(usage.tv_sec.unsigned_abs(), u32::try_from(usage.tv_nsec).unwrap())
}

fn memory(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|found| found.starts_with(line)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
