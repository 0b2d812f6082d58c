//! `cxbox kb`: how well the knowledge bases of a running box find what they should.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::folder::Served;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::features::knowledge::evaluate::{Case, Figures, Tally, rank};
use crate::platform::data_dir::DataDir;
use crate::platform::net::Request;

/// Passages looked at for each question.
const TOP_K: u32 = 10;
/// How often it is asked whether documents are indexed.
const PAUSE: Duration = Duration::from_millis(250);
/// How long documents may take to be indexed.
const INDEXED_WITHIN: Duration = Duration::from_secs(1_800);

/// Commands of `cxbox kb`.
#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Ask questions whose answers are known, and print recall, MRR, nDCG and latency for words, vectors and both.
    Eval(EvalArgs),
}

/// Flags of `cxbox kb eval`.
#[derive(clap::Args)]
pub(super) struct EvalArgs {
    /// JSON lines: `{"question": …, "document": NAME, "heading": PART}`.
    file: PathBuf,
    /// The data folder of the running box.
    #[arg(long, default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
    /// Only this knowledge base.
    #[arg(long)]
    kb: Option<String>,
    /// Put the files of this folder into a knowledge base of their own first, and remove it afterwards.
    #[arg(long, conflicts_with = "kb")]
    docs: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs a command of `cxbox kb`.
pub(super) fn run(command: Command) -> Result<ExitCode> {
    let Command::Eval(args) = command;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(eval(args))
}

async fn eval(args: EvalArgs) -> Result<ExitCode> {
    let cases = read_cases(&args.file)?;
    let local = Served::of(DataDir::open(&args.data_dir)?)?;
    let made = match &args.docs {
        Some(folder) => Some(bring(&local, folder).await?),
        None => None,
    };
    let outcome = ask_all(&local, &cases, made.as_deref().or(args.kb.as_deref())).await;
    if let Some(kb_id) = made {
        local.ask::<Value>(Ok(Request::delete(format!("/api/v1/knowledge-bases/{kb_id}?purge=true")))).await?;
    }
    show(&outcome?, args.json)?;
    Ok(ExitCode::SUCCESS)
}

fn read_cases(file: &Path) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(file).context(format!("cannot read {}", file.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let cases: Vec<Case> = lines
        .map(|(n, line)| serde_json::from_str(line).map_err(|error| Error::invalid(format!("line {}: {error}", n + 1))))
        .collect::<Result<_>>()?;
    if cases.is_empty() { Err(Error::invalid("the file has no questions")) } else { Ok(cases) }
}

/// Makes a base of the files of a folder and waits until all of them are indexed.
async fn bring(local: &Served, folder: &Path) -> Result<String> {
    let made: Value = local.ask(Request::post("/api/v1/knowledge-bases").json(&json!({ "name": "evaluation" }))).await?;
    let kb_id = made["id"].as_str().unwrap_or_default().to_owned();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .context(format!("cannot read {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    entries.sort();
    for path in entries.iter().filter(|path| path.is_file()) {
        let bytes = std::fs::read(path).context(format!("cannot read {}", path.display()))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        local.ask::<Value>(Ok(upload(&kb_id, &name, &bytes))).await?;
    }
    let clock = Clock::system();
    let began = clock.monotonic();
    loop {
        let base: Value = local.ask(Ok(Request::get(format!("/api/v1/knowledge-bases/{kb_id}")))).await?;
        let count = |name: &str| base[name].as_u64().unwrap_or(0);
        if count("n_indexed") + count("n_failed") >= count("n_documents") {
            return Ok(kb_id);
        }
        if clock.monotonic().duration_since(began) > INDEXED_WITHIN {
            return Err(Error::unavailable("the documents are not indexed after half an hour"));
        }
        clock.sleep(PAUSE).await;
    }
}

fn upload(kb_id: &str, name: &str, bytes: &[u8]) -> Request {
    let boundary = format!("cxbox-{}", Random::system().hex::<8>());
    let mut body =
        format!("--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\r\n", name.replace('"', "'"))
            .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Request::new(Method::POST, format!("/api/v1/knowledge-bases/{kb_id}/documents"))
        .within(Duration::from_secs(60))
        .bytes(&format!("multipart/form-data; boundary={boundary}"), body)
}

async fn ask_all(local: &Served, cases: &[Case], kb_id: Option<&str>) -> Result<Vec<(&'static str, Figures)>> {
    let mut all = Vec::new();
    for mode in ["bm25", "vector", "hybrid"] {
        let mut tally = Tally::default();
        for case in cases {
            let kb_ids: Vec<&str> = kb_id.into_iter().collect();
            let order = json!({ "query": case.question, "kb_ids": kb_ids, "top_k": TOP_K, "mode": mode });
            let found: Value = local.ask(Request::post("/api/v1/knowledge-bases/search").json(&order)).await?;
            let results = found["results"].as_array().cloned().unwrap_or_default();
            let places = results.iter().map(|hit| (hit["document_name"].as_str().unwrap_or(""), hit["heading"].as_str().unwrap_or("")));
            tally.note(rank(case, places), found["took"]["total_ms"].as_f64().unwrap_or(0.0));
        }
        all.push((mode, tally.figures()));
    }
    Ok(all)
}

#[expect(clippy::print_stdout, reason = "the command line speaks to its user")]
fn show(figures: &[(&'static str, Figures)], as_json: bool) -> Result<()> {
    if as_json {
        let object: serde_json::Map<String, Value> = figures
            .iter()
            .map(|(mode, figures)| Ok(((*mode).to_owned(), serde_json::to_value(figures).context("cannot write figures")?)))
            .collect::<Result<_>>()?;
        println!("{}", Value::Object(object));
        return Ok(());
    }
    println!(
        "{:<8} {:>5} {:>9} {:>9} {:>10} {:>6} {:>8} {:>8} {:>8}",
        "", "n", "recall@1", "recall@5", "recall@10", "MRR", "nDCG@10", "p50 ms", "p95 ms"
    );
    for (mode, f) in figures {
        println!(
            "{mode:<8} {:>5} {:>9.3} {:>9.3} {:>10.3} {:>6.3} {:>8.3} {:>8.2} {:>8.2}",
            f.n, f.recall_at_1, f.recall_at_5, f.recall_at_10, f.mrr, f.ndcg_at_10, f.p50_ms, f.p95_ms
        );
    }
    Ok(())
}
