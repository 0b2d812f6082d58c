//! `cartesia`: speech by Cartesia over one WebSocket for each call, opened while it rings. A sentence is a context of its own, so what
//! is left of one that was interrupted is never heard in the next.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tracing::debug;

use super::endpoint::{Endpoint, Place, nonsense, refused, unreachable};
use super::sound::PARTS;
use super::wave::Samples;
use super::{ProviderError, Soon, Sounding, Tts, gathered};
use crate::base::Clock;
use crate::contract::config::ProviderSpec;
use crate::engine::media::Clip;
use crate::platform::net::{Message, Outbound, Socket};

/// Cartesia's own.
const CARTESIA: Place =
    Place { url: "https://api.cartesia.ai", key_header: "x-api-key", key_prefix: "", headers: &[("cartesia-version", "2024-11-13")] };
/// Used when the bot names no model.
const MODEL: &str = "sonic-latest";
/// Samples per second that are asked for.
const RATE: u32 = 16_000;
/// How long the next part may take.
const PART_WITHIN: Duration = Duration::from_secs(4);
/// Sentences that may wait for the connection.
const WAITING: usize = 4;

/// One voice.
pub struct Cartesia {
    endpoint: Endpoint,
    /// What is asked besides the sentence.
    ask: Value,
    clock: Clock,
    line: Mutex<Option<mpsc::Sender<Sentence>>>,
}

/// A sentence to be spoken.
struct Sentence {
    text: String,
    parts: mpsc::Sender<Result<Clip, ProviderError>>,
}

impl Cartesia {
    /// A voice as a bot declares it; `language` is the call's.
    pub fn new(outbound: Outbound, spec: &ProviderSpec, language: &str, clock: Clock) -> Self {
        let model = spec.model.as_deref().filter(|model| !model.is_empty()).unwrap_or(MODEL);
        let mut ask = json!({
            "model_id": model,
            "voice": { "mode": "id", "id": spec.voice.as_deref().unwrap_or_default() },
            "output_format": { "container": "raw", "encoding": "pcm_s16le", "sample_rate": RATE },
            "continue": false,
        });
        let language = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        if !language.is_empty() {
            ask["language"] = language.into();
        }
        Self { endpoint: Endpoint::at(&CARTESIA, outbound, spec), ask, clock, line: Mutex::default() }
    }

    /// The line's inbox; the first who asks starts it. It ends with this voice.
    fn line(&self) -> mpsc::Sender<Sentence> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        match line.as_ref().filter(|line| !line.is_closed()) {
            Some(line) => line.clone(),
            None => {
                let (send, receive) = mpsc::channel(WAITING);
                let speaking =
                    Line { endpoint: self.endpoint.clone(), ask: self.ask.clone(), clock: self.clock.clone(), socket: None, n_contexts: 0 };
                tokio::spawn(speaking.run(receive));
                line.insert(send).clone()
            }
        }
    }
}

impl Tts for Cartesia {
    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async move { gathered(self.stream(sentence).await?).await })
    }

    fn stream<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Sounding, ProviderError>> {
        Box::pin(async move {
            let (parts, sounding) = mpsc::channel(PARTS);
            let sentence = Sentence { text: sentence.to_owned(), parts };
            self.line().send(sentence).await.map_err(|_| nonsense("the voice broke off"))?;
            Ok(sounding)
        })
    }

    fn warm(&self) {
        self.line();
    }
}

/// What the service sends.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    context_id: Option<String>,
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    done: bool,
    #[serde(default)]
    status_code: Option<u16>,
}

/// The connection of one call.
struct Line {
    endpoint: Endpoint,
    ask: Value,
    clock: Clock,
    socket: Option<Socket>,
    n_contexts: u64,
}

impl Line {
    /// Speaks one sentence after the other until nobody can ask any more.
    async fn run(mut self, mut waiting: mpsc::Receiver<Sentence>) {
        if let Err(error) = self.connected().await {
            debug!(error = %error.message, "The voice cannot be reached ahead of the call");
        }
        loop {
            tokio::select! {
                sentence = waiting.recv() => match sentence {
                    Some(sentence) => self.serve(sentence).await,
                    None => break,
                },
                () = closed(&mut self.socket) => self.socket = None,
            }
        }
        if let Some(socket) = self.socket {
            socket.close().await;
        }
    }

    async fn connected(&mut self) -> Result<&mut Socket, ProviderError> {
        match self.socket.take() {
            Some(socket) => Ok(self.socket.insert(socket)),
            None => Ok(self.socket.insert(self.endpoint.socket("/tts/websocket").await?)),
        }
    }

    async fn serve(&mut self, sentence: Sentence) {
        let Sentence { text, parts } = sentence;
        self.n_contexts += 1;
        let context = format!("line-{}", self.n_contexts);
        let spoken = tokio::select! {
            spoken = self.speak(&context, &text, &parts) => Some(spoken),
            () = parts.closed() => None,
        };
        match spoken {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                self.socket = None;
                // Nobody may want it any more.
                let _ = parts.send(Err(error)).await;
            }
            // Interrupted: the service need not go on.
            None => self.cancel(&context).await,
        }
    }

    async fn cancel(&mut self, context: &str) {
        let cancel = json!({ "context_id": context, "cancel": true }).to_string();
        if let Some(socket) = &mut self.socket
            && socket.send(Message::Text(cancel)).await.is_err()
        {
            self.socket = None;
        }
    }

    async fn speak(&mut self, context: &str, text: &str, parts: &mpsc::Sender<Result<Clip, ProviderError>>) -> Result<(), ProviderError> {
        let mut ask = self.ask.clone();
        ask["transcript"] = text.into();
        ask["context_id"] = context.into();
        let clock = self.clock.clone();
        let socket = self.connected().await?;
        socket.send(Message::Text(ask.to_string())).await.map_err(|error| unreachable(&error))?;
        let mut samples = Samples::default();
        loop {
            let message = tokio::select! {
                message = socket.next() => message.map_err(|error| unreachable(&error))?,
                () = clock.sleep(PART_WITHIN) => return Err(nonsense("the voice stopped in the middle of a sentence")),
            };
            let text = match message {
                Some(Message::Text(text)) => text,
                Some(Message::Bytes(_)) => continue,
                None => return Err(nonsense("the voice closed the connection")),
            };
            let event: Event = serde_json::from_str(&text).map_err(|_| nonsense("the voice sent something else than sound"))?;
            if event.context_id.as_deref().is_some_and(|of| of != context) {
                continue;
            }
            match part(&event, &mut samples)? {
                // The pipeline may be slow, or not want it any more; the latter is seen outside.
                Some(clip) => drop(parts.send(Ok(clip)).await),
                None if event.done => return Ok(()),
                None => {}
            }
        }
    }
}

/// The sound of an event, if it has some.
fn part(event: &Event, samples: &mut Samples) -> Result<Option<Clip>, ProviderError> {
    if event.kind == "error" {
        return Err(refused(event.status_code.unwrap_or(500)));
    }
    let Some(data) = event.data.as_deref().filter(|_| event.kind == "chunk") else { return Ok(None) };
    let bytes = STANDARD.decode(data).map_err(|_| nonsense("the voice sent something else than sound"))?;
    let samples = samples.push(&bytes);
    Ok((!samples.is_empty()).then(|| Clip { rate: RATE, samples: samples.into() }))
}

/// Waits until a connection has ended; what comes meanwhile belongs to a sentence that nobody wants.
async fn closed(socket: &mut Option<Socket>) {
    match socket {
        Some(socket) => while let Ok(Some(_)) = socket.next().await {},
        None => std::future::pending().await,
    }
}
