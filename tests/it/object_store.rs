//! Recordings and an S3 server: brought there, heard from there, and nothing lost when it is away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use bytes::Bytes;
use cxbox::base::{Clock, Random};
use cxbox::contract::SECRET_HEADER;
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::s3::{Line, S3Server, settings};

fn sound(n_bytes: usize) -> Bytes {
    (0..n_bytes).map(|n| (n * 31 % 253) as u8).collect()
}

async fn set(app: &TestApp, storage: Value) {
    app.user(Role::SuperAdmin).put("/api/v1/settings/minio", storage).await.expect(200);
}

/// Brings a recording as an engine does, and its call. Gives the path of its public link.
async fn record(app: &TestApp, id: &str, bytes: &Bytes) -> String {
    app.engine().send(Method::PUT, &format!("/api/v1/engine/recordings/{id}.wav"), "audio/wav", bytes.clone()).await.expect(201);
    app.engine().post("/api/v1/call-results", json!({ "session_id": id, "recording_key": format!("{id}.wav") })).await.expect(200);
    let call = app.user(Role::Admin).get(&format!("/api/v1/calls/{id}")).await.expect(200);
    format!("/api/v1/public/recordings/{}", call["recording_access_token"].as_str().unwrap())
}

fn local(app: &TestApp, id: &str) -> std::path::PathBuf {
    app.folder().join("recordings").join(format!("{id}.wav"))
}

#[tokio::test]
async fn a_recording_is_brought_to_the_store_and_heard_from_there_in_any_part() {
    let (app, server) = (TestApp::start().await, S3Server::start().await);
    let bytes = sound(300_000);
    let early = record(&app, "early", &bytes).await;
    set(&app, server.settings()).await;
    let link = record(&app, "s", &bytes).await;
    let etag = app.anonymous().head(&link).await.header("etag").to_owned();
    app.settle().await;
    assert_eq!(server.object("s.wav").await.bytes, bytes);
    assert!(local(&app, "s").exists(), "the local copy stays unless the settings say otherwise");

    set(&app, json!({ "keep_local": false })).await;
    app.advance(Duration::from_secs(601));
    app.settle().await;
    assert!(!local(&app, "s").exists() && !local(&app, "early").exists(), "also what was stored before the store was set");
    let all = app.anonymous().get(&link).await;
    assert_eq!((all.status, all.header("content-length"), &all.bytes), (200, "300000", &bytes));
    assert_eq!(app.anonymous().get(&early).await.bytes, bytes);
    let head = app.anonymous().head(&link).await;
    assert_eq!((head.status, head.header("content-length"), head.header("etag")), (200, "300000", etag.as_str()), "the tag is the same");
    let random = Random::seeded(5);
    for _ in 0..150 {
        let (a, b) = (random.below(310_000) as usize, random.below(310_000) as usize);
        let (start, end) = (a.min(b), a.max(b));
        let (range, expected) = match random.below(3) {
            0 => (format!("bytes={start}-{end}"), bytes.get(start..bytes.len().min(end + 1))),
            1 => (format!("bytes={start}-"), bytes.get(start..)),
            _ => (format!("bytes=-{end}"), bytes.get(bytes.len().saturating_sub(end)..)),
        };
        let answer = app.anonymous().with_header("range", &range).with_header("if-range", &etag).get(&link).await;
        match expected.filter(|part| !part.is_empty()) {
            Some(part) => assert_eq!((answer.status, answer.bytes.as_ref()), (206, part), "{range}"),
            None => assert_eq!((answer.status, answer.header("content-range")), (416, "bytes */300000"), "{range}"),
        }
    }
    assert_eq!(app.anonymous().with_header("range", "bytes=0-1").with_header("if-range", "\"old\"").get(&link).await.status, 200);
}

