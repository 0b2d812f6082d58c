//! Inbound calls by SIPp against the real program: each way to end one, over UDP and TCP, with what is stored afterwards.

use std::time::Duration;

use serde_json::Value;

use super::support::{Appliance, Http, Peer, free_port, reception, stage, until};

const SOON: Duration = Duration::from_secs(30);

/// The newest call once its result is stored.
async fn finished_call(admin: &Http) -> Value {
    let row = until("the call's result is stored", SOON, || async {
        let list = admin.get_ok("/api/v1/calls").await;
        list["data"].as_array().and_then(|rows| rows.first().cloned()).filter(|call| call["completed_at"].is_string())
    })
    .await;
    admin.get_ok(&format!("/api/v1/calls/{}", row["session_id"].as_str().unwrap())).await
}

async fn appliance_with(bot: &Value) -> (Appliance, Http) {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    stage::set(&admin, "127.0.0.1:9", "udp", bot).await;
    (appliance, admin)
}

fn call(appliance: &Appliance, scenario: &str, more: &[&str]) -> Peer {
    let mut args = vec!["-s", "+15551230000", "-m", "1"];
    args.extend(more);
    let target = appliance.setup.sip.to_string();
    args.push(&target);
    Peer::sipp(scenario, free_port(), &args)
}

#[tokio::test]
async fn a_caller_who_hangs_up_is_a_completed_call_with_a_recording_behind_a_token() {
    let (appliance, admin) = appliance_with(&reception()).await;
    for transport in ["u1", "t1"] {
        call(&appliance, "inbound_bye", &["-d", "2500", "-t", transport]).ended().await.expect_success();
        let call = finished_call(&admin).await;
        assert_eq!((call["status"].as_str(), call["disconnected_by"].as_str()), (Some("completed"), Some("customer")), "{call:#}");
        assert_eq!(call["from_number"], "+15550001111");
        assert!(call["transcript"].as_array().is_some_and(|turns| turns.iter().any(|turn| turn["role"] == "assistant")), "{call:#}");
        let token = call["recording_access_token"].as_str().expect("a recording link");
        let recording = appliance.http().get(&format!("/api/v1/public/recordings/{token}")).await.unwrap();
        assert_eq!(recording.status, 200);
        assert!(recording.bytes.len() > 8_000 && recording.bytes.starts_with(b"RIFF"), "{} bytes", recording.bytes.len());
    }
}

#[tokio::test]
async fn the_bot_hangs_up_when_the_longest_duration_is_reached() {
    let mut bot = reception();
    bot["max_call_duration_seconds"] = 3.into();
    let (appliance, admin) = appliance_with(&bot).await;
    call(&appliance, "inbound_wait_bye", &[]).ended().await.expect_success();
    let call = finished_call(&admin).await;
    assert_eq!((call["disconnected_by"].as_str(), call["outcome"].as_str()), (Some("timeout"), Some("max-duration")), "{call:#}");
}

#[tokio::test]
async fn calls_from_an_address_that_is_no_carrier_get_no_answer() {
    let appliance = Appliance::start().await;
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let local = socket.local_addr().unwrap();
    let options = format!(
        "OPTIONS sip:any@{0} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK77\r\nFrom: <sip:x@{local}>;tag=1\r\nTo: <sip:any@{0}>\r\nCall-ID: a@b\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        appliance.setup.sip
    );
    socket.send_to(options.as_bytes(), appliance.setup.sip).await.unwrap();
    let mut buffer = [0; 2048];
    let answer = tokio::time::timeout(Duration::from_secs(2), socket.recv_from(&mut buffer)).await;
    assert!(
        answer.is_err(),
        "a stranger was answered: {:?}",
        answer.map(|r| String::from_utf8_lossy(&buffer[..r.unwrap().0]).into_owned())
    );
}

#[tokio::test]
async fn calls_in_progress_outlive_a_killed_control_plane_and_their_results_arrive_later() {
    let mut bot = reception();
    bot["max_call_duration_seconds"] = 8.into();
    let (appliance, admin) = appliance_with(&bot).await;
    let peer = call(&appliance, "inbound_wait_bye", &["-m", "5", "-r", "5", "-l", "5"]);
    until("five calls are up", SOON, || async {
        let calls = admin.get_ok("/api/v1/calls?status=active").await;
        (calls["total"].as_u64() == Some(5)).then_some(())
    })
    .await;
    let appliance = appliance.kill().start().await;
    peer.ended().await.expect_success();
    let admin = appliance.super_admin_again().await;
    until("all five results are stored", SOON, || async {
        let calls = admin.get_ok("/api/v1/calls?status=completed").await;
        (calls["total"].as_u64() == Some(5)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_killed_engine_turns_its_calls_into_error_results() {
    let (appliance, admin) = appliance_with(&reception()).await;
    let _peer = call(&appliance, "inbound_wait_bye", &[]);
    until("the call is up", SOON, || async {
        let calls = admin.get_ok("/api/v1/calls?status=active").await;
        (calls["total"].as_u64() == Some(1)).then_some(())
    })
    .await;
    Appliance::signal(appliance.engine_pid().await.unwrap(), "-KILL");
    let call = finished_call(&admin).await;
    assert_eq!((call["status"].as_str(), call["disconnected_by"].as_str()), (Some("failed"), Some("error")), "{call:#}");
}
