//! Programs in other languages that the tests let talk to cxbox. `tests/run` installs what they import, in exact versions, into
//! `~/.cache/cxbox` (`tests/peers/node` for npm, `tests/peers/requirements.txt` for PyPI).

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Where `tests/run` installs.
fn cache() -> PathBuf {
    let base =
        std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    base.unwrap().join("cxbox")
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// A Python script of `tests/peers`, to be run with the installed packages.
pub fn python(name: &str) -> Command {
    let python = cache().join("venv/bin/python");
    assert!(python.exists(), "{} is missing: `tests/run` installs it", python.display());
    let mut command = Command::new(python);
    command.arg(script(name));
    command
}

/// A program that came with a Python package.
pub fn tool(name: &str) -> Command {
    let tool = cache().join("venv/bin").join(name);
    assert!(tool.exists(), "{} is missing: `tests/run` installs it", tool.display());
    Command::new(tool)
}

/// A module script of `tests/peers`, to be run with the installed packages. Node looks for packages beside the script, so a copy is run
/// that lies beside them.
pub fn node(name: &str) -> Command {
    let folder = cache().join("node");
    assert!(folder.join("node_modules").exists(), "{} is missing: `tests/run` installs it", folder.display());
    let copies = folder.join(format!("run-{}", std::process::id()));
    std::fs::create_dir_all(&copies).unwrap();
    let copy = copies.join(name);
    std::fs::copy(script(name), &copy).unwrap();
    let mut command = Command::new("node");
    command.arg(copy);
    command
}

/// Runs a peer to its end with this text as its input. One that fails fails the test, with its own words.
pub fn run(mut command: Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{command:?} failed\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
