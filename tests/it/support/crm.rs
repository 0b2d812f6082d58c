//! A CRM on loopback: keeps what it is asked, and is quick, slow, wrong or silent as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

const WITHIN: Duration = Duration::from_secs(20);

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: BTreeMap<String, String>,
    pub body: Bytes,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }
}

/// What the CRM does with a request.
#[derive(Debug, Clone)]
pub enum Does {
    /// Answers 200 with this JSON.
    Says(Value),
    /// Answers with this status and these bytes.
    Answers(u16, Bytes),
    /// Answers with this status and a `Retry-After`.
    Later(u16, &'static str),
    /// Never answers.
    Hangs,
    /// Answers once [`Crm::let_go`] is called.
    Holds,
    /// Answers the head and the first byte, and never the rest.
    Drips,
}

#[derive(Clone)]
pub struct Crm {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    asked: Mutex<Vec<Asked>>,
    plan: Mutex<VecDeque<Does>>,
    usual: Mutex<Does>,
    held: watch::Sender<bool>,
    n_asked: watch::Sender<usize>,
}

impl Crm {
    /// A CRM that answers everything with `{}`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            plan: Mutex::default(),
            usual: Mutex::new(Does::Says(serde_json::json!({}))),
            held: watch::channel(true).0,
            n_asked: watch::channel(0).0,
        });
        let app = Router::new().fallback(take).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, shared }
    }

    /// What it does with the next requests, in turn.
    pub fn will(&self, plan: &[Does]) {
        self.shared.plan.lock().unwrap().extend(plan.iter().cloned());
    }

    /// What it does with all others.
    pub fn usually(&self, does: Does) {
        *self.shared.usual.lock().unwrap() = does;
    }

    /// What it was asked since the last time.
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }

    /// The one thing it was asked since the last time.
    #[track_caller]
    pub fn take_one(&self) -> Asked {
        let mut all = self.take();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    /// Waits until it was asked this often since its start.
    pub async fn wait_for(&self, n: usize) {
        let mut seen = self.shared.n_asked.subscribe();
        tokio::time::timeout(WITHIN, seen.wait_for(|seen| *seen >= n)).await.expect("the CRM was asked").unwrap();
    }

    /// Answers what it holds.
    pub fn let_go(&self) {
        self.shared.held.send_replace(false);
    }
}

async fn take(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let target = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let body = body.collect().await.unwrap().to_bytes();
    shared.asked.lock().unwrap().push(Asked { method: parts.method.to_string(), target, headers, body });
    shared.n_asked.send_modify(|n| *n += 1);
    let planned = shared.plan.lock().unwrap().pop_front();
    let does = planned.unwrap_or_else(|| shared.usual.lock().unwrap().clone());
    match does {
        Does::Says(value) => axum::Json(value).into_response(),
        Does::Answers(status, bytes) => (StatusCode::from_u16(status).unwrap(), bytes).into_response(),
        Does::Later(status, wish) => (StatusCode::from_u16(status).unwrap(), [("retry-after", wish)]).into_response(),
        Does::Hangs => std::future::pending().await,
        Does::Holds => {
            let _ = shared.held.subscribe().wait_for(|held| !held).await;
            axum::Json(serde_json::json!({ "held": "no more" })).into_response()
        }
        Does::Drips => {
            use futures_util::StreamExt as _;
            let first = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
            axum::body::Body::from_stream(first.chain(futures_util::stream::pending())).into_response()
        }
    }
}
