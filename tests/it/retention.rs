//! Retention: each class goes at its time, a bot may say otherwise, a legal hold wins, and files go with their rows.

use std::time::Duration;

use cxbox::features::calls::{NewCall, open_skeleton};
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::{TestApp, make};

const DAY: Duration = Duration::from_secs(86_400);

async fn call(app: &TestApp, session_id: &str, bot_id: Option<&str>) {
    let skeleton =
        NewCall { save_transcript: true, number: Some("1000".into()), bot_id: bot_id.map(Into::into), ..NewCall::of(session_id.into()) };
    app.db().write(move |tx| open_skeleton(tx, &skeleton).map(|_| ())).await.unwrap();
    let key = format!("{session_id}.wav");
    app.engine().send(Method::PUT, &format!("/api/v1/engine/recordings/{key}"), "audio/wav", "sound".into()).await.expect(201);
    let result = json!({
        "session_id": session_id, "recording_key": key, "disconnected_by": "bot", "call_duration_seconds": 9,
        "transcript": [{ "role": "user", "content": "refund", "ts": app.clock.now() }], "post_call_analysis": { "mood": "good" },
        "started_at": app.clock.now(), "ended_at": app.clock.now(),
    });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
}

async fn set(app: &TestApp, change: Value) {
    app.user(Role::SuperAdmin).put("/api/v1/settings/retention", change).await.expect(200);
}

/// Moves the clock and does what is due then.
async fn after(app: &TestApp, days: u32) {
    app.advance(DAY * days);
    // What lost one class is listed anew before another one is looked at.
    for _ in 0..3 {
        app.advance(Duration::from_secs(660));
        app.settle().await;
    }
}

/// What is left of a call: recording, transcript, analysis, the call itself.
async fn left(app: &TestApp, session_id: &str) -> (bool, bool, bool, bool) {
    let admin = app.user(Role::Admin);
    let call = admin.get(&format!("/api/v1/calls/{session_id}")).await;
    if call.status == 404 {
        return (false, false, false, false);
    }
    let call = call.expect(200);
    let has_sound = admin.get(&format!("/api/v1/recordings/{session_id}")).await.status == 200;
    assert_eq!(has_sound, app.data.recordings().join(format!("{session_id}.wav")).exists(), "the file goes with the row");
    (has_sound, call.get("transcript").is_some(), call.get("post_call_analysis").is_some(), true)
}

fn transcript_files(app: &TestApp) -> usize {
    std::fs::read_dir(app.data.transcripts()).unwrap().count()
}

#[tokio::test]
async fn each_class_goes_at_its_own_time_and_a_repeat_changes_nothing() {
    let app = TestApp::start().await;
    call(&app, "s", None).await;
    after(&app, 400).await;
    assert_eq!(left(&app, "s").await, (true, true, true, true), "without a setting everything stays");
    set(&app, json!({ "audio_days": 410, "transcript_days": 420, "analysis_days": 430, "metadata_days": 440 })).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(left(&app, "s").await);
        after(&app, 10).await;
    }
    let expected = [
        (true, true, true, true),
        (false, true, true, true),
        (false, false, true, true),
        (false, false, false, true),
        (false, false, false, false),
    ];
    assert_eq!(seen, expected);
    assert_eq!(transcript_files(&app), 0);
    let admin = app.user(Role::Admin);
    assert_eq!(admin.get("/api/v1/calls").await.expect(200)["total"], 0);
    let trail = app.user(Role::SuperAdmin).get("/api/v1/audit?action=retention.remove").await.expect(200);
    assert_eq!(trail["total"], 4);
    after(&app, 10).await;
    assert_eq!(app.user(Role::SuperAdmin).get("/api/v1/audit?action=retention.remove").await.expect(200)["total"], 4);
}

