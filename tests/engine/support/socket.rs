//! The far end of a call over a WebSocket: a telephone platform of a few lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cxbox::contract::socket::{CALL_HEADER, FromSocket, SocketCall};
use cxbox::engine::media::Clip;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::UnixStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Bench, SECRET, within};

/// Loudest sample of a piece in which the bot is silent.
const SILENT: u16 = 60;

/// One that was opened.
pub struct Platform {
    socket: WebSocketStream<UnixStream>,
    /// The events that were no sound, in order.
    pub events: Vec<Value>,
}

impl Platform {
    /// Opens a socket; the status of a refusal otherwise.
    pub async fn opens(bench: &Bench) -> Result<Self, u16> {
        let from = FromSocket { bot_id: "bot_1".into(), user: Some("alex".to_owned()), stream_id: None };
        let call = SocketCall { call_id: "vnum000000000001".into(), session_id: "0190aaaa-0000-7000-8000-000000000001".into(), from };
        let mut request = "ws://localhost/socket-calls".into_client_request().unwrap();
        request.headers_mut().insert("x-cxbcore-secret", SECRET.parse().unwrap());
        request.headers_mut().insert(CALL_HEADER, call.to_header().unwrap().parse().unwrap());
        let stream = UnixStream::connect(bench.data.engine_socket()).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self { socket, events: Vec::new() }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens one and says what call it is.
    pub async fn calls(bench: &Bench) -> Self {
        let mut platform = Self::opens(bench).await.unwrap();
        platform.says(json!({ "event": "connected" })).await;
        let start = json!({ "from": "+49301234", "to": "200", "customParameters": { "X-Order": "17" } });
        platform.says(json!({ "event": "start", "streamId": "stream-1", "start": start })).await;
        platform
    }

    pub async fn says(&mut self, message: Value) {
        self.sends(Message::text(message.to_string())).await;
    }

    pub async fn sends(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Sends a sound, all at once.
    pub async fn speaks(&mut self, clip: &Clip) {
        let step = usize::try_from(clip.rate / 8000).unwrap();
        let bytes: Vec<u8> = clip.samples.iter().step_by(step).flat_map(|sample| sample.to_le_bytes()).collect();
        self.says(json!({ "event": "media", "media": { "payload": STANDARD.encode(bytes) } })).await;
    }

    /// The next message; the code it was closed with at the end.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                other => panic!("no close came: {other:?}"),
            }
        }
    }

    /// The next message that is no sound.
    pub async fn is_told(&mut self) -> Value {
        within("the far end is told something", async {
            loop {
                let message = self.next().await.unwrap();
                if message["event"] != "reverse-media" {
                    self.events.push(message.clone());
                    return message;
                }
            }
        })
        .await
    }

    /// Waits for a piece of sound that is loud, or silent.
    async fn until(&mut self, is_loud: bool) {
        let mut n = 0;
        // A word has gaps; a pause is longer.
        let needed = if is_loud { 3 } else { 25 };
        within("the bot is heard, or falls silent", async {
            while n < needed {
                let message = self.next().await.unwrap();
                if message["event"] != "reverse-media" {
                    self.events.push(message);
                    continue;
                }
                let bytes = STANDARD.decode(message["media"]["payload"].as_str().unwrap()).unwrap();
                assert_eq!(bytes.len(), 320, "20 ms");
                let loud = bytes.chunks_exact(2).any(|two| i16::from_le_bytes([two[0], two[1]]).unsigned_abs() > SILENT);
                n = if loud == is_loud { n + 1 } else { 0 };
            }
        })
        .await;
    }

    pub async fn hears(&mut self) {
        self.until(true).await;
    }

    pub async fn hears_silence(&mut self) {
        self.until(false).await;
    }

    /// Waits for the end; the events on the way and the code.
    pub async fn is_closed(&mut self) -> u16 {
        within("the socket is closed", async {
            loop {
                match self.next().await {
                    Ok(message) if message["event"] == "reverse-media" => {}
                    Ok(message) => self.events.push(message),
                    Err(code) => return code,
                }
            }
        })
        .await
    }

    /// Whether such an event came.
    pub fn was_told(&self, event: &str) -> bool {
        self.events.iter().any(|message| message["event"] == event)
    }
}
