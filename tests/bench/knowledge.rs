//! How fast knowledge bases are: `cargo run --release --example knowledge [search N | ingest N]`.
//!
//! `search` fills a box with N chunks of made-up text and vectors and times whole searches (question to passages), the opening of the index and its
//! making anew from rows. `ingest` uploads N chunks' worth of text over the routes and times reading, embedding and indexing, with searches beside it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::{Extension, Router};
use cxbox::base::seal::Sealer;
use cxbox::base::{Clock, Random};
use cxbox::features::knowledge::{self, Knowledge, KnowledgeSetup, SearchOrder};
use cxbox::features::settings::{Settings, SettingsSetup};
use cxbox::platform::access::{Actor, Caller, Role};
use cxbox::platform::bulletin::Bulletin;
use cxbox::platform::config::{Config, Flags, Layers};
use cxbox::platform::db::Db;
use cxbox::platform::embed::{DIMENSIONS, Embedder, MODEL};
use cxbox::platform::memory;
use cxbox::platform::net::{Outbound, OutboundOptions};
use cxbox::platform::outbox::{Outbox, Work};
use cxbox::platform::space::{Disk, Reserve};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Words that made-up texts are made of.
const WORDS: &str = include_str!("../../assets/docs/operations.md");

struct Bench {
    db: Db,
    knowledge: Knowledge,
    router: Router,
    outbox: Outbox,
}

fn main() -> Outcome<()> {
    memory::settle();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bench())
}

async fn bench() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (what, n) = match arguments.as_slice() {
        [what, n] => (what.as_str(), n.parse()?),
        _ => ("search", 100_000),
    };
    let folder = std::env::temp_dir().join(format!("cxbox-knowledge-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("search"))?;
    let outcome = if what == "ingest" { ingest(&folder, n).await } else { search(&folder, n).await };
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn open(folder: &Path) -> Outcome<Bench> {
    let clock = Clock::system();
    let db = Db::open(&folder.join("main.db"), folder, clock.clone())?;
    let sealer = Arc::new(Sealer::new(&[7; 32], Random::system())?);
    let config: Config = Layers::read(None, &[], &Flags::default())?.config()?;
    let settings = Settings::new(SettingsSetup { db: db.clone(), sealer: sealer.clone(), keys: config.live, checks: Vec::new() })?;
    let mut program = std::env::current_exe()?;
    program.pop();
    program.pop();
    let knowledge = Knowledge::new(KnowledgeSetup {
        db: db.clone(),
        clock: clock.clone(),
        random: Random::system(),
        sealer,
        settings,
        net: Outbound::new(OutboundOptions::allowing(Vec::<String>::new())?)?,
        folder: folder.join("knowledge"),
        search: folder.join("search"),
        disk: Disk::of(folder, Reserve { mb: 1, percent: 0 }),
        program: program.join("cxbox"),
        bulletin: Bulletin::default(),
    })?;
    let caller = Caller::Actor(Actor { role: Role::SuperAdmin, ..Actor::local("bench") });
    let router = knowledge::routes(knowledge.clone()).split_for_parts().0.layer(Extension(caller));
    let work = Work { handlers: knowledge::handlers(&knowledge).into_iter().collect(), ..Work::default() };
    let outbox = Outbox::new(&db, &clock, work);
    Ok(Bench { db, knowledge, router, outbox })
}

impl Bench {
    async fn post(&self, path: &str, content_type: &str, body: Vec<u8>) -> Outcome<Value> {
        let request = http::Request::post(path).header("content-type", content_type).body(Body::from(body))?;
        let response = self.router.clone().oneshot(request).await?;
        let (status, bytes) = (response.status(), response.into_body().collect().await?.to_bytes());
        if !status.is_success() {
            return Err(format!("{path} answered {status}: {}", String::from_utf8_lossy(&bytes)).into());
        }
        Ok(serde_json::from_slice(&bytes)?)
    }

    async fn base(&self) -> Outcome<String> {
        let made = self.post("/api/v1/knowledge-bases", "application/json", json!({ "name": "bench" }).to_string().into_bytes()).await?;
        Ok(made["id"].as_str().unwrap_or_default().to_owned())
    }
}

/// Milliseconds below which this part of the times lies.
fn at(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() as f64 * part).ceil() as usize).saturating_sub(1)]
}

