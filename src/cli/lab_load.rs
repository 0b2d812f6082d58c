//! `cxbox lab load`: many calls at once against a SIP address, and their figures.

use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use crate::base::{Clock, Context, Error, Result};
use crate::engine::media::Clip;
use crate::engine::speech::{SpeechSettings, SpeechWorkers};
use crate::lab::load::{Does, LoadOptions, run as run_load};

/// Flags of `cxbox lab load`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Where the calls go, such as `sip:100@127.0.0.1:5060`.
    to: String,
    /// How many calls.
    #[arg(long, default_value_t = 100)]
    calls: u32,
    /// How many are begun in a second.
    #[arg(long, default_value_t = 20)]
    rate: u32,
    /// Seconds each call lasts from its answer.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Our own address for SIP and RTP.
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    /// SIP over TCP.
    #[arg(long)]
    tcp: bool,
    /// Interrupt the bot with these words again and again, and measure how long it takes to fall silent.
    #[arg(long, value_name = "WORDS")]
    interrupt: Option<String>,
    /// Let the bot finish, say these words, and measure how long its answer takes.
    #[arg(long, value_name = "WORDS", conflicts_with = "interrupt")]
    talk: Option<String>,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

/// Makes the calls and prints the figures. Fails when a call failed.
#[expect(clippy::print_stdout, reason = "prints its report")]
pub(super) fn run(args: Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start")?;
    let clip = |words: &str| runtime.block_on(spoken(words));
    let does = match (&args.interrupt, &args.talk) {
        (Some(words), _) => Does::Interrupts(clip(words)?),
        (None, Some(words)) => Does::Talks(clip(words)?),
        (None, None) => Does::Listens,
    };
    let options = LoadOptions {
        to: args.to,
        n_calls: args.calls,
        per_second: args.rate,
        hold: Duration::from_secs(args.seconds),
        bind: args.bind,
        tcp: args.tcp,
        does,
    };
    let report = runtime.block_on(run_load(options, Clock::system()))?;
    if args.json {
        println!("{}", serde_json::to_string(&report).context("cannot write the report")?);
    } else {
        println!("{report}");
    }
    Ok(if report.n_failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn spoken(words: &str) -> Result<Clip> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let workers = SpeechWorkers::new(SpeechSettings::new(program), Clock::system());
    workers.speak("slt", words).await.map_err(|error| Error::unavailable(error.message))
}
