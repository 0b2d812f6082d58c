//! A webhook receiver on loopback: keeps what it is sent, answers what it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Longest real time that [`Receiver::wait_for`] waits.
const WITHIN: Duration = Duration::from_secs(20);

/// One request as it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    pub headers: BTreeMap<String, String>,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn event(&self) -> String {
        self.json()["event"].as_str().unwrap().to_owned()
    }
}

/// What is answered: these statuses in turn, then 204. Each may carry `Retry-After`.
type Answers = VecDeque<(u16, Option<&'static str>)>;

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    received: Mutex<Vec<Received>>,
    answers: Mutex<Answers>,
    always: Mutex<Option<u16>>,
    n_seen: watch::Sender<usize>,
}

impl Receiver {
    /// A receiver that takes everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            answers: Mutex::default(),
            always: Mutex::default(),
            n_seen: watch::channel(0).0,
        });
        let app = Router::new().fallback(take).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, shared }
    }

    /// The next answers, in turn.
    pub fn will_answer(&self, answers: &[(u16, Option<&'static str>)]) {
        self.shared.answers.lock().unwrap().extend(answers.iter().copied());
    }

    /// The answer to everything from now on; `None` takes everything again.
    pub fn always_answers(&self, status: Option<u16>) {
        *self.shared.always.lock().unwrap() = status;
    }

    /// What came in since the last time.
    pub fn take_all(&self) -> Vec<Received> {
        std::mem::take(&mut *self.shared.received.lock().unwrap())
    }

    /// Waits until this many requests have come in since the start.
    pub async fn wait_for(&self, n: usize) {
        let mut seen = self.shared.n_seen.subscribe();
        tokio::time::timeout(WITHIN, seen.wait_for(|seen| *seen >= n)).await.expect("the receiver got its requests").unwrap();
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    shared.received.lock().unwrap().push(Received { headers, body });
    shared.n_seen.send_modify(|n| *n += 1);
    let next = shared.answers.lock().unwrap().pop_front();
    let always = *shared.always.lock().unwrap();
    let (status, retry_after) = next.or(always.map(|status| (status, None))).unwrap_or((204, None));
    let status = StatusCode::from_u16(status).unwrap();
    match retry_after {
        Some(wish) => (status, [("retry-after", wish)], "later").into_response(),
        None => status.into_response(),
    }
}
