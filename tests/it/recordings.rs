//! Recordings: uploaded by the engine, heard by admins and by whoever has the link, one range at a time.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use cxbox::features::calls::{NewCall, open_skeleton};
use cxbox::platform::access::Role;
use http::Method;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::live::{until, watch};
use crate::support::{FakeEngine, TestApp};

fn sound() -> Vec<u8> {
    (0..10_000u32).map(|n| (n % 251) as u8).collect()
}

/// An app with one recorded call, and the path of its public link.
async fn recorded() -> (TestApp, String) {
    let app = TestApp::start().await;
    let stored = app.engine().send(Method::PUT, "/api/v1/engine/recordings/s.wav", "audio/wav", sound().into()).await.expect(201);
    assert_eq!(stored, json!({ "key": "s.wav", "size": 10_000 }));
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s", "recording_key": "s.wav" })).await.expect(200);
    app.settle().await;
    let call = app.user(Role::Admin).get("/api/v1/calls/s").await.expect(200);
    let link = call["recording_link"].as_str().unwrap().to_owned();
    let path = link.strip_prefix(&app.base_url()).expect("the link is of this box").to_owned();
    assert_eq!(path, format!("/api/v1/public/recordings/{}", call["recording_access_token"].as_str().unwrap()));
    (app, path)
}

