//! The accept loop: sockets in, requests to the router out. It owns the connections and ends them in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;
use tracing::{debug, warn};

use super::draining::Draining;
use super::limits::{Counter, Limits};
use super::paced::Paced;
use crate::platform::access::{Entrance, Peer};

/// Largest head of a request, in bytes; also what of an answer waits in memory for a peer that takes it slowly.
const MOST_HEAD: usize = 16 * 1024;

/// What is listened on.
pub enum Socket {
    /// Plain HTTP.
    Tcp(TcpListener),
    /// HTTP over TLS.
    Tls(TcpListener, Arc<rustls::ServerConfig>),
    /// `run/control.sock`.
    Control(UnixListener),
}

/// All listeners of the control plane and their connections.
pub struct Http {
    connections: Connections,
}

/// What a new connection needs.
#[derive(Clone)]
struct Connections {
    router: Router,
    limits: Limits,
    entrance: Entrance,
    counter: Counter,
    draining: CancellationToken,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Http {
    /// Listeners for this router; nothing listens yet.
    pub fn new(router: Router, limits: Limits) -> Self {
        let counter = Counter::new(limits);
        let (draining, stop) = (CancellationToken::new(), CancellationToken::new());
        Self { connections: Connections { router, limits, entrance: Entrance::All, counter, draining, stop, tasks: TaskTracker::new() } }
    }

    /// Accepts connections on the socket until [`Http::drain`].
    pub fn listen(&self, socket: Socket) {
        self.listen_for(Entrance::All, socket);
    }

    /// The same, on a socket that is for some only. Each socket has its own number of connections: many at one keep nobody out of another.
    pub fn listen_for(&self, entrance: Entrance, socket: Socket) {
        let counter = Counter::new(self.connections.limits);
        let connections = Connections { entrance, counter, ..self.connections.clone() };
        let tasks = &self.connections.tasks;
        match socket {
            Socket::Tcp(listener) => tasks.spawn(accept_tcp(listener, None, connections)),
            Socket::Tls(listener, config) => tasks.spawn(accept_tcp(listener, Some(config.into()), connections)),
            Socket::Control(listener) => tasks.spawn(accept_control(listener, connections)),
        };
    }

    /// Ends answers that go on and on. New requests are still taken: an engine that drains has results to bring.
    pub fn end_streams(&self) {
        self.connections.draining.cancel();
    }

    /// Accepts nothing new, lets running requests finish and closes idle connections. What is left after `within` is cut off.
    pub async fn drain(self, within: Duration) {
        self.end_streams();
        self.connections.stop.cancel();
        self.connections.tasks.close();
        if tokio::time::timeout(within, self.connections.tasks.wait()).await.is_err() {
            warn!("Requests were still running after the drain time and were cut off");
        }
    }
}

async fn accept_tcp(listener: TcpListener, tls: Option<TlsAcceptor>, connections: Connections) {
    while let Some(accepted) = connections.stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, address)) => {
                let Some(place) = connections.counter.place(address.ip()) else {
                    debug!("A connection was refused: too many are open");
                    continue;
                };
                let (tls, connections) = (tls.clone(), connections.clone());
                connections.tasks.clone().spawn(async move {
                    serve_tcp(stream, address, tls, &connections).await;
                    drop(place);
                });
            }
            Err(error) => pause_after(&error).await,
        }
    }
}

async fn serve_tcp(stream: TcpStream, address: SocketAddr, tls: Option<TlsAcceptor>, connections: &Connections) {
    // Small answers must not wait for more data.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return serve_http1(stream, Peer::Tcp(address), connections).await };
    match tokio::time::timeout(connections.limits.head_within, tls.accept(stream)).await {
        Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => serve_http2(stream, Peer::Tcp(address), connections).await,
        Ok(Ok(stream)) => serve_http1(stream, Peer::Tcp(address), connections).await,
        Ok(Err(error)) => debug!("A TLS handshake failed: {error}"),
        Err(_) => debug!("A TLS handshake took too long"),
    }
}

async fn accept_control(listener: UnixListener, connections: Connections) {
    while let Some(accepted) = connections.stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                let connections = connections.clone();
                connections.tasks.clone().spawn(async move { serve_http1(stream, Peer::ControlSocket, &connections).await });
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

/// Hands one connection's requests to the router, with what the listener knows in their extensions.
macro_rules! service {
    ($peer:expr, $connections:expr) => {{
        let (peer, limits, entrance, router) = ($peer, $connections.limits, $connections.entrance, $connections.router.clone());
        let draining = Draining::new($connections.draining.clone());
        service_fn(move |request: http::Request<Incoming>| {
            let (mut parts, body) = request.into_parts();
            parts.extensions.insert(peer);
            parts.extensions.insert(entrance);
            parts.extensions.insert(draining.clone());
            let mut router = router.clone();
            async move { router.call(http::Request::from_parts(parts, Body::new(Paced::new(body, limits)))).await }
        })
    }};
}

/// Runs a connection to its end. When the program drains, the request that runs is finished and no other is read.
macro_rules! run {
    ($connection:expr, $connections:expr) => {{
        let mut connection = std::pin::pin!($connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = $connections.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!("A connection ended early: {error}");
        }
    }};
}

async fn serve_http1<S>(stream: S, peer: Peer, connections: &Connections)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(connections.limits.head_within).max_buf_size(MOST_HEAD);
    run!(http.serve_connection(TokioIo::new(stream), service!(peer, connections)).with_upgrades(), connections);
}

async fn serve_http2<S>(stream: S, peer: Peer, connections: &Connections)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_header_list_size(MOST_HEAD as u32)
        .max_concurrent_streams(64)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    run!(http.serve_connection(TokioIo::new(stream), service!(peer, connections)), connections);
}