#[tokio::test]
async fn lists_searches_and_figures_follow_what_was_removed() {
    let app = TestApp::start().await;
    call(&app, "s", None).await;
    let total = async |query: &str| app.user(Role::Admin).get(&format!("/api/v1/calls?{query}")).await.expect(200)["total"].clone();
    assert_eq!((total("q=refund").await, total("has_recording=true").await), (json!(1), json!(1)));
    set(&app, json!({ "audio_days": 1, "transcript_days": 1 })).await;
    after(&app, 2).await;
    assert_eq!(
        (total("q=refund").await, total("has_recording=true").await, total("status=completed").await),
        (json!(0), json!(0), json!(1))
    );
    assert_eq!(app.user(Role::Admin).get("/api.ashx/v1/transcripts").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn a_bots_own_time_and_a_legal_hold_win_over_the_settings() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let bot = async |retention: Value| {
        let body = make::with(make::bot(&format!("Bot {retention}")), json!({ "retention": retention }));
        admin.post("/api/v1/bots", body).await.expect(201)["id"].as_str().unwrap().to_owned()
    };
    let (short, ever) = (bot(json!({ "audio_days": 2 })).await, bot(json!({ "audio_days": 0, "metadata_days": 0 })).await);
    for (session_id, bot_id) in [("common", None), ("short", Some(short.as_str())), ("ever", Some(ever.as_str())), ("held", None)] {
        call(&app, session_id, bot_id).await;
    }
    admin.put("/api/v1/calls/held/legal-hold", json!({ "reason": "case" })).await.expect(200);
    set(&app, json!({ "audio_days": 10, "metadata_days": 20 })).await;
    let audio = async |session_id: &'static str| left(&app, session_id).await.0;
    after(&app, 3).await;
    assert_eq!((audio("common").await, audio("short").await, audio("ever").await, audio("held").await), (true, false, true, true));
    after(&app, 18).await;
    assert!(!left(&app, "common").await.3);
    assert_eq!(
        (left(&app, "short").await.3, left(&app, "ever").await, left(&app, "held").await.3),
        (false, (true, true, true, true), true)
    );
    app.user(Role::Admin).delete("/api/v1/calls/held/legal-hold").await.expect(204);
    after(&app, 1).await;
    assert_eq!(left(&app, "held").await, (false, false, false, false));
    let wrong = make::with(make::bot("wrong"), json!({ "retention": { "audio_days": 36501 } }));
    assert_eq!(app.user(Role::Admin).post("/api/v1/bots", wrong).await.expect(422)["errors"][0]["field"], "retention.audio_days");
}

#[tokio::test]
async fn proofs_of_consent_outlive_the_call_and_go_at_their_own_time() {
    let app = TestApp::start().await;
    let events = json!([{ "at": app.clock.now(), "type": "note", "name": "recording_consent", "detail": { "given": false } }]);
    let said = json!([{ "role": "user", "content": "no", "ts": app.clock.now() }]);
    let result = json!({ "session_id": "s", "from_number": "+15551234567", "events": events, "transcript": said });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
    set(&app, json!({ "metadata_days": 1, "consent_days": 5 })).await;
    let proofs = async || {
        let data = app.user(Role::Admin).get("/api/v1/erasures/export?phone=%2B15551234567").await.expect(200);
        (data["calls"].as_array().unwrap().len(), data["consent_proofs"].as_array().unwrap().len())
    };
    assert_eq!(proofs().await, (1, 1));
    after(&app, 2).await;
    assert_eq!(proofs().await, (0, 1));
    after(&app, 4).await;
    assert_eq!(proofs().await, (0, 0));
}

#[tokio::test]
async fn raw_events_are_kept_line_by_line_and_only_for_their_days() {
    let app = TestApp::start().await;
    app.db().write(|tx| open_skeleton(tx, &NewCall::of("s".into())).map(|_| ())).await.unwrap();
    for seq in 1..=3 {
        let event = json!({ "seq": seq, "at": app.clock.now(), "type": "note", "name": "barge_in", "detail": { "n": seq } });
        app.engine().post("/api/v1/engine/calls/s/events", event).await.expect(200);
    }
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s" })).await.expect(200);
    app.settle().await;
    let line = json!({ "at": app.clock.now(), "level": "warn", "session_id": "s", "text": "Speech was slow" });
    assert_eq!(app.engine().post("/api/v1/engine/logs", json!({ "lines": [line] })).await.expect(200), json!({ "noted": 1 }));
    let admin = app.user(Role::Admin);
    let page = admin.get("/api/v1/calls/s/trace?limit=2").await.expect(200);
    assert_eq!((page["data"].as_array().unwrap().len(), &page["data"][0]["source"]), (2, &json!("event")));
    let rest = admin.get(&format!("/api/v1/calls/s/trace?after={}", page["last"])).await.expect(200);
    let body: Value = serde_json::from_str(rest["data"][0]["body"].as_str().unwrap()).unwrap();
    assert_eq!((rest["data"].as_array().unwrap().len(), &body["detail"]["n"]), (2, &json!(3)));
    assert_eq!((&rest["data"][1]["source"], &rest["data"][1]["body"]), (&json!("engine"), &json!("Speech was slow")));
    app.user(Role::Supervisor).get("/api/v1/calls/s/trace").await.expect(403);
    admin.get("/api/v1/calls/none/trace").await.expect(404);
    after(&app, 15).await;
    assert_eq!(app.user(Role::Admin).get("/api/v1/calls/s/trace").await.expect(200)["data"], json!([]));
}