#[tokio::test]
async fn the_link_needs_no_login_and_gives_the_whole_recording() {
    let (app, path) = recorded().await;
    let answer = app.anonymous().get(&path).await;
    assert_eq!((answer.status, answer.bytes.as_ref()), (200, sound().as_slice()));
    let expected = HashMap::from([
        ("content-type", "audio/wav"),
        ("content-length", "10000"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ]);
    for (name, value) in expected {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let head = app.anonymous().head(&path).await;
    assert_eq!((head.status, head.header("content-length"), head.bytes.len()), (200, "10000", 0));
}

#[tokio::test]
async fn admins_hear_it_by_session_and_others_do_not() {
    let (app, _) = recorded().await;
    let path = "/api/v1/recordings/s";
    assert_eq!(app.user(Role::Admin).get(path).await.bytes.as_ref(), sound().as_slice());
    assert_eq!(app.user(Role::Admin).head(path).await.header("content-length"), "10000");
    app.anonymous().get(path).await.expect(401);
    app.user(Role::Supervisor).get(path).await.expect(403);
    app.user(Role::Admin).get("/api/v1/recordings/unknown").await.expect(404);
    app.user(Role::SuperAdmin).send(Method::PUT, "/api/v1/engine/recordings/x.wav", "audio/wav", Bytes::new()).await.expect(403);
}

#[tokio::test]
async fn any_range_gives_exactly_its_bytes_or_says_that_there_are_none() {
    let (app, path) = recorded().await;
    let (all, size) = (sound(), sound().len());
    let ranges = (0usize..12_000, 0usize..12_000, 0u8..3);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..2000 {
        let (a, b, kind) = ranges.new_tree(&mut runner).unwrap().current();
        let (start, end) = (a.min(b), a.max(b));
        let (range, expected) = match kind {
            0 => (format!("bytes={start}-{end}"), all.get(start..size.min(end + 1))),
            1 => (format!("bytes={start}-"), all.get(start..)),
            _ => (format!("bytes=-{end}"), all.get(size.saturating_sub(end)..)),
        };
        let expected = expected.filter(|bytes| !bytes.is_empty());
        let answer = app.anonymous().with_header("range", &range).get(&path).await;
        match expected {
            Some(bytes) => {
                let first = bytes.as_ptr() as usize - all.as_ptr() as usize;
                assert_eq!((answer.status, answer.bytes.as_ref()), (206, bytes), "{range}");
                assert_eq!(answer.header("content-range"), format!("bytes {first}-{}/{size}", first + bytes.len() - 1), "{range}");
            }
            None => {
                assert_eq!((answer.status, answer.header("content-range")), (416, "bytes */10000"), "{range}");
                assert!(answer.bytes.is_empty(), "{range}");
            }
        }
    }
}

#[tokio::test]
async fn an_old_part_is_only_continued_while_the_recording_is_the_same() {
    let (app, path) = recorded().await;
    let etag = app.anonymous().get(&path).await.header("etag").to_owned();
    let part = |tag: &str| app.anonymous().with_header("range", "bytes=5-9").with_header("if-range", tag);
    assert_eq!(part(&etag).get(&path).await.status, 206);
    assert_eq!(part("\"another\"").get(&path).await.status, 200);
}

#[tokio::test]
async fn unknown_links_are_404_and_guessing_is_slowed_down() {
    let (app, path) = recorded().await;
    for n in 0..60 {
        app.anonymous().get(&format!("/api/v1/public/recordings/guess-{n}")).await.expect(404);
    }
    let refused = app.anonymous().get("/api/v1/public/recordings/guess-60").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    app.advance(std::time::Duration::from_secs(61));
    app.anonymous().get(&path).await.expect(200);
}

#[tokio::test]
async fn no_key_leaves_the_folder_and_a_call_without_a_file_is_404() {
    let app = TestApp::start().await;
    for key in ["..%2f..%2fmain.db", "%2e%2e", ".hidden", "a%00b", "a%5cb"] {
        app.engine()
            .send(Method::PUT, &format!("/api/v1/engine/recordings/{key}"), "audio/wav", Bytes::from_static(b"x"))
            .await
            .expect(422);
    }
    for (id, key) in [("traversal", "../main.db"), ("missing", "nowhere.wav"), ("none", "")] {
        app.engine().post("/api/v1/call-results", json!({ "session_id": id, "recording_key": key })).await.expect(200);
        app.user(Role::Admin).get(&format!("/api/v1/recordings/{id}")).await.expect(404);
    }
    app.settle().await;
}

/// Sends an upload and reads what comes back until the end.
async fn upload_raw(app: &TestApp, key: &str, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let secret = &app.core_secret;
    let head = format!("PUT /api/v1/engine/recordings/{key} HTTP/1.1\r\nhost: x\r\nx-cxbcore-secret: {secret}\r\n{head}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("it ends");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing_and_what_was_there_stays() {
    let (app, path) = recorded().await;
    let files = || {
        let mut all: Vec<_> = std::fs::read_dir(app.data.recordings()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        all.extend(std::fs::read_dir(app.data.recordings().join(".incoming")).unwrap().map(|entry| entry.unwrap().file_name()));
        all.sort();
        all
    };
    let before = files();
    // Too few bytes for what was announced, and a last piece that never comes.
    for (head, body) in [("content-length: 5000", &[7_u8; 1200][..]), ("transfer-encoding: chunked", &b"4\r\nabcd\r\n9\r\nab"[..])] {
        for key in ["s.wav", "other.wav"] {
            let answer = upload_raw(&app, key, head, body).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{head}: {answer}");
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            for _ in 0..250 {
                tick.tick().await;
                if files() == before {
                    break;
                }
            }
            assert_eq!(files(), before, "nothing is left of {key}, {head}");
        }
    }
    assert_eq!(app.anonymous().get(&path).await.bytes.as_ref(), sound().as_slice(), "the recording that was there");
    app.engine().send(Method::PUT, "/api/v1/engine/recordings/other.wav", "audio/wav", Bytes::from_static(b"whole")).await.expect(201);
    app.settle().await;
}

#[tokio::test]
async fn a_recording_is_paused_and_goes_on_while_its_call_runs() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    let engine = FakeEngine::start(&app).await;
    app.db().write(|tx| open_skeleton(tx, &NewCall::of("s".into())).map(|_| ())).await.unwrap();
    let (path, supervisor) = ("/api/v1/calls/s/recording", app.user(Role::Supervisor));
    for is_paused in [true, false] {
        let wish = json!({ "is_paused": is_paused });
        assert_eq!(supervisor.put(path, wish.clone()).await.expect(200), wish);
    }
    assert_eq!(engine.take_pauses(), [("s".to_owned(), true), ("s".to_owned(), false)]);
    app.user(Role::Agent).put(path, json!({ "is_paused": true })).await.expect(403);
    supervisor.put("/api/v1/calls/none/recording", json!({ "is_paused": true })).await.expect(404);
    for body in [json!({}), json!({ "is_paused": "yes" }), json!({ "is_paused": true, "for": 10 })] {
        supervisor.put(path, body).await.expect(422);
    }
    assert!(engine.take_pauses().is_empty());
    engine.lose_calls();
    supervisor.put(path, json!({ "is_paused": true })).await.expect(409);
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s" })).await.expect(200);
    supervisor.put(path, json!({ "is_paused": true })).await.expect(409);
    let rows = app.user(Role::SuperAdmin).get("/api/v1/audit?action=recording.pause").await.expect(200);
    assert_eq!((&rows["total"], &rows["data"][0]["target"]), (&json!(2), &json!("s")), "{rows:#}");
}

/// Tells what happened to the recording of a call, as an engine does.
async fn told(app: &TestApp, session_id: &str, seq: u32, name: &str) {
    let event = json!({ "seq": seq, "at": "2026-06-01T12:00:02Z", "type": "note", "name": name });
    assert!(app.engine().post(&format!("/api/v1/engine/calls/{session_id}/events"), event).await.status < 300);
}

#[tokio::test]
async fn a_running_call_says_whether_it_is_recorded_and_whether_that_is_paused() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    for session_id in ["s", "other"] {
        app.db().write(move |tx| open_skeleton(tx, &NewCall::of(session_id.into())).map(|_| ())).await.unwrap();
    }
    let supervisor = app.user(Role::Supervisor);
    let said = async || {
        let call = supervisor.get("/api/v1/calls/s").await.expect(200)["recording_now"].clone();
        let list = supervisor.get("/api/v1/calls?status=active").await.expect(200);
        let of = |id: &str| list["data"].as_array().unwrap().iter().find(|call| call["session_id"] == id).unwrap()["recording_now"].clone();
        assert_eq!((of("s"), of("other")), (call.clone(), json!(null)));
        call
    };
    assert_eq!(said().await, json!(null), "nothing was told");
    let turn = json!({ "role": "user", "content": "recording_started", "ts": "2026-06-01T12:00:02Z" });
    let words = json!({ "seq": 1, "at": "2026-06-01T12:00:02Z", "type": "turn", "turn": turn });
    assert!(app.engine().post("/api/v1/engine/calls/s/events", words).await.status < 300);
    assert_eq!(said().await, json!(null), "words are no report");
    for (seq, name, expected) in [
        (2, "recording_consent", json!(null)),
        (3, "recording_started", json!("on")),
        (4, "recording_paused", json!("paused")),
        (3, "recording_started", json!("paused")),
        (5, "barge_in", json!("paused")),
        (6, "recording_resumed", json!("on")),
        (7, "recording_failed", json!(null)),
        (8, "recording_started", json!("on")),
    ] {
        told(&app, "s", seq, name).await;
        assert_eq!(said().await, expected, "{seq} {name}");
    }
    let mut stream = watch(&app, None).await;
    told(&app, "s", 9, "recording_paused").await;
    let text = until(&mut stream, "recording_paused").await;
    assert!(text.contains("event: note") && text.contains("\"session_id\":\"s\""), "{text}");
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s" })).await.expect(200);
    assert_eq!(
        supervisor.get("/api/v1/calls/s").await.expect(200)["recording_now"],
        json!(null),
        "nothing is recorded of a call that is over"
    );
}
