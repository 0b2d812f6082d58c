//! The engine as a process of its own that is killed in the middle of a call.

use std::process::{Child, Command};
use std::time::Duration;

use cxbox::base::Clock;
use cxbox::platform::data_dir::DataDir;
use cxbox::platform::net::{Request, unix};
use serde_json::{Value, json};

use crate::support::control::FakeControl;
use crate::support::phone::Phone;
use crate::support::{SECRET, bot_with, within};

/// The program; it is killed when the test is over, however that comes about.
struct Process(Child);

impl Process {
    fn start(data: &DataDir) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cxbox"));
        command.args(["engine", "--sip", "127.0.0.1:0", "--rtp-ports", "30000-39999", "--data-dir"]).arg(data.root());
        Self(command.spawn().unwrap())
    }

    /// SIGKILL: nothing is written any more.
    fn die(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the engine says of itself, once it answers.
async fn health(data: &DataDir) -> Value {
    within("the engine answers", async {
        loop {
            let request = Request::get("/health/fleet").header("X-CXBCore-Secret", SECRET);
            if let Ok(answer) = unix::request(&data.engine_socket(), request).await {
                return answer.json(1 << 16).await.unwrap();
            }
            Clock::system().sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_an_engine_that_was_killed_becomes_a_result_with_its_recording() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::open(folder.path()).unwrap();
    std::fs::write(data.core_secret(), SECRET).unwrap();
    let phone = Phone::start().await;
    let bot = bot_with(json!({
        "stt": { "provider": "none" }, "tts": { "provider": "flite", "voice": "slt" },
        "recording_mode": "announce", "recording_notice": "This call is recorded.",
    }));
    let control = FakeControl::start(data.control_socket(), bot, serde_json::json!({}), phone.address());
    let mut engine = Process::start(&data);
    let health = health(&data).await;
    control.asked_for_trunks().await;
    let mut talk = phone.call(health["sip"].as_str().unwrap().parse().unwrap()).await;
    talk.hears().await;
    talk.hears_silence().await;
    talk.press("1");
    control.wait("the caller's turn", |told| told.events.iter().find(|e| e["turn"]["role"] == "user").map(|_| ())).await;
    engine.die();
    assert_eq!(control.n_results(), 0);

    let _again = Process::start(&data);
    let result = control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("error"), &json!("failed")));
    assert!(result["error_detail"].as_str().unwrap().contains("died"));
    assert!(result["transcript"].as_array().unwrap().iter().any(|turn| turn["content"] == "1"));
    let key = result["recording_key"].as_str().unwrap();
    let recording = control.wait("the recording", |told| told.recordings.get(key).cloned()).await;
    assert!(recording.starts_with(b"RIFF") && recording.len() > 10_000, "{} bytes", recording.len());
}
