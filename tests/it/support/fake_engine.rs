//! An engine that only pretends: it answers on the engine's socket and notes what it was asked.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use cxbox::contract::{CONTRACT_VERSION, SECRET_HEADER};
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tokio::sync::watch;
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
    chats: Mutex<Vec<Value>>,
    chat_answer: Mutex<(u16, Value)>,
    browser_calls: Mutex<Vec<Value>>,
    hangups: Mutex<Vec<String>>,
    pauses: Mutex<Vec<(String, bool)>>,
    answers: Mutex<VecDeque<Answering>>,
    lost: AtomicBool,
    speaks: AtomicBool,
    trunk: Mutex<Option<Value>>,
    n_dialouts: watch::Sender<usize>,
}

/// What becomes of an order to dial.
#[derive(Debug, Clone, Copy)]
pub enum Answering {
    /// Refused with this status.
    Refused(u16),
    /// Taken, but the answer never comes.
    Unanswered,
    /// Taken, but the connection breaks before the answer.
    Broken,
}

impl FakeEngine {
    pub async fn start(app: &TestApp) -> Self {
        let seen = Arc::new(Seen {
            secret: app.core_secret.clone(),
            room: AtomicU32::new(100),
            dialouts: Mutex::default(),
            chats: Mutex::default(),
            chat_answer: Mutex::new((200, json!({ "turns": [] }))),
            browser_calls: Mutex::default(),
            hangups: Mutex::default(),
            pauses: Mutex::default(),
            answers: Mutex::default(),
            lost: AtomicBool::new(false),
            speaks: AtomicBool::new(true),
            trunk: Mutex::default(),
            n_dialouts: watch::channel(0).0,
        });
        let router = Router::new()
            .route("/health/fleet", get(health))
            .route("/livekit/dialout", post(dialout))
            .route("/browser-calls", post(browser_call))
            .route("/chat", post(chat))
            .route("/calls/{session_id}/hangup", post(hang_up))
            .route("/calls/{session_id}/recording", put(pause_recording))
            .route("/trunks/{carrier_id}/check", post(check_trunk))
            .with_state(seen.clone());
        // The socket of an engine that is gone stays behind.
        let _ = std::fs::remove_file(app.data.engine_socket());
        let listener = UnixListener::bind(app.data.engine_socket()).unwrap();
        Self { seen, server: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }) }
    }

    /// How many calls it says it can still take.
    pub fn set_room(&self, room: u32) {
        self.seen.room.store(room, Ordering::SeqCst);
    }

    /// What becomes of the next orders to dial, in turn; those after them are taken.
    pub fn will_answer(&self, answers: &[Answering]) {
        self.seen.answers.lock().unwrap().extend(answers);
    }

    /// From now on it holds no call any more.
    pub fn lose_calls(&self) {
        self.seen.lost.store(true, Ordering::SeqCst);
    }

    /// From now on its speech worker is gone.
    pub fn lose_speech(&self) {
        self.seen.speaks.store(false, Ordering::SeqCst);
    }

    /// What it finds of every trunk from now on: some fields of its state in place of one that is well.
    pub fn finds_of_trunks(&self, change: Value) {
        *self.seen.trunk.lock().unwrap() = Some(change);
    }

    /// Waits until this many orders to dial have come in since the start.
    pub async fn wait_for_dialouts(&self, n: usize) {
        let mut seen = self.seen.n_dialouts.subscribe();
        tokio::time::timeout(Duration::from_secs(20), seen.wait_for(|seen| *seen >= n)).await.expect("the engine was told").unwrap();
    }

    /// What it answers in writing from now on.
    pub fn will_chat(&self, status: u16, answer: Value) {
        *self.seen.chat_answer.lock().unwrap() = (status, answer);
    }

    pub fn take_chats(&self) -> Vec<Value> {
        std::mem::take(&mut self.seen.chats.lock().unwrap())
    }

    pub fn take_dialouts(&self) -> Vec<Value> {
        std::mem::take(&mut self.seen.dialouts.lock().unwrap())
    }

    /// The calls from browsers that came in since the last time, refused ones included.
    pub fn take_browser_calls(&self) -> Vec<Value> {
        std::mem::take(&mut self.seen.browser_calls.lock().unwrap())
    }

    /// Whose recording was to be paused, or to go on.
    pub fn take_pauses(&self) -> Vec<(String, bool)> {
        std::mem::take(&mut self.seen.pauses.lock().unwrap())
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
        "contract_version": CONTRACT_VERSION, "sip": "127.0.0.1:5060", "speech_ready": seen.speaks.load(Ordering::SeqCst)
    });
    (StatusCode::OK, Json(body))
}

