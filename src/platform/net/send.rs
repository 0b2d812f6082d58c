//! One request over one open connection: HTTP/1.1. The connection ends with the answer, unless it is kept. One that is kept has a task of
//! its own; one that serves a single answer is moved on by whoever takes that, so that nobody is woken for each piece and nothing is
//! read before it is wanted.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;
use tracing::debug;

use super::failure::{Failure, NetError};
use super::idle::Line;
use super::message::{Answer, Connection, Mover, Request};
use super::pace::{self, Allowance, Measured, Pace};

/// Largest head of an answer, in bytes.
const MOST_HEAD: usize = 64 * 1024;

/// HTTP over the stream, for several requests one after the other.
pub(super) async fn open<S>(stream: S) -> Result<Line, NetError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::Builder::new().max_buf_size(MOST_HEAD).handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let connection = AbortOnDropHandle::new(tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            debug!("A connection to a peer ended: {error}");
        }
    }));
    sender.ready().await.map_err(broken)?;
    Ok(Line { sender, connection: Arc::new(connection) })
}

/// Sends the request over a connection that is kept and reads the answer's head.
pub(super) async fn over(line: &mut Line, request: Request, path: &str, host: &str) -> Result<Answer, NetError> {
    let request = request.into_http(path, host)?;
    let response = line.sender.send_request(request).await.map_err(broken)?;
    Ok(Answer::new(response, Mover::Task { _connection: line.connection.clone() }, Vec::new()))
}

/// Where a request goes, and the places its answer takes until it is dropped.
pub(super) struct Way<'a> {
    pub(super) path: &'a str,
    pub(super) host: &'a str,
    pub(super) places: Vec<OwnedSemaphorePermit>,
    pub(super) large: pace::Places,
}

/// Sends the request over a connection of its own and reads the answer's head; the connection ends with the answer.
pub(super) async fn once<S>(stream: S, request: Request, way: Way<'_>) -> Result<Answer, NetError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static,
{
    let request = request.into_http(way.path, way.host)?;
    let allowance = Allowance::default();
    let stream = TokioIo::new(Measured::new(stream, allowance.clone()));
    let (mut sender, connection) =
        hyper::client::conn::http1::Builder::new().max_buf_size(MOST_HEAD).handshake(stream).await.map_err(broken)?;
    let mut connection: Connection = Box::pin(async move {
        if let Err(error) = connection.with_upgrades().await {
            debug!("A connection to a peer ended: {error}");
        }
    });
    let mut is_over = false;
    let mut head = pin!(sender.send_request(request));
    let response = std::future::poll_fn(|cx| {
        if let Poll::Ready(head) = head.as_mut().poll(cx) {
            return Poll::Ready(head);
        }
        // What the connection learned as it ended is known to the one who waits for the head.
        is_over = is_over || connection.as_mut().poll(cx).is_ready();
        head.as_mut().poll(cx)
    })
    .await
    .map_err(broken)?;
    let mover = Mover::Taker { connection: (!is_over).then_some(connection), pace: Pace::new(allowance, way.large) };
    Ok(Answer::new(response, mover, way.places))
}

fn broken(error: hyper::Error) -> NetError {
    NetError::new(Failure::Broken, "the peer did not answer in HTTP").caused_by(error)
}
