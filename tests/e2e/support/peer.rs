//! A real SIP peer (SIPp, baresip): started with a time limit, ended by its own pid.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::ports::{free_range, until};

/// A running peer and where its output goes.
pub struct Peer {
    child: Child,
    name: String,
    output: PathBuf,
    _folder: tempfile::TempDir,
}

/// How a peer ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub output: String,
}

impl Peer {
    /// Starts a program in a folder of its own with its output in a file.
    pub fn start(program: &str, args: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("output.txt");
        let file = std::fs::File::create(&output).unwrap();
        let child = Command::new(program)
            .args(args)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{program} is missing (tests/run installs it): {error}"));
        Self { child, name: program.to_owned(), output, _folder: folder }
    }

    /// SIPp with one of our scenarios, on 127.0.0.1. It takes four ports for media: sound, picture and their RTCP.
    pub fn sipp(scenario: &str, port: u16, more: &[&str]) -> Self {
        let media = free_range(4);
        let file = format!("{}/tests/fixtures/sipp/{scenario}.xml", env!("CARGO_MANIFEST_DIR"));
        let mut args: Vec<String> = [
            "-sf",
            &file,
            "-i",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "-mp",
            &media.to_string(),
            "-nostdin",
            "-trace_err",
            "-timeout",
            "60",
        ]
        .iter()
        .map(|arg| (*arg).to_owned())
        .collect();
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        Self::start("sipp", &args)
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }

    /// Sends it a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        super::Appliance::signal(self.child.id(), signal);
    }

    /// Waits for the peer's own end.
    pub async fn ended(mut self) -> Ended {
        let child = &mut self.child;
        let mut code = None;
        until(&format!("{} ends", self.name), Duration::from_secs(90), || {
            let status = child.try_wait().unwrap();
            code = status.and_then(|s| s.code());
            async move { status.map(|_| ()) }
        })
        .await;
        Ended { code, output: self.output() }
    }
}

impl Ended {
    /// Panics with the peer's output unless it ended well.
    pub fn expect_success(&self) {
        assert_eq!(self.code, Some(0), "{}", self.output);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
