//! Outbound calls to SIPp through the public API: answered, not answered, busy, declined, hung up, scheduled over a crash, without a carrier.

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
        let peer = Peer::sipp("outbound_digest", port, &["-m", "1", "-t", flag, "-rtp_echo"]);
        let (_appliance, admin, stage) = appliance_towards(port, transport).await;
        let call_id = place(&admin, &stage.bot_id).await;
        peer.ended().await.expect_success();
        let call = until_status(&admin, &call_id, "ended-success").await;
        assert_eq!(call["trunkId"], stage.carrier_id.as_str());
        assert!(call["answeredAtUtc"].is_string() && call["durationSec"].as_i64().unwrap() >= 1, "{call:#}");
    }
}

#[tokio::test]
async fn a_callee_who_is_busy_declines_or_does_not_answer_is_a_failure_with_its_own_outcome() {
    for (scenario, outcome) in [("outbound_busy", "busy"), ("outbound_reject", "rejected"), ("outbound_no_answer", "no-answer")] {
        let port = free_port();
        let peer = Peer::sipp(scenario, port, &["-m", "2"]);
        let (_appliance, admin, stage) = appliance_towards(port, "udp").await;
        let call_id = place(&admin, &stage.bot_id).await;
        let call = until_status(&admin, &call_id, "ended-failed-final").await;
        assert_eq!((&call["endedReason"], &call["errorDetail"]), (&json!(outcome), &json!("")), "{call:#}");
        let body = json!({ "phone": "+15557654321", "systemPrompt": "Say hello.", "botId": stage.bot_id, "retries": 1 });
        let again = admin.post_ok("/api.ashx/v1/calls", &body, 200).await["callId"].as_str().unwrap().to_owned();
        let call = until_status(&admin, &again, "ended-failed-retry-pending").await;
        assert_eq!((&call["attempt"], &call["retriesLeft"]), (&json!(1), &json!(1)));
        peer.ended().await.expect_success();
        admin.post_ok(&format!("/api.ashx/v1/calls/{again}/hangup"), &json!({}), 200).await;
        assert_eq!(admin.get_ok(&format!("/api.ashx/v1/calls/{again}")).await["status"], "cancelled");
    }
}

#[tokio::test]
async fn a_hangup_ends_a_conversation() {
    let port = free_port();
    let peer = Peer::sipp("outbound_digest", port, &["-m", "1", "-rtp_echo"]);
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let stage = stage::set(&admin, &format!("127.0.0.1:{port}"), "udp", &reception()).await;
    let call_id = place(&admin, &stage.bot_id).await;
    until_status(&admin, &call_id, "in-flight").await;
    let reply = admin.post_ok(&format!("/api.ashx/v1/calls/{call_id}/hangup"), &json!({}), 200).await;
    assert_eq!((reply["newStatus"].as_str(), &reply["wasNoop"]), (Some("cancelled"), &Value::Null));
    peer.ended().await.expect_success();
    // Whoever hangs up in the first moment has heard nothing yet, and then there is no transcript.
    let call = until_status(&admin, &call_id, "cancelled").await;
    assert!(call["answeredAtUtc"].is_string() && call["endedAtUtc"].is_string(), "{call:#}");
}

#[tokio::test]
async fn a_call_that_became_due_while_the_box_was_dead_is_dialled_once_after_the_start() {
    let port = free_port();
    let peer = Peer::sipp("outbound_reject", port, &["-m", "1"]);
    let (appliance, admin, stage) = appliance_towards(port, "udp").await;
    let due = jiff::Timestamp::now() + Duration::from_secs(2);
    let body = json!({ "phone": "+15557654321", "systemPrompt": "Say hello.", "botId": stage.bot_id, "scheduleAtUtc": due.to_string() });
    let call_id = admin.post_ok("/api.ashx/v1/calls", &body, 200).await["callId"].as_str().unwrap().to_owned();
    assert_eq!(admin.get_ok(&format!("/api.ashx/v1/calls/{call_id}")).await["status"], "scheduled");
    let setup = appliance.kill();
    until("its time has passed", SOON, || async { (jiff::Timestamp::now() > due).then_some(()) }).await;
    let appliance = setup.start().await;
    let admin = appliance.super_admin_again().await;
    let call = until_status(&admin, &call_id, "ended-failed-final").await;
    assert_eq!((&call["endedReason"], &call["attempt"]), (&json!("rejected"), &json!(1)));
    peer.ended().await.expect_success();
    let calls = admin.get_ok("/api/v1/calls").await;
    assert_eq!(calls["total"], 1, "one attempt was made");
}

#[tokio::test]
async fn a_hangup_while_it_rings_cancels_the_call() {
    let port = free_port();
    let peer = Peer::sipp("outbound_ring", port, &["-m", "1"]);
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
