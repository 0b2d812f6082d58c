//! `cxbox tls`: what a browser asks about the box's own certificate, and certificates for engines elsewhere.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::base::{Clock, Result};
use crate::platform::data_dir::DataDir;
use crate::platform::tls::{issue, stored_fingerprint};

/// What to do with the certificates.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Print the SHA-256 fingerprint of the local CA.
    Fingerprint {
        /// The data folder.
        #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
        data_dir: PathBuf,
    },
    /// Make a certificate for an engine on another machine, signed by the local CA: cert.pem, key.pem and ca.pem.
    Issue {
        /// A name or address the engine is reached under; give the flag again for more.
        #[arg(long = "name", value_name = "NAME", required = true)]
        names: Vec<String>,
        /// The folder the three files are written to.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// The data folder.
        #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
        data_dir: PathBuf,
    },
}

/// Answers on standard output.
#[expect(clippy::print_stdout, reason = "the command line speaks to its user")]
pub(super) fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Fingerprint { data_dir } => println!("{}", stored_fingerprint(&DataDir::open(data_dir)?)?),
        Command::Issue { names, out, data_dir } => {
            issue(&DataDir::open(data_dir)?, &names, &out, &Clock::system())?;
            println!("cert.pem, key.pem and ca.pem are in {}", out.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
