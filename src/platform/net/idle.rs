//! Open connections to endpoints the operator has set, kept between requests: a sentence that is to be spoken at once does not wait for TCP
//! and TLS. Only requests that ask for it ([`Request::kept`](super::Request::kept)) use them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::message::OutBody;

/// How long a connection is kept that nobody uses. Servers close theirs after times of their own, which is noticed.
const KEPT: Duration = Duration::from_secs(60);
/// Most connections that are kept for one host: one for each call of a box that is full.
const MOST_PER_HOST: usize = 256;
/// With so many that have nothing to do, none is opened ahead: those that are needed at once beyond them are opened then, and kept.
const SPARE: usize = 8;

/// Whom a connection leads to: whether by TLS, and `host:port`.
pub(super) type Key = (bool, String);

/// An open connection. It may still be busy with the answer before.
pub(super) struct Line {
    pub(super) sender: SendRequest<OutBody>,
    pub(super) connection: Arc<AbortOnDropHandle<()>>,
}

/// The connections of one client. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Idle(Arc<Mutex<Lines>>);

type Lines = HashMap<Key, Vec<(Line, Instant)>>;

impl Idle {
    /// A connection that is open and has nothing to do, if there is one: the one that was used last.
    pub(super) fn take(&self, key: &Key) -> Option<Line> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = lines.get_mut(key)?;
        kept.retain(|(line, _)| !line.sender.is_closed());
        let at = kept.iter().rposition(|(line, _)| line.sender.is_ready())?;
        Some(kept.remove(at).0)
    }

    /// Whether whoever comes next finds a connection that has nothing to do, also when some others come at the same time.
    pub(super) fn has_spare(&self, key: &Key) -> bool {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.get(key).is_some_and(|kept| kept.iter().filter(|(line, _)| line.sender.is_ready()).count() >= SPARE)
    }

    /// Keeps a connection for those who come later. One too many is dropped: whoever reads from it still has it.
    pub(super) fn put(&self, key: Key, line: Line) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = lines.entry(key).or_default();
        kept.retain(|(line, _)| !line.sender.is_closed());
        if kept.len() < MOST_PER_HOST {
            kept.push((line, Instant::now()));
            tokio::spawn(forget_later(Arc::downgrade(&self.0)));
        }
    }
}

/// Drops what has been unused for too long; ends at once when the client is gone.
async fn forget_later(lines: Weak<Mutex<Lines>>) {
    tokio::time::sleep(KEPT).await;
    let Some(lines) = lines.upgrade() else { return };
    let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    for kept in lines.values_mut() {
        // One that is busy is in use, however long ago it was put here.
        kept.retain(|(line, since)| since.elapsed() < KEPT || !(line.sender.is_ready() || line.sender.is_closed()));
    }
    lines.retain(|_, kept| !kept.is_empty());
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::SPARE;
    use crate::platform::net::{Outbound, OutboundOptions, Request};

    fn client() -> Outbound {
        Outbound::new(OutboundOptions::allowing::<String>([]).expect("options")).expect("a client")
    }

    /// A server that says from which port it is asked.
    async fn server() -> SocketAddr {
        let port = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.port().to_string() };
        let app = axum::Router::new().route("/", get(port)).route("/", post(port));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await.expect("served") });
        at
    }

    async fn port(client: &Outbound, request: Request) -> String {
        let answer = client.operator(request).await.expect("an answer");
        String::from_utf8(answer.bytes(64).await.expect("a body").to_vec()).expect("text")
    }

    #[tokio::test]
    async fn requests_that_want_it_share_a_connection_and_others_do_not() {
        let (client, url) = (client(), format!("http://{}/", server().await));
        let first = port(&client, Request::post(&url).body("a").kept()).await;
        assert_eq!(port(&client, Request::post(&url).body("b").kept()).await, first);
        assert_ne!(port(&client, Request::get(&url)).await, first);
        assert_eq!(port(&client, Request::get(&url).kept()).await, first);
    }

    #[tokio::test]
    async fn a_connection_that_was_opened_ahead_is_used() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let client = client();
        client.connect_ahead(&url).await.expect("open");
        let (mut peer, _) = listener.accept().await.expect("a peer");
        let server = tokio::spawn(async move {
            asked(&mut peer).await;
            peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx").await.expect("written");
            // Nobody else comes.
            (listener, peer)
        });
        assert_eq!(port(&client, Request::get(&url).kept()).await, "x");
        server.await.expect("the server has been asked once");
    }

    #[tokio::test]
    async fn no_more_are_opened_ahead_than_may_be_needed_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let client = client();
        for _ in 0..3 * SPARE {
            client.connect_ahead(&url).await.expect("open, or enough are");
        }
        let mut peers = Vec::new();
        for _ in 0..SPARE {
            peers.push(listener.accept().await.expect("a peer"));
        }
        let next = futures_util::future::poll_immediate(listener.accept()).await;
        assert!(next.is_none(), "one more was opened");
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_as_it_is_used_is_replaced() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            for is_closed_next in [true, false] {
                let (mut peer, _) = listener.accept().await.expect("a peer");
                asked(&mut peer).await;
                peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx").await.expect("written");
                if is_closed_next {
                    asked(&mut peer).await;
                }
            }
        });
        let client = client();
        for body in ["a", "b"] {
            assert_eq!(port(&client, Request::post(&url).body(body).kept()).await, "x");
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_dropped_half_read_ends_its_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move {
            let (mut peer, _) = listener.accept().await.expect("a peer");
            asked(&mut peer).await;
            peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nfirst").await.expect("written");
            peer.read(&mut [0; 16]).await.unwrap_or(0)
        });
        let client = client();
        let mut answer = client.operator(Request::get(&url).kept()).await.expect("an answer");
        assert_eq!(answer.chunk().await.expect("a part").as_deref(), Some(&b"first"[..]));
        drop(answer);
        assert_eq!(server.await.expect("it ends"), 0, "the service is told to stop");
    }

    /// Reads until a request has come.
    async fn asked(peer: &mut TcpStream) {
        let mut buffer = [0; 1024];
        assert!(peer.read(&mut buffer).await.expect("a request") > 0);
    }
}
