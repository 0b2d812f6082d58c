//! `cxbox restore`: puts a backup in the place of a data folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::backup::first_line;
use crate::app;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::features::backups::{self, RestoreOptions, read_key};
use crate::features::privacy::{self, ErasureView};
use crate::platform::config::{Config, Flags};
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
    /// Only try it out: restore into a temporary folder, check every file, the database and the sealed part, and remove it again.
    #[arg(long, conflicts_with = "force")]
    verify: bool,
    /// The passphrase that the master key of the backup is under: the first line of this file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The master key of the box that was backed up.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// The ledger of people that box has forgotten (`erasures.jsonl`), when it is not in the data folder already.
    #[arg(long, value_name = "FILE")]
    erasures: Option<PathBuf>,
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
    if args.verify {
        return verify(args, &options);
    }
    let data = DataDir::open(&args.data_dir)?;
    let Some(_lock) = data.try_lock()? else {
        return Err(Error::conflict(format!("another cxbox works in {}: stop it first (systemctl stop cxbox)", data.root().display())));
    };
    if let Some(file) = args.erasures.as_ref().filter(|file| !file.exists()) {
        return Err(Error::invalid(format!("--erasures: {} is not there", file.display())));
    }
    privacy::complete_ledger(&data, args.erasures.as_deref())?;
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
    forget_again(&data);
    Ok(ExitCode::SUCCESS)
}

/// Restores into a temporary folder and says what is in the backup. The data folder is not touched, and may be in use.
#[expect(clippy::print_stdout, reason = "the answer to the user's question")]
fn verify(args: &Args, options: &RestoreOptions) -> Result<ExitCode> {
    let workshop = args.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (checked, is_opened) = backups::rehearse(&args.file, &args.data_dir, options, workshop, &Random::system())?;
    let manifest = checked.manifest;
    println!(
        "{} can be restored: made at {} by cxbox {}, schema {}, {} files, {} recordings listed, everything fits.",
        args.file.display(),
        manifest.created_at,
        manifest.version,
        manifest.schema,
        manifest.files.len(),
        manifest.recordings.len()
    );
    if !is_opened {
        println!("Its sealed part was not opened: give --passphrase-file or --master-key-file to try that too.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Has what came back forget again whom the box has forgotten since. A failure is told and changes nothing of the restore: the next start of
/// the appliance does it before anybody is served.
#[expect(clippy::print_stdout, reason = "the answer to the user's question")]
fn forget_again(data: &DataDir) {
    match repeat_erasures(data) {
        Ok(done) if done.is_empty() => {}
        Ok(done) => {
            let (calls, orders) = (done.iter().map(|one| one.n_calls).sum::<u64>(), done.iter().map(|one| one.n_orders).sum::<u64>());
            println!("{} people the box has forgotten since are forgotten in it again: {calls} calls, {orders} orders.", done.len());
            for held in done.iter().flat_map(|one| &one.held) {
                println!("  the call {held} is on legal hold in the backup and stays as it is");
            }
        }
        Err(failure) => {
            println!("Whom the box has forgotten since is still in it ({failure}); the next start forgets them before it serves.")
        }
    }
}

fn repeat_erasures(data: &DataDir) -> Result<Vec<ErasureView>> {
    if privacy::n_to_repeat(data)? == 0 {
        return Ok(Vec::new());
    }
    let config = Config::load(None, Some(data), &Flags::default())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let done = runtime.block_on(app::forget_again(data.clone(), config));
    drop(runtime);
    // Files that came to be meanwhile belong to whoever runs the box.
    backups::belong_like(data.root(), data.root())?;
    done
}