async fn dialout(State(seen): State<Arc<Seen>>, headers: HeaderMap, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    if !is_known(&seen, &headers) {
        return (StatusCode::FORBIDDEN, Json(json!({ "error": "forbidden" })));
    }
    let reply = json!({ "status": "accepted", "call_id": body["call_id"], "room_name": body["session_id"] });
    let answer = seen.answers.lock().unwrap().pop_front();
    seen.dialouts.lock().unwrap().push(body);
    seen.n_dialouts.send_modify(|n| *n += 1);
    match answer {
        None => (StatusCode::OK, Json(reply)),
        Some(Answering::Refused(status)) => (StatusCode::from_u16(status).unwrap(), Json(json!({ "error": "refused" }))),
        Some(Answering::Unanswered) => std::future::pending().await,
        Some(Answering::Broken) => panic!("the connection breaks"),
    }
}

async fn chat(State(seen): State<Arc<Seen>>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    seen.chats.lock().unwrap().push(body);
    let (status, answer) = seen.chat_answer.lock().unwrap().clone();
    (StatusCode::from_u16(status).unwrap(), Json(answer))
}

async fn browser_call(State(seen): State<Arc<Seen>>, headers: HeaderMap, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    if !is_known(&seen, &headers) {
        return (StatusCode::FORBIDDEN, Json(json!({ "error": "forbidden" })));
    }
    let answer = seen.answers.lock().unwrap().pop_front();
    seen.browser_calls.lock().unwrap().push(body);
    match answer {
        Some(Answering::Refused(status)) => {
            let said = json!({ "error": "refused", "error_description": "the engine says why" });
            (StatusCode::from_u16(status).unwrap(), Json(said))
        }
        _ => (StatusCode::OK, Json(json!({ "sdp": "v=0 the answer" }))),
    }
}

async fn hang_up(State(seen): State<Arc<Seen>>, Path(session_id): Path<String>) -> (StatusCode, Json<Value>) {
    seen.hangups.lock().unwrap().push(session_id);
    match seen.lost.load(Ordering::SeqCst) {
        true => (StatusCode::NOT_FOUND, Json(json!({ "error": "not_found" }))),
        false => (StatusCode::OK, Json(json!({ "status": "ok" }))),
    }
}

async fn pause_recording(
    State(seen): State<Arc<Seen>>,
    Path(session_id): Path<String>,
    Json(wish): Json<Value>,
) -> (StatusCode, Json<Value>) {
    seen.pauses.lock().unwrap().push((session_id, wish["is_paused"].as_bool().unwrap()));
    match seen.lost.load(Ordering::SeqCst) {
        true => (StatusCode::NOT_FOUND, Json(json!({ "error": "not_found" }))),
        false => (StatusCode::OK, Json(json!({ "status": "ok" }))),
    }
}

async fn check_trunk(State(seen): State<Arc<Seen>>, Path(carrier_id): Path<String>) -> (StatusCode, Json<Value>) {
    let Some(change) = seen.trunk.lock().unwrap().clone() else {
        return (StatusCode::NOT_FOUND, Json(json!({ "error": "not_found" })));
    };
    let mut state = json!({
        "carrier_id": carrier_id, "revision": 1, "status": "up", "ping": { "code": 200, "reason": "OK" }, "round_trip_ms": 12,
        "answered_at_ms": 1_780_315_200_000_i64, "seen_as": "203.0.113.9:5060", "sent_as": "203.0.113.9:5060"
    });
    state.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let found = json!({ "state": state, "audio_address": "203.0.113.9", "audio_port_first": 20000, "audio_port_last": 20999 });
    (StatusCode::OK, Json(found))
}
