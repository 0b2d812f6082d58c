//! Several engines: which one takes a call, what is shown of them, and how one is taken out of service.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use cxbox::platform::access::Role;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::support::dialling::{CALLS, wish};
use crate::support::{Client, TestApp, make};

/// A server that speaks the engines' contract and nothing else.
struct Host {
    url: String,
    seen: Arc<Seen>,
    _server: AbortOnDropHandle<()>,
}

struct Seen {
    health: Mutex<Value>,
    is_full: bool,
    n_asked: AtomicU32,
    n_calls: AtomicU32,
    n_drains: AtomicU32,
}

fn health(available: i64, max: i64) -> Value {
    json!({ "status": "ok", "fleet_max": max, "fleet_available": available, "fleet_calls": 1, "workers": [{ "id": "w1" }] })
}

impl Host {
    async fn start(health: Value, is_full: bool) -> Self {
        let zero = AtomicU32::default;
        let seen = Arc::new(Seen { health: Mutex::new(health), is_full, n_asked: zero(), n_calls: zero(), n_drains: zero() });
        let router = Router::new()
            .route("/health/fleet", get(answer_health))
            .route("/livekit/dialout", post(answer_dialout))
            .route("/drain", post(answer_drain))
            .with_state(seen.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, seen, _server: AbortOnDropHandle::new(server) }
    }

    fn n_calls(&self) -> u32 {
        self.seen.n_calls.load(Ordering::SeqCst)
    }
}

async fn answer_health(State(seen): State<Arc<Seen>>) -> Json<Value> {
    seen.n_asked.fetch_add(1, Ordering::SeqCst);
    Json(seen.health.lock().unwrap().clone())
}

async fn answer_dialout(State(seen): State<Arc<Seen>>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    if seen.is_full {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": "no_capacity" })));
    }
    seen.n_calls.fetch_add(1, Ordering::SeqCst);
    (StatusCode::OK, Json(json!({ "status": "accepted", "call_id": body["call_id"], "room_name": body["session_id"] })))
}

async fn answer_drain(State(seen): State<Arc<Seen>>) -> Json<Value> {
    seen.n_drains.fetch_add(1, Ordering::SeqCst);
    *seen.health.lock().unwrap() = json!({ "status": "draining", "fleet_max": 9, "fleet_available": 9, "fleet_calls": 0, "workers": [] });
    Json(json!({ "status": "draining" }))
}

async fn list(owner: &Client, hosts: &[&Host]) {
    let urls: Vec<&str> = hosts.iter().map(|host| host.url.as_str()).collect();
    owner.put("/api/v1/settings/fleet", json!({ "cxbcore_fleet": urls })).await.expect(200);
}

#[tokio::test]
async fn the_freest_healthy_host_takes_the_call_and_the_sums_count_healthy_hosts_only() {
    let app = TestApp::start().await;
    let (owner, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    owner.post("/api/v1/carriers", make::quick_carrier()).await.expect(201);
    let (few, many, lies) =
        (Host::start(health(2, 10), false).await, Host::start(health(7, 10), false).await, Host::start(health(99, 10), false).await);
    list(&owner, &[&few, &many, &lies]).await;
    let status = admin.get("/api/v1/fleet/status").await.expect(200);
    assert_eq!((&status["total_capacity"], &status["available"], &status["active_calls"]), (&json!(20), &json!(9), &json!(2)));
    let words: Vec<&Value> = status["workers"].as_array().unwrap().iter().map(|worker| &worker["status"]).collect();
    assert_eq!(words, [&json!("ok"), &json!("ok"), &json!("inconsistent")]);
    assert_eq!(status["workers"][0]["workers"], json!([{ "id": "w1" }]));
    for _ in 0..6 {
        admin.post(CALLS, wish(json!({}))).await.expect(200);
    }
    // Seven were free, each call takes one: the sixth finds two on both.
    assert_eq!((few.n_calls() + many.n_calls(), lies.n_calls()), (6, 0));
    assert!(many.n_calls() >= 5, "{}", many.n_calls());
    assert_eq!(many.seen.n_asked.load(Ordering::SeqCst), 1, "what a host said a moment ago counts");
    app.advance(std::time::Duration::from_secs(3));
    admin.get("/api/v1/fleet/status").await.expect(200);
    assert_eq!(many.seen.n_asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_host_that_refuses_lets_the_next_one_have_the_call_and_none_is_503() {
    let mut app = TestApp::start().await;
    // The call that nobody took is tried again later.
    app.may_leave_work();
    let (owner, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    owner.post("/api/v1/carriers", make::quick_carrier()).await.expect(201);
    let (full, free) = (Host::start(health(9, 9), true).await, Host::start(health(1, 9), false).await);
    list(&owner, &[&full, &free]).await;
    admin.post(CALLS, wish(json!({}))).await.expect(200);
    assert_eq!(free.n_calls(), 1);
    list(&owner, &[&full]).await;
    admin.post(CALLS, wish(json!({}))).await.expect(503);
    list(&owner, &[&free]).await;
    app.advance(std::time::Duration::from_secs(3));
    admin.post(CALLS, wish(json!({}))).await.expect(200);
    assert_eq!(free.n_calls(), 2, "a list that changed holds from the next call on");
}

#[tokio::test]
async fn a_drained_host_gets_no_more_calls() {
    let app = TestApp::start().await;
    let (owner, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    owner.post("/api/v1/carriers", make::quick_carrier()).await.expect(201);
    let (old, new) = (Host::start(health(9, 9), false).await, Host::start(health(1, 9), false).await);
    list(&owner, &[&old, &new]).await;
    admin.get("/api/v1/fleet/status").await.expect(200);
    admin.post("/api/v1/fleet/drain", json!({ "url": old.url })).await.expect(403);
    owner.post("/api/v1/fleet/drain", json!({ "url": "https://nobody.example" })).await.expect(404);
    owner.post("/api/v1/fleet/drain", json!({})).await.expect(422);
    owner.post("/api/v1/fleet/drain", json!({ "url": format!("{}/", old.url) })).await.expect(204);
    assert_eq!(old.seen.n_drains.load(Ordering::SeqCst), 1);
    let status = admin.get("/api/v1/fleet/status").await.expect(200);
    assert_eq!((&status["workers"][0]["status"], &status["total_capacity"]), (&json!("draining"), &json!(9)));
    admin.post(CALLS, wish(json!({}))).await.expect(200);
    assert_eq!((old.n_calls(), new.n_calls()), (0, 1));
}
