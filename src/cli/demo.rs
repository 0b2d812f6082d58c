//! `cxbox demo`: the main job once, with proof.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::base::{Clock, Context, Error, Kind, Random, Result};
use crate::lab::demo::{Demo, News};

/// Flags of `cxbox demo`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Make both calls and end (the default).
    #[arg(long, conflicts_with = "keep")]
    once: bool,
    /// Stay up afterwards and print a SIP address that a softphone on this machine can call.
    #[arg(long)]
    keep: bool,
    /// Print one JSON object at the end instead of lines for people.
    #[arg(long)]
    json: bool,
}

/// Runs the demo; it succeeds only if every step was checked.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let told = AbortOnDropHandle::new(tokio::spawn(told_to_end(stop.clone())));
        let shown = Box::pin(show(args, &stop)).await;
        drop(told);
        shown
    })
}

/// Cancels the demo at SIGTERM, SIGHUP or Ctrl-C: its appliance must not outlive it.
async fn told_to_end(stop: CancellationToken) -> Result<()> {
    let listen = |kind| signal(kind).context("cannot wait for signals");
    let (mut term, mut hangup, mut interrupt) =
        (listen(SignalKind::terminate())?, listen(SignalKind::hangup())?, listen(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => {}
        _ = hangup.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.cancel();
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the command line speaks to its user")]
async fn show(args: &Args, stop: &CancellationToken) -> Result<ExitCode> {
    let (news, reader) = mpsc::channel(256);
    let teller = tokio::spawn(tell(reader, args.json));
    let running = stop.run_until_cancelled(Box::pin(Demo::run(Clock::system(), Random::system(), news)));
    let demo = running.await.ok_or_else(|| Error::new(Kind::Unavailable, "ended by a signal"))??;
    if args.json {
        println!("{}", serde_json::to_string(&demo.summary).context("cannot write the summary")?);
    } else {
        println!("{}", demo.summary);
    }
    if args.keep && !args.once {
        println!("The appliance stays up. Call sip:1000@{} with a softphone; its API is {}. Ctrl-C ends it.", demo.sip(), demo.url());
        stop.cancelled().await;
    }
    demo.end().await?;
    teller.await.context("the demo's printer failed")?;
    if !args.json {
        println!("Everything was checked.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints news as they come; JSON readers get none.
#[expect(clippy::print_stdout, reason = "the command line speaks to its user")]
async fn tell(mut news: mpsc::Receiver<News>, quiet: bool) {
    while let Some(news) = news.recv().await {
        match news {
            News::Step(_) | News::Said(_) if quiet => {}
            News::Step(text) => println!("\n{text}"),
            News::Said(line) => println!("  {:<7} {}", line.speaker, line.text),
        }
    }
}
