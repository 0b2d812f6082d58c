//! `cxbox erase`: forgets a person, while the appliance runs or not.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::folder::{Folder, Served, unreachable};
use crate::app;
use crate::base::page::percent_encode;
use crate::base::{Context, Error, Result};
use crate::features::permit::DoNotCallChoice;
use crate::features::privacy::{EraseOrder, ErasureView};
use crate::platform::config::{Config, Flags};
use crate::platform::data_dir::DataDir;
use crate::platform::net::Request;

/// Arguments of `cxbox erase`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The person's number with its country code, such as +15551234567.
    phone: String,
    /// What becomes of the number's do-not-call entry: `hash` (still never dialled, but not readable), `keep` or `remove`.
    #[arg(long, default_value = "hash")]
    do_not_call: String,
    /// First write everything the box knows about the person to this file, as JSON. Needs a running appliance.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// The folder that holds everything the appliance keeps.
    #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
}

/// Erases and says what was removed.
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let done = runtime.block_on(erase(args))?;
    say(&done);
    Ok(ExitCode::SUCCESS)
}

async fn erase(args: &Args) -> Result<ErasureView> {
    let do_not_call: DoNotCallChoice =
        serde_json::from_value(json!(args.do_not_call)).map_err(|_| Error::invalid("--do-not-call: must be hash, keep or remove"))?;
    let order = EraseOrder { phone: args.phone.clone(), do_not_call };
    let data = DataDir::open(&args.data_dir)?;
    match Folder::open(&data).await? {
        Folder::Served(served) => {
            if let Some(file) = &args.export {
                let path = format!("/api/v1/erasures/export?phone={}", percent_encode(&args.phone));
                save(&served, Request::get(path), file).await?;
            }
            served.ask(Request::post("/api/v1/erasures").json(&json!({ "phone": order.phone, "do_not_call": do_not_call }))).await
        }
        Folder::Ours(_lock) => {
            if args.export.is_some() {
                return Err(Error::invalid("--export: needs a running appliance; start it, or leave this out"));
            }
            let config = Config::load(None, Some(&data), &Flags::default())?;
            app::erase(data, config, order).await
        }
    }
}

/// Writes an answer to a file, however long it is. Nothing stays there when it breaks off.
async fn save(served: &Served, request: Request, path: &Path) -> Result<()> {
    let doing = || format!("cannot write {}", path.display());
    let mut answer = served.send(request).await?;
    let mut file = tokio::fs::File::create(path).await.context(doing())?;
    let written: Result<()> = async {
        while let Some(part) = answer.chunk().await.map_err(unreachable)? {
            file.write_all(&part).await.context(doing())?;
        }
        file.sync_all().await.context(doing())
    }
    .await;
    if written.is_err() {
        // It may not be there any more.
        let _ = tokio::fs::remove_file(path).await;
    }
    written
}

#[expect(clippy::print_stdout, reason = "the command line speaks to its user")]
fn say(done: &ErasureView) {
    println!(
        "Erased …{}: {} calls, {} recordings, {} transcripts, {} orders, {} deliveries, {} mails",
        done.phone_end, done.n_calls, done.n_recordings, done.n_transcripts, done.n_orders, done.n_deliveries, done.n_mails
    );
    if !done.held.is_empty() {
        println!("{} calls are on legal hold and stay as they are:", done.held.len());
        done.held.iter().for_each(|session_id| println!("  {session_id}"));
    }
}
