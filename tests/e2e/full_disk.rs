//! Little room and none at all: the data folder lies on a disk of 64 MB that the test fills and frees again.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::support::{Appliance, Http, Peer, Setup, free_port, reception, stage, until};

const SOON: Duration = Duration::from_secs(30);
/// How long everything may take to work again once there is room.
const RECOVERY: Duration = Duration::from_secs(10);
const MB: u64 = 1024 * 1024;

/// A box on a disk of 64 MB of which 8 are kept free, with a bot that can be called.
struct SmallBox {
    appliance: Appliance,
    admin: Http,
    bot_id: String,
}

impl SmallBox {
    async fn start() -> Self {
        let setup = Setup::new().on_a_disk_of(64).env("CXBOX_SERVER__LOW_SPACE_MB", "8").env("CXBOX_SERVER__LOW_SPACE_PERCENT", "0");
        let appliance = setup.start().await;
        let admin = appliance.first_admin().await;
        let bot_id = stage::set(&admin, "127.0.0.1:9", "udp", &reception()).await.bot_id;
        Self { appliance, admin, bot_id }
    }

    fn filler(&self) -> PathBuf {
        self.appliance.inside().join("filler")
    }

    /// Fills the disk until only so many bytes are free.
    fn fill(&self, leave: u64) {
        let mut file = File::create(self.filler()).unwrap();
        let stat = rustix::fs::statvfs(self.appliance.inside()).unwrap();
        let mut left = (stat.f_bavail * stat.f_frsize).saturating_sub(leave);
        let zeros = vec![0; 64 * 1024];
        while left > 0 {
            let n = usize::try_from(left).unwrap().min(zeros.len());
            match file.write(&zeros[..n]) {
                Ok(written) => left -= written as u64,
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    /// One call that lasts so long; it is up when this returns.
    async fn call(&self, ms: &str) -> Peer {
        let target = self.appliance.setup.sip.to_string();
        let peer = Peer::sipp("inbound_bye", free_port(), &["-s", "+15551230000", "-m", "1", "-d", ms, &target]);
        until("the call is up", SOON, || async {
            let calls = self.admin.get_ok("/api/v1/calls?status=active").await;
            (calls["total"].as_u64() == Some(1)).then_some(())
        })
        .await;
        peer
    }

    /// The call from SIPp, once its result is stored.
    async fn finished(&self, within: Duration) -> Value {
        let row = until("the call's result is stored", within, || async {
            let list = self.admin.get_ok("/api/v1/calls?limit=500").await;
            let rows = list["data"].as_array().unwrap().clone();
            rows.into_iter().find(|call| call["from_number"] == "+15550001111" && call["completed_at"].is_string())
        })
        .await;
        self.admin.get_ok(&format!("/api/v1/calls/{}", row["session_id"].as_str().unwrap())).await
    }

    async fn ready_with(&self, status: u16) -> Value {
        let reply = self.appliance.http().get("/readyz").await.unwrap();
        assert_eq!(reply.status, status, "{}", reply.text());
        reply.json()
    }

    /// Asks SQLite, in the program's own view of the disk.
    fn sqlite(&self, sql: &str) -> String {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.appliance.pid().to_string(), "--mount"]);
        if !rustix::process::getuid().is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        let output = command.arg("sqlite3").arg(self.appliance.data().join("main.db")).arg(sql).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

fn result(n: u32) -> Value {
    let words = "word ".repeat(8_000);
    json!({ "session_id": format!("sess_{n:016}"), "disconnected_by": "customer",
        "transcript": [{ "role": "user", "content": words, "ts": "2026-01-01T12:00:00.000Z" }] })
}

#[tokio::test]
async fn with_little_room_nothing_is_placed_or_uploaded_and_a_call_keeps_its_recording_until_there_is_room() {
    let small = SmallBox::start().await;
    small.ready_with(200).await;
    small.fill(4 * MB);
    let report = small.ready_with(503).await;
    assert!(report["reasons"][0].as_str().unwrap().contains("the disk is almost full"), "{report}");
    let order =
        json!({ "phone": "+15557654321", "displayName": "Test", "systemPrompt": "Hello.", "maxSeconds": 30, "botId": small.bot_id });
    let refused = small.admin.post("/api.ashx/v1/calls", &order).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.json()["error"].as_str()), (507, Some("disk_full")), "{}", refused.text());
    let engine = small.appliance.engine();
    let upload = engine.send(Method::PUT, "/api/v1/engine/recordings/a.wav", "audio/wav", vec![0; 1000]).await.unwrap();
    assert_eq!((upload.status.as_u16(), upload.json()["error"].as_str()), (507, Some("disk_full")), "{}", upload.text());
    engine.post_ok("/api/v1/call-results", &result(1), 200).await;

    small.call("2000").await.ended().await.expect_success();
    until("the engine has tried to bring the call", SOON, || async { small.appliance.log().contains("next attempt in 5 s").then_some(()) })
        .await;
    assert_eq!(small.admin.get_ok("/api/v1/calls?status=active").await["total"], 1, "the result waits at the engine");
    small.free();
    let call = small.finished(RECOVERY).await;
    small.ready_with(200).await;
    let recording = small.admin.get(&format!("/api/v1/recordings/{}", call["session_id"].as_str().unwrap())).await.unwrap();
    assert!(recording.status == 200 && recording.bytes.len() > 16_000, "{} {}", recording.status, recording.bytes.len());
}

#[tokio::test]
async fn on_a_full_disk_writes_answer_507_reads_go_on_and_all_is_well_when_there_is_room_again() {
    let small = SmallBox::start().await;
    let engine = small.appliance.engine();
    let running = small.call("6000").await;
    small.fill(0);
    let mut stored = 0;
    let refused = loop {
        let reply = engine.post("/api/v1/call-results", &result(stored)).await.unwrap();
        if reply.status != 200 {
            break reply;
        }
        stored += 1;
        assert!(stored < 3_000, "the disk does not fill up");
    };
    assert_eq!((refused.status.as_u16(), refused.json()["error"].as_str()), (507, Some("disk_full")), "{}", refused.text());
    for path in ["/api/v1/calls", "/api/v1/bots", "/api.ashx/v1/calls", "/healthz"] {
        small.admin.get_ok(path).await;
    }
    small.ready_with(503).await;
    let upload = engine.send(Method::PUT, "/api/v1/engine/recordings/b.wav", "audio/wav", vec![7; 1000]).await.unwrap();
    assert_eq!((upload.status.as_u16(), upload.json()["error"].as_str()), (507, Some("disk_full")), "{}", upload.text());
    let backup = small.admin.post("/api/v1/backups", &json!({})).await.unwrap();
    assert_eq!((backup.status.as_u16(), backup.json()["error"].as_str()), (507, Some("disk_full")), "{}", backup.text());
    running.ended().await.expect_success();
    until("the engine keeps the result of the call", SOON, || async {
        small.appliance.log().contains("next attempt in 5 s").then_some(())
    })
    .await;

    small.free();
    until("the same result is taken", RECOVERY, || async {
        engine.post("/api/v1/call-results", &result(stored)).await.ok().filter(|reply| reply.status == 200)
    })
    .await;
    let call = small.finished(RECOVERY).await;
    assert_eq!(call["disconnected_by"], "customer", "{call:#}");
    until("it is ready again", RECOVERY, || async { small.appliance.http().get("/readyz").await.ok().filter(|r| r.status == 200) }).await;
    let upload = engine.send(Method::PUT, "/api/v1/engine/recordings/b.wav", "audio/wav", vec![7; 1000]).await.unwrap();
    assert_eq!(upload.status, 201, "the same upload is taken: {}", upload.text());
    assert_eq!(small.sqlite("pragma integrity_check"), "ok");
    assert_eq!(small.sqlite("select count(*) from calls where session_id like 'sess_0%'"), (stored + 1).to_string());
    until("all facts are heard", SOON, || async {
        (small.sqlite("select (select count(*) from events where fanned_out = 0) + (select count(*) from reactions)") == "0").then_some(())
    })
    .await;
}
