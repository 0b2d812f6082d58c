//! One request over one open connection: HTTP/1.1, the connection ends with the answer.

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;
use tracing::debug;

use super::failure::{Failure, NetError};
use super::message::{Answer, Held, Request};

/// Largest head of an answer, in bytes.
const MOST_HEAD: usize = 64 * 1024;

/// Sends the request over the stream and reads the answer's head. `places` are given back when the answer is dropped.
pub(super) async fn over<S>(
    stream: S,
    request: Request,
    path: &str,
    host: &str,
    places: Vec<OwnedSemaphorePermit>,
) -> Result<Answer, NetError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = request.into_http(path, host)?;
    let broken = |error: hyper::Error| NetError::new(Failure::Broken, "the peer did not answer in HTTP").caused_by(error);
    let (mut sender, connection) =
        hyper::client::conn::http1::Builder::new().max_buf_size(MOST_HEAD).handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let connection = AbortOnDropHandle::new(tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            debug!("A connection to a peer ended: {error}");
        }
    }));
    let response = sender.send_request(request).await.map_err(broken)?;
    Ok(Answer::new(response, Held { _connection: connection, _places: places }))
}
