//! `cxbox backup`: one file with everything that a box needs to come back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::folder::{Folder, Served, unreachable};
use crate::base::secret::Secret;
use crate::base::{Clock, Context, Error, Random, Result};
use crate::features::backups::{self, BackupView, Offline, State};
use crate::platform::config::process_environment;
use crate::platform::data_dir::DataDir;
use crate::platform::net::Request;
use crate::platform::secrets::Secrets;

/// Pause between two looks at a backup that is being made.
const PAUSE: Duration = Duration::from_millis(200);

/// Flags of `cxbox backup`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The data folder.
    #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
    /// Configuration file, to be put in as well; `config.toml` in the data folder always is.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Where the file goes: a file, or a folder that is there. The folder `backups` of the data folder if absent.
    #[arg(long, value_name = "FILE|FOLDER")]
    to: Option<PathBuf>,
    /// Restore it into a temporary folder afterwards and check everything.
    #[arg(long)]
    verify: bool,
    /// Write the database anew, without free pages.
    #[arg(long)]
    compact: bool,
    /// Put the sound of the recordings in it that lie on local disk.
    #[arg(long)]
    with_recordings: bool,
    /// Put the master key in it, under the passphrase that is the first line of this file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Makes the backup and prints where it is.
#[expect(clippy::print_stdout, reason = "the answer to the user's question")]
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let data = DataDir::open(&args.data_dir)?;
    let passphrase = args.passphrase_file.as_deref().map(first_line).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    let file = runtime.block_on(async {
        match Folder::open(&data).await? {
            Folder::Ours(_lock) => alone(args, &data, passphrase),
            Folder::Served(served) => beside(args, &data, &served, passphrase.as_ref()).await,
        }
    })?;
    println!("{}", file.display());
    if args.verify {
        let random = Random::system();
        let master = Secrets::open(&data, &process_environment(), &random)?.master;
        let checked = backups::check(&file, file.parent().unwrap_or(Path::new(".")), Some(&master), &random)?;
        let n_files = checked.manifest.files.len();
        println!("Restored into a temporary folder: {n_files} files, schema {}, everything fits.", checked.manifest.schema);
    }
    Ok(ExitCode::SUCCESS)
}

fn alone(args: &Args, data: &DataDir, passphrase: Option<Secret>) -> Result<PathBuf> {
    let random = Random::system();
    let wanted = Offline {
        data: data.clone(),
        config: args.config.clone(),
        master: Secrets::open(data, &process_environment(), &random)?.master,
        compact: args.compact,
        with_recordings: args.with_recordings,
        passphrase,
    };
    let to = args.to.clone().unwrap_or_else(|| data.backups());
    backups::make_offline(wanted, &to, Clock::system().now(), &random)
}

/// Has the appliance that serves the folder make it, and fetches the file when it is wanted elsewhere.
async fn beside(args: &Args, data: &DataDir, served: &Served, passphrase: Option<&Secret>) -> Result<PathBuf> {
    let target = |name: &str| args.to.as_ref().map(|to| if to.is_dir() { to.join(name) } else { to.clone() });
    if let Some(to) = target("").filter(|to| to.is_file()) {
        return Err(Error::conflict(format!("{} is there already", to.display())));
    }
    let body = json!({ "compact": args.compact, "with_recordings": args.with_recordings, "passphrase": passphrase.map(Secret::expose) });
    let view = finished(served, &body).await?;
    let Some(to) = target(&view.name) else { return Ok(data.backups().join(&view.name)) };
    let path = path_of(&view);
    fetch(served, &format!("{path}/file"), &to).await?;
    served.send(Request::delete(path)).await?;
    Ok(to)
}

/// Has the appliance make a backup in its own folder, before something is done to it.
pub(super) async fn have_made(served: &Served, data: &DataDir) -> Result<PathBuf> {
    Ok(data.backups().join(finished(served, &json!({})).await?.name))
}

/// Begins a backup and waits until it is whole.
async fn finished(served: &Served, body: &Value) -> Result<BackupView> {
    let mut view: BackupView = served.ask(Request::post("/api/v1/backups").json(body)).await?;
    while view.state == State::Running {
        Clock::system().sleep(PAUSE).await;
        view = served.ask(Ok(Request::get(path_of(&view)))).await?;
    }
    match view.state {
        State::Failed => Err(Error::unavailable(format!("the backup could not be made: {}", view.error.unwrap_or_default()))),
        _ => Ok(view),
    }
}

fn path_of(view: &BackupView) -> String {
    format!("/api/v1/backups/{}", view.name)
}

async fn fetch(served: &Served, path: &str, to: &Path) -> Result<()> {
    let mut answer = served.send(Request::get(path)).await?;
    let doing = || format!("cannot write {}", to.display());
    let mut file = tokio::fs::File::options().write(true).create_new(true).mode(0o600).open(to).await.context(doing())?;
    while let Some(part) = answer.chunk().await.map_err(unreachable)? {
        file.write_all(&part).await.context(doing())?;
    }
    file.sync_all().await.context(doing())
}

/// A passphrase out of its file.
pub(super) fn first_line(path: &Path) -> Result<Secret> {
    let text = std::fs::read_to_string(path).context(format!("cannot read {}", path.display()))?;
    Ok(Secret::new(text.lines().next().unwrap_or_default()))
}
