//! Call detail records of WebSocket gateways: three answers, all 200, and nothing of the call is lost.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::TestApp;

const CDR: &str = "/api/v1/cdr";

async fn call(app: &TestApp, session_id: &str) -> Value {
    app.user(Role::Admin).get(&format!("/api/v1/calls/{session_id}")).await.expect(200)
}

#[tokio::test]
async fn a_record_has_three_answers_and_joins_its_call() {
    let app = TestApp::start().await;
    let engine = app.engine();
    let result = json!({ "session_id": "s-1", "stream_id": "stream-1", "disconnected_by": "no_answer", "post_call_analysis": { "a": 1 } });
    engine.post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
    let before = call(&app, "s-1").await;
    assert_eq!(engine.post(CDR, json!({ "talktime": 1 })).await.expect(200), json!({ "status": "ignored", "reason": "no streamId" }));
    assert_eq!(
        engine.post(CDR, json!({ "streamId": "stream-9" })).await.expect(200),
        json!({ "status": "not_found", "stream_id": "stream-9" })
    );
    let record = json!({ "streamId": "stream-1", "talktime": 12, "call_status": "ANSWERED", "recording_filename": "a.mp3",
        "status": "completed", "post_call_analysis": null, "extra": { "kept": true } });
    assert_eq!(engine.post(CDR, record.clone()).await.expect(200), json!({ "status": "ok", "stream_id": "stream-1" }));
    let mut after = call(&app, "s-1").await;
    assert_eq!(
        (&after["cdr"], &after["cdr_talktime"], &after["cdr_call_status"], &after["cdr_recording_url"]),
        (&record, &json!(12), &json!("ANSWERED"), &json!("a.mp3"))
    );
    for field in ["cdr", "cdr_talktime", "cdr_call_status", "cdr_recording_url"] {
        after.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(after, before, "a record only adds");
}

#[tokio::test]
async fn the_last_record_wins_and_what_it_lacks_stays() {
    let app = TestApp::start().await;
    let engine = app.engine();
    engine.get("/api/v1/config/bot_0000000000000001?session_id=s-1&stream_id=stream-1").await.expect(200);
    engine.post(CDR, json!({ "stream_id": "stream-1", "talktime": 5, "call_status": "BUSY" })).await.expect(200);
    engine.post(CDR, json!({ "stream_id": "stream-1", "call_status": "ANSWERED", "talktime": null })).await.expect(200);
    let running = call(&app, "s-1").await;
    assert_eq!(
        (&running["cdr_talktime"], &running["cdr_call_status"], &running["status"]),
        (&json!(5), &json!("ANSWERED"), &json!("active"))
    );
    engine.post("/api/v1/call-results", json!({ "session_id": "s-1", "disconnected_by": "bot" })).await.expect(200);
    app.settle().await;
    let over = call(&app, "s-1").await;
    assert_eq!((&over["cdr_talktime"], &over["status"]), (&json!(5), &json!("completed")), "a result keeps the record");
}

#[tokio::test]
async fn only_engines_may_and_only_objects_are_taken() {
    let app = TestApp::start().await;
    app.anonymous().post(CDR, json!({ "streamId": "a" })).await.expect(403);
    app.user(Role::SuperAdmin).post(CDR, json!({ "streamId": "a" })).await.expect(403);
    for body in [json!([]), json!("a"), json!(null), json!(7)] {
        app.engine().post(CDR, body).await.expect(422);
    }
    let long = "x".repeat(17 * 1024 * 1024);
    app.engine().post(CDR, json!({ "streamId": "a", "long": long })).await.expect(413);
}
