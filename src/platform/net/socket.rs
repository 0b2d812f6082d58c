//! WebSockets to endpoints the operator has set: text and bytes in both directions over a connection that the guard has let through.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tungstenite::handshake::client::generate_key;
use tungstenite::protocol::WebSocketConfig;

use super::failure::{Failure, NetError};
use super::message::Request;
use super::url::Target;

/// Largest message that is read: some minutes of sound.
const MOST_MESSAGE: usize = 8 << 20;

/// What a socket runs over.
pub(super) trait Pipe: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Pipe for S {}

/// What one side sends the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text, whole.
    Text(String),
    /// Bytes, whole.
    Bytes(Bytes),
}

/// Why a socket was not opened.
#[derive(Debug)]
pub enum Refusal {
    /// The peer answered the handshake with this HTTP status.
    Status(u16),
    /// No handshake came about.
    Failed(NetError),
}

impl From<NetError> for Refusal {
    fn from(error: NetError) -> Self {
        Self::Failed(error)
    }
}

/// An open WebSocket. Dropping it cuts the connection.
pub struct Socket(WebSocketStream<Box<dyn Pipe>>);

impl Socket {
    pub(super) async fn over(pipe: Box<dyn Pipe>, request: Request, target: &Target) -> Result<Self, Refusal> {
        let wrong = || NetError::new(Failure::BadUrl, "the request has a path that HTTP does not allow");
        let mut headers = request.head(&target.authority)?;
        for (name, value) in [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")] {
            headers.insert(name, http::HeaderValue::from_static(value));
        }
        headers.insert("sec-websocket-key", generate_key().parse().map_err(|_| wrong())?);
        let url = format!("ws://{}{}", target.authority, target.path);
        let mut handshake = http::Request::get(url).body(()).map_err(|_| wrong())?;
        *handshake.headers_mut() = headers;
        let config = WebSocketConfig::default().max_message_size(Some(MOST_MESSAGE)).max_frame_size(Some(MOST_MESSAGE));
        match tokio_tungstenite::client_async_with_config(handshake, pipe, Some(config)).await {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(tungstenite::Error::Http(answer)) => Err(Refusal::Status(answer.status().as_u16())),
            Err(error) => Err(Refusal::Failed(NetError::new(Failure::Broken, "the peer did not open a WebSocket").caused_by(error))),
        }
    }

    /// Sends one message. It has left when this returns, as far as the system takes it.
    pub async fn send(&mut self, message: Message) -> Result<(), NetError> {
        let message = match message {
            Message::Text(text) => tungstenite::Message::text(text),
            Message::Bytes(bytes) => tungstenite::Message::binary(bytes),
        };
        self.0.send(message).await.map_err(|error| broken().caused_by(error))
    }

    /// The next message; `None` when the peer has closed. Waiting for it may be given up and taken up again. Pings are answered here.
    pub async fn next(&mut self) -> Result<Option<Message>, NetError> {
        loop {
            return Ok(match self.0.next().await {
                Some(Ok(tungstenite::Message::Text(text))) => Some(Message::Text(text.as_str().to_owned())),
                Some(Ok(tungstenite::Message::Binary(bytes))) => Some(Message::Bytes(bytes)),
                Some(Ok(tungstenite::Message::Close(_))) | None => None,
                Some(Ok(_)) => continue,
                Some(Err(tungstenite::Error::Capacity(error))) => {
                    return Err(NetError::new(Failure::TooLarge, "the peer sent too large a message").caused_by(error));
                }
                Some(Err(error)) => return Err(broken().caused_by(error)),
            });
        }
    }

    /// Says goodbye. The peer may be gone already.
    pub async fn close(mut self) {
        let _ = self.0.close(None).await;
    }
}

fn broken() -> NetError {
    NetError::new(Failure::Broken, "the connection broke off")
}
