//! baresip, a telephone people use, in both directions: keys, hold, and the bot's own goodbye.

use std::time::Duration;

use serde_json::json;

use super::support::{Appliance, Baresip, reception, stage, until};

const SOON: Duration = Duration::from_secs(40);

#[tokio::test]
async fn a_caller_on_baresip_holds_presses_a_key_and_the_bot_says_goodbye() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    stage::set(&admin, "127.0.0.1:9", "udp", &reception()).await;
    let mut phone = Baresip::start().await;
    phone.command("dial", &format!("sip:+15551230000@{}", appliance.setup.sip)).await;
    phone.event("CALL_ESTABLISHED").await;
    phone.command("hold", "").await;
    phone.command("resume", "").await;
    phone.command("sndcode", "9").await;
    phone.event("CALL_CLOSED").await;
    let call = until("the call's result is stored", SOON, || async {
        let session = admin.get_ok("/api/v1/calls").await["data"][0]["session_id"].as_str().map(str::to_owned)?;
        let call = admin.get_ok(&format!("/api/v1/calls/{session}")).await;
        call["completed_at"].is_string().then_some(call)
    })
    .await;
    assert_eq!((call["disconnected_by"].as_str(), call["outcome"].as_str()), (Some("bot"), Some("finished")), "{call:#}");
    let said = |role: &str, words: &str| {
        call["transcript"].as_array().unwrap().iter().any(|t| t["role"] == role && t["content"].as_str().unwrap().contains(words))
    };
    assert!(said("assistant", "Goodbye") && said("user", "9"), "{call:#}");
}

#[tokio::test]
async fn a_call_placed_to_baresip_is_answered_and_ends_in_success() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let mut phone = Baresip::start().await;
    let mut bot = reception();
    bot["max_call_duration_seconds"] = 4.into();
    let stage = stage::set(&admin, &format!("127.0.0.1:{}", phone.sip_port), "udp", &bot).await;
    let order = json!({ "phone": "+15557654321", "systemPrompt": "Say hello.", "botId": stage.bot_id });
    let placed = admin.post_ok("/api.ashx/v1/calls", &order, 200).await;
    phone.event("CALL_ESTABLISHED").await;
    phone.event("CALL_CLOSED").await;
    until("the call ends in success", SOON, || async {
        let call = admin.get_ok(&format!("/api.ashx/v1/calls/{}", placed["callId"].as_str().unwrap())).await;
        (call["status"] == "ended-success").then_some(())
    })
    .await;
}
