//! What must never be written to a log, found nowhere in the log of a real box that was given all of it (checklist 37, 112).

use std::time::Duration;

use serde_json::json;

use super::support::{Appliance, Peer, free_port, reception, stage, until};

#[tokio::test]
async fn tokens_keys_prompts_and_full_numbers_are_in_no_log_line() {
    let port = free_port();
    let peer = Peer::sipp("outbound_busy", port, &["-m", "1"]);
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let mut bot = reception();
    bot["system_prompt"] = "canary-bot-prompt".into();
    let stage = stage::set(&admin, &format!("127.0.0.1:{port}"), "udp", &bot).await;
    let number = json!({ "name": "secretive", "number": "4711", "mode": "live-voice-ai", "bot_id": stage.bot_id, "visibility": "public" });
    admin.post_ok("/api/v1/numbers", &number, 201).await;
    admin.get_ok("/api.ashx/v1/numbers").await;
    let key = admin.post_ok("/api/v1/api-keys", &json!({ "name": "quiet", "kind": "ak" }), 201).await["key"].as_str().unwrap().to_owned();
    let call = json!({
        "phone": "+15557654321", "displayName": "Test", "systemPrompt": "canary-call-prompt", "apiKey": "canary-engine-key",
        "maxSeconds": 30, "botId": stage.bot_id
    });
    let call_id = admin.post_ok("/api.ashx/v1/calls", &call, 200).await["callId"].as_str().unwrap().to_owned();
    peer.ended().await.expect_success();
    until("the call is over", Duration::from_secs(40), || async {
        let call = admin.get_ok(&format!("/api.ashx/v1/calls/{call_id}")).await;
        (call["status"] == "ended-failed-final").then_some(())
    })
    .await;
    let bearer = admin.header("authorization").trim_start_matches("Bearer ").to_owned();
    let log = appliance.log();
    assert!(log.contains("Listening on"), "the log is the box's own: {log}");
    for secret in ["canary-bot-prompt", "canary-call-prompt", "canary-engine-key", "15557654321", &key, &bearer] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}