#[tokio::test]
async fn while_the_store_is_away_nothing_is_lost_and_whoever_asks_hears_it_soon() {
    let (app, server) = (TestApp::start().await, S3Server::start().await);
    set(&app, server.settings()).await;
    set(&app, json!({ "keep_local": false })).await;
    let bytes = sound(50_000);
    let there = record(&app, "there", &bytes).await;
    app.settle().await;
    assert!(!local(&app, "there").exists());

    server.freeze();
    let (clock, refused) = (Clock::system(), app.anonymous());
    let began = clock.now();
    let answer = refused.get(&there).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{}", answer.text());
    assert!(clock.now().since(began) <= Duration::from_secs(5), "{:?}", clock.now().since(began));
    set(&app, settings(9)).await;
    let waiting = record(&app, "waiting", &bytes).await;
    app.settle().await;
    assert_eq!(app.anonymous().get(&waiting).await.bytes, bytes, "read from local disk meanwhile");
    let work = app.work_left().await;
    assert!(work.iter().any(|line| line.contains("recordings.upload waiting.wav the object store does not answer")), "{work:?}");

    server.thaw();
    set(&app, server.settings()).await;
    app.advance(Duration::from_secs(601));
    app.settle().await;
    assert_eq!(server.object("waiting.wav").await.bytes, bytes);
    assert_eq!(app.anonymous().get(&there).await.bytes, bytes);
    assert!(!local(&app, "waiting").exists());
    app.advance(Duration::from_secs(601));
    app.settle().await;
}

#[tokio::test]
async fn a_large_upload_goes_on_after_a_crash_where_it_was() {
    let (mut app, server) = (TestApp::start().await, S3Server::start().await);
    let part = 5 * 1024 * 1024;
    let bytes = sound(3 * part + 1000);
    // Enough for two parts and half of the third.
    let line = Line::to(&server, (2 * part + part / 2) as i64).await;
    set(&app, settings(line.port)).await;
    let link = record(&app, "long", &bytes).await;
    app.settle().await;
    assert_eq!(server.object("long.wav").await.status, 404);
    assert_eq!(app.anonymous().get(&link).await.bytes.len(), bytes.len());
    app.restart().await;
    line.mend();
    app.advance(Duration::from_secs(301));
    app.settle().await;
    assert_eq!(server.object("long.wav").await.bytes, bytes);
    assert!(line.sent() < 2 * part as u64, "only what was missing was sent again: {}", line.sent());
}

