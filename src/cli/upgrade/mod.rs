//! `cxbox upgrade`: verifies a release, makes a backup, swaps the binary, restarts, watches `/readyz`, and goes back by itself when the new
//! program does not come up.

mod release;
mod runner;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::folder::Folder;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::features::backups::{self, Offline, RestoreOptions};
use crate::platform::config::process_environment;
use crate::platform::data_dir::DataDir;
use crate::platform::db;
use crate::platform::secrets::Secrets;
use release::Release;
use runner::{Health, Runner};

/// Flags of `cxbox upgrade`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The release: `cxbox-VERSION-x86_64.tar.gz`.
    #[arg(long, value_name = "TARBALL")]
    file: PathBuf,
    /// SHA-256 of the file; read from `TARBALL.sha256` beside it if absent.
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// The data folder.
    #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
    /// The installed program; this one if absent.
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// How long the new program may take to be as well as the old one was.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    within: u64,
}

/// Where things lie during an upgrade.
struct Places {
    data: DataDir,
    binary: PathBuf,
    /// The program before the upgrade; it stays there afterwards.
    former: PathBuf,
    /// The program of the release, until it takes the place of the installed one.
    new: PathBuf,
}

/// Upgrades, or leaves everything as it was.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(upgrade(args))
}

async fn upgrade(args: &Args) -> Result<ExitCode> {
    let binary = match &args.binary {
        Some(binary) => binary.clone(),
        None => std::env::current_exe().context("cannot find this program's own file")?,
    };
    let beside = |ending: &str| binary.with_file_name(format!("cxbox.{ending}"));
    let places = Places { data: DataDir::open(&args.data_dir)?, former: beside("former"), new: beside("new"), binary };
    let release = Release::verified(&args.file, args.sha256.as_deref())?;
    say(&format!("{} is whole.", args.file.display()));
    release.put_binary(&places.new)?;
    let done = with_binary(&places, Duration::from_secs(args.within)).await;
    // It has taken the place of the installed one, or is not wanted.
    let _ = std::fs::remove_file(&places.new);
    done
}

async fn with_binary(places: &Places, within: Duration) -> Result<ExitCode> {
    let version = release::version_of(&places.new)?;
    refuse_older_schema(places, &version)?;
    let runner = Runner::find(&places.data, &places.binary).await?;
    let before = runner.health(&places.data).await;
    let backup = make_backup(places).await?;
    say(&format!("The backup is {}.", backup.display()));
    swap(places)?;
    let came_up = runner.restart(places).await;
    let well = match came_up {
        Ok(()) => watch(places, &runner, &before, &version, within).await,
        Err(failure) => Err(failure),
    };
    match well {
        Ok(()) => {
            say(&runner.epilogue(&version));
            say(&format!("The former program is {}; going back: see UPGRADING.md.", places.former.display()));
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            go_back(places, &runner, &backup).await?;
            Err(Error::unavailable(format!("{version} did not come up ({}); the former program and its data are back", failure.message())))
        }
    }
}

/// A program that knows less than the database would refuse to start.
fn refuse_older_schema(places: &Places, version: &str) -> Result<()> {
    if !places.data.main_db().exists() {
        return Ok(());
    }
    let schema = db::inspect(&places.data.main_db(), false)?.schema;
    let known = release::schema_of(&places.new)?;
    if schema <= known {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "the database has schema {schema}, {version} knows {known}: to go back to it, restore a backup that it made: \
         cxbox restore FILE --data-dir {} --force",
        places.data.root().display()
    ))
    .code("newer_schema"))
}

/// A backup before anything changes, made by whoever holds the folder.
async fn make_backup(places: &Places) -> Result<PathBuf> {
    let (data, random) = (&places.data, Random::system());
    match Folder::open(data).await? {
        Folder::Ours(_lock) => {
            let master = Secrets::open(data, &process_environment(), &random)?.master;
            let wanted = Offline { data: data.clone(), config: None, master, compact: false, with_recordings: false, passphrase: None };
            if !data.main_db().exists() {
                return Ok(data.root().to_owned());
            }
            backups::make_offline(wanted, &data.backups(), Clock::system().now(), &random)
        }
        Folder::Served(served) => super::backup::have_made(&served, data).await,
    }
}

fn swap(places: &Places) -> Result<()> {
    let Places { binary, former, new, .. } = places;
    let doing = || format!("cannot replace {}: run this as its owner (sudo)", binary.display());
    // A hard link or copy, so that the name is never without a program.
    let _ = std::fs::remove_file(former);
    std::fs::hard_link(binary, former).or_else(|_| std::fs::copy(binary, former).map(drop)).context(doing())?;
    std::fs::rename(new, binary).context(doing())
}

/// Waits until the new program is as well as the old one was.
async fn watch(places: &Places, runner: &Runner, before: &Health, version: &str, within: Duration) -> Result<()> {
    if runner.is_nobody() {
        return Ok(());
    }
    let clock = Clock::system();
    let until = clock.monotonic() + within;
    let mut health = Health::Silent;
    while clock.monotonic() < until {
        health = runner.health(&places.data).await;
        if health.is_as_good_as(before) && runner::answers_as(&places.data, version).await {
            return Ok(());
        }
        clock.sleep(Duration::from_millis(300)).await;
    }
    Err(Error::unavailable(format!("within {} s it was not ready: {health}", within.as_secs())))
}

/// Puts program and data back as they were.
async fn go_back(places: &Places, runner: &Runner, backup: &Path) -> Result<()> {
    say("It does not come up; going back.");
    runner.stop(&places.data).await?;
    std::fs::rename(&places.former, &places.binary).context("cannot put the former program back")?;
    let schema = db::inspect(&places.data.main_db(), false).map(|found| (found.schema, found.known_schema));
    // Only a database that the new program has changed, or spoilt, is replaced: what came in meanwhile would be lost.
    let is_touched = match schema {
        Ok((schema, known)) => schema > known,
        Err(_) => backup.is_file(),
    };
    if is_touched {
        let options = RestoreOptions { force: true, ..RestoreOptions::default() };
        backups::restore(backup, places.data.root(), &options, Clock::system().now(), &Random::system())?;
    }
    runner.start(places).await
}

#[expect(clippy::print_stdout, reason = "the command line tells how far it is")]
fn say(sentence: &str) {
    println!("{sentence}");
}
