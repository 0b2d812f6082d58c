//! The accept loop: sockets in, requests to the router out. It owns the connections and ends them in order.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;
use tracing::{debug, warn};

use super::draining::Draining;
use crate::platform::access::Peer;

/// Longest wait for a request's head, and for the first byte on a new or idle connection.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Largest head of a request, in bytes.
const MOST_HEAD: usize = 32 * 1024;

/// What is listened on.
pub enum Socket {
    /// Plain HTTP.
    Tcp(TcpListener),
    /// `run/control.sock`.
    Control(UnixListener),
}

/// All listeners of the control plane and their connections.
pub struct Http {
    router: Router,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Http {
    /// Listeners for this router; nothing listens yet.
    pub fn new(router: Router) -> Self {
        Self { router, stop: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    /// Accepts connections on the socket until [`Http::drain`].
    pub fn listen(&self, socket: Socket) {
        let connections = Connections { router: self.router.clone(), stop: self.stop.clone(), tasks: self.tasks.clone() };
        match socket {
            Socket::Tcp(listener) => self.tasks.spawn(accept_tcp(listener, connections)),
            Socket::Control(listener) => self.tasks.spawn(accept_control(listener, connections)),
        };
    }

    /// Accepts nothing new, lets running requests finish and closes idle connections. What is left after `within` is cut off.
    pub async fn drain(self, within: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(within, self.tasks.wait()).await.is_err() {
            warn!("Requests were still running after the drain time and were cut off");
        }
    }
}

/// What a new connection needs.
#[derive(Clone)]
struct Connections {
    router: Router,
    stop: CancellationToken,
    tasks: TaskTracker,
}

async fn accept_tcp(listener: TcpListener, connections: Connections) {
    while let Some(accepted) = connections.stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, address)) => {
                // Small answers must not wait for more data.
                let _ = stream.set_nodelay(true);
                connections.tasks.spawn(serve(stream, Peer::Tcp(address), connections.clone()));
            }
            Err(error) => pause_after(&error).await,
        }
    }
}

async fn accept_control(listener: UnixListener, connections: Connections) {
    while let Some(accepted) = connections.stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                connections.tasks.spawn(serve(stream, Peer::ControlSocket, connections.clone()));
            }
            Err(error) => pause_after(&error).await,
        }
    }
}

/// Out of descriptors, most likely: accepting again at once would spin.
async fn pause_after(error: &std::io::Error) {
    warn!("A connection could not be accepted: {error}");
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn serve<S>(stream: S, peer: Peer, connections: Connections)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = connections.router.clone();
    let draining = Draining::new(connections.stop.clone());
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(peer);
        parts.extensions.insert(draining.clone());
        let mut router = router.clone();
        async move { router.call(http::Request::from_parts(parts, Body::new(body))).await }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MOST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = connections.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!("A connection ended early: {error}");
    }
}
