//! Foreign peers: SIPp as a child process, and a raw UDP phone that says whatever a test wants.

use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::process::{Child, Command};

use super::soon;
use crate::support::ports::free_port;

/// A running SIPp. Dropping it ends it.
pub struct Sipp {
    child: Child,
    pub address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Sipp {
    /// Starts a scenario as the called side; it waits for one call.
    pub fn answers(scenario: &str) -> Self {
        Self::start(scenario, &["-rtp_echo", "-m", "1"])
    }

    /// Starts a scenario that calls `to` this many times.
    pub fn calls(scenario: &str, to: SocketAddr, n: u32, more: &[&str]) -> Self {
        let (to, n) = (to.to_string(), n.to_string());
        let mut arguments = vec![to.as_str(), "-m", &n, "-r", &n];
        arguments.extend(more);
        Self::start(scenario, &arguments)
    }

    fn start(scenario: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let audio = folder.path().join("tone.ulaw");
        let tone: Vec<u8> = (0..8000u32).map(|i| if i / 8 % 2 == 0 { 0x20 } else { 0xa0 }).collect();
        std::fs::write(&audio, tone).unwrap();
        let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sipp").join(scenario);
        let text = std::fs::read_to_string(fixture).unwrap().replace("AUDIO", audio.to_str().unwrap());
        let file = folder.path().join(scenario);
        std::fs::write(&file, text).unwrap();
        let (port, media) = (free_port(), free_port());
        let child = Command::new("sipp")
            .args(arguments)
            .arg("-sf")
            .arg(&file)
            .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-mp", &media.to_string()])
            .args(["-nostdin", "-timeout", "15", "-timeout_error", "-trace_err"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("sipp is installed (Debian package sip-tester)");
        Self { child, address: ([127, 0, 0, 1], port).into(), folder }
    }

    /// Waits until it listens.
    pub async fn ready(self) -> Self {
        let probe = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        soon(async {
            // Binding its port fails as soon as it is taken.
            while StdSocket::bind(self.address).is_ok() {
                let mut nothing = [0];
                let _ = tokio::time::timeout(Duration::from_millis(10), probe.recv(&mut nothing)).await;
            }
        })
        .await;
        self
    }

    /// Waits for its end; it must have seen what its scenario expects.
    pub async fn succeeds(mut self) {
        let status = soon(self.child.wait()).await.unwrap();
        if !status.success() {
            let mut said = String::new();
            for entry in std::fs::read_dir(self.folder.path()).unwrap().flatten() {
                if entry.path().extension().is_some_and(|ending| ending == "log") {
                    said += &std::fs::read_to_string(entry.path()).unwrap_or_default();
                }
            }
            panic!("sipp ended with {status}: {said}");
        }
    }
}

/// A UDP socket that speaks SIP by hand.
pub struct RawPhone {
    socket: UdpSocket,
    to: SocketAddr,
}

impl RawPhone {
    pub async fn new(to: SocketAddr) -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(), to }
    }

    /// Sends a message; `LOCAL` and `REMOTE` are replaced by the addresses, line ends are made right.
    pub async fn send(&self, text: &str) {
        self.send_bytes(self.filled(text).as_bytes()).await;
    }

    fn filled(&self, text: &str) -> String {
        let local = self.socket.local_addr().unwrap().to_string();
        text.replace("\r\n", "\n").replace('\n', "\r\n").replace("LOCAL", &local).replace("REMOTE", &self.to.to_string())
    }

    pub async fn send_bytes(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.to).await.unwrap();
    }

    /// What comes back within this time.
    pub async fn answer_within(&self, time: Duration) -> Option<String> {
        let mut buffer = vec![0; 65_535];
        let n = tokio::time::timeout(time, self.socket.recv(&mut buffer)).await.ok()?.ok()?;
        Some(String::from_utf8_lossy(&buffer[..n]).into_owned())
    }

    /// The first final answer's status.
    pub async fn final_status(&self) -> u16 {
        soon(async {
            loop {
                let answer = self.answer_within(Duration::from_secs(5)).await.expect("an answer");
                let code: u16 = answer.split_whitespace().nth(1).and_then(|code| code.parse().ok()).unwrap();
                if code >= 200 {
                    return code;
                }
            }
        })
        .await
    }
}
