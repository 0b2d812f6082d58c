//! An engine that only pretends: it answers on the engine's socket and notes what it was asked.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use cxbox::contract::{CONTRACT_VERSION, SECRET_HEADER};
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

use super::TestApp;

pub struct FakeEngine {
    seen: Arc<Seen>,
    server: JoinHandle<()>,
}

struct Seen {
    secret: String,
    room: AtomicU32,
    dialouts: Mutex<Vec<Value>>,
    hangups: Mutex<Vec<String>>,
}

impl FakeEngine {
    pub async fn start(app: &TestApp) -> Self {
        let seen = Arc::new(Seen {
            secret: app.core_secret.clone(),
            room: AtomicU32::new(100),
            dialouts: Mutex::default(),
            hangups: Mutex::default(),
        });
        let router = Router::new()
            .route("/health/fleet", get(health))
            .route("/livekit/dialout", post(dialout))
            .route("/calls/{session_id}/hangup", post(hang_up))
            .with_state(seen.clone());
        let listener = UnixListener::bind(app.data.engine_socket()).unwrap();
        Self { seen, server: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }) }
    }

    /// How many calls it says it can still take.
    pub fn set_room(&self, room: u32) {
        self.seen.room.store(room, Ordering::SeqCst);
    }

    pub fn take_dialouts(&self) -> Vec<Value> {
        std::mem::take(&mut self.seen.dialouts.lock().unwrap())
    }

    pub fn take_hangups(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.hangups.lock().unwrap())
    }
}

impl Drop for FakeEngine {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn is_known(seen: &Seen, headers: &HeaderMap) -> bool {
    headers.get(SECRET_HEADER).and_then(|value| value.to_str().ok()) == Some(seen.secret.as_str())
}

async fn health(State(seen): State<Arc<Seen>>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    if !is_known(&seen, &headers) {
        return (StatusCode::FORBIDDEN, Json(json!({ "error": "forbidden" })));
    }
    let room = seen.room.load(Ordering::SeqCst);
    let body = json!({
        "status": "ok", "fleet_max": 100, "fleet_available": room, "fleet_calls": 0, "workers": [],
        "contract_version": CONTRACT_VERSION
    });
    (StatusCode::OK, Json(body))
}

async fn dialout(State(seen): State<Arc<Seen>>, headers: HeaderMap, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    if !is_known(&seen, &headers) {
        return (StatusCode::FORBIDDEN, Json(json!({ "error": "forbidden" })));
    }
    let reply = json!({ "status": "accepted", "call_id": body["call_id"], "room_name": body["session_id"] });
    seen.dialouts.lock().unwrap().push(body);
    (StatusCode::OK, Json(reply))
}

async fn hang_up(State(seen): State<Arc<Seen>>, Path(session_id): Path<String>) -> Json<Value> {
    seen.hangups.lock().unwrap().push(session_id);
    Json(json!({ "status": "ok" }))
}
