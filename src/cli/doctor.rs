//! `cxbox doctor`: looks the box over and says how to mend what is wrong.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;

use super::folder::{Folder, Served};
use crate::base::{Clock, Context, Error, Result};
use crate::features::ops::doctor::{self, Diagnosis, Verdict};
use crate::platform::config::{Config, Flags, Layers, is_secret, process_environment};
use crate::platform::data_dir::DataDir;
use crate::platform::net::Request;

/// How long the box may take to look itself over: it asks every peer.
const LOOKS_WITHIN: Duration = Duration::from_secs(30);

/// Flags of `cxbox doctor`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The data folder.
    #[arg(long, env = "CXBOX_DATA_DIR", default_value = "/var/lib/cxbox")]
    data_dir: PathBuf,
    /// Configuration file; `config.toml` in the data folder if absent.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Also write what helps others to help into a tar file. It holds no secret, no number of a telephone and nothing that was said.
    #[arg(long, value_name = "FILE")]
    support_bundle: Option<PathBuf>,
}

/// Ends with 0 when all is well, 1 when something needs an eye, 2 when something is broken.
#[expect(clippy::print_stdout, reason = "the answer to the user's question")]
pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    let diagnosis = runtime.block_on(diagnosis(args))?;
    match args.json {
        true => println!("{}", serde_json::to_string(&diagnosis).context("cannot write the findings")?),
        false => print!("{}", written(&diagnosis)),
    }
    Ok(ExitCode::from(match diagnosis.verdict {
        Verdict::Ok => 0,
        Verdict::Watch => 1,
        Verdict::Broken => 2,
    }))
}

async fn diagnosis(args: &Args) -> Result<Diagnosis> {
    if !args.data_dir.is_dir() {
        return Ok(doctor::no_folder(&args.data_dir));
    }
    let data = match DataDir::open(&args.data_dir) {
        Ok(data) => data,
        Err(error) => return Ok(doctor::shut_folder(&args.data_dir, &error)),
    };
    let config = match Config::load(args.config.as_deref(), Some(&data), &Flags::default()) {
        Ok(config) => config,
        Err(error) => return Ok(doctor::bad_config(&data, &error)),
    };
    let (found, served) = look(&data, &config).await;
    let found = found.with(doctor::beside());
    if let Some(to) = &args.support_bundle {
        bundle(to, args, &data, &found, served.as_ref()).await?;
    }
    Ok(found)
}

/// The box by its own word while it serves, else what can be seen of its folder.
async fn look(data: &DataDir, config: &Config) -> (Diagnosis, Option<Served>) {
    let clock = Clock::system();
    let served = match Folder::open(data).await {
        Ok(Folder::Ours(_lock)) => return (doctor::offline(data, config, &clock), None),
        Ok(Folder::Served(served)) => served,
        Err(error) => return (doctor::silent(data, config, &clock, &error), None),
    };
    match served.ask(Ok(Request::get("/api/v1/doctor").within(LOOKS_WITHIN))).await {
        Ok(found) => (found, Some(served)),
        Err(error) => (doctor::silent(data, config, &clock, &error), None),
    }
}

/// The findings for people.
fn written(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    for finding in &diagnosis.findings {
        let word = match finding.verdict {
            Verdict::Ok => "ok    ",
            Verdict::Watch => "watch ",
            Verdict::Broken => "BROKEN",
        };
        text += &format!("{word}  {}: {}\n", finding.name, finding.message);
        if let Some(fix) = &finding.fix {
            text += &format!("        {fix}\n");
        }
    }
    text += match diagnosis.verdict {
        Verdict::Ok => "All is well.\n",
        Verdict::Watch => "It works; something needs an eye.\n",
        Verdict::Broken => "Something is broken; the command below each finding mends it.\n",
    };
    text
}

/// Writes the bundle: findings, masked configuration and settings, figures, the machine. Everything in it was masked where it was made.
async fn bundle(to: &Path, args: &Args, data: &DataDir, found: &Diagnosis, served: Option<&Served>) -> Result<()> {
    let mut members = vec![
        ("findings.json", serde_json::to_string_pretty(found).context("cannot write the findings")?),
        ("configuration.txt", masked_configuration(args, data)?),
        ("machine.txt", machine()),
    ];
    if let Some(served) = served {
        let settings: Value = served.ask(Ok(Request::get("/api/v1/settings"))).await?;
        members.push(("settings.json", serde_json::to_string_pretty(&settings).context("cannot write the settings")?));
        let figures = served.send(Request::get("/metrics")).await?.bytes(4 * 1024 * 1024).await?;
        members.push(("metrics.txt", String::from_utf8_lossy(&figures).into_owned()));
    }
    write_bundle(to, &members)
}

fn write_bundle(to: &Path, members: &[(&str, String)]) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let doing = || format!("cannot write {}", to.display());
    let file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(to).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => Error::conflict(format!("{} is there already", to.display())),
        _ => Error::invalid(doing()).caused_by(cause),
    })?;
    let mut tar = tar::Builder::new(file);
    for (name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o600);
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, format!("cxbox-support/{name}"), text.as_bytes()).context(doing())?;
    }
    tar.into_inner().and_then(|mut file| file.flush()).context(doing())
}

/// Every setting with its origin; what could be a secret or a person is not shown.
fn masked_configuration(args: &Args, data: &DataDir) -> Result<String> {
    let fallback = Some(data.root().join("config.toml")).filter(|path| path.exists());
    let layers = Layers::read(args.config.as_deref().or(fallback.as_deref()), &process_environment(), &Flags::default())?;
    let line = |(key, entry): (&str, &crate::platform::config::Entry)| {
        let is_hidden = (is_secret(key) || key.contains("email") || key.ends_with("username")) && entry.value.as_str() != Some("");
        let value = if is_hidden { "\"••••••••\"".to_owned() } else { entry.value.to_string() };
        format!("{key} = {value}  # {}\n", entry.origin)
    };
    Ok(layers.entries().map(line).collect())
}

fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let first = |text: String, n: usize| text.lines().take(n).map(|line| format!("{line}\n")).collect::<String>();
    format!(
        "cxbox {}\n{}{}{}{}",
        env!("CARGO_PKG_VERSION"),
        read("/proc/version"),
        first(read("/etc/os-release"), 4),
        first(read("/proc/meminfo"), 5),
        read("/proc/loadavg"),
    )
}
