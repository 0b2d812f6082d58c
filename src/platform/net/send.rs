//! One request over one open connection: HTTP/1.1. The connection ends with the answer, unless it is kept.

use std::sync::Arc;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;
use tracing::debug;

use super::failure::{Failure, NetError};
use super::idle::Line;
use super::message::{Answer, Held, Request};

/// Largest head of an answer, in bytes.
const MOST_HEAD: usize = 64 * 1024;

/// HTTP over the stream.
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

/// Sends the request over an open connection and reads the answer's head. `places` are given back when the answer is dropped.
pub(super) async fn over(
    line: &mut Line,
    request: Request,
    path: &str,
    host: &str,
    places: Vec<OwnedSemaphorePermit>,
) -> Result<Answer, NetError> {
    let request = request.into_http(path, host)?;
    let response = line.sender.send_request(request).await.map_err(broken)?;
    Ok(Answer::new(response, Held { _connection: line.connection.clone(), _places: places }))
}

fn broken(error: hyper::Error) -> NetError {
    NetError::new(Failure::Broken, "the peer did not answer in HTTP").caused_by(error)
}
