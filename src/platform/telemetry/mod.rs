//! Logs and counters. One line per event, JSON or for people, with phone numbers and credentials made unreadable before they are written.

mod redact;

use std::io::IsTerminal as _;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::base::{Context, Error, Result};
use crate::platform::config::{BAD_CONFIG, Log, LogFormat};

use redact::RedactedStderr;

/// Starts counting what the program does; the handle renders it for Prometheus. Call once per process.
pub fn start_counting() -> Result<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().context("counting is started already")
}

/// Starts logging to standard error. Call once per process.
pub fn start(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(quiet_wire(&log.level)).map_err(|error| {
        Error::invalid(format!("log.level: {} is not a filter such as info", log.level)).caused_by(error).code(BAD_CONFIG)
    })?;
    let is_pretty = match log.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Json => false,
        LogFormat::Pretty => true,
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(RedactedStderr);
    let started = if is_pretty {
        lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init()
    } else {
        lines.json().flatten_event(true).try_init()
    };
    started.map_err(|error| Error::internal("logging is started already").caused_by(error))
}
/// The filter, without the SIP library's own lines: they hold whole messages, with numbers and credentials. Who names it, wants them.
fn quiet_wire(level: &str) -> String {
    if level.contains("rsipstack") { level.to_owned() } else { format!("{level},rsipstack=error") }
}
