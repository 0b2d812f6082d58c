//! Links of recordings are governed: revoked, renewed, signed for a while, ended by age; who hears is noted; waveforms are computed once.

use std::time::Duration;

use bytes::Bytes;
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::TestApp;

fn wave(n_frames: usize) -> Bytes {
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x10\0data".to_vec();
    bytes.extend((n_frames as u32 * 4).to_le_bytes());
    bytes.extend((0..n_frames).flat_map(|n| [if n < n_frames / 2 { 16384i16 } else { 0 }, 327]).flat_map(i16::to_le_bytes));
    bytes.into()
}

async fn recorded(app: &TestApp, bytes: Bytes) -> String {
    app.engine().send(Method::PUT, "/api/v1/engine/recordings/s.wav", "audio/wav", bytes).await.expect(201);
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s", "recording_key": "s.wav" })).await.expect(200);
    app.settle().await;
    link(&app.user(Role::Admin).get("/api/v1/calls/s").await.expect(200)).expect("a link")
}

/// The path of a call's link.
fn link(call: &Value) -> Option<String> {
    let link = call["recording_link"].as_str()?;
    Some(link[link.find("/api/").unwrap()..].to_owned())
}

#[tokio::test]
async fn a_revoked_link_is_gone_at_once_and_for_good_and_a_new_one_opens() {
    let app = TestApp::start().await;
    let first = recorded(&app, wave(10)).await;
    let admin = app.user(Role::Admin);
    let signed = admin.post("/api/v1/recordings/s/signed-url", json!({ "minutes": 5 })).await.expect(201);
    let signed = link(&json!({ "recording_link": signed["url"] })).unwrap();
    assert_eq!(app.anonymous().get(&signed).await.status, 200);
    app.user(Role::Supervisor).delete("/api/v1/recordings/s/link").await.expect(403);
    admin.delete("/api/v1/recordings/s/link").await.expect(204);
    for path in [&first, &signed] {
        assert_eq!(app.anonymous().get(path).await.expect(410)["error"], "gone");
    }
    assert_eq!(link(&admin.get("/api/v1/calls/s").await.expect(200)), None);
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s", "recording_key": "s.wav" })).await.expect(200);
    assert_eq!(link(&admin.get("/api/v1/calls/s").await.expect(200)), None, "a repeated result makes no new link");
    let renewed = link(&admin.post("/api/v1/recordings/s/link", json!({})).await.expect(201)).unwrap();
    assert_eq!(app.anonymous().get(&renewed).await.status, 200);
    app.anonymous().get(&first).await.expect(410);
    assert_eq!(link(&admin.get("/api/v1/calls/s").await.expect(200)), Some(renewed));
    admin.delete("/api/v1/recordings/unknown/link").await.expect(404);
    admin.post("/api/v1/recordings/unknown/link", json!({})).await.expect(404);
    app.settle().await;
}

#[tokio::test]
async fn a_signed_link_lives_its_minutes_and_cannot_be_made_longer() {
    let app = TestApp::start().await;
    recorded(&app, wave(10)).await;
    let admin = app.user(Role::Admin);
    for minutes in [json!(0), json!(10_081), json!("5"), json!(-1)] {
        admin.post("/api/v1/recordings/s/signed-url", json!({ "minutes": minutes })).await.expect(422);
    }
    let day = admin.post("/api/v1/recordings/s/signed-url", json!({})).await.expect(201);
    assert_eq!(day["expires_at"], app.clock.now().plus(Duration::from_secs(86_400)).to_string());
    let signed = link(&json!({ "recording_link": day["url"] })).unwrap();
    assert!(day["url"].as_str().unwrap().starts_with(&app.base_url()), "never the address of a store");
    app.advance(Duration::from_secs(86_399));
    assert_eq!(app.anonymous().get(&signed).await.status, 200);
    let mut forged = signed.clone().into_bytes();
    let last = forged.len() - 3;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    app.anonymous().get(&String::from_utf8(forged).unwrap()).await.expect(404);
    app.advance(Duration::from_secs(1));
    app.anonymous().get(&signed).await.expect(410);
    app.settle().await;
}

#[tokio::test]
async fn links_end_with_their_days_when_the_settings_say_so() {
    let app = TestApp::start().await;
    let path = recorded(&app, wave(10)).await;
    app.advance(Duration::from_secs(40 * 86_400));
    assert_eq!(app.anonymous().get(&path).await.status, 200, "as long as the recording");
    app.user(Role::SuperAdmin).put("/api/v1/settings/storage", json!({ "link_days": 30 })).await.expect(200);
    app.anonymous().get(&path).await.expect(410);
    assert_eq!(app.user(Role::Admin).get("/api/v1/recordings/s").await.status, 200, "admins hear it still");
    app.settle().await;
}

#[tokio::test]
async fn who_hears_a_recording_is_noted_once_per_listening_with_the_address() {
    let app = TestApp::start().await;
    let path = recorded(&app, wave(1000)).await;
    for range in ["bytes=0-9", "bytes=10-19", "bytes=100-"] {
        assert_eq!(app.anonymous().with_header("range", range).get(&path).await.status, 206);
    }
    assert_eq!(app.user(Role::Admin).get("/api/v1/recordings/s").await.status, 200);
    let trail = app.user(Role::SuperAdmin).get("/api/v1/audit?action=recording.read").await.expect(200);
    let rows: Vec<_> = trail["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["via"].as_str().unwrap(), row["ip"].as_str().unwrap(), row["target"].as_str().unwrap()))
        .collect();
    assert_eq!(rows.len(), 2, "{trail}");
    assert!(rows.contains(&("link", "127.0.0.1", "s")) && rows.contains(&("login", "127.0.0.1", "s")), "{rows:?}");
    app.advance(Duration::from_secs(601));
    app.anonymous().get(&path).await;
    assert_eq!(app.user(Role::SuperAdmin).get("/api/v1/audit?action=recording.read").await.expect(200)["total"], 3);
    app.settle().await;
}

#[tokio::test]
async fn a_waveform_is_computed_once_and_kept_until_the_recording_changes() {
    let app = TestApp::start().await;
    recorded(&app, wave(16_000)).await;
    let admin = app.user(Role::Admin);
    let peaks = admin.get("/api/v1/recordings/s/peaks").await.expect(200);
    assert_eq!((&peaks["duration_ms"], &peaks["channels"], &peaks["sample_rate"]), (&json!(2000), &json!(2), &json!(8000)));
    let channel = |n: usize| peaks["peaks"][n].as_array().unwrap().iter().map(|peak| peak.as_f64().unwrap()).collect::<Vec<_>>();
    let (left, right) = (channel(0), channel(1));
    assert_eq!((left.len(), left[0], left[499], left[500]), (1000, 0.5, 0.5, 0.0));
    assert!(right.iter().all(|peak| (peak - 0.01).abs() < 0.001));
    std::fs::remove_file(app.folder().join("recordings/s.wav")).unwrap();
    assert_eq!(admin.get("/api/v1/recordings/s/peaks").await.expect(200), peaks, "the sound is not read again");
    app.engine().send(Method::PUT, "/api/v1/engine/recordings/s.wav", "audio/wav", Bytes::from_static(b"no sound")).await.expect(201);
    admin.get("/api/v1/recordings/s/peaks").await.expect(422);
    admin.get("/api/v1/recordings/unknown/peaks").await.expect(404);
    app.user(Role::Supervisor).get("/api/v1/recordings/s/peaks").await.expect(403);
}
