//! The gate before every dial: the first one, one that waited for its time, and each retry.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::json;

use crate::support::Dialling;
use crate::support::dialling::{CALLS, wish};

const MALTA: &str = "+35621234567";
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn outside_the_calling_window_a_call_is_scheduled_for_its_start() {
    let desk = Dialling::start_with_window().await;
    desk.app.advance(10 * HOUR);
    let body = wish(json!({ "phone": MALTA, "retries": 1, "retryDelayMinutes": 1440 }));
    let admin = desk.app.user(Role::Admin);
    let placed = admin.post(CALLS, body).await.expect(200);
    assert!(placed["bridgeReply"].as_str().unwrap().contains("scheduled"), "{placed}");
    let path = format!("{CALLS}/{}", placed["callId"].as_str().unwrap());
    let call = admin.get(&path).await.expect(200);
    assert_eq!((&call["status"], &call["scheduledForUtc"]), (&json!("scheduled"), &json!("2026-06-02T06:00:00.000Z")));
    desk.app.advance(8 * HOUR);
    desk.app.settle().await;
    let dialout = desk.dialled();
    desk.config(&dialout).await.expect(200);
    desk.app.advance(20 * HOUR);
    desk.finish(&dialout, "no-answer", json!({})).await;
    desk.app.advance(24 * HOUR);
    desk.app.settle().await;
    assert!(desk.engine.take_dialouts().is_empty(), "four in the morning is no time for a retry");
    desk.app.advance(4 * HOUR);
    desk.app.settle().await;
    let retry = desk.dialled();
    desk.config(&retry).await.expect(200);
    desk.finish(&retry, "busy", json!({})).await;
}

#[tokio::test]
async fn a_number_that_may_not_be_called_any_more_ends_its_order_when_it_is_due() {
    let desk = Dialling::start().await;
    let scheduled = desk.place(json!({ "phone": MALTA, "retries": 3, "scheduleAtUtc": "2026-06-01T12:30:00Z" })).await;
    let retried = desk.place(json!({ "phone": MALTA, "retries": 3 })).await;
    let dialout = desk.dialled();
    desk.config(&dialout).await.expect(200);
    desk.finish(&dialout, "no-answer", json!({})).await;
    desk.admin.post("/api/v1/do-not-call", json!({ "phone": MALTA })).await.expect(201);
    desk.app.advance(HOUR / 2);
    desk.app.settle().await;
    assert!(desk.engine.take_dialouts().is_empty());
    for id in [scheduled, retried] {
        let call = desk.call(&id).await;
        assert_eq!((&call["status"], &call["endedReason"]), (&json!("ended-failed-final"), &json!("failed")), "{call:#}");
        assert!(call["errorDetail"].as_str().unwrap().ends_with("(do_not_call)"), "{call:#}");
    }
    let refusal = desk.admin.post(CALLS, wish(json!({ "phone": MALTA, "scheduleAtUtc": "2026-06-01T15:00:00Z" }))).await.expect(400);
    assert_eq!(refusal["error"], "call_not_permitted");
    assert_eq!(desk.admin.get(CALLS).await.expect(200)["total"], 2, "no trace of a call that was refused");
}

#[tokio::test]
async fn dials_that_waited_count_towards_the_days_cap() {
    let desk = Dialling::start().await;
    desk.app.user(Role::SuperAdmin).put("/api/v1/settings/outbound", json!({ "daily_cap": 1, "timezone": "UTC" })).await.expect(200);
    let id = desk.place(json!({ "phone": MALTA, "retries": 1, "scheduleAtUtc": "2026-06-01T12:30:00Z" })).await;
    desk.app.advance(HOUR / 2);
    desk.app.settle().await;
    let dialout = desk.dialled();
    desk.config(&dialout).await.expect(200);
    desk.finish(&dialout, "no-answer", json!({})).await;
    desk.app.advance(HOUR);
    desk.app.settle().await;
    let call = desk.call(&id).await;
    assert!(call["errorDetail"].as_str().unwrap().ends_with("(daily_cap)"), "{call:#}");
    assert!(desk.engine.take_dialouts().is_empty());
}

#[tokio::test]
async fn what_a_call_does_not_say_the_settings_do() {
    let desk = Dialling::start().await;
    let root = desk.app.user(Role::SuperAdmin);
    let change = json!({ "default_email": "desk@example.com", "default_bot_id": "bot_0000000000000002" });
    root.put("/api/v1/settings/outbound", change).await.expect(200);
    let id = desk.place(json!({})).await;
    let dialout = desk.dialled();
    assert_eq!(dialout["bot_id"], "bot_0000000000000002");
    assert_eq!(desk.call(&id).await["email"], "desk@example.com");
    desk.hang_up(&id).await;
    desk.app.settle().await;
}

#[tokio::test]
async fn a_call_is_handed_on_to_a_number_only_if_the_gate_lets_it() {
    let desk = Dialling::start_with_window().await;
    let admin = desk.app.user(Role::Admin);
    let bot = admin.post("/api/v1/bots", crate::support::make::bot("Anna")).await.expect(201);
    let config =
        desk.app.engine().get(&format!("/api/v1/config/{}?caller_id=%2B35621234567", bot["id"].as_str().unwrap())).await.expect(200);
    let path = format!("/api/v1/engine/calls/{}/leg", config["session_id"].as_str().unwrap());
    let engine = desk.app.engine();
    desk.app.advance(10 * HOUR);
    // The token has run out meanwhile.
    let admin = desk.app.user(Role::Admin);
    engine.post(&path, json!({ "phone": MALTA })).await.expect(204);
    admin.post("/api/v1/do-not-call", json!({ "phone": MALTA })).await.expect(201);
    for (phone, reason) in [(MALTA, "do_not_call"), ("+4990012345678", "premium"), ("desk", "not_a_number"), ("", "not_a_number")] {
        let refusal = engine.post(&path, json!({ "phone": phone })).await.expect(422);
        assert_eq!((&refusal["error"], &refusal["reason"]), (&json!("call_not_permitted"), &json!(reason)), "{phone}: {refusal}");
    }
    engine.post(&path, json!({ "number": MALTA })).await.expect(422);
    engine.post("/api/v1/engine/calls/nobody/leg", json!({ "phone": MALTA })).await.expect(404);
    admin.post(&path, json!({ "phone": MALTA })).await.expect(403);
}
