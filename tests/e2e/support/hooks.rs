//! A webhook receiver for the real program: it listens only when it is told to, and remembers what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::ports::free_port;

/// One delivery.
#[derive(Debug, Clone)]
pub struct Delivered {
    pub id: String,
    pub body: Value,
}

/// A receiver at a fixed address.
pub struct Hooks {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Delivered>>>,
    server: Option<JoinHandle<()>>,
}

impl Hooks {
    /// A receiver that is away: nobody listens at its address.
    pub fn away() -> Self {
        Self { address: ([127, 0, 0, 1], free_port()).into(), taken: Arc::default(), server: None }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Listens from now on.
    pub async fn listen(&mut self) {
        let listener = tokio::net::TcpListener::bind(self.address).await.unwrap();
        let router = Router::new().fallback(take).with_state(self.taken.clone());
        self.server = Some(tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }));
    }

    /// What was taken so far.
    pub fn taken(&self) -> Vec<Delivered> {
        self.taken.lock().unwrap().clone()
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

async fn take(State(taken): State<Arc<Mutex<Vec<Delivered>>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    taken.lock().unwrap().push(Delivered { id: header("x-codeb-delivery-id"), body });
    StatusCode::NO_CONTENT
}