/// Resident memory of this process in megabytes: `RssAnon` is its own, `RssFile` are pages of files that the system may take back.
fn resident_mb(kind: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(kind)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// Made-up text of about two hundred tokens.
fn text(random: &Random, words: &[&str]) -> String {
    let mut text = String::new();
    while text.len() < 900 {
        let from = usize::try_from(random.below(words.len() as u64 - 12)).unwrap_or(0);
        text.push_str(&words[from..from + 12].join(" "));
        text.push_str(". ");
    }
    text
}

#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark prints and reads the clock")]
async fn search(folder: &Path, n: usize) -> Outcome<()> {
    let bench = open(folder)?;
    let kb_id = bench.base().await?;
    let words: Vec<&str> = WORDS.split_whitespace().filter(|word| word.chars().all(char::is_alphanumeric)).collect();
    // Real vectors, mixed: made-up ones would all be equally far apart.
    let random = Random::seeded(7);
    let seeds: Vec<String> = (0..256).map(|_| text(&random, &words)).collect();
    let seeds = Embedder::built_in()?.embed(&seeds.iter().map(String::as_str).collect::<Vec<_>>())?;
    let per_document = 500;
    for document in 0..n.div_ceil(per_document) {
        let texts: Vec<String> = (0..per_document.min(n - document * per_document)).map(|_| text(&random, &words)).collect();
        let vectors: Vec<Vec<u8>> = texts.iter().map(|_| mixed(&random, &seeds)).collect();
        let kb_id = kb_id.clone();
        bench.db.write(move |tx| fill(tx, &kb_id, document, &texts, &vectors)).await?;
    }
    // What the model takes is the same for one chunk and for many: it is there when the counting begins.
    let model = Embedder::built_in()?;
    model.embed(&["which results of calls wait for the engine"])?;
    memory::give_back();
    let before = ["RssAnon:", "RssFile:"].map(resident_mb);
    drop(model);
    let started = Instant::now();
    bench.knowledge.open().await?;
    let order = |query: &str| SearchOrder { query: query.to_owned(), top_k: Some(5), ..SearchOrder::default() };
    loop {
        let found = bench.knowledge.search(SearchOrder { mode: knowledge::SearchMode::Bm25, ..order("results of calls") }).await;
        if found.is_ok_and(|found| !found.results.is_empty()) {
            break;
        }
        Clock::system().sleep(Duration::from_millis(20)).await;
    }
    println!("{n} chunks: index made from rows in {:.1} s", started.elapsed().as_secs_f64());
    searched(&bench, &random, &words).await?;
    let [own, file] = ["RssAnon:", "RssFile:"].map(resident_mb);
    println!(
        "resident memory grew by {:.0} MB: {:.0} MB of its own, {:.0} MB of files",
        own + file - before[0] - before[1],
        own - before[0],
        file - before[1]
    );
    Ok(())
}

/// Searches like those of calls, one after the other, and what they took.
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark prints and reads the clock")]
async fn searched(bench: &Bench, random: &Random, words: &[&str]) -> Outcome<()> {
    let order = |query: &str| SearchOrder { query: query.to_owned(), top_k: Some(5), ..SearchOrder::default() };
    let (mut totals, mut embeds, mut searches, mut passages) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..400 {
        let from = usize::try_from(random.below(words.len() as u64 - 9)).unwrap_or(0);
        let began = Instant::now();
        let found = bench.knowledge.search(order(&words[from..from + 8].join(" "))).await?;
        if round >= 50 {
            totals.push(began.elapsed().as_secs_f64() * 1000.0);
            embeds.push(found.took.embed_ms);
            searches.push(found.took.search_ms);
            passages.push(found.took.passages_ms);
        }
    }
    println!(
        "whole searches: p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms",
        at(&mut totals, 0.5),
        at(&mut totals, 0.95),
        at(&mut totals, 0.99)
    );
    println!(
        "of which at p50 (p95): embedding {:.2} ({:.2}) ms, words and vectors {:.2} ({:.2}) ms, rows and passages {:.2} ({:.2}) ms",
        at(&mut embeds, 0.5),
        at(&mut embeds, 0.95),
        at(&mut searches, 0.5),
        at(&mut searches, 0.95),
        at(&mut passages, 0.5),
        at(&mut passages, 0.95),
    );
    Ok(())
}

/// A vector between two others, as bytes of a row.
fn mixed(random: &Random, seeds: &[Vec<f32>]) -> Vec<u8> {
    let pick = || &seeds[usize::try_from(random.below(seeds.len() as u64)).unwrap_or(0)];
    let (a, b, share) = (pick(), pick(), random.below(1000) as f32 / 1000.0);
    let raw: Vec<f32> = (0..DIMENSIONS).map(|n| a[n] * share + b[n] * (1.0 - share) + random.below(1000) as f32 / 1000.0 * 0.02).collect();
    let length = raw.iter().map(|value| value * value).sum::<f32>().sqrt();
    raw.iter().flat_map(|value| (value / length).to_le_bytes()).collect()
}

/// A document with all its rows, as if it had been taken in.
fn fill(tx: &cxbox::platform::db::Tx<'_>, kb_id: &str, n: usize, texts: &[String], vectors: &[Vec<u8>]) -> cxbox::base::Result<()> {
    let id = format!("doc_{n:016x}");
    tx.prepare_cached(
        "insert into knowledge_documents (id, kb_id, name, format, status, language, n_chunks, created_by, created_at, updated_at)
        values (?1, ?2, ?1, 'txt', 'indexed', 'en', ?3, 'bench', ?4, ?4)",
    )?
    .execute((&id, kb_id, texts.len() as i64, tx.now))?;
    for (position, (text, vector)) in texts.iter().zip(vectors).enumerate() {
        tx.prepare_cached(
            "insert into knowledge_chunks (document_id, round, position, body, starts, ends, is_shown) values (?1, 1, ?2, ?3, 0, ?4, 1)",
        )?
        .execute((&id, position as i64, text, text.len() as i64))?;
        let seq = tx.last_insert_rowid();
        tx.prepare_cached("insert into knowledge_vectors (seq, space, vector) values (?1, ?2, ?3)")?.execute((seq, MODEL, vector))?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark prints and reads the clock")]
async fn ingest(folder: &Path, n: usize) -> Outcome<()> {
    let bench = open(folder)?;
    bench.knowledge.open().await?;
    let kb_id = bench.base().await?;
    let words: Vec<&str> = WORDS.split_whitespace().filter(|word| word.chars().all(char::is_alphanumeric)).collect();
    let random = Random::seeded(11);
    for file in 0..n.div_ceil(200) {
        let sections: Vec<String> =
            (0..200.min(n - file * 200)).map(|section| format!("# Part {file} {section}\n\n{}", text(&random, &words))).collect();
        let mut body = format!("--XX\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{file}.md\"\r\n\r\n").into_bytes();
        body.extend_from_slice(sections.join("\n\n").as_bytes());
        body.extend_from_slice(b"\r\n--XX--\r\n");
        bench.post(&format!("/api/v1/knowledge-bases/{kb_id}/documents"), "multipart/form-data; boundary=XX", body).await?;
    }
    let started = Instant::now();
    let times = Arc::new(Mutex::new(Vec::new()));
    let asking = tokio::spawn({
        let (knowledge, times) = (bench.knowledge.clone(), times.clone());
        async move {
            loop {
                let began = Instant::now();
                let order = SearchOrder { query: "which results of calls wait for the engine".to_owned(), ..SearchOrder::default() };
                if knowledge.search(order).await.is_ok() {
                    times.lock().unwrap_or_else(PoisonError::into_inner).push(began.elapsed().as_secs_f64() * 1000.0);
                }
                Clock::system().sleep(Duration::from_millis(100)).await;
            }
        }
    });
    bench.outbox.settle().await?;
    asking.abort();
    let seconds = started.elapsed().as_secs_f64();
    let n_chunks: i64 =
        bench.db.read(|conn| Ok(conn.query_row("select count(*) from knowledge_chunks where is_shown = 1", [], |row| row.get(0))?)).await?;
    println!("{n_chunks} chunks in {seconds:.1} s: {:.1} chunks/s", n_chunks as f64 / seconds);
    let mut times = std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
    println!("{} searches meanwhile: p95 {:.2} ms", times.len(), at(&mut times, 0.95));
    Ok(())
}
