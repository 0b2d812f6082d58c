//! `cxbox parse-worker`: the caged child that reads one document. The control plane starts it; nobody else has a use for it.

use std::process::ExitCode;

use crate::base::Result;
use crate::features::knowledge;

/// Arguments of `cxbox parse-worker`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The format of what comes on standard input, or `check`: prints what the cage lets out, which must be nothing.
    format: String,
    /// Processor time it may use, in seconds.
    #[arg(default_value_t = 60)]
    seconds: u64,
}

/// Reads standard input, prints blocks or a reason.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    knowledge::run_worker(&args.format, args.seconds)?;
    Ok(ExitCode::SUCCESS)
}
