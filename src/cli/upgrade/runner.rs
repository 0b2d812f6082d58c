//! Who runs the box: systemd, a plain process, or nobody; and how each is stopped and started again.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::net::UnixStream;

use super::Places;
use crate::base::{Clock, Context, Error, Result};
use crate::platform::data_dir::DataDir;
use crate::platform::net::{Request, unix};

/// The units, the engine first: the control plane finds it when it starts.
const UNITS: [&str; 2] = ["cxbox-engine.service", "cxbox.service"];
/// How long a process may take to end: its calls are let out.
const ENDS_WITHIN: Duration = Duration::from_secs(90);

/// Who runs the box.
pub(super) enum Runner {
    /// The units of systemd.
    Systemd,
    /// A process that somebody started by hand.
    Process(Box<Process>),
    /// It does not run.
    Nobody,
}

/// How a process was started.
pub(super) struct Process {
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: PathBuf,
    /// Where it writes to.
    output: Option<File>,
    errors: Option<File>,
}

/// How the box is.
pub(super) enum Health {
    /// It does not answer.
    Silent,
    /// It answers; what does not work.
    Answers(Vec<String>),
}

impl Health {
    /// Whether nothing fails that did not fail before.
    pub(super) fn is_as_good_as(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::Silent, _) => false,
            (Self::Answers(now), Self::Silent) => now.is_empty(),
            (Self::Answers(now), Self::Answers(before)) => now.iter().all(|reason| before.contains(reason)),
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("it does not answer"),
            Self::Answers(reasons) if reasons.is_empty() => f.write_str("it is ready"),
            Self::Answers(reasons) => f.write_str(&reasons.join("; ")),
        }
    }
}

