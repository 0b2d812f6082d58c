//! The WebSocket of a call: between the connection and the two queues that the call works with.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::http::HeaderMap;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{interval, timeout};

use crate::base::{Error, Result};
use crate::contract::socket::{CALL_HEADER, SocketCall};
use crate::engine::socket::{Came, Sent, Wire};

/// Largest message that is read: a quarter of a minute of sound.
pub(super) const MOST_MESSAGE: usize = 320 * 1024;
/// Messages of the far end that may wait for the call; more make the far end wait.
const MOST_WAITING: usize = 64;
/// Messages that may wait for the far end, some seconds of sound; what comes after them is lost.
const MOST_UNSENT: usize = 150;
/// How often the far end is asked for a sign of life.
const PING: Duration = Duration::from_secs(15);
/// A far end that has given none for so long is gone.
const GONE: Duration = Duration::from_secs(40);
/// How long the far end may take to close, too.
const FAREWELL: Duration = Duration::from_secs(2);

/// The call of a handshake.
pub(super) fn call_of(headers: &HeaderMap) -> Result<SocketCall> {
    let value = headers.get(CALL_HEADER).and_then(|value| value.to_str().ok());
    SocketCall::from_header(value.ok_or_else(|| Error::invalid("the handshake names no call"))?)
}

/// Gives the socket to its call and carries messages until one side has ended.
pub(super) async fn carry(socket: WebSocket, line: oneshot::Sender<Wire>) {
    let (mut out, mut incoming) = socket.split();
    let (came, from) = mpsc::channel(MOST_WAITING);
    let (to, sent) = mpsc::channel(MOST_UNSENT);
    if line.send(Wire { from, to }).is_err() {
        return;
    }
    let is_closed = tokio::select! {
        () = write(&mut out, sent) => false,
        () = read(&mut incoming, came) => true,
    };
    if !is_closed {
        let rest = async { while let Some(Ok(_)) = incoming.next().await {} };
        // The connection is cut then.
        let _ = timeout(FAREWELL, rest).await;
    }
}

async fn write(out: &mut SplitSink<WebSocket, Message>, mut sent: mpsc::Receiver<Sent>) {
    let mut beat = interval(PING);
    beat.reset();
    loop {
        let message = tokio::select! {
            sent = sent.recv() => match sent {
                Some(Sent::Text(text)) => Message::Text(text.into()),
                Some(Sent::Close(code, reason)) => Message::Close(Some(CloseFrame { code, reason: reason.into() })),
                None => Message::Close(None),
            },
            _ = beat.tick() => Message::Ping(Default::default()),
        };
        let is_last = matches!(message, Message::Close(_));
        if out.send(message).await.is_err() || is_last {
            return;
        }
    }
}

async fn read(incoming: &mut SplitStream<WebSocket>, came: mpsc::Sender<Came>) {
    while let Ok(Some(Ok(message))) = timeout(GONE, incoming.next()).await {
        let message = match message {
            Message::Text(text) => Came::Text(text.as_str().to_owned()),
            Message::Binary(_) => Came::Bytes,
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) => continue,
        };
        if came.send(message).await.is_err() {
            // The call is over; what it has to say is still being written.
            std::future::pending::<()>().await;
        }
    }
}
