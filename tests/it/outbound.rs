//! Outbound calls over the CodeB surface, against an engine that only pretends.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{FakeEngine, TestApp, make};

const CALLS: &str = "/api.ashx/v1/calls";

fn quick_start() -> Value {
    json!({ "phone": "+15551234567", "displayName": "Ada", "systemPrompt": "Remind her of tomorrow.", "maxSeconds": 120 })
}

#[tokio::test]
async fn the_quick_start_places_a_call_through_the_first_carrier() {
    let app = TestApp::start().await;
    let engine = FakeEngine::start(&app).await;
    let carrier = app.user(Role::SuperAdmin).post("/api/v1/carriers", make::carrier()).await.expect(201)["id"].clone();
    let admin = app.user(Role::Admin);
    let placed = admin.post(CALLS, quick_start()).await.expect(200);
    let id = placed["callId"].as_str().unwrap();
    assert!(id.len() == 16 && id.starts_with("oac-") && id[4..].bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    assert_eq!(
        (placed["ok"].clone(), placed["tenant"].clone(), placed["whitelistAdded"].clone()),
        (json!(true), json!("127.0.0.1"), json!(true))
    );
    assert!(placed["whitelistError"].is_null() && placed["bridgeReply"].as_str().unwrap().contains("accepted"));
    let dialled = engine.take_dialouts();
    assert_eq!(dialled.len(), 1);
    assert_eq!((dialled[0]["to_number"].clone(), dialled[0]["call_id"].clone()), (json!("+15551234567"), json!(id)));
    assert_eq!(dialled[0]["trunk"]["carrier_id"], carrier);
    let call = admin.get(&format!("{CALLS}/{id}")).await.expect(200);
    for (field, value) in [
        ("status", json!("dispatching")),
        ("voice", json!("Aoede")),
        ("language", json!("en-US")),
        ("requestedBy", json!("admin")),
        ("email", json!("admin@cxbox.test")),
        ("trunkId", carrier),
        ("endedAtUtc", json!(null)),
        ("scheduledForUtc", json!(null)),
        ("endedReason", json!("")),
        ("durationSec", json!(0)),
        ("attempt", json!(1)),
        ("retriesLeft", json!(0)),
        ("retryDelayMinutes", json!(5)),
    ] {
        assert_eq!(call[field], value, "{field}");
    }
    assert_eq!(call.as_object().unwrap().len(), 23);
    let path =
        format!("/api/v1/config/{}?session_id={}", dialled[0]["bot_id"].as_str().unwrap(), dialled[0]["session_id"].as_str().unwrap());
    let config = app.engine().get(&path).await.expect(200);
    assert_eq!(config["max_call_duration_seconds"], 120);
    assert_eq!(config["notices"], json!(["prompt_not_executable"]), "the demo bot is a flow");
    assert_eq!(admin.post(CALLS, quick_start()).await.expect(200)["whitelistAdded"], false);
}

#[tokio::test]
async fn bad_input_is_400_and_names_the_field() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    for (change, field) in [
        (json!({ "phone": null }), "phone"),
        (json!({ "phone": "0155" }), "phone"),
        (json!({ "systemPrompt": "" }), "systemPrompt"),
        (json!({ "maxSeconds": 9 }), "maxSeconds"),
        (json!({ "maxSeconds": "long" }), "maxSeconds"),
        (json!({ "retries": 11 }), "retries"),
        (json!({ "scheduleAtUtc": "soon" }), "scheduleAtUtc"),
        (json!({ "botId": "bot_none" }), "botId"),
    ] {
        let refusal = admin.post(CALLS, make::with(quick_start(), change)).await.expect(400);
        assert!(refusal["error_description"].as_str().unwrap().contains(field), "{field}: {refusal}");
    }
    admin.get(&format!("{CALLS}?status=flying")).await.expect(400);
    app.anonymous().post(CALLS, quick_start()).await.expect(401);
    app.user(Role::Supervisor).post(CALLS, quick_start()).await.expect(403);
}

#[tokio::test]
async fn without_a_carrier_it_is_503_and_without_an_engine_502() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    assert_eq!(admin.post(CALLS, quick_start()).await.expect(503)["error"], "bridge_not_configured");
    assert_eq!(admin.get(CALLS).await.expect(200)["total"], 0);
    app.user(Role::SuperAdmin).post("/api/v1/carriers", make::carrier()).await.expect(201);
    assert_eq!(admin.post(CALLS, quick_start()).await.expect(502)["error"], "bridge_unreachable");
    app.settle().await;
    let calls = admin.get(&format!("{CALLS}?status=ended-failed-final")).await.expect(200);
    assert_eq!((calls["total"].clone(), calls["data"][0]["endedReason"].clone()), (json!(1), json!("failed")));
    assert!(!calls["data"][0]["errorDetail"].as_str().unwrap().is_empty());
    let engine = FakeEngine::start(&app).await;
    engine.set_room(0);
    assert_eq!(admin.post(CALLS, quick_start()).await.expect(503)["error"], "no_capacity");
    app.settle().await;
}

#[tokio::test]
async fn hanging_up_cancels_once_and_is_harmless_afterwards() {
    let app = TestApp::start().await;
    let engine = FakeEngine::start(&app).await;
    app.user(Role::SuperAdmin).post("/api/v1/carriers", make::carrier()).await.expect(201);
    let admin = app.user(Role::Admin);
    let id = admin.post(CALLS, make::with(quick_start(), json!({ "retries": 2 }))).await.expect(200)["callId"].as_str().unwrap().to_owned();
    let path = format!("{CALLS}/{id}/hangup");
    let ended = admin.send(http::Method::POST, &path, "", bytes::Bytes::new()).await.expect(200);
    assert_eq!(ended, json!({ "ok": true, "callId": id, "newStatus": "cancelled", "actor": "admin" }));
    assert_eq!(engine.take_hangups().len(), 1);
    let again = admin.post(&path, json!({ "ignored": 1 })).await.expect(200);
    assert_eq!((again["wasNoop"].clone(), again["newStatus"].clone()), (json!(true), json!("cancelled")));
    assert!(engine.take_hangups().is_empty());
    admin.post(&format!("{CALLS}/oac-000000000000/hangup"), json!({})).await.expect(404);
    let missing = admin.get(&format!("{CALLS}/oac-000000000000")).await.expect(404);
    assert!(missing["error_description"].as_str().unwrap().contains("oac-000000000000"));
    let listed = admin.get(&format!("{CALLS}?status=cancelled,in-flight&limit=1")).await.expect(200);
    assert_eq!(listed["total"], 1);
}

#[tokio::test]
async fn the_fleet_status_counts_healthy_hosts() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let dead = admin.get("/api/v1/fleet/status").await.expect(200);
    assert_eq!((dead["total_capacity"].clone(), dead["workers"][0]["status"].clone()), (json!(0), json!("unreachable")));
    let _engine = FakeEngine::start(&app).await;
    let alive = admin.get("/api/v1/fleet/status").await.expect(200);
    assert_eq!((alive["total_capacity"].clone(), alive["workers"][0]["url"].clone()), (json!(100), json!("local")));
}
