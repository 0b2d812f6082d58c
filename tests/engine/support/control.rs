//! A control plane of a few lines: it routes every call to one bot and keeps what it is told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use cxbox::base::Random;
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::within;

/// What it was told.
#[derive(Default)]
pub struct Told {
    pub results: Vec<Value>,
    pub events: Vec<Value>,
    pub recordings: BTreeMap<String, Bytes>,
    /// What it was asked about calls that came in.
    pub inbound: Vec<Value>,
    /// Keys of those calls.
    pub sessions: Vec<String>,
    /// Keys of the calls whose config was fetched.
    pub configs: Vec<String>,
    /// Each report of registered telephones.
    pub registrations: Vec<Vec<Value>>,
    n_trunks: u32,
}

struct Inner {
    config: Value,
    phones: Value,
    carrier: SocketAddr,
    result_status: Mutex<u16>,
    told: watch::Sender<Told>,
}

type Shared = State<Arc<Inner>>;

/// The control plane; it can go down and come back.
pub struct FakeControl {
    socket: PathBuf,
    inner: Arc<Inner>,
    serving: Mutex<Option<AbortHandle>>,
}

impl FakeControl {
    pub fn start(socket: PathBuf, config: Value, phones: Value, carrier: SocketAddr) -> Self {
        let (told, _) = watch::channel(Told::default());
        let inner = Arc::new(Inner { config, phones, carrier, result_status: Mutex::new(200), told });
        let control = Self { socket, inner, serving: Mutex::default() };
        control.up();
        control
    }

    /// Begins (again) to answer.
    pub fn up(&self) {
        let _ = std::fs::remove_file(&self.socket);
        let listener = UnixListener::bind(&self.socket).unwrap();
        let router = Router::new()
            .route("/api/v1/engine/trunks", get(trunks))
            .route("/api/v1/engine/phones", get(phones))
            .route("/api/v1/engine/registrations", put(registrations))
            .route("/api/v1/engine/inbound", post(inbound))
            .route("/api/v1/config/{bot_id}", get(config))
            .route("/api/v1/engine/calls/{session_id}/events", post(event))
            .route("/api/v1/engine/calls/{session_id}/callback", post(callback))
            .route("/api/v1/engine/calls/{session_id}/leg", post(leg))
            .route("/api/v1/engine/recordings/{key}", put(recording))
            .route("/api/v1/call-results", post(result))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(self.inner.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        *self.serving.lock().unwrap() = Some(task.abort_handle());
    }

    /// Stops answering: nobody listens any more.
    pub fn down(&self) {
        self.serving.lock().unwrap().take().unwrap().abort();
        std::fs::remove_file(&self.socket).unwrap();
    }

    /// What results are answered with from now on.
    pub fn answer_results_with(&self, status: u16) {
        *self.inner.result_status.lock().unwrap() = status;
    }

    /// Waits until the engine has asked for the trunks twice: the first answer has been taken in.
    pub async fn asked_for_trunks(&self) {
        self.wait("the engine asks for trunks", |told| (told.n_trunks > 0).then_some(())).await;
    }

    /// Waits until something was told.
    pub async fn wait<T>(&self, what: &str, find: impl Fn(&Told) -> Option<T>) -> T {
        let mut told = self.inner.told.subscribe();
        within(what, async {
            loop {
                if let Some(found) = find(&told.borrow_and_update()) {
                    return found;
                }
                told.changed().await.unwrap();
            }
        })
        .await
    }

    /// The first result.
    pub async fn result(&self) -> Value {
        self.wait("a result", |told| told.results.first().cloned()).await
    }

    /// Waits for an event of this type (or a note of this name).
    pub async fn event(&self, name: &str) -> Value {
        let is_it = |event: &&Value| event["type"] == name || event["name"] == name;
        self.wait(&format!("the event {name}"), |told| told.events.iter().find(is_it).cloned()).await
    }

    /// Names of all events, in the order they came.
    pub fn events(&self) -> Vec<String> {
        let name = |e: &Value| e["name"].as_str().or(e["type"].as_str()).unwrap().to_owned();
        self.inner.told.borrow().events.iter().map(name).collect()
    }

    pub fn n_results(&self) -> usize {
        self.inner.told.borrow().results.len()
    }
}

async fn trunks(State(inner): Shared) -> Json<Value> {
    inner.told.send_modify(|told| told.n_trunks += 1);
    Json(json!({ "revision": 1, "trunks": [{
        "carrier_id": "tr_1", "name": "loop", "sip_address": inner.carrier.to_string(), "inbound_allowed_addresses": ["127.0.0.1"],
    }] }))
}

async fn phones(State(inner): Shared) -> Json<Value> {
    Json(inner.phones.clone())
}

async fn registrations(State(inner): Shared, Json(mut all): Json<Value>) -> StatusCode {
    let all = all["registrations"].take().as_array().unwrap().clone();
    inner.told.send_modify(|told| told.registrations.push(all));
    StatusCode::NO_CONTENT
}

async fn inbound(State(inner): Shared, Json(call): Json<Value>) -> Json<Value> {
    inner.told.send_modify(|told| {
        told.sessions.push(call["session_id"].as_str().unwrap().to_owned());
        told.inbound.push(call.clone());
    });
    if let Some(aor) = call["did"].as_str().and_then(|did| did.strip_prefix("ring-")) {
        return Json(json!({ "action": "ring", "aor": aor, "session_id": call["session_id"] }));
    }
    if call["did"] == "404" {
        return Json(json!({ "action": "reject", "sip_code": 404 }));
    }
    let session_id = Random::system().uuid().to_string();
    Json(json!({ "action": "bot", "bot_id": "bot_1", "number_id": "num_1", "session_id": session_id }))
}

async fn config(State(inner): Shared, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    inner.told.send_modify(|told| told.configs.push(query["session_id"].clone()));
    let mut config = inner.config.clone();
    config["session_id"] = query["session_id"].clone().into();
    Json(config)
}

async fn event(State(inner): Shared, Json(event): Json<Value>) -> Json<Value> {
    inner.told.send_modify(|told| told.events.push(event));
    Json(json!({}))
}

/// Calls back at any time that has a colon in it.
async fn callback(Json(ask): Json<Value>) -> (StatusCode, Json<Value>) {
    let time = ask["time"].as_str().unwrap();
    if !time.contains(':') {
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": "invalid", "error_description": "time must be a time" })));
    }
    let planned = json!({ "call_id": "oac-000000000009", "at": "2026-11-27T14:30:00.000Z", "local_time": format!("Friday {time}"), "time_zone": "Europe/Malta" });
    (StatusCode::OK, Json(planned))
}

/// Numbers that end in 0 may not be called.
async fn leg(Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    if !body["phone"].as_str().unwrap().ends_with('0') {
        return (StatusCode::NO_CONTENT, Json(Value::Null));
    }
    let refusal = json!({ "error": "call_not_permitted", "error_description": "this number is on the do-not-call list (do_not_call)" });
    (StatusCode::UNPROCESSABLE_ENTITY, Json(refusal))
}

async fn recording(State(inner): Shared, Path(key): Path<String>, body: Bytes) -> StatusCode {
    inner.told.send_modify(|told| drop(told.recordings.insert(key, body)));
    StatusCode::CREATED
}

async fn result(State(inner): Shared, Json(result): Json<Value>) -> (StatusCode, Json<Value>) {
    let status = *inner.result_status.lock().unwrap();
    if status == 200 {
        inner.told.send_modify(|told| told.results.push(result));
    }
    (StatusCode::from_u16(status).unwrap(), Json(json!({ "status": "ok" })))
}
