//! Logs and counters. One line per event, JSON or for people, with phone numbers and credentials made unreadable before they are written.

mod redact;
mod tap;

use std::io::IsTerminal as _;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::base::{Clock, Context, Error, Result};
use crate::contract::log::LogLine;
use crate::platform::config::{BAD_CONFIG, Log, LogFormat};

use redact::RedactedStderr;
use tap::Tap;

/// Bounds of what is counted in classes, in seconds.
const CLASSES: &[(&str, &[f64])] = &[
    ("cxbox_db_commit_seconds", &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0]),
    ("cxbox_call_setup_seconds", &[0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0]),
    ("cxbox_turn_latency_seconds", &[0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0]),
];
/// How often what was observed is put into its classes, so that it does not pile up when nobody asks.
const SORT_EVERY: Duration = Duration::from_secs(5);

/// Starts counting what the program does; the handle renders it for Prometheus. Call once per process, before anything is counted.
pub fn start_counting() -> Result<PrometheusHandle> {
    builder()?.install_recorder().context("counting is started already")
}

/// A recorder with the classes of this program.
pub fn builder() -> Result<PrometheusBuilder> {
    CLASSES.iter().try_fold(PrometheusBuilder::new(), |builder, (name, bounds)| {
        builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), bounds).context("a figure has no classes")
    })
}

/// Keeps the counted figures small until it is dropped.
pub async fn keep_counting(counted: PrometheusHandle) {
    loop {
        tokio::time::sleep(SORT_EVERY).await;
        counted.run_upkeep();
    }
}

/// Starts logging to standard error. Call once per process.
pub fn start(log: &Log) -> Result<()> {
    begin(log, None)
}

/// The same, and lines about calls come out here too. They may be left there: the log does not wait for them.
pub fn start_tapped(log: &Log, clock: Clock) -> Result<mpsc::Receiver<LogLine>> {
    let (tap, lines) = Tap::new(clock);
    begin(log, Some(tap))?;
    Ok(lines)
}

fn begin(log: &Log, tap: Option<Tap>) -> Result<()> {
    let filter = EnvFilter::try_new(quiet_wire(&log.level)).map_err(|error| {
        Error::invalid(format!("log.level: {} is not a filter such as info", log.level)).caused_by(error).code(BAD_CONFIG)
    })?;
    let is_pretty = match log.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Json => false,
        LogFormat::Pretty => true,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(RedactedStderr);
    let all = tracing_subscriber::registry().with(filter).with(tap);
    let started = if is_pretty {
        all.with(lines.with_ansi(std::io::stderr().is_terminal()).with_target(false)).try_init()
    } else {
        all.with(lines.json().flatten_event(true)).try_init()
    };
    started.map_err(|error| Error::internal("logging is started already").caused_by(error))
}

/// Libraries that log what they carry, and from where on their lines are of use: those of SIP hold whole messages, with numbers and
/// credentials; those of MCP name conversations and repeat what a call notes.
const TALKATIVE: [(&str, &str); 2] = [("rsipstack", "error"), ("rmcp", "off")];

/// The filter, without such lines. Who names a library, wants them.
fn quiet_wire(level: &str) -> String {
    let unnamed = TALKATIVE.iter().filter(|(library, _)| !level.contains(library));
    unnamed.fold(level.to_owned(), |filter, (library, least)| format!("{filter},{library}={least}"))
}
