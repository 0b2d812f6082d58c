//! `cxbox lab ai`: runs the deterministic stand-in for model providers.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::base::{Clock, Context, Result};
use crate::lab::ai::{AiOptions, Delays, RunningAi, Script};

/// Flags of `cxbox lab ai`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8099")]
    http: SocketAddr,
    /// Milliseconds before each answer.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// Milliseconds before each transcription; `--delay-ms` if absent.
    #[arg(long)]
    stt_ms: Option<u64>,
    /// Milliseconds before the first word of each answer; `--delay-ms` if absent.
    #[arg(long)]
    llm_ms: Option<u64>,
    /// Milliseconds before the first sound of each speech; `--delay-ms` if absent.
    #[arg(long)]
    tts_ms: Option<u64>,
    /// Milliseconds before each further word of a streamed answer.
    #[arg(long, default_value_t = 0)]
    word_delay_ms: u64,
    /// JSON file with `rules`, `fallback` and `transcripts`; an echo without it.
    #[arg(long)]
    script: Option<PathBuf>,
    /// End utterances that are streamed in after the silence a client's `endpointing` names, without being told to.
    #[arg(long)]
    end_utterances: bool,
    /// Speak with the built-in voice instead of a tone per word.
    #[arg(long)]
    speak: bool,
}

/// Answers until it is ended.
pub(super) fn run(args: Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start")?;
    runtime.block_on(serve(args))
}

#[expect(clippy::print_stdout, reason = "tells its user where it listens")]
async fn serve(args: Args) -> Result<ExitCode> {
    let script = args.script.as_deref().map_or_else(|| Ok(Script::default()), read_script)?;
    let speaker = if args.speak { Some(std::env::current_exe().context("cannot find this program")?) } else { None };
    let ms = |ms: Option<u64>| ms.map(Duration::from_millis);
    let options = AiOptions {
        delay: Duration::from_millis(args.delay_ms),
        delays: Delays { stt: ms(args.stt_ms), llm: ms(args.llm_ms), tts: ms(args.tts_ms) },
        word_delay: Duration::from_millis(args.word_delay_ms),
        script,
        ends_utterances: args.end_utterances,
        speaker,
    };
    let ai = RunningAi::start(args.http, options, Clock::system()).await?;
    println!("{}", ai.base_url());
    ai.wait().await?;
    Ok(ExitCode::SUCCESS)
}

fn read_script(path: &std::path::Path) -> Result<Script> {
    let doing = || format!("cannot read the script {}", path.display());
    serde_json::from_slice(&std::fs::read(path).context(doing())?).context(doing())
}
