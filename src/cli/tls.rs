//! `cxbox tls`: what a browser asks about the box's own certificate.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::base::Result;
use crate::platform::data_dir::DataDir;
use crate::platform::tls::stored_fingerprint;

/// What to do with the certificates.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Print the SHA-256 fingerprint of the local CA.
    Fingerprint {
        /// The data folder.
        #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
        data_dir: PathBuf,
    },
}

/// Answers on standard output.
#[expect(clippy::print_stdout, reason = "the command line speaks to its user")]
pub(super) fn run(command: Command) -> Result<ExitCode> {
    let Command::Fingerprint { data_dir } = command;
    println!("{}", stored_fingerprint(&DataDir::open(data_dir)?)?);
    Ok(ExitCode::SUCCESS)
}
