//! A webhook receiver on loopback that keeps what it got and checks it with [`super::verify`].

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::verify::{Signed, holds};
use crate::base::{Context, Result};

/// One delivery that arrived.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    /// Event name.
    pub(super) event: String,
    /// `data.callId`, empty when there is none.
    pub(super) call_id: String,
    /// `X-CodeB-Delivery-Id`.
    pub(super) delivery_id: String,
    /// Whether both signatures hold and header and body name the same event.
    pub(super) verified: bool,
}

/// The running receiver; it stops when dropped.
pub(super) struct Receiver {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    _stop: DropGuard,
}

#[derive(Default)]
struct Inbox {
    secret: Mutex<Option<String>>,
    deliveries: Mutex<Vec<Delivery>>,
}

impl Receiver {
    /// Listens on a free port of 127.0.0.1.
    pub(super) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot open the webhook receiver")?;
        let address = listener.local_addr().context("cannot open the webhook receiver")?;
        let inbox = Arc::new(Inbox::default());
        let router = Router::new().route("/hook", post(receive)).with_state(inbox.clone());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
        Ok(Self { address, inbox, _stop: stop.drop_guard() })
    }

    /// The URL to subscribe.
    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The secret of the subscription; deliveries before it is known do not verify.
    pub(super) fn expect_secret(&self, secret: &str) {
        *lock(&self.inbox.secret) = Some(secret.to_owned());
    }

    /// The deliveries about one call so far, each delivery id once, in order of arrival.
    pub(super) fn about(&self, call_id: &str) -> Vec<Delivery> {
        let mut seen = HashSet::new();
        lock(&self.inbox.deliveries).iter().filter(|d| d.call_id == call_id && seen.insert(d.delivery_id.clone())).cloned().collect()
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = Signed {
        codeb: header("x-codeb-signature"),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        standard: header("webhook-signature"),
    };
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let secret = lock(&inbox.secret).clone();
    let verified = json["event"] == header("x-codeb-event") && secret.is_some_and(|secret| holds(&secret, &signed, &body));
    lock(&inbox.deliveries).push(Delivery {
        event: header("x-codeb-event").to_owned(),
        call_id: json["data"]["callId"].as_str().unwrap_or_default().to_owned(),
        delivery_id: header("x-codeb-delivery-id").to_owned(),
        verified,
    });
    if verified { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
