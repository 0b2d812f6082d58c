//! The child process: a file on standard input, one JSON line with its blocks or the reason on standard output.

use std::io::{self, BufWriter, Read as _, Write as _};

use serde::{Deserialize, Serialize};

use super::{Format, Parsed, Refusal, parse};
use crate::base::{Context, Error, Result};
use crate::platform::sandbox::Cage;

/// Largest file that is read: somewhat more than may be uploaded.
const MOST_BYTES: u64 = 128 * 1024 * 1024;
/// Address space of the child.
const MEMORY_MB: u64 = 1536;
/// Stack of the thread that parses: formats nest.
const STACK: usize = 64 * 1024 * 1024;

/// What the child says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::features::knowledge) enum Said {
    /// The blocks.
    Parsed(Parsed),
    /// Why there are none.
    Refused(String),
}

/// Closes the cage, reads standard input, parses it and prints the outcome. `format` is the word of a [`Format`], or `check`, which
/// prints what the cage holds back.
///
/// # Errors
/// When the cage does not close or the pipes break; nothing is printed then.
pub fn run(format: &str, cpu_seconds: u64) -> Result<()> {
    // What a broken file makes the parsers say is nobody's news; the parent tells the reason.
    std::panic::set_hook(Box::new(|_| {}));
    let held = Cage { memory_mb: MEMORY_MB, cpu_seconds: cpu_seconds.max(1) }.close()?;
    if format == "check" {
        let found = serde_json::json!({ "landlock": held.landlock, "escapes": escapes() });
        return print(&found);
    }
    let format = Format::of_word(format).ok_or_else(|| Error::invalid("there is no such format"))?;
    let mut bytes = Vec::new();
    io::stdin().lock().take(MOST_BYTES).read_to_end(&mut bytes).context("the file cannot be read")?;
    let parsing = std::thread::Builder::new().stack_size(STACK).spawn(move || parse(format, &bytes)).context("no thread for parsing")?;
    let said = match parsing.join() {
        Ok(Ok(parsed)) => Said::Parsed(parsed),
        Ok(Err(Refusal(sentence))) => Said::Refused(sentence),
        Err(_) => Said::Refused("is broken: it cannot be read to its end".to_owned()),
    };
    print(&said)
}

fn print<T: Serialize>(said: &T) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut out, said).context("the outcome cannot be printed")?;
    out.flush().context("the outcome cannot be printed")
}

/// A way out of the cage: what it does, and whether it is open.
type Escape = (&'static str, fn() -> bool);

/// Ways out of the cage that are open although they must not be.
fn escapes() -> Vec<&'static str> {
    let tries: [Escape; 5] = [
        ("reads a file", || std::fs::File::open("/proc/self/status").is_ok()),
        ("writes a file", || std::fs::File::create(std::env::temp_dir().join("cxbox-cage")).is_ok()),
        ("opens TCP", || !is_denied(std::net::TcpStream::connect("127.0.0.1:9").map(drop))),
        ("opens UDP", || !is_denied(std::net::UdpSocket::bind("127.0.0.1:0").map(drop))),
        ("starts a program", || std::process::Command::new("/proc/self/exe").arg("--version").spawn().is_ok()),
    ];
    tries.into_iter().filter(|(_, escapes)| escapes()).map(|(name, _)| name).collect()
}

fn is_denied(outcome: io::Result<()>) -> bool {
    outcome.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}
