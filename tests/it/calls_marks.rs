//! Tags, notes, legal holds and hanging up: who may, what is kept, what a repeat does.

use cxbox::features::calls::{NewCall, open_skeleton};
use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::dialling::{Dialling, session};
use crate::support::{FakeEngine, TestApp};

async fn one_call(app: &TestApp) {
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s", "disconnected_by": "bot" })).await.expect(200);
    app.settle().await;
}

async fn audited(app: &TestApp, action: &str) -> Vec<Value> {
    let rows = app.user(Role::SuperAdmin).get(&format!("/api/v1/audit?action={action}")).await.expect(200);
    rows["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn tags_keep_who_put_them_there_and_a_repeat_changes_nothing() {
    let app = TestApp::start().await;
    one_call(&app).await;
    let (supervisor, admin) = (app.user(Role::Supervisor), app.user(Role::Admin));
    let path = "/api/v1/calls/s/tags";
    supervisor.put(path, json!({ "tags": ["vip", " late "] })).await.expect(200);
    let tags = admin.put(path, json!({ "tags": ["vip", "won"] })).await.expect(200);
    let shown: Vec<_> = tags["tags"].as_array().unwrap().iter().map(|tag| (tag["tag"].clone(), tag["added_by"].clone())).collect();
    assert_eq!(shown, [(json!("vip"), json!("supervisor")), (json!("won"), json!("admin"))]);
    admin.put(path, json!({ "tags": ["won", "vip"] })).await.expect(200);
    assert_eq!(audited(&app, "call.tags").await.len(), 2, "the last change changed nothing");
    let call = admin.get("/api/v1/calls/s").await.expect(200);
    assert_eq!((&call["tags"], call["tag_log"].as_array().unwrap().len()), (&json!(["vip", "won"]), 2));
    assert_eq!(admin.get("/api/v1/call-tags").await.expect(200)["tags"][0], json!({ "tag": "vip", "n_calls": 1 }));
    for (body, field) in [(json!({ "tags": [""] }), "tags[0]"), (json!({ "tags": ["a\nb"] }), "tags[0]"), (json!({ "tag": [] }), "tag")] {
        assert_eq!(admin.put(path, body).await.expect(422)["errors"][0]["field"], field);
    }
    admin.put("/api/v1/calls/none/tags", json!({ "tags": [] })).await.expect(404);
    app.user(Role::Agent).put(path, json!({ "tags": [] })).await.expect(403);
    app.settle().await;
}

#[tokio::test]
async fn notes_are_their_authors_and_hostile_text_stays_text() {
    let app = TestApp::start().await;
    one_call(&app).await;
    let (supervisor, admin) = (app.user(Role::Supervisor), app.user(Role::Admin));
    let path = "/api/v1/calls/s/notes";
    let text = "<script>alert(1)</script> '); drop table calls; -- \u{202e} ₿";
    let first = supervisor.post(path, json!({ "text": text })).await.expect(201);
    let second = admin.post(path, json!({ "text": "call back" })).await.expect(201);
    assert_eq!((&first["text"], &first["author"]), (&json!(text), &json!("supervisor")));
    let of = |note: &Value| format!("{path}/{}", note["id"].as_str().unwrap());
    supervisor.delete(&of(&second)).await.expect(403);
    supervisor.delete(&of(&first)).await.expect(204);
    supervisor.delete(&of(&first)).await.expect(404);
    let notes = admin.get("/api/v1/calls/s").await.expect(200)["notes"].clone();
    assert_eq!(notes, json!([second]));
    admin.delete(&of(&second)).await.expect(204);
    admin.post(path, json!({ "text": " " })).await.expect(422);
    let trail = audited(&app, "call.note").await;
    assert!(trail.len() == 2 && trail.iter().all(|row| !row.to_string().contains("call back")), "the trail has no words: {trail:?}");
}

#[tokio::test]
async fn a_legal_hold_is_set_by_admins_shown_and_released_once() {
    let app = TestApp::start().await;
    one_call(&app).await;
    let (supervisor, admin) = (app.user(Role::Supervisor), app.user(Role::Admin));
    let path = "/api/v1/calls/s/legal-hold";
    supervisor.put(path, json!({ "reason": "case 7" })).await.expect(403);
    admin.put(path, json!({ "reason": "" })).await.expect(422);
    admin.put(path, json!({ "reason": "case 7" })).await.expect(200);
    let held = supervisor.get("/api/v1/calls/s").await.expect(200)["legal_hold"].clone();
    assert_eq!((&held["reason"], &held["held_by"]), (&json!("case 7"), &json!("admin")));
    admin.delete(path).await.expect(204);
    admin.delete(path).await.expect(204);
    assert_eq!(audited(&app, "call.hold_released").await.len(), 1);
    assert_eq!(admin.get("/api/v1/calls/s").await.expect(200)["legal_hold"], Value::Null);
    app.settle().await;
}

#[tokio::test]
async fn a_call_that_no_engine_holds_is_closed_and_one_that_is_over_stays() {
    let app = TestApp::start().await;
    let engine = FakeEngine::start(&app).await;
    engine.lose_calls();
    app.db().write(|tx| open_skeleton(tx, &NewCall::of("s".into())).map(|_| ())).await.unwrap();
    let supervisor = app.user(Role::Supervisor);
    let path = "/api/v1/calls/s/hangup";
    app.user(Role::Agent).post(path, json!({})).await.expect(403);
    supervisor.post("/api/v1/calls/none/hangup", json!({})).await.expect(404);
    assert_eq!(supervisor.post(path, json!({})).await.expect(200), json!({ "session_id": "s", "result": "closed" }));
    let call = supervisor.get("/api/v1/calls/s").await.expect(200);
    assert_eq!((&call["status"], &call["direction"], &call["disconnected_by"]), (&json!("failed"), &json!("inbound"), &json!("error")));
    assert_eq!(supervisor.post(path, json!({})).await.expect(200)["result"], "over");
    app.settle().await;
}

#[tokio::test]
async fn hanging_up_a_session_ends_its_order_so_that_nothing_dials_again() {
    let desk = Dialling::start().await;
    let id = desk.place(json!({ "retries": 3 })).await;
    let dialout = desk.dialled();
    desk.config(&dialout).await.expect(200);
    let path = format!("/api/v1/calls/{}/hangup", session(&dialout));
    let supervisor = desk.app.user(Role::Supervisor);
    assert_eq!(supervisor.post(&path, json!({})).await.expect(200)["result"], "ordered");
    assert_eq!(desk.engine.take_hangups(), [session(&dialout)]);
    assert_eq!(desk.status(&id).await, "cancelled");
    let result = json!({ "session_id": session(&dialout), "disconnected_by": "no_answer" });
    desk.app.engine().post("/api/v1/call-results", result).await.expect(200);
    desk.app.settle().await;
    desk.app.advance(std::time::Duration::from_secs(3600));
    desk.app.settle().await;
    assert!(desk.engine.take_dialouts().is_empty());
    assert_eq!(supervisor.post(&path, json!({})).await.expect(200)["result"], "over");
    assert_eq!(audited(&desk.app, "call.hangup").await.len(), 1);
}
