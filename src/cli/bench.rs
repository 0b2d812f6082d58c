//! `cxbox bench …`: measurements that anybody can repeat on a machine of their own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use crate::base::{Context, Error, Result};
use crate::lab::bench::{BenchOptions, Findings, Models, run as measure};

/// The points of the curve.
const CURVE: [u16; 8] = [1, 10, 25, 50, 75, 100, 150, 200];

/// What is measured.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Conversations: what the engine adds to the times of the models, interruptions, memory. Takes a few minutes on a quiet machine.
    Conversation(Args),
}

/// Flags of `cxbox bench conversation`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Calls at once, one measurement each.
    #[arg(long, value_delimiter = ',', default_value = "1,100", conflicts_with = "curve")]
    calls: Vec<u16>,
    /// Measure the whole curve from 1 to 200 calls.
    #[arg(long)]
    curve: bool,
    /// Seconds that all calls of a measurement are held together.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many calls are begun in a second.
    #[arg(long, default_value_t = 10)]
    rate: u32,
    /// Milliseconds the recogniser takes.
    #[arg(long, default_value_t = 150)]
    stt_ms: u64,
    /// Milliseconds to the first word of the language model.
    #[arg(long, default_value_t = 200)]
    llm_ms: u64,
    /// Milliseconds to the first sound of the voice.
    #[arg(long, default_value_t = 100)]
    tts_ms: u64,
    /// Silence after which the caller has finished, in milliseconds.
    #[arg(long, default_value_t = 700)]
    end_of_turn_ms: u32,
    /// Also write `curve.json` and `curve.svg` into this folder.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Measures, and prints what was found.
pub(super) fn run(command: Command) -> Result<ExitCode> {
    let Command::Conversation(args) = command;
    conversation(&args)
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the answer to the user's question, and how far it is")]
fn conversation(args: &Args) -> Result<ExitCode> {
    let calls = if args.curve { CURVE.to_vec() } else { args.calls.clone() };
    if calls.iter().any(|calls| !(1..=1000).contains(calls)) || calls.is_empty() {
        return Err(Error::invalid("--calls takes numbers from 1 to 1000"));
    }
    let options = BenchOptions {
        calls,
        seconds: args.seconds,
        per_second: args.rate,
        models: Models { stt_ms: args.stt_ms, llm_ms: args.llm_ms, tts_ms: args.tts_ms },
        end_of_turn_ms: args.end_of_turn_ms,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start")?;
    let found = runtime.block_on(measure(&options, |step| eprintln!("{step}")))?;
    if let Some(folder) = &args.out {
        write(&found, folder)?;
    }
    match args.json {
        true => println!("{}", serde_json::to_string(&found).context("cannot write the findings")?),
        false => println!("{found}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn write(found: &Findings, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).context(format!("cannot make {}", folder.display()))?;
    let json = serde_json::to_string_pretty(found).context("cannot write the findings")?;
    for (name, text) in [("curve.json", json + "\n"), ("curve.svg", found.picture())] {
        let path = folder.join(name);
        std::fs::write(&path, text).context(format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
