//! Live events: the stream of Server-Sent Events.

use cxbox::features::calls::{NewCall, open_skeleton};
use cxbox::platform::access::Role;
use cxbox::platform::net::{Answer, Outbound, OutboundOptions, Request};
use serde_json::json;

use crate::support::TestApp;

pub async fn watch(app: &TestApp, last_id: Option<&str>) -> Answer {
    let outbound = Outbound::new(OutboundOptions::allowing::<String>([]).unwrap()).unwrap();
    let request = Request::get(format!("{}/api/v1/events/stream", app.base_url()))
        .header("authorization", &format!("Bearer {}", app.token(Role::Admin)));
    let request = last_id.into_iter().fold(request, |request, id| request.header("last-event-id", id));
    outbound.operator(request).await.unwrap()
}

/// Reads until the text has come.
pub async fn until(stream: &mut Answer, needle: &str) -> String {
    let mut text = String::new();
    while !text.contains(needle) {
        let part = tokio::time::timeout(std::time::Duration::from_secs(10), stream.chunk()).await.expect("an event in time").unwrap();
        text.push_str(&String::from_utf8_lossy(&part.expect("the stream goes on")));
    }
    text
}

async fn turn(app: &TestApp, seq: u32, words: &str) {
    let turn = json!({ "role": "user", "content": words, "ts": "2026-06-01T12:00:02Z" });
    let event = json!({ "seq": seq, "at": "2026-06-01T12:00:02Z", "type": "turn", "turn": turn });
    assert!(app.engine().post("/api/v1/engine/calls/s-1/events", event).await.status < 300);
}

#[tokio::test]
async fn turns_are_seen_as_they_happen_and_missed_ones_on_return() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    app.db().write(|tx| open_skeleton(tx, &NewCall::of("s-1".into())).map(|_| ())).await.unwrap();
    let mut stream = watch(&app, None).await;
    assert_eq!((stream.status, stream.header("content-type")), (200, Some("text/event-stream")));
    turn(&app, 1, "first words").await;
    let text = until(&mut stream, "first words").await;
    assert!(text.contains("event: turn") && text.contains("id: s-1:1") && text.contains("\"session_id\":\"s-1\""), "{text}");
    turn(&app, 2, "second words").await;
    drop(stream);
    let mut back = watch(&app, Some("s-1:1")).await;
    let text = until(&mut back, "second words").await;
    assert!(!text.contains("first words"));
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s-1" })).await.expect(200);
    until(&mut back, "event: completed").await;
}

#[tokio::test]
async fn the_stream_ends_when_the_program_drains() {
    let mut app = TestApp::start().await;
    let mut stream = watch(&app, None).await;
    app.restart().await;
    let end = tokio::time::timeout(std::time::Duration::from_secs(4), stream.chunk()).await.expect("the stream ends before the drain does");
    assert!(!matches!(end, Ok(Some(_))));
}

#[tokio::test]
async fn only_people_who_may_read_calls_watch() {
    let app = TestApp::start().await;
    app.anonymous().get("/api/v1/events/stream").await.expect(401);
    app.engine().get("/api/v1/events/stream").await.expect(403);
    app.user(Role::Agent).get("/api/v1/events/stream").await.expect(403);
}
