//! Outbound calls to SIPp through the public API: answered behind a digest, busy, cancelled while ringing, and without a carrier.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Appliance, Http, Peer, free_port, reception, stage, until};

const SOON: Duration = Duration::from_secs(40);

async fn appliance_towards(port: u16, transport: &str) -> (Appliance, Http, stage::Stage) {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let mut bot = reception();
    bot["max_call_duration_seconds"] = 3.into();
    let stage = stage::set(&admin, &format!("127.0.0.1:{port}"), transport, &bot).await;
    (appliance, admin, stage)
}

async fn place(admin: &Http, bot_id: &str) -> String {
    let body = json!({ "phone": "+15557654321", "displayName": "Test", "systemPrompt": "Say hello.", "maxSeconds": 30, "botId": bot_id });
    let reply = admin.post_ok("/api.ashx/v1/calls", &body, 200).await;
    assert_eq!(reply["ok"], true);
    reply["callId"].as_str().unwrap().to_owned()
}

async fn until_status(admin: &Http, call_id: &str, wanted: &str) -> Value {
    until(&format!("{call_id} is {wanted}"), SOON, || async {
        let call = admin.get_ok(&format!("/api.ashx/v1/calls/{call_id}")).await;
        (call["status"] == wanted).then_some(call)
    })
    .await
}

#[tokio::test]
async fn an_answered_call_behind_a_digest_ends_in_success_over_udp_and_tcp() {
    for (transport, flag) in [("udp", "u1"), ("tcp", "t1")] {
        let port = free_port();
        let peer = Peer::sipp("outbound_digest", port, free_port(), &["-m", "1", "-t", flag, "-rtp_echo"]);
        let (_appliance, admin, stage) = appliance_towards(port, transport).await;
        let call_id = place(&admin, &stage.bot_id).await;
        peer.ended().await.expect_success();
        let call = until_status(&admin, &call_id, "ended-success").await;
        assert_eq!(call["trunkId"], stage.carrier_id.as_str());
        assert!(call["answeredAtUtc"].is_string() && call["durationSec"].as_i64().unwrap() >= 1, "{call:#}");
    }
}

#[tokio::test]
async fn a_busy_callee_is_a_final_failure_with_the_outcome_busy() {
    let port = free_port();
    let peer = Peer::sipp("outbound_busy", port, free_port(), &["-m", "1"]);
    let (_appliance, admin, stage) = appliance_towards(port, "udp").await;
    let call_id = place(&admin, &stage.bot_id).await;
    peer.ended().await.expect_success();
    let call = until_status(&admin, &call_id, "ended-failed-final").await;
    assert_eq!(call["endedReason"], "busy", "{call:#}");
}

#[tokio::test]
async fn a_hangup_while_it_rings_cancels_the_call() {
    let port = free_port();
    let peer = Peer::sipp("outbound_ring", port, free_port(), &["-m", "1"]);
    let (_appliance, admin, stage) = appliance_towards(port, "udp").await;
    let call_id = place(&admin, &stage.bot_id).await;
    until("it rings", SOON, || async {
        let session = admin.get_ok("/api/v1/calls").await["data"][0]["session_id"].as_str().map(str::to_owned)?;
        let call = admin.get_ok(&format!("/api/v1/calls/{session}")).await;
        call["events"].as_array().is_some_and(|events| events.iter().any(|e| e["type"] == "ringing")).then_some(())
    })
    .await;
    let reply = admin.post_ok(&format!("/api.ashx/v1/calls/{call_id}/hangup"), &json!({}), 200).await;
    assert_eq!(
        (reply["ok"].as_bool(), reply["newStatus"].as_str(), reply["actor"].as_str()),
        (Some(true), Some("cancelled"), Some("root"))
    );
    peer.ended().await.expect_success();
    until_status(&admin, &call_id, "cancelled").await;
}

#[tokio::test]
async fn without_a_carrier_a_call_is_refused_with_503() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let body = json!({ "phone": "+15557654321", "displayName": "Quick-start test", "systemPrompt": "Say goodbye.", "maxSeconds": 30 });
    let reply = admin.post("/api.ashx/v1/calls", &body).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.json()["error"].as_str()), (503, Some("bridge_not_configured")));
}
