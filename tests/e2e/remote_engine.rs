//! An engine on another machine: a data folder of its own, TLS in both directions with certificates of the box's own CA, the shared secret.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::support::{Appliance, Peer, Setup, binary, free_port, reception, stage, until};

const SOON: Duration = Duration::from_secs(40);

/// `cxbox engine --control … --listen …`, ended by its own pid.
struct Elsewhere {
    process: Child,
    data: tempfile::TempDir,
    listen: SocketAddr,
}

impl Elsewhere {
    fn command(data: &Path, control: &str, certificates: &Path, listen: SocketAddr) -> Command {
        let mut command = Command::new(binary());
        let file = |name: &str| certificates.join(name);
        let (sip, rtp) = (free_port(), free_port() / 2 * 2);
        command
            .arg("engine")
            .args(["--data-dir".into(), data.as_os_str().to_owned()])
            .args(["--control", control, "--listen", &listen.to_string()])
            .args(["--sip", &format!("127.0.0.1:{sip}"), "--rtp-ports", &format!("{rtp}-{}", rtp + 19)])
            .args(["--ca".into(), file("ca.pem"), "--cert".into(), file("cert.pem"), "--key".into(), file("key.pem")])
            .stdin(Stdio::null());
        command
    }

    fn start(appliance: &Appliance, certificates: &Path) -> Self {
        let data = tempfile::tempdir().unwrap();
        let listen: SocketAddr = ([127, 0, 0, 1], free_port()).into();
        let secret = std::fs::read_to_string(appliance.data().join("secrets/cxbcore_secret")).unwrap();
        let log = std::fs::File::create(data.path().join("test.log")).unwrap();
        let process = Self::command(data.path(), &format!("https://{}", appliance.setup.http), certificates, listen)
            .env("CXBCORE_SECRET", secret.trim())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { process, data, listen }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.data.path().join("test.log")).unwrap_or_default()
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of the engine elsewhere\n{}", self.log());
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A certificate of the box's CA for 127.0.0.1.
fn issue(appliance: &Appliance) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("engine");
    let issued = Command::new(binary())
        .args(["tls", "issue", "--name", "127.0.0.1", "--data-dir"])
        .arg(appliance.data())
        .arg("--out")
        .arg(&into)
        .output()
        .unwrap();
    assert!(issued.status.success(), "{}", String::from_utf8_lossy(&issued.stderr));
    (folder, into)
}

#[tokio::test]
async fn an_engine_elsewhere_takes_a_call_over_tls_and_brings_the_result_and_the_recording() {
    let appliance = Setup { tls: true, ..Setup::new() }.start().await;
    let admin = appliance.super_admin().await;
    let (_folder, certificates) = issue(&appliance);
    let engine = Elsewhere::start(&appliance, &certificates);
    let url = format!("https://{}", engine.listen);
    let fleet = json!({ "cxbcore_fleet": [url] });
    let put = admin.send(http::Method::PUT, "/api/v1/settings/fleet", "application/json", fleet.to_string()).await.unwrap();
    assert_eq!(put.status, 200, "{}", put.text());
    until("the engine elsewhere is a host of the fleet", SOON, || async {
        let status = admin.get_ok("/api/v1/fleet/status").await;
        status.to_string().contains(&format!(r#""url":"{url}","status":"ok""#)).then_some(())
    })
    .await;

    let port = free_port();
    let callee = Peer::sipp("outbound_digest", port, &["-m", "1", "-rtp_echo"]);
    let mut bot = reception();
    bot["max_call_duration_seconds"] = 3.into();
    let bot_id = stage::set(&admin, &format!("127.0.0.1:{port}"), "udp", &bot).await.bot_id;
    let order = json!({ "phone": "+15557654321", "displayName": "Far", "systemPrompt": "Say hello.", "maxSeconds": 30, "botId": bot_id });
    let call_id = admin.post_ok("/api.ashx/v1/calls", &order, 200).await["callId"].as_str().unwrap().to_owned();
    callee.ended().await.expect_success();
    until("the call has ended well", SOON, || async {
        let call = admin.get_ok(&format!("/api.ashx/v1/calls/{call_id}")).await;
        (call["status"] == "ended-success").then_some(())
    })
    .await;
    let calls = admin.get_ok("/api/v1/calls").await;
    let session_id = calls["data"][0]["session_id"].as_str().unwrap();
    let recording = admin.get(&format!("/api/v1/recordings/{session_id}")).await.unwrap();
    assert!(recording.status == 200 && recording.bytes.starts_with(b"RIFF") && recording.bytes.len() > 16_000, "{}", recording.status);
    until("the engine elsewhere knows that it has delivered", SOON, || async {
        engine.log().contains(&format!("Result of call {session_id} delivered")).then_some(())
    })
    .await;
    assert!(!appliance.log().contains(&format!("Result of call {session_id} delivered")), "the built-in engine had nothing to do with it");
    let stranger = super::support::Http::secure(&url, &certificates.join("ca.pem"));
    assert_eq!(stranger.get("/health/fleet").await.unwrap().status, 403, "without the secret");
}

#[tokio::test]
async fn an_engine_elsewhere_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let listen = ([127, 0, 0, 1], free_port()).into();
    let output = Elsewhere::command(&data, "https://127.0.0.1:1", folder.path(), listen).env_remove("CXBCORE_SECRET").output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("CXBCORE_SECRET") && text.contains("cxbcore_secret"), "{text}");
    let secret = "0123456789abcdef0123456789abcdee";
    let output = Elsewhere::command(&data, "https://127.0.0.1:1", folder.path(), listen).env("CXBCORE_SECRET", secret).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("ca.pem"), "{text}");
}

#[tokio::test]
async fn the_engine_of_serve_has_all_settings_of_its_configuration_file() {
    let mut setup = Setup::new();
    let file = setup.data.path().join("elsewhere.toml");
    std::fs::write(&file, "[engine]\nmax_concurrent_calls = 7\n[log]\nformat = \"json\"\nlevel = \"debug\"\n").unwrap();
    setup.args = vec!["--config".into(), file.display().to_string()];
    let appliance = setup.start().await;
    let admin = appliance.super_admin().await;
    let status = admin.get_ok("/api/v1/fleet/status").await;
    assert!(status.to_string().contains(r#""total_capacity":7"#), "{status}");
    let engine = appliance.engine_pid().await.unwrap();
    let environment = std::fs::read(format!("/proc/{engine}/environ")).unwrap();
    let told = String::from_utf8_lossy(&environment);
    for setting in
        ["CXBOX_LOG__LEVEL=debug", "CXBOX_LOG__FORMAT=json", "CXBOX_SERVER__DRAIN_SECONDS=15", "CXBOX_OUTBOUND__ALLOW_CIDRS=127.0.0.0/8"]
    {
        assert!(told.contains(setting), "{setting} is not among {told}");
    }

    let mut text = std::fs::read_to_string(&file).unwrap();
    text = text.replace("= 7", "= 8");
    std::fs::write(&file, text).unwrap();
    let appliance = appliance.kill().start().await;
    let admin = appliance.super_admin_again().await;
    until("the running engine was replaced by one with the new settings", SOON, || async {
        let status = admin.get("/api/v1/fleet/status").await.ok()?.json();
        status.to_string().contains(r#""total_capacity":8"#).then_some(())
    })
    .await;
}
