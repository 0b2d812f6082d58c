//! Recordings in an S3 store are forgotten there too: when a person is erased, when their time is over, and however long the store is away.

use std::time::Duration;

use bytes::Bytes;
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::s3::{S3Server, settings};

const PHONE: &str = "+15557654321";

async fn set(app: &TestApp, section: &str, to: Value) {
    app.user(Role::SuperAdmin).put(&format!("/api/v1/settings/{section}"), to).await.expect(200);
}

/// A call of a person whose recording is brought to the store.
async fn record(app: &TestApp, id: &str, phone: &str) {
    let path = format!("/api/v1/engine/recordings/{id}.wav");
    app.engine().send(Method::PUT, &path, "audio/wav", Bytes::from(format!("the voice of {phone}"))).await.expect(201);
    let result = json!({ "session_id": id, "recording_key": format!("{id}.wav"), "from_number": phone, "disconnected_by": "customer" });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
}

async fn erase(app: &TestApp, phone: &str) -> Value {
    app.user(Role::Admin).post("/api/v1/erasures", json!({ "phone": phone })).await.expect(200)
}

/// Moves the clock and lets chores and jobs run.
async fn later(app: &TestApp, time: Duration) {
    app.advance(time);
    for _ in 0..3 {
        app.advance(Duration::from_secs(660));
        app.settle().await;
    }
}

#[tokio::test]
async fn an_erased_person_s_voice_leaves_the_store_and_nobody_else_s() {
    let (app, server) = (TestApp::start().await, S3Server::start().await);
    set(&app, "minio", server.settings()).await;
    set(&app, "minio", json!({ "keep_local": false })).await;
    for (id, phone) in [("s-1", PHONE), ("s-2", PHONE), ("s-3", "+15550000000")] {
        record(&app, id, phone).await;
    }
    app.advance(Duration::from_secs(601));
    app.settle().await;
    assert_eq!((server.object("s-1.wav").await.status, server.object("s-2.wav").await.status), (200, 200));
    let done = erase(&app, PHONE).await;
    assert_eq!((&done["n_calls"], &done["n_recordings"]), (&json!(2), &json!(2)), "{done}");
    later(&app, Duration::ZERO).await;
    let there = [server.object("s-1.wav").await.status, server.object("s-2.wav").await.status, server.object("s-3.wav").await.status];
    assert_eq!(there, [404, 404, 200]);
    app.user(Role::Admin).get("/api/v1/recordings/s-1").await.expect(404);
    assert_eq!(app.user(Role::Admin).get("/api/v1/recordings/s-3").await.status, 200);
}

#[tokio::test]
async fn while_the_store_is_away_or_another_is_named_the_wish_to_remove_is_kept() {
    let (app, server) = (TestApp::start().await, S3Server::start().await);
    set(&app, "minio", server.settings()).await;
    record(&app, "s-1", PHONE).await;
    assert_eq!(server.object("s-1.wav").await.status, 200);

    // It is not there when the person is erased.
    set(&app, "minio", settings(9)).await;
    erase(&app, PHONE).await;
    assert!(!app.data.recordings().join("s-1.wav").exists(), "this machine's copy is gone at once");
    later(&app, Duration::ZERO).await;
    let place = format!("127.0.0.1:{}", server.port);
    let left = app.work_left().await;
    assert!(left.iter().any(|job| job.contains("recordings.delete s-1.wav") && job.contains(&place)), "{left:?}");
    // Switched off, the copy is still not forgotten.
    set(&app, "minio", json!({ "access_key": null })).await;
    later(&app, Duration::from_secs(3600)).await;
    assert!(app.work_left().await.iter().any(|job| job.contains("recordings.delete s-1.wav")), "it waits without end");
    assert_eq!(server.object("s-1.wav").await.status, 200);

    set(&app, "minio", server.settings()).await;
    later(&app, Duration::from_secs(3600)).await;
    assert_eq!(server.object("s-1.wav").await.status, 404);
    assert_eq!(app.work_left().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_recording_whose_time_is_over_leaves_the_store_unless_it_is_held() {
    let (app, server) = (TestApp::start().await, S3Server::start().await);
    set(&app, "minio", server.settings()).await;
    set(&app, "retention", json!({ "audio_days": 30 })).await;
    for id in ["old", "held"] {
        record(&app, id, PHONE).await;
    }
    app.user(Role::Admin).put("/api/v1/calls/held/legal-hold", json!({ "reason": "case" })).await.expect(200);
    later(&app, Duration::from_secs(29 * 86_400)).await;
    assert_eq!(server.object("old.wav").await.status, 200);
    later(&app, Duration::from_secs(2 * 86_400)).await;
    assert_eq!((server.object("old.wav").await.status, server.object("held.wav").await.status), (404, 200));
    assert!(!app.data.recordings().join("old.wav").exists() && app.data.recordings().join("held.wav").exists());
    app.user(Role::Admin).delete("/api/v1/calls/held/legal-hold").await.expect(204);
    later(&app, Duration::from_secs(3600)).await;
    assert_eq!(server.object("held.wav").await.status, 404);
}
