//! `POST /api/v1/call-results` as seed 000 says it (checklist 218 to 251).

use std::time::Duration;

use bytes::Bytes;
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::TestApp;

const PATH: &str = "/api/v1/call-results";

async fn stored(app: &TestApp, session_id: &str) -> Value {
    app.user(Role::Admin).get(&format!("/api/v1/calls/{session_id}")).await.expect(200)
}

async fn record(app: &TestApp, body: Value) -> Value {
    app.engine().post(PATH, body).await.expect(200)
}

#[tokio::test]
async fn only_the_internal_secret_opens_it_and_it_is_asked_for_first() {
    let app = TestApp::start().await;
    for caller in [app.anonymous(), app.anonymous().with_header("X-CXBCore-Secret", "wrong"), app.user(Role::SuperAdmin)] {
        caller.post(PATH, json!({ "session_id": "s" })).await.expect(403);
        caller.send(Method::POST, PATH, "application/json", Bytes::from_static(b"not JSON")).await.expect(403);
    }
    app.user(Role::Admin).get("/api/v1/calls/s").await.expect(404);
    let alias = app.anonymous().with_header("X-CXB-Core-Secret", &app.core_secret);
    assert_eq!(alias.post(PATH, json!({ "session_id": "s" })).await.expect(200), json!({ "status": "ok", "session_id": "s" }));
    app.settle().await;
}

#[tokio::test]
async fn what_does_not_fit_is_422_names_the_field_and_stores_nothing() {
    let app = TestApp::start().await;
    let answer = app
        .engine()
        .post(PATH, json!({ "session_id": "s", "transcript": 5, "answer_ms": "x", "call_duration_seconds": -0.5 }))
        .await
        .expect(422);
    let fields: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
    assert_eq!(fields, ["transcript", "answer_ms", "call_duration_seconds"]);
    assert_eq!((answer["error"].as_str(), answer["detail"].as_str()), (Some("invalid_request"), answer["error_description"].as_str()));
    for body in [
        "",
        "{",
        "[1]",
        "\"s\"",
        "{\"session_id\":\"s\"}{}",
        "{\"session_id\":null}",
        "\u{0}",
        "{\"session_id\":\"s\",\"latency\":{\"a\":1e999}}",
    ] {
        app.engine().send(Method::POST, PATH, "application/json", Bytes::copy_from_slice(body.as_bytes())).await.expect(422);
    }
    app.engine().send(Method::POST, PATH, "application/json", Bytes::from_static(b"{\"session_id\":\"\xff\"}")).await.expect(422);
    app.user(Role::Admin).get("/api/v1/calls/s").await.expect(404);
    assert_eq!(app.work_left().await, [] as [String; 0]);
}

#[tokio::test]
async fn a_result_may_have_sixteen_mebibytes_and_not_more() {
    let app = TestApp::start().await;
    let body = |n: usize| json!({ "session_id": "big", "pipeline_config": { "x": "y".repeat(n) } });
    record(&app, body(15 * 1024 * 1024)).await;
    app.engine().post(PATH, body(17 * 1024 * 1024)).await.expect(413);
    app.settle().await;
}

#[tokio::test]
async fn every_way_to_end_gives_its_status_and_the_moment_is_kept() {
    let app = TestApp::start().await;
    for (by, status) in [
        ("error", "failed"),
        ("no_answer", "failed"),
        ("rejected", "failed"),
        ("voicemail", "voicemail"),
        ("customer", "completed"),
        ("bot", "completed"),
        ("timeout", "completed"),
        ("RNR", "completed"),
        ("outside_hours", "completed"),
        ("something new", "completed"),
    ] {
        let id = by.replace(' ', "-");
        record(&app, json!({ "session_id": id, "disconnected_by": by })).await;
        let call = stored(&app, &id).await;
        assert_eq!((call["status"].as_str(), call["disconnected_by"].as_str()), (Some(status), Some(by)));
        assert_eq!(call["completed_at"], "2026-06-01T12:00:00.000Z");
    }
    record(&app, json!({ "session_id": "silent" })).await;
    assert_eq!(stored(&app, "silent").await["status"], "completed");
    app.settle().await;
}

