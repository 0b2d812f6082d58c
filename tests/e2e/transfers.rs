//! A caller on baresip is handed on to another baresip by a REFER: both talk with each other, and receivers of webhooks are told.

use std::time::Duration;

use serde_json::json;

use super::support::{Appliance, Baresip, Hooks, reception, stage, until};

const SOON: Duration = Duration::from_secs(40);

#[tokio::test]
async fn a_caller_is_handed_on_to_another_telephone_and_receivers_are_told() {
    let appliance = Appliance::start().await;
    let admin = appliance.super_admin().await;
    let mut hooks = Hooks::away();
    hooks.listen().await;
    admin.post_ok("/api/v1/webhooks", &json!({ "url": hooks.url(), "events": ["call.transferred"] }), 201).await;
    let (mut caller, mut desk) = (Baresip::start().await, Baresip::start().await);
    let target = format!("sip:+15557654321@127.0.0.1:{}", desk.sip_port);
    let mut bot = reception();
    bot["flow"]["intents"][1]["tool"]["target"] = target.as_str().into();
    stage::set(&admin, "127.0.0.1:9", "udp", &bot).await;
    caller.command("dial", &format!("sip:+15551230000@{}", appliance.setup.sip)).await;
    caller.event("CALL_ESTABLISHED").await;
    caller.command("sndcode", "0").await;
    desk.event("CALL_ESTABLISHED").await;
    let told = until("receivers are told", SOON, || async { hooks.taken().into_iter().next() }).await;
    assert_eq!((&told.body["event"], &told.body["data"]["transferType"]), (&json!("call.transferred"), &json!("vnum-to-pstn")), "{told:?}");
    let call = until("the call's result is stored", SOON, || async {
        let session = admin.get_ok("/api/v1/calls").await["data"][0]["session_id"].as_str().map(str::to_owned)?;
        let call = admin.get_ok(&format!("/api/v1/calls/{session}")).await;
        call["completed_at"].is_string().then_some(call)
    })
    .await;
    assert_eq!((&call["outcome"], &call["was_transferred"]), (&json!("transferred-to-vnum"), &json!(true)), "{call:#}");
    assert_eq!((&call["transfer_method"], &call["transfer_destination"]), (&json!("refer"), &json!(target)), "{call:#}");
}
