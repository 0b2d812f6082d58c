//! Outbound calls over the CodeB surface, against an engine that only pretends.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::dialling::{CALLS, wish};
use crate::support::{Dialling, FakeEngine, TestApp, make};

fn quick_start() -> Value {
    wish(json!({}))
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
        (json!({ "email": "ada@x.test\r\nBcc: all@x.test" }), "email"),
        (json!({ "retryDelayMinutes": 0 }), "retryDelayMinutes"),
        (json!({ "apiKey": 7 }), "apiKey"),
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
async fn a_body_in_pascal_case_is_the_same_and_every_field_is_shown_as_it_was_sent() {
    let desk = Dialling::start().await;
    let body = json!({ "Phone": "+356991234567", "DisplayName": "Mary", "Email": "mary@example.com", "SystemPrompt": "Say hello.",
        "ApiKey": "sk-not-shown", "Model": "models/x", "Voice": "Charon", "Language": "de-DE", "MaxSeconds": 30, "Retries": 2,
        "RetryDelayMinutes": 9 });
    let id = desk.admin.post(CALLS, body).await.expect(200)["callId"].as_str().unwrap().to_owned();
    let call = desk.call(&id).await;
    for (field, value) in [
        ("phone", json!("+356991234567")),
        ("displayName", json!("Mary")),
        ("email", json!("mary@example.com")),
        ("model", json!("models/x")),
        ("voice", json!("Charon")),
        ("language", json!("de-DE")),
        ("attempt", json!(1)),
        ("retriesLeft", json!(2)),
        ("retryDelayMinutes", json!(9)),
        ("requestedBy", json!("admin")),
    ] {
        assert_eq!(call[field], value, "{field}");
    }
    let listed = desk.admin.get(CALLS).await.expect(200);
    assert_eq!(listed["data"][0], call, "the list shows the same record");
    let defaults = desk.call(&desk.place(json!({ "displayName": null })).await).await;
    assert_eq!((&defaults["displayName"], &defaults["model"]), (&json!("+15551234567"), &json!("flow")));
}

#[tokio::test]
async fn lists_are_filtered_paged_and_counted() {
    let desk = Dialling::start().await;
    let mut ids = Vec::new();
    for n in 0..7 {
        let at = if n % 2 == 0 { json!("2026-06-01T13:00:00Z") } else { json!(null) };
        ids.push(desk.place(json!({ "scheduleAtUtc": at })).await);
    }
    for dialout in desk.engine.take_dialouts().iter().take(1) {
        desk.answer(dialout).await;
    }
    let count = async |query: &str| desk.admin.get(&format!("{CALLS}{query}")).await.expect(200)["total"].as_u64().unwrap();
    assert_eq!((count("").await, count("?status=scheduled").await, count("?status=dispatching").await), (7, 4, 2));
    assert_eq!(count("?status=in-flight,%20scheduled").await, 5);
    for status in ["ended-success", "ended-failed-retry-pending", "ended-failed-final", "cancelled"] {
        assert_eq!(count(&format!("?status={status}")).await, 0, "{status}");
    }
    let (mut next, mut seen) = (Some(format!("{CALLS}?status=scheduled,in-flight,dispatching&limit=3")), Vec::new());
    while let Some(path) = next {
        let page = desk.admin.get(&path).await.expect(200);
        assert_eq!((page["total"].clone(), page["limit"].clone()), (json!(7), json!(3)));
        seen.extend(page["data"].as_array().unwrap().iter().map(|call| call["callId"].as_str().unwrap().to_owned()));
        next = page["next"].as_str().map(str::to_owned);
    }
    ids.reverse();
    assert_eq!(seen, ids, "each once, newest first");
    let past = desk.admin.get(&format!("{CALLS}?offset=50")).await.expect(200);
    assert_eq!((past["total"].clone(), past["data"].clone(), past["next"].clone()), (json!(7), json!([]), json!(null)));
    for id in &ids {
        desk.hang_up(id).await;
    }
    desk.app.settle().await;
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

#[tokio::test]
async fn a_carriers_pace_and_channels_refuse_what_is_too_much() {
    let app = TestApp::start().await;
    let _engine = FakeEngine::start(&app).await;
    let owner = app.user(Role::SuperAdmin);
    let slow = make::with(make::carrier(), json!({ "outbound_cps": 0.1, "outbound_burst": 2, "outbound_channels": 3 }));
    let id = owner.post("/api/v1/carriers", slow.clone()).await.expect(201)["id"].as_str().unwrap().to_owned();
    let admin = app.user(Role::Admin);
    for _ in 0..2 {
        admin.post(CALLS, wish(json!({}))).await.expect(200);
    }
    let too_fast = admin.post(CALLS, wish(json!({}))).await.expect(503);
    assert_eq!(too_fast["error"], "no_capacity");
    assert!(too_fast["error_description"].as_str().unwrap().contains("0.1 calls per second"), "{too_fast}");
    app.clock.advance(std::time::Duration::from_secs(10));
    admin.post(CALLS, wish(json!({}))).await.expect(200);

    let fast = make::with(slow, json!({ "outbound_cps": 100, "outbound_burst": 1000 }));
    owner.put(&format!("/api/v1/carriers/{id}"), fast).await.expect(200);
    let full = admin.post(CALLS, wish(json!({}))).await.expect(503);
    assert!(full["error_description"].as_str().unwrap().contains("all 3 channels"), "{full}");
    app.settle().await;
}
