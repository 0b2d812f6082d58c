//! Telephones of people against the real program: baresip registers, is rung by a call from outside, talks, calls inside; SIPp tries a nonce twice.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Appliance, Baresip, Http, Peer, binary, free_port, free_range, reception, stage, until};

/// baresip gives up on the first challenge, which names SHA-256 too, and tries again within a minute.
const SOON: Duration = Duration::from_secs(70);

/// An appliance with a carrier on loopback, the number 1234, and a person with a phone.
struct Office {
    appliance: Appliance,
    admin: Http,
    password: String,
}

async fn office() -> Office {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    stage::set(&admin, "127.0.0.1:9", "udp", &reception()).await;
    let person = json!({ "name": "alex", "email": "alex@example.com", "password": "correct horse", "role": "agent" });
    admin.post_ok("/api/v1/users", &person, 201).await;
    let phone = admin.post_ok("/api/v1/phones", &json!({ "user": "alex" }), 201).await;
    admin.post_ok("/api.ashx/v1/inbound-routes", &json!({ "did": "+15559990000", "user": "alex" }), 201).await;
    let password = phone["sip_password"].as_str().unwrap().to_owned();
    challenged(appliance.setup.sip).await;
    Office { appliance, admin, password }
}

/// Waits until the engine asks for a password: it learns of a new account within seconds.
async fn challenged(sip: SocketAddr) {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let local = socket.local_addr().unwrap();
    let mut n = 0;
    until("the engine knows the account", SOON, || {
        n += 1;
        let register = format!(
            "REGISTER sip:{sip} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKask{n}\r\nFrom: <sip:alex@{sip}>;tag=1\r\nTo: <sip:alex@{sip}>\r\n\
             Call-ID: ask{n}@{local}\r\nCSeq: {n} REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        let socket = &socket;
        async move {
            socket.send_to(register.as_bytes(), sip).await.unwrap();
            let mut buffer = [0; 2048];
            let answer = tokio::time::timeout(Duration::from_millis(500), socket.recv(&mut buffer)).await;
            let n = answer.ok()?.ok()?;
            String::from_utf8_lossy(&buffer[..n]).starts_with("SIP/2.0 401").then_some(())
        }
    })
    .await;
}

impl Office {
    async fn telephone(&self, password: &str, is_loud: bool) -> Baresip {
        Baresip::registering(&self.appliance.setup.sip.to_string(), "alex", password, is_loud).await
    }

    async fn is_registered(&self) -> bool {
        self.admin.get_ok("/api/v1/phones").await["data"][0]["is_registered"] == true
    }

    async fn registered(&self) {
        until("the telephone is registered", SOON, || async { self.is_registered().await.then_some(()) }).await;
    }

    /// The newest call once its result is stored.
    async fn finished_call(&self) -> Value {
        until("the call's result is stored", SOON, || async {
            let list = self.admin.get_ok("/api/v1/calls").await;
            let session = list["data"][0]["session_id"].as_str().map(str::to_owned)?;
            let call = self.admin.get_ok(&format!("/api/v1/calls/{session}")).await;
            call["completed_at"].is_string().then_some(call)
        })
        .await
    }

    /// A scripted caller from outside; its report.
    async fn outside(&self, did: &str, steps: &[&str]) -> Value {
        let rtp = free_range(100);
        let target = format!("sip:{did}@{}", self.appliance.setup.sip);
        let mut args = vec!["lab".to_owned(), "phone".to_owned(), "--json".to_owned(), "--call".to_owned(), target];
        args.extend(["--from".to_owned(), "+15550001111".to_owned(), "--rtp-ports".to_owned(), format!("{rtp}-{}", rtp + 98)]);
        args.extend(steps.iter().map(|step| (*step).to_owned()));
        let ended =
            tokio::task::spawn_blocking(move || Command::new(binary()).args(args).stdin(Stdio::null()).output().unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(&ended.stdout).into_owned();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("no report: {text} {}", String::from_utf8_lossy(&ended.stderr)))
    }
}

#[tokio::test]
async fn a_registered_baresip_is_rung_by_a_call_from_outside_and_both_hear_each_other() {
    let office = office().await;
    let mut phone = office.telephone(&office.password, true).await;
    office.registered().await;
    let steps = ["--expect-speech", "8000", "--say", "Good morning, is this the office?", "--pause", "500", "--hangup"];
    let report = office.outside("+15559990000", &steps).await;
    assert_eq!((&report["ok"], &report["ended_by"]), (&json!(true), &json!("phone")), "{report:#}");
    phone.event("CALL_CLOSED").await;
    until("baresip has heard the caller", SOON, || async { phone.has_heard(1000).then_some(()) }).await;
    let call = office.finished_call().await;
    assert_eq!((call["outcome"].as_str(), call["disconnected_by"].as_str()), (Some("far-hangup"), Some("customer")), "{call:#}");
    assert!(call["call_duration_seconds"].as_f64().unwrap() > 1.0 && call["transcript"].as_array().is_none_or(Vec::is_empty), "{call:#}");
}

#[tokio::test]
async fn a_telephone_stays_registered_when_the_control_plane_is_killed_and_started_again() {
    let office = office().await;
    let _phone = office.telephone(&office.password, true).await;
    office.registered().await;
    let Office { appliance, password, .. } = office;
    let appliance = appliance.kill().start().await;
    let admin = appliance.super_admin_again().await;
    let office = Office { appliance, admin, password };
    assert!(office.is_registered().await);
    let report = office.outside("+15559990000", &["--expect-speech", "8000", "--hangup"]).await;
    assert_eq!(report["ok"], true, "{report:#}");
}

#[tokio::test]
async fn a_telephone_calls_a_virtual_number_and_nothing_outside() {
    let office = office().await;
    let mut phone = office.telephone(&office.password, false).await;
    office.registered().await;
    let sip = office.appliance.setup.sip;
    phone.command("dial", &format!("sip:1234@{sip}")).await;
    phone.event("CALL_ESTABLISHED").await;
    phone.command("sndcode", "9").await;
    phone.event("CALL_CLOSED").await;
    let call = office.finished_call().await;
    assert_eq!((call["from_number"].as_str(), call["outcome"].as_str()), (Some("alex"), Some("finished")), "{call:#}");
    phone.command("dial", &format!("sip:+4930123456@{sip}")).await;
    phone.event("CALL_CLOSED").await;
    assert!(phone.said("403"), "refused by status");
}

#[tokio::test]
async fn a_wrong_password_registers_nobody() {
    let office = office().await;
    let _phone = office.telephone("not the password", false).await;
    until("a proof was tried", SOON, || async { office.appliance.log().contains("A wrong SIP password or name").then_some(()) }).await;
    assert!(!office.is_registered().await);
    let report = office.outside("+15559990000", &["--expect-speech", "3000"]).await;
    assert_eq!(report["refused_with"], 480, "{report:#}");
}

#[tokio::test]
async fn sipp_registers_and_its_second_use_of_the_nonce_is_refused_as_stale() {
    let office = office().await;
    let (port, target) = (free_port(), office.appliance.setup.sip.to_string());
    let login = ["-au", "alex", "-ap", &office.password];
    Peer::sipp("register_replay", port, &[&["-m", "1"][..], &login, &[&target]].concat()).ended().await.expect_success();
    office.registered().await;
}

#[tokio::test]
async fn a_number_in_mode_tts_speaks_to_a_caller_from_outside_and_hangs_up() {
    let office = office().await;
    let number = json!({ "name": "closed", "number": "7777", "mode": "tts", "text": "We are closed today.", "start_ms": 200, "recording_mode": "off" });
    office.admin.post_ok("/api/v1/numbers", &number, 201).await;
    let report = office.outside("7777", &["--expect-speech", "8000", "--dtmf", "1", "--expect-hangup", "15000"]).await;
    assert_eq!((&report["ok"], &report["ended_by"]), (&json!(true), &json!("far_end")), "{report:#}");
    let call = office.finished_call().await;
    assert_eq!((call["outcome"].as_str(), call["disconnected_by"].as_str()), (Some("finished"), Some("bot")), "{call:#}");
    assert_eq!(call["transcript"][0]["content"], "We are closed today.");
}
