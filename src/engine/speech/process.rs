//! One running speech worker: a child process with a pipe each way. Dropping it ends it.

use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::frame::{self, Reply};

pub(super) struct Process {
    child: Child,
    requests: ChildStdin,
    answers: ChildStdout,
}

impl Process {
    /// Starts `<program> speech-worker`.
    pub(super) fn start(program: &Path) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg("speech-worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()?;
        let requests = child.stdin.take().ok_or_else(|| io::Error::other("the worker has no input"))?;
        let answers = child.stdout.take().ok_or_else(|| io::Error::other("the worker has no output"))?;
        Ok(Self { child, requests, answers })
    }

    /// Its process id while it runs.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends a request and waits for its answer. After an error the worker must be dropped: the pipes may hold half a frame.
    pub(super) async fn ask(&mut self, frame: &[u8]) -> io::Result<(Reply, Vec<i16>)> {
        frame::exchange(&mut self.requests, &mut self.answers, frame).await
    }
}
