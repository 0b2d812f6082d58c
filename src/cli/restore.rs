//! `cxbox restore`: puts a backup in the place of a data folder.

use std::path::PathBuf;
use std::process::ExitCode;

use super::backup::first_line;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::features::backups::{self, RestoreOptions, read_key};
use crate::platform::data_dir::DataDir;

/// Flags of `cxbox restore`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The file that `cxbox backup` made.
    file: PathBuf,
    /// The data folder it goes to; made when it is not there.
    #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
    /// Replace what the folder holds. It is kept in a folder `before-restore-…` inside.
    #[arg(long)]
    force: bool,
    /// The passphrase that the master key of the backup is under: the first line of this file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The master key of the box that was backed up.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
}

/// Restores and says what was done.
#[expect(clippy::print_stdout, reason = "the answer to the user's question")]
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let key = |path: &PathBuf| {
        let bytes = std::fs::read(path).context(format!("cannot read {}", path.display()))?;
        read_key(&bytes).ok_or_else(|| Error::invalid(format!("{} must hold 32 bytes or 64 hexadecimal digits", path.display())))
    };
    let options = RestoreOptions {
        force: args.force,
        passphrase: args.passphrase_file.as_deref().map(first_line).transpose()?,
        master_key: args.master_key_file.as_ref().map(key).transpose()?,
    };
    let data = DataDir::open(&args.data_dir)?;
    let Some(_lock) = data.try_lock()? else {
        return Err(Error::conflict(format!("another cxbox works in {}: stop it first (systemctl stop cxbox)", data.root().display())));
    };
    let done = backups::restore(&args.file, data.root(), &options, Clock::system().now(), &Random::system())?;
    println!("{} is back as it was at {}.", data.root().display(), done.manifest.created_at);
    if let Some(former) = done.former {
        println!("What was there before lies in {}; remove it when all is well.", former.display());
    }
    if done.n_missing > 0 {
        println!(
            "{} recordings are in no backup of sound and in no object store; copy them into {}.",
            done.n_missing,
            data.recordings().display()
        );
    }
    Ok(ExitCode::SUCCESS)
}
