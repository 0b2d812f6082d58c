//! How trunks are, as engines say: shown on the carrier, minded when a call is placed, and asked for when one fails.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Dialling, FakeEngine, TestApp, make};

fn state(carrier: &Value, revision: &Value, status: &str) -> Value {
    let why = if status == "down" { json!("it refuses the registration: 403 Forbidden") } else { json!(null) };
    json!({
        "carrier_id": carrier, "revision": revision, "status": status, "why": why,
        "registration": { "status": "registered", "expires_at_ms": 1_780_316_000_000_i64, "answer": { "code": 200, "reason": "OK" } },
        "ping": { "code": 200, "reason": "OK" }, "round_trip_ms": 12, "n_missed": 0, "answered_at_ms": 1_780_315_200_000_i64,
        "seen_as": "203.0.113.9:5060", "sent_as": "10.0.0.5:5060"
    })
}

async fn revision(app: &TestApp) -> Value {
    app.engine().get("/api/v1/engine/trunks").await.expect(200)["revision"].clone()
}

async fn tell(app: &TestApp, engine: &str, states: &[Value]) {
    app.engine().put("/api/v1/engine/trunks/state", json!({ "engine": engine, "states": states })).await.expect(204);
}

#[tokio::test]
async fn what_an_engine_sees_is_shown_until_the_carrier_changes_or_the_engine_falls_silent() {
    let app = TestApp::start().await;
    let (owner, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    let made = owner.post("/api/v1/carriers", make::carrier()).await.expect(201);
    let (id, path) = (made["id"].clone(), format!("/api/v1/carriers/{}", made["id"].as_str().unwrap()));
    assert_eq!((&made["lk_sync_status"], &made["lk_last_synced_at"], &made["trunk"]), (&json!("pending"), &json!(null), &json!(null)));
    tell(&app, "one", &[state(&id, &revision(&app).await, "up")]).await;
    let seen = admin.get(&path).await.expect(200);
    assert_eq!((&seen["lk_sync_status"], &seen["lk_last_synced_at"]), (&json!("synced"), &json!("2026-06-01T12:00:00.000Z")));
    let trunk = &seen["trunk"];
    assert_eq!((&trunk["registration"], &trunk["registered_until"]), (&json!("registered"), &json!("2026-06-01T12:13:20.000Z")));
    assert_eq!((&trunk["options_answer"], &trunk["round_trip_ms"]), (&json!({ "code": 200, "reason": "OK" }), &json!(12)));
    tell(&app, "one", &[state(&id, &revision(&app).await, "down")]).await;
    let seen = admin.get("/api/v1/carriers").await.expect(200)["data"][0].clone();
    assert_eq!((&seen["lk_sync_status"], &seen["lk_sync_error"]), (&json!("error"), &json!("it refuses the registration: 403 Forbidden")));
    tell(&app, "two", &[state(&id, &revision(&app).await, "up")]).await;
    assert_eq!(admin.get(&path).await.expect(200)["lk_sync_status"], "synced", "it works for one of the engines");
    let old = revision(&app).await;
    assert_eq!(owner.put(&path, make::carrier()).await.expect(200)["lk_sync_status"], "pending");
    tell(&app, "two", &[state(&id, &old, "up")]).await;
    assert_eq!(admin.get(&path).await.expect(200)["lk_sync_status"], "pending", "that was said of the carrier as it was");
    tell(&app, "two", &[state(&id, &revision(&app).await, "up")]).await;
    assert_eq!(admin.get(&path).await.expect(200)["lk_sync_status"], "synced");
    app.advance(std::time::Duration::from_secs(61));
    assert_eq!(admin.get(&path).await.expect(200)["lk_sync_status"], "pending", "nobody has said anything for a minute");
    owner.put("/api/v1/engine/trunks/state", json!({ "engine": "me", "states": [] })).await.expect(403);
    app.engine().put("/api/v1/engine/trunks/state", json!({ "engine": "x" })).await.expect(422);
}

#[tokio::test]
async fn trying_a_trunk_that_no_engine_can_try_says_so() {
    let app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    let made = owner.post("/api/v1/carriers", make::carrier()).await.expect(201);
    let path = format!("/api/v1/carriers/{}", made["id"].as_str().unwrap());
    let tried = owner.post(&format!("{path}/sync"), json!({})).await.expect(200);
    assert_eq!(tried["lk_sync_status"], "error", "{tried}");
    assert!(tried["lk_sync_error"].is_string());
    let checked = owner.post(&format!("{path}/check"), json!({})).await.expect(200)["engines"][0].clone();
    assert_eq!((&checked["engine"], &checked["verdict"]), (&json!("local"), &json!("unknown")), "{checked}");
    app.user(Role::Admin).post(&format!("{path}/sync"), json!({})).await.expect(403);
    owner.post("/api/v1/carriers/tr_none/sync", json!({})).await.expect(404);
    owner.post("/api/v1/carriers/tr_none/check", json!({})).await.expect(404);
    owner.put(&path, make::with(make::carrier(), json!({ "is_active": false }))).await.expect(200);
    assert_eq!(owner.post(&format!("{path}/check"), json!({})).await.expect(409)["error"], "carrier_inactive");
}

#[tokio::test]
async fn a_registration_needs_a_name_and_a_password_and_reaches_the_engine() {
    let app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    let with = |change: Value| make::with(json!({ "name": "R", "sip_address": "sip.example.com", "register": true }), change);
    for (change, field) in [
        (json!({}), "outbound_auth_username"),
        (json!({ "outbound_auth_username": "box" }), "outbound_auth_password"),
        (json!({ "auth_username": "box", "auth_password": "x", "register_interval_seconds": 10 }), "register_interval_seconds"),
        (json!({ "auth_username": "box", "auth_password": "x", "options_interval_seconds": 9999 }), "options_interval_seconds"),
        (json!({ "auth_username": "box", "auth_password": "x", "transport": "udp", "tls_ca_pem": "x" }), "tls_ca_pem"),
    ] {
        let refusal = owner.post("/api/v1/carriers", with(change)).await.expect(422);
        assert_eq!(refusal["errors"][0]["field"], field, "{refusal}");
    }
    let body = with(json!({ "auth_username": "box", "auth_password": "opensesame", "transport": "tls" }));
    assert_eq!(owner.post("/api/v1/carriers", body).await.expect(201)["sip_address"], "sip.example.com:5061");
    let trunk = app.engine().get("/api/v1/engine/trunks").await.expect(200)["trunks"][0].clone();
    assert_eq!(
        (&trunk["register_seconds"], &trunk["options_seconds"], &trunk["transport"], &trunk["outbound_auth_password"]),
        (&json!(600), &json!(30), &json!("tls"), &json!("opensesame"))
    );
    assert!(trunk["inbound_auth_username"].is_null(), "it calls back to our registration without signing in");
    owner.put("/api/v1/settings/sip", json!({ "external_address": "203.0.113.9" })).await.expect(200);
    let reach = app.engine().get("/api/v1/engine/trunks").await.expect(200)["reach"].clone();
    assert_eq!(reach["external_address"], "203.0.113.9");
    assert!(reach["local_networks"].as_array().unwrap().contains(&json!("10.0.0.0/8")), "{reach}");
}

#[tokio::test]
async fn a_call_has_the_other_carriers_as_its_next_ways_and_one_that_is_down_comes_last() {
    let app = TestApp::start().await;
    let engine = FakeEngine::start(&app).await;
    let (owner, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    let mut ids = Vec::new();
    for number in ["+15550000001", "+15550000002"] {
        let body = make::with(make::quick_carrier(), json!({ "from_number": number }));
        ids.push(owner.post("/api/v1/carriers", body).await.expect(201)["id"].clone());
        app.advance(std::time::Duration::from_secs(1));
    }
    let dialled = || async {
        let wish = crate::support::dialling::wish(json!({}));
        admin.post(crate::support::dialling::CALLS, wish).await.expect(200);
        engine.take_dialouts().remove(0)
    };
    let first = dialled().await;
    assert_eq!((&first["trunk"]["carrier_id"], &first["from_number"]), (&ids[0], &json!("+15550000001")));
    let others = first["alternatives"].as_array().unwrap();
    assert_eq!((others.len(), &others[0]["trunk"]["carrier_id"], &others[0]["from_number"]), (1, &ids[1], &json!("+15550000002")));
    let now = revision(&app).await;
    tell(&app, "one", &[state(&ids[0], &now, "down"), state(&ids[1], &now, "up")]).await;
    let second = dialled().await;
    assert_eq!((&second["trunk"]["carrier_id"], &second["from_number"]), (&ids[1], &json!("+15550000002")));
    assert_eq!(second["alternatives"][0]["trunk"]["carrier_id"], ids[0], "the last resort");
}

#[tokio::test]
async fn another_carrier_takes_a_call_over_within_its_own_limits() {
    let box_ = Dialling::start().await;
    box_.app.advance(std::time::Duration::from_secs(1));
    let owner = box_.app.user(Role::SuperAdmin);
    let narrow = make::with(make::quick_carrier(), json!({ "name": "Narrow", "outbound_channels": 1 }));
    let narrow = owner.post("/api/v1/carriers", narrow).await.expect(201)["id"].clone();
    let engine = box_.app.engine();
    let mut sessions = Vec::new();
    for phone in ["+15551234567", "+15551234568"] {
        box_.place(json!({ "phone": phone })).await;
        sessions.push(box_.engine.take_dialouts().remove(0)["session_id"].as_str().unwrap().to_owned());
    }
    let path = |session: &str| format!("/api/v1/engine/calls/{session}/carrier");
    engine.post(&path(&sessions[0]), json!({ "carrier_id": narrow })).await.expect(204);
    assert_eq!(box_.admin.get(&format!("/api/v1/calls/{}", sessions[0])).await.expect(200)["carrier_id"], narrow);
    let full = engine.post(&path(&sessions[1]), json!({ "carrier_id": narrow })).await.expect(503);
    assert_eq!(full["error"], "no_capacity");
    assert_eq!(box_.admin.get(&format!("/api/v1/calls/{}", sessions[1])).await.expect(200)["carrier_id"], box_.carrier_id);
    engine.post(&path("none"), json!({ "carrier_id": narrow })).await.expect(404);
    engine.post(&path(&sessions[1]), json!({ "carrier_id": "tr_none" })).await.expect(404);
    engine.post(&path(&sessions[1]), json!({})).await.expect(422);
    box_.admin.post(&path(&sessions[1]), json!({ "carrier_id": narrow })).await.expect(403);
}
