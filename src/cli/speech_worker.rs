//! `cxbox speech-worker`: the child process that runs the speech libraries. The engine starts it; nobody else has a use for it.

use std::process::ExitCode;

use crate::base::Result;
use crate::engine::speech;

/// Answers requests on standard input until it is closed.
pub(super) fn run() -> Result<ExitCode> {
    speech::run_worker()?;
    Ok(ExitCode::SUCCESS)
}
