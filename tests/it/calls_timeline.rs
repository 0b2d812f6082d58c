//! The timeline of a call: stations, turns, tools, events and latency in one order, while it runs and afterwards.

use cxbox::features::calls::{NewCall, open_skeleton};
use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::TestApp;

fn names(timeline: &Value) -> Vec<String> {
    let entry = |entry: &Value| format!("{}:{}", entry["kind"].as_str().unwrap(), entry["name"].as_str().unwrap());
    timeline["data"].as_array().unwrap().iter().map(entry).collect()
}

fn at(seconds: u32) -> String {
    format!("2026-06-01T12:00:{seconds:02}.000Z")
}

#[tokio::test]
async fn everything_stands_in_the_order_it_happened_with_the_time_each_answer_took() {
    let app = TestApp::start().await;
    app.db().write(|tx| open_skeleton(tx, &NewCall::of("s".into())).map(|_| ())).await.unwrap();
    let said = |role: &str, text: &str, second: u32| json!({ "role": role, "content": text, "ts": at(second) });
    app.advance(std::time::Duration::from_secs(30));
    let result = json!({
        "session_id": "s", "disconnected_by": "bot", "answered_at": at(2), "started_at": at(2), "ended_at": at(25), "answer_ms": 2000,
        "transcript": [said("assistant", "Hello", 3), said("user", "Refund", 6), said("assistant", "Sure", 8), said("user", "Thanks", 15),
            { "role": "tool", "content": "done", "ts": at(16), "tool": "end_call" }, said("assistant", "Bye", 17)],
        "pipeline_config": { "language": "en", "media": { "codec": "OPUS", "mos": 4.2, "packets_lost": 3 } },
        "latency_samples": [{ "turn": 1, "stt_ms": 300, "first_token_ms": 500, "first_audio_ms": 700 },
            { "turn": 2, "stt_ms": 200, "first_token_ms": 400, "first_audio_ms": 900 }],
        "events": [{ "at": at(1), "type": "ringing" }, { "at": at(2), "type": "answered", "answer_ms": 2000 },
            { "at": at(7), "type": "note", "name": "barge_in", "detail": { "words": 1 } },
            { "timestamp": at(9), "event": "foreign", "x": 1 }, "no event at all"],
    });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
    let timeline = app.user(Role::Supervisor).get("/api/v1/calls/s/timeline").await.expect(200);
    assert_eq!(
        names(&timeline),
        [
            "sip:created",
            "sip:ringing",
            "sip:answered",
            "session:started",
            "turn:assistant",
            "turn:user",
            "event:barge_in",
            "turn:assistant",
            "event:foreign",
            "turn:user",
            "tool:end_call",
            "turn:assistant",
            "sip:ended",
            "session:completed"
        ]
    );
    let entries = timeline["data"].as_array().unwrap();
    assert_eq!((&entries[4].get("latency"), &entries[7]["latency"]["first_audio_ms"]), (&None, &json!(700)));
    assert_eq!((&entries[11]["latency"]["first_audio_ms"], &entries[11]["text"]), (&json!(900), &json!("Bye")));
    assert_eq!((&entries[6]["detail"], &entries[6]["offset_ms"]), (&json!({ "words": 1 }), &json!(7000)));
    let audio = json!({ "codec": "OPUS", "mos": 4.2, "packets_lost": 3 });
    assert_eq!(entries[12]["detail"], json!({ "disconnected_by": "bot", "outcome": "finished", "audio": audio }));
}

#[tokio::test]
async fn it_grows_while_the_call_runs() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    app.db().write(|tx| open_skeleton(tx, &NewCall::of("s".into())).map(|_| ())).await.unwrap();
    let path = "/api/v1/calls/s/timeline";
    let admin = app.user(Role::Admin);
    assert_eq!(names(&admin.get(path).await.expect(200)), ["sip:created"]);
    for (seq, what) in [
        (1, json!({ "type": "ringing" })),
        (2, json!({ "type": "answered", "answer_ms": 900 })),
        (3, json!({ "type": "turn", "turn": { "role": "user", "content": "Hi", "ts": at(4) } })),
    ] {
        let event = crate::support::make::with(json!({ "seq": seq, "at": at(seq) }), what);
        app.engine().post("/api/v1/engine/calls/s/events", event).await.expect(200);
    }
    assert_eq!(names(&admin.get(path).await.expect(200)), ["sip:created", "sip:ringing", "sip:answered", "turn:user"]);
    admin.get("/api/v1/calls/none/timeline").await.expect(404);
    app.user(Role::Agent).get(path).await.expect(403);
}

#[tokio::test]
async fn that_a_call_was_made_comes_first_when_the_clock_of_its_engine_is_behind() {
    let app = TestApp::start().await;
    app.db().write(|tx| open_skeleton(tx, &NewCall::of("s".into())).map(|_| ())).await.unwrap();
    let early = "2026-06-01T11:59:58.000Z";
    let result = json!({ "session_id": "s", "started_at": early, "answered_at": early, "ended_at": at(5) });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
    let timeline = app.user(Role::Supervisor).get("/api/v1/calls/s/timeline").await.expect(200);
    assert_eq!(names(&timeline)[..3], ["sip:created", "sip:answered", "session:started"]);
    assert_eq!(timeline["data"][1]["offset_ms"], 0);
}