#[tokio::test]
async fn all_documented_fields_are_stored_as_sent_and_unknown_ones_are_not() {
    let app = TestApp::start().await;
    let sent = json!({
        "session_id": "s", "stream_id": "st", "caller_id": "c", "from_number": "+15551234567", "call_duration_seconds": 31.4,
        "disconnected_by": "customer", "call_direction": "inbound", "transcript": [{ "role": "user", "content": "hi", "ts": "2026-06-01T12:00:00Z" }],
        "events": [{ "a": null }], "intents": [{ "id": "x" }], "recording_url": "https://minio/b/s.wav", "recording_key": "s.wav",
        "post_call_analysis": { "any": { "thing": [null, 1] } }, "qc_analysis": { "score": 3 }, "latency": { "p50": 1 },
        "latency_samples": [1, 2], "usage_metrics": [], "pipeline_config": { "stt": "x" }, "connected_event": { "v": "w" },
        "was_transferred": true, "transfer_destination": "d", "transfer_at": 12.5, "transfer_failed_reason": "busy", "transfer_new_one": { "k": 1 },
    });
    let mut body = sent.clone();
    body["not_ours"] = json!(1);
    record(&app, body).await;
    let call = stored(&app, "s").await;
    for (key, value) in sent.as_object().unwrap() {
        assert_eq!(&call[key], value, "{key}");
    }
    assert_eq!(call.get("not_ours"), None);
    app.settle().await;
}

#[tokio::test]
async fn absent_and_null_fields_change_nothing_and_a_repeat_neither() {
    let app = TestApp::start().await;
    let body = json!({ "session_id": "s", "disconnected_by": "error", "connected_event": { "k": 1 }, "recording_key": "s.wav", "qc_analysis": { "a": 1 } });
    record(&app, body.clone()).await;
    let first = stored(&app, "s").await;
    assert_eq!(first["recording_access_token"].as_str().unwrap().len(), 32);
    app.advance(Duration::from_secs(5));
    for repeat in [
        body,
        json!({ "session_id": "s" }),
        json!({ "session_id": "s", "connected_event": null, "qc_analysis": null, "disconnected_by": null }),
    ] {
        record(&app, repeat).await;
        assert_eq!(stored(&app, "s").await, first);
    }
    let list = app.user(Role::Admin).get("/api/v1/calls").await.expect(200);
    assert_eq!((&list["total"], &list["next"]), (&json!(1), &Value::Null));
    app.settle().await;
}

#[tokio::test]
async fn the_fact_comes_once_however_often_the_result_does() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        record(&app, json!({ "session_id": "s", "disconnected_by": "bot" })).await;
    }
    let all_of_it = async || app.work_left().await.into_iter().filter(|work| work.starts_with("fact ")).count();
    assert_eq!(all_of_it().await, 1);
    app.settle().await;
    assert_eq!(all_of_it().await, 0);
}

#[tokio::test]
async fn a_call_stays_active_until_its_result_and_lists_filter() {
    let app = TestApp::start().await;
    record(&app, json!({ "session_id": "a", "disconnected_by": "bot", "from_number": "+15550001111" })).await;
    app.advance(Duration::from_secs(60));
    record(&app, json!({ "session_id": "b", "disconnected_by": "error" })).await;
    app.settle().await;
    let admin = app.user(Role::Admin);
    let ids = async |query: &str| {
        let list = admin.get(&format!("/api/v1/calls?{query}")).await.expect(200);
        list["data"].as_array().unwrap().iter().map(|call| call["session_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, ["b", "a"]);
    assert_eq!(ids("status=failed").await, ["b"]);
    assert_eq!(ids("phone=0001111").await, ["a"]);
    assert_eq!(ids("to=2026-06-01T12:00:30Z").await, ["a"]);
    assert_eq!(ids("from=2026-06-01T12:00:30Z").await, ["b"]);
    assert_eq!(ids("limit=1&offset=1").await, ["a"]);
    let first = admin.get("/api/v1/calls?status=completed&limit=0").await.expect(200);
    assert_eq!((&first["limit"], &first["total"]), (&json!(50), &json!(1)));
    for bad in ["status=over", "from=yesterday"] {
        admin.get(&format!("/api/v1/calls?{bad}")).await.expect(422);
    }
    app.anonymous().get("/api/v1/calls").await.expect(401);
    app.user(Role::Agent).get("/api/v1/calls").await.expect(403);
}

#[tokio::test]
async fn results_survive_a_restart_with_their_work() {
    let mut app = TestApp::start().await;
    record(&app, json!({ "session_id": "s", "recording_key": "s.wav" })).await;
    let before = stored(&app, "s").await;
    app.restart().await;
    assert_eq!(stored(&app, "s").await, before);
    assert_eq!(app.work_left().await.len(), 1);
    app.settle().await;
}

#[tokio::test]
async fn events_of_a_call_nobody_knows_are_404_and_bad_ones_422() {
    let app = TestApp::start().await;
    let path = "/api/v1/engine/calls/nobody/events";
    let event = json!({ "seq": 1, "at": "2026-06-01T12:00:00Z", "type": "started" });
    app.engine().post(path, event.clone()).await.expect(404);
    app.engine().post(path, json!({ "seq": 1, "type": "dancing" })).await.expect(422);
    app.user(Role::SuperAdmin).post(path, event).await.expect(403);
}
