//! Measures the vector index: `cargo run --release --example vectors -- VECTORS QUERIES`.
//!
//! Both files hold rows of 384 numbers in single precision. The index is filled, then each query is asked for its best fifty, which are made
//! exact from the rows of the file: what a search of the knowledge base does. Prints times (wall, and processor time of a query, which
//! a busy machine disturbs less), the part of the true best ten that was found,
//! and the memory as JSON. `tests/bench/embeddings.sh` runs it beside chromadb.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a measuring tool")]

use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use cxbox::platform::embed::{DIMENSIONS, VectorIndex, dot};
use serde_json::json;

const ROW: usize = DIMENSIONS * size_of::<f32>();
/// Hits that are made exact.
const COARSE: usize = 50;
/// Hits that are wanted.
const WANTED: usize = 10;

fn main() {
    let mut args = std::env::args().skip(1);
    let (path, queries) = (args.next().unwrap(), fs::read(args.next().unwrap()).unwrap());
    let rows = File::open(&path).unwrap();
    let n = rows.metadata().unwrap().len() / ROW as u64;
    let index = VectorIndex::new(DIMENSIONS);
    let (before_kb, began) = (rss_kb(), Instant::now());
    let mut reader = BufReader::new(File::open(&path).unwrap());
    index
        .rebuild((0..n).map(|id| {
            let mut row = [0; ROW];
            reader.read_exact(&mut row).unwrap();
            Ok((id.cast_signed(), numbers(&row)))
        }))
        .unwrap();
    let (fill_s, added_kb) = (began.elapsed().as_secs_f64(), rss_kb() - before_kb);

    let queries: Vec<Vec<f32>> = queries.chunks_exact(ROW).map(numbers).collect();
    let mut times = Vec::new();
    let mut found = Vec::new();
    let used = processor_time();
    for query in queries.iter().chain(&queries) {
        let began = Instant::now();
        let near = index.search(query, COARSE, |_| true).unwrap();
        let mut exact: Vec<(f32, i64)> = near.iter().map(|near| (dot(&row(&rows, near.id), query), near.id)).collect();
        exact.sort_by(|a, b| b.0.total_cmp(&a.0));
        times.push(began.elapsed().as_secs_f64() * 1e3);
        found.push(exact.iter().take(WANTED).map(|hit| hit.1).collect::<Vec<_>>());
    }
    let cpu_ms = (processor_time() - used).as_secs_f64() * 1e3 / times.len() as f64;
    times.sort_by(f64::total_cmp);
    let figures = json!({
        "n": n,
        "cpu_ms": cpu_ms,
        "p50_ms": times[times.len() / 2],
        "p95_ms": times[times.len() * 95 / 100],
        "recall_at_10": recall(&fs::read(&path).unwrap(), &queries, &found),
        "fill_s": fill_s,
        "added_mb": added_kb as f64 / 1024.0,
    });
    println!("{figures}");
}

/// The part of the true best ten that was found, by looking at everything.
fn recall(rows: &[u8], queries: &[Vec<f32>], found: &[Vec<i64>]) -> f64 {
    let rows: Vec<Vec<f32>> = rows.chunks_exact(ROW).map(numbers).collect();
    let hits = queries.iter().zip(found).map(|(query, found)| {
        let mut all: Vec<(f32, i64)> = rows.iter().zip(0..).map(|(row, id)| (dot(row, query), id)).collect();
        all.select_nth_unstable_by(WANTED - 1, |a, b| b.0.total_cmp(&a.0));
        all[..WANTED].iter().filter(|(_, id)| found.contains(id)).count()
    });
    hits.sum::<usize>() as f64 / (queries.len() * WANTED) as f64
}

fn row(rows: &File, id: i64) -> Vec<f32> {
    let mut row = [0; ROW];
    rows.read_exact_at(&mut row, id.unsigned_abs() * ROW as u64).unwrap();
    numbers(&row)
}

fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn processor_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), u32::try_from(used.tv_nsec).unwrap())
}

fn rss_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
