//! Has a file read by a caged child of this program, and says what became of it in words.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::base::{Context, Error, Result};
use crate::features::knowledge::format::Format;
use crate::features::knowledge::parse::{Parsed, Said};

/// Most bytes a child may say.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Starts the children.
#[derive(Debug, Clone)]
pub(in crate::features::knowledge) struct Reader {
    /// This program.
    pub(in crate::features::knowledge) program: PathBuf,
}

/// What became of a file.
#[derive(Debug)]
pub(in crate::features::knowledge) enum Outcome {
    /// Its blocks.
    Parsed(Parsed),
    /// Why it cannot be taken in.
    Refused(String),
}

impl Reader {
    /// Reads a file. A child that takes too long or too much is ended; the reason is in the outcome.
    ///
    /// # Errors
    /// What is not the file's fault: no child can be started, the file is not there.
    pub(in crate::features::knowledge) async fn read(&self, file: &Path, format: Format, within: Duration) -> Result<Outcome> {
        let input = std::fs::File::open(file).context("the document's file is not there")?;
        let seconds = within.as_secs().max(1);
        let mut child = Command::new(&self.program)
            .args(["parse-worker", format.word(), &seconds.to_string()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(input))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("no child can be started to read a document")?;
        let out = child.stdout.take().ok_or_else(|| Error::internal("the child has no output"))?;
        let mut said = Vec::new();
        let talk = async {
            let n_bytes = out.take(MOST_BYTES + 1).read_to_end(&mut said).await.context("the child cannot be heard")?;
            if n_bytes as u64 > MOST_BYTES {
                return Ok(None);
            }
            child.wait().await.map(Some).context("the child cannot be waited for")
        };
        let ended = tokio::time::timeout(within, talk).await;
        match ended {
            Err(_) => Ok(Outcome::Refused(too_slow(seconds))),
            Ok(Err(error)) => Err(error),
            Ok(Ok(None)) => Ok(Outcome::Refused("holds more text than a document may".to_owned())),
            Ok(Ok(Some(status))) => outcome(&said, status, seconds),
        }
    }
}

fn outcome(said: &[u8], status: ExitStatus, seconds: u64) -> Result<Outcome> {
    if status.success() {
        return Ok(match serde_json::from_slice(said).context("the child said something else than blocks")? {
            Said::Parsed(parsed) => Outcome::Parsed(parsed),
            Said::Refused(sentence) => Outcome::Refused(sentence),
        });
    }
    let sentence = match status.signal() {
        Some(libc::SIGXCPU | libc::SIGKILL) => too_slow(seconds),
        Some(libc::SIGABRT) => "needs more memory to be read than a document may, or is broken".to_owned(),
        Some(libc::SIGSEGV | libc::SIGBUS | libc::SIGILL) => "is broken: reading it went wrong".to_owned(),
        // It said no word and ended by itself: the cage did not close, or its program is another one.
        _ => return Err(Error::internal("the child that reads documents does not start").caused_by(format!("it ended with {status}"))),
    };
    Ok(Outcome::Refused(sentence))
}

fn too_slow(seconds: u64) -> String {
    format!("took longer than {seconds} seconds to read")
}
