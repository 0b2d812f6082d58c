//! The engine as a process: started in a group of its own, found by its lock, ended by its id.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::adopt::{EngineArgs, EngineRecord};
use crate::base::{Context, Result};
use crate::platform::data_dir::{DataDir, write_whole};

/// How the built-in engine is started.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// This program.
    pub(super) path: PathBuf,
    /// Its data folder.
    pub(super) data: DataDir,
    /// Where it listens, and its other settings.
    pub(super) args: EngineArgs,
}

impl Program {
    /// Starts the engine in a process group of its own, so that what ends `serve` at a terminal does not end calls. It is not ended with
    /// this process either.
    pub(super) fn start(&self) -> Result<Child> {
        let child = Command::new(&self.path)
            .arg("engine")
            .arg("--data-dir")
            .arg(self.data.root())
            .args(["--sip", &self.args.sip, "--rtp-ports", &self.args.rtp_ports])
            .envs(self.args.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(false)
            .spawn()
            .context("cannot start the engine")?;
        if let Some(pid) = child.id() {
            let record = EngineRecord { pid, args: self.args.clone() };
            let text = serde_json::to_vec(&record).context("cannot write down what the engine was started with")?;
            write_whole(&record_path(&self.data), &text)?;
        }
        Ok(child)
    }

    /// What is written about the engine that was started last.
    pub(super) fn record(&self) -> Option<EngineRecord> {
        serde_json::from_slice(&std::fs::read(record_path(&self.data)).ok()?).ok()
    }

    /// Whether an engine holds the lock of the data folder.
    pub(super) fn is_running(&self) -> bool {
        is_held(&self.data.engine_lock())
    }
}

fn record_path(data: &DataDir) -> PathBuf {
    data.run().join("engine.json")
}

fn is_held(lock: &Path) -> bool {
    let Ok(file) = File::options().read(true).write(true).mode(0o600).open(lock) else { return false };
    // The lock is given back when the file is closed, at the end of this function.
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
}

/// Sends a signal to a process; one that is gone is none of our business.
pub(super) fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::debug!("The engine's process could not be signalled: {error}");
    }
}