#[tokio::test]
async fn what_the_store_has_lost_is_looked_for_at_every_engine_with_the_secret() {
    let (app, server) = (TestApp::start().await, S3Server::start().await);
    let (bytes, secret) = (sound(20_000), app.core_secret.clone());
    set(&app, server.settings()).await;
    set(&app, json!({ "keep_local": false })).await;
    let link = record(&app, "s", &bytes).await;
    app.settle().await;
    server.remove("s.wav").await;
    app.anonymous().get(&link).await.expect(404);
    let kept = bytes.clone();
    let answer = move |headers: HeaderMap, Path(key): Path<String>| async move {
        let is_known = headers.get(SECRET_HEADER).is_some_and(|value| value == secret.as_str());
        if is_known && key == "s.wav" { (StatusCode::OK, kept) } else { (StatusCode::NOT_FOUND, Bytes::new()) }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    let engine = tokio::spawn(async move { axum::serve(listener, Router::new().route("/recordings/{key}", get(answer))).await });
    let fleet = json!({ "cxbcore_fleet": ["http://127.0.0.1:9", host] });
    app.user(Role::SuperAdmin).put("/api/v1/settings/fleet", fleet).await.expect(200);
    let answer = app.anonymous().get(&link).await;
    assert_eq!((answer.status, &answer.bytes), (200, &bytes));
    let part = app.anonymous().with_header("range", "bytes=19000-19009").get(&link).await;
    assert_eq!((part.status, part.bytes.as_ref(), part.header("content-range")), (206, &bytes[19_000..19_010], "bytes 19000-19009/20000"));
    engine.abort();
}

#[tokio::test]
async fn a_recording_that_its_call_forgets_is_removed_from_the_store_too() {
    let (app, server) = (TestApp::start().await, S3Server::start().await);
    set(&app, server.settings()).await;
    record(&app, "s", &sound(1000)).await;
    app.settle().await;
    assert_eq!(server.object("s.wav").await.status, 200);
    app.db().write(|tx| Ok(tx.execute("update calls set recording_key = null where session_id = 's'", [])?)).await.unwrap();
    app.advance(Duration::from_secs(601));
    app.settle().await;
    assert_eq!(server.object("s.wav").await.status, 404);
    assert!(!local(&app, "s").exists());
}

#[tokio::test]
async fn the_store_of_the_settings_is_masked_checked_and_no_way_to_internal_addresses() {
    let app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    set(&app, settings(9)).await;
    let shown = owner.get("/api/v1/settings/storage").await.expect(200);
    assert_eq!((shown["secret_key"].as_str(), shown["bucket"].as_str()), (Some("a-se••••ngth"), Some("recordings")));
    assert_eq!(owner.get("/api/v1/settings/minio").await.expect(200), shown);
    owner.put("/api/v1/settings/storage", json!({ "secret_key": "a-se••••ngth", "region": "eu-south-1" })).await.expect(200);
    for (body, field) in
        [(json!({ "bucket": "../x" }), "bucket"), (json!({ "endpoint": "http://x" }), "endpoint"), (json!({ "region": "" }), "region")]
    {
        assert_eq!(owner.put("/api/v1/settings/minio", body).await.expect(422)["errors"][0]["field"], field);
    }
    set(&app, json!({ "endpoint": "169.254.169.254" })).await;
    record(&app, "s", &sound(10)).await;
    app.settle().await;
    let work = app.work_left().await;
    assert!(work.iter().any(|line| line.contains("recordings.upload s.wav")), "it is never brought to a metadata address: {work:?}");
    set(&app, json!({ "access_key": null })).await;
    app.advance(Duration::from_secs(301));
    app.settle().await;
}

/// A store of one object that notes what it is asked.
#[derive(Clone, Default)]
struct Counting {
    bytes: Arc<Mutex<Bytes>>,
    asked: Arc<Mutex<Vec<Method>>>,
}

impl Counting {
    async fn serve(&self) -> (Value, tokio::task::JoinHandle<()>) {
        let app = Router::new().fallback(Self::answer).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = settings(listener.local_addr().unwrap().port());
        (settings, tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }))
    }

    async fn answer(State(store): State<Self>, method: Method, body: Bytes) -> axum::response::Response {
        store.asked.lock().unwrap().push(method.clone());
        if method == Method::PUT {
            *store.bytes.lock().unwrap() = body;
        }
        let bytes = store.bytes.lock().unwrap().clone();
        let answer = axum::response::Response::builder();
        match method {
            Method::GET => answer.body(bytes.into()).unwrap(),
            Method::HEAD => answer.header("content-length", bytes.len()).body(axum::body::Body::empty()).unwrap(),
            _ => answer.header("etag", "\"e\"").body(axum::body::Body::empty()).unwrap(),
        }
    }

    fn asked(&self) -> Vec<Method> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[tokio::test]
async fn whoever_hears_a_recording_of_the_store_costs_it_one_question_and_a_row_that_errs_is_found_out() {
    let (app, store) = (TestApp::start().await, Counting::default());
    let (settings, server) = store.serve().await;
    set(&app, settings).await;
    set(&app, json!({ "keep_local": false })).await;
    let bytes = sound(20_000);
    let link = record(&app, "s", &bytes).await;
    app.settle().await;
    assert!(!local(&app, "s").exists());
    store.asked();
    let heard = app.anonymous().get(&link).await;
    assert_eq!((heard.status, &heard.bytes, store.asked()), (200, &bytes, vec![Method::GET]));
    let part = app.anonymous().with_header("range", "bytes=100-199").get(&link).await;
    assert_eq!((part.status, part.bytes.as_ref(), store.asked()), (206, &bytes[100..200], vec![Method::GET]), "cut out of the whole");
    let head = app.anonymous().head(&link).await;
    assert_eq!((head.status, head.header("content-length"), store.asked()), (200, "20000", vec![Method::HEAD]));

    *store.bytes.lock().unwrap() = sound(7000);
    let other = app.anonymous().get(&link).await;
    assert_eq!((other.status, other.bytes.len(), store.asked()), (200, 7000, vec![Method::GET, Method::HEAD, Method::GET]));
    assert_ne!(other.header("etag"), heard.header("etag"), "it is another one");
    server.abort();
}
