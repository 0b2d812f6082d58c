//! An engine on another machine: a data folder of its own, TLS in both directions with certificates of the box's own CA, the shared secret.

use std::net::{IpAddr, SocketAddr};
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
        Self::command_in(None, data, control, certificates, listen)
    }

    fn command_in(network: Option<&Network>, data: &Path, control: &str, certificates: &Path, listen: SocketAddr) -> Command {
        let mut command = match network {
            None => Command::new(binary()),
            Some(network) => network.inside(&binary()),
        };
        let file = |name: &str| certificates.join(name);
        let (sip, rtp) = (free_port(), free_port() / 2 * 2);
        command
            .arg("engine")
            .args(["--data-dir".into(), data.as_os_str().to_owned()])
            .args(["--control", control, "--listen", &listen.to_string()])
            .args(["--sip", &format!("{}:{sip}", listen.ip()), "--rtp-ports", &format!("{rtp}-{}", rtp + 19)])
            .args(["--ca".into(), file("ca.pem"), "--cert".into(), file("cert.pem"), "--key".into(), file("key.pem")])
            .stdin(Stdio::null());
        command
    }

    fn start(appliance: &Appliance, certificates: &Path) -> Self {
        Self::start_in(None, appliance, certificates)
    }

    fn start_in(network: Option<&Network>, appliance: &Appliance, certificates: &Path) -> Self {
        let data = tempfile::tempdir().unwrap();
        let ip = network.map_or([127, 0, 0, 1].into(), |network| network.theirs);
        let listen = SocketAddr::new(ip, free_port());
        let secret = std::fs::read_to_string(appliance.data().join("secrets/cxbcore_secret")).unwrap();
        let log = std::fs::File::create(data.path().join("test.log")).unwrap();
        let process = Self::command_in(network, data.path(), &format!("https://{}", appliance.setup.http), certificates, listen)
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
        if !rustix::process::getuid().is_root() {
            // One in a network of its own runs behind `sudo`, which hands this on.
            let _ = as_root("kill").arg(self.process.id().to_string()).stderr(Stdio::null()).status();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A network of its own for one engine, with one wire to this machine.
struct Network {
    name: String,
    wire: String,
    ours: IpAddr,
    theirs: IpAddr,
}

impl Network {
    fn new() -> Self {
        let n = std::process::id() % 250;
        let address = |host: u8| IpAddr::from([10, 213, u8::try_from(n).unwrap(), host]);
        let network = Self { name: format!("cxbox{n}"), wire: format!("cxv{n}"), ours: address(1), theirs: address(2) };
        let (name, wire, peer) = (network.name.as_str(), network.wire.as_str(), format!("{}p", network.wire));
        let (ours, theirs) = (format!("{}/30", network.ours), format!("{}/30", network.theirs));
        for order in [
            vec!["netns", "add", name],
            vec!["link", "add", wire, "type", "veth", "peer", "name", &peer],
            vec!["link", "set", &peer, "netns", name],
            vec!["addr", "add", &ours, "dev", wire],
            vec!["link", "set", wire, "up"],
            vec!["-n", name, "addr", "add", &theirs, "dev", &peer],
            vec!["-n", name, "link", "set", &peer, "up"],
            vec!["-n", name, "link", "set", "lo", "up"],
        ] {
            let output = as_root("ip").args(&order).output().unwrap();
            assert!(output.status.success(), "ip {order:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        network
    }

    /// A program that sees this network and no other. It keeps its process id and its owner.
    fn inside(&self, program: &Path) -> Command {
        let mut command = as_root("ip");
        command.args(["netns", "exec", &self.name]);
        let owner = rustix::process::getuid();
        if !owner.is_root() {
            command.args(["setpriv", "--reuid", &owner.as_raw().to_string(), "--clear-groups"]);
        }
        command.arg(program);
        command
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for order in [["link", "del", &self.wire], ["netns", "del", &self.name]] {
            let _ = as_root("ip").args(order).status();
        }
    }
}

/// A program that needs root: run as it is by root, else by `sudo`.
fn as_root(program: &str) -> Command {
    if rustix::process::getuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", "-E", program]);
    command
}

/// A certificate of the box's CA for 127.0.0.1.
fn issue(appliance: &Appliance) -> (tempfile::TempDir, PathBuf) {
    issue_for(appliance, "127.0.0.1")
}

fn issue_for(appliance: &Appliance, name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("engine");
    let issued = Command::new(binary())
        .args(["tls", "issue", "--name", name, "--data-dir"])
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
async fn of_two_engines_the_one_in_a_network_of_its_own_takes_over_when_the_other_is_drained() {
    let network = Network::new();
    let http = SocketAddr::new(network.ours, free_port());
    let appliance = Setup { tls: true, http, ..Setup::new() }.start().await;
    let admin = appliance.super_admin().await;
    let (_near_folder, near_certificates) = issue_for(&appliance, "127.0.0.1");
    let (_far_folder, far_certificates) = issue_for(&appliance, &network.theirs.to_string());
    let near = Elsewhere::start(&appliance, &near_certificates);
    let far = Elsewhere::start_in(Some(&network), &appliance, &far_certificates);
    let urls = [near.listen, far.listen].map(|listen| format!("https://{listen}"));
    let fleet = json!({ "cxbcore_fleet": urls });
    let put = admin.send(http::Method::PUT, "/api/v1/settings/fleet", "application/json", fleet.to_string()).await.unwrap();
    assert_eq!(put.status, 200, "{}", put.text());
    until("both engines are hosts of the fleet", SOON, || async {
        let status = admin.get_ok("/api/v1/fleet/status").await;
        (status["total_capacity"] == 200).then_some(())
    })
    .await;
    assert_eq!(admin.post("/api/v1/fleet/drain", &json!({ "url": urls[0] })).await.unwrap().status, 204);
    let (port, ours) = (free_port().to_string(), network.ours.to_string());
    let scenario = format!("{}/tests/fixtures/sipp/trunk_callee.xml", env!("CARGO_MANIFEST_DIR"));
    let media = free_port().to_string();
    let callee = ["-sf", &scenario, "-i", &ours, "-p", &port, "-mp", &media, "-nostdin", "-timeout", "60", "-m", "1", "-rtp_echo"];
    let callee = Peer::start("sipp", &callee.map(str::to_owned));
    let mut bot = reception();
    bot["max_call_duration_seconds"] = 3.into();
    let bot_id = stage::set(&admin, &format!("{ours}:{port}"), "udp", &bot).await.bot_id;
    let order = json!({ "phone": "+15557654321", "systemPrompt": "Say hello.", "maxSeconds": 30, "botId": bot_id });
    let call_id = admin.post_ok("/api.ashx/v1/calls", &order, 200).await["callId"].as_str().unwrap().to_owned();
    callee.ended().await.expect_success();
    until("the call has ended well", SOON, || async {
        let call = admin.get_ok(&format!("/api.ashx/v1/calls/{call_id}")).await;
        (call["status"] == "ended-success").then_some(())
    })
    .await;
    until("the engine in its own network has brought the result", SOON, || async {
        (far.log().contains("delivered") && !near.log().contains("delivered")).then_some(())
    })
    .await;
    let status = admin.get_ok("/api/v1/fleet/status").await;
    assert_eq!(status["total_capacity"], 100, "the drained one is no host any more: {status}");
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