impl Runner {
    /// Finds out. A box that runs from another file than the one that is to be replaced is left alone.
    pub(super) async fn find(data: &DataDir, binary: &Path) -> Result<Self> {
        let Ok(stream) = UnixStream::connect(data.control_socket()).await else { return Ok(Self::Nobody) };
        let pid =
            stream.peer_cred().ok().and_then(|peer| peer.pid()).ok_or_else(|| Error::internal("who serves the folder is not known"))?;
        let is_unit = |unit: &&str| {
            let shown = Command::new("systemctl").args(["show", "--property", "MainPID", "--value", unit]).output();
            shown.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == pid.to_string())
        };
        if UNITS.iter().any(is_unit) {
            return Ok(Self::Systemd);
        }
        let process = Process::of(pid)?;
        let running = std::fs::read_link(format!("/proc/{pid}/exe")).context("cannot see which program serves the folder")?;
        let same = |path: &Path| path.canonicalize().ok();
        if same(&running) != same(binary) {
            return Err(Error::conflict(format!(
                "{} serves the folder, not {}: name it with --binary",
                running.display(),
                binary.display()
            )));
        }
        Ok(Self::Process(Box::new(process)))
    }

    pub(super) fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }

    /// How the box is, by its own word.
    pub(super) async fn health(&self, data: &DataDir) -> Health {
        let Ok(answer) = unix::request(&data.control_socket(), Request::get("/readyz")).await else { return Health::Silent };
        let report: Value = answer.json(64 * 1024).await.unwrap_or_default();
        let Some(reasons) = report["reasons"].as_array() else { return Health::Silent };
        Health::Answers(reasons.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Lets the installed program take over.
    pub(super) async fn restart(&self, places: &Places) -> Result<()> {
        self.stop(&places.data).await?;
        self.start(places).await
    }

    /// Ends whatever serves the folder.
    pub(super) async fn stop(&self, data: &DataDir) -> Result<()> {
        match self {
            Self::Nobody => Ok(()),
            Self::Systemd => systemctl("stop"),
            Self::Process(_) => {
                if let Ok(stream) = UnixStream::connect(data.control_socket()).await
                    && let Some(pid) = stream.peer_cred().ok().and_then(|peer| peer.pid()).and_then(Pid::from_raw)
                {
                    kill_process(pid, Signal::TERM).context("cannot end the process that serves the folder")?;
                }
                until_free(data).await
            }
        }
    }

    /// Starts the installed program.
    pub(super) async fn start(&self, places: &Places) -> Result<()> {
        match self {
            Self::Nobody => Ok(()),
            Self::Systemd => {
                // A program that died again and again has used up what systemd allows; the one that is started now is another.
                systemctl("reset-failed")?;
                systemctl("start")
            }
            Self::Process(process) => process.start(&places.binary),
        }
    }

    /// The last word of an upgrade that went well.
    pub(super) fn epilogue(&self, version: &str) -> String {
        match self {
            Self::Nobody => format!("cxbox {version} is in place; it migrates the data when it is started."),
            _ => format!("cxbox {version} serves."),
        }
    }
}

/// Waits until nobody holds the folder.
async fn until_free(data: &DataDir) -> Result<()> {
    let clock = Clock::system();
    let until = clock.monotonic() + ENDS_WITHIN;
    while clock.monotonic() < until {
        if data.try_lock()?.is_some() {
            return Ok(());
        }
        clock.sleep(Duration::from_millis(100)).await;
    }
    Err(Error::unavailable("the process that serves the folder does not end"))
}

/// Whether the box answers and names this version.
pub(super) async fn answers_as(data: &DataDir, version: &str) -> bool {
    let Ok(answer) = unix::request(&data.control_socket(), Request::get("/version")).await else { return false };
    let said: Value = answer.json(64 * 1024).await.unwrap_or_default();
    said["version"].as_str() == Some(version)
}

fn systemctl(verb: &str) -> Result<()> {
    let status = Command::new("systemctl").arg(verb).args(UNITS).status().context("systemctl cannot be run")?;
    if status.success() { Ok(()) } else { Err(Error::unavailable(format!("systemctl {verb} failed: see journalctl -u cxbox"))) }
}

impl Process {
    /// How a running process was started.
    fn of(pid: i32) -> Result<Self> {
        let read = |name: &str| {
            std::fs::read(format!("/proc/{pid}/{name}")).context("cannot see how the process that serves the folder was started")
        };
        let split = |bytes: Vec<u8>| {
            bytes.split(|b| *b == 0).filter(|part| !part.is_empty()).map(|part| OsString::from_vec(part.to_vec())).collect::<Vec<_>>()
        };
        let pair = |entry: OsString| {
            let bytes = entry.into_vec();
            let at = bytes.iter().position(|b| *b == b'=')?;
            Some((OsString::from_vec(bytes[..at].to_vec()), OsString::from_vec(bytes[at + 1..].to_vec())))
        };
        let opened = |n: u8| File::options().append(true).open(format!("/proc/{pid}/fd/{n}")).ok();
        Ok(Self {
            arguments: split(read("cmdline")?).into_iter().skip(1).collect(),
            environment: split(read("environ")?).into_iter().filter_map(pair).collect(),
            folder: std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_else(|_| PathBuf::from("/")),
            output: opened(1),
            errors: opened(2),
        })
    }

    fn start(&self, binary: &Path) -> Result<()> {
        let stdio = |file: &Option<File>| file.as_ref().and_then(|file| file.try_clone().ok()).map_or_else(Stdio::null, Stdio::from);
        Command::new(binary)
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(stdio(&self.output))
            .stderr(stdio(&self.errors))
            // A group of its own: it lives on when this command's terminal is closed.
            .process_group(0)
            .spawn()
            .context("the program cannot be started")
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_must_be_as_well_as_it_was() {
        let answers = |reasons: &[&str]| Health::Answers(reasons.iter().map(|reason| (*reason).to_owned()).collect());
        for (now, before, is_good) in [
            (Health::Silent, Health::Silent, false),
            (Health::Silent, answers(&[]), false),
            (answers(&[]), answers(&[]), true),
            (answers(&[]), Health::Silent, true),
            (answers(&["no engine"]), Health::Silent, false),
            (answers(&["no engine"]), answers(&[]), false),
            (answers(&["no engine"]), answers(&["no engine", "disk"]), true),
        ] {
            assert_eq!(now.is_as_good_as(&before), is_good, "{now} after {before}");
        }
    }
}
