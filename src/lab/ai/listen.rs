//! The stand-in for Deepgram's recognition: sound comes in, the script's words go out, one more with each third of a second. It ends an
//! utterance when it is told to, and where that is wanted by itself, after the silence that the client asked for.

use std::sync::atomic::Ordering;

use axum::extract::ws::{Message, WebSocket};
use axum::extract::{RawQuery, State, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Ai;
use super::endpoint::Endpoint;
use super::script::Fault;

/// Bytes of sound for each word that is guessed.
const BYTES_PER_WORD: usize = 4_800;

/// Opens a stream, or refuses it.
pub(super) async fn listen(State(ai): State<Ai>, RawQuery(query): RawQuery, upgrade: WebSocketUpgrade) -> Response {
    let query = query.unwrap_or_default();
    ai.note(format!("listen {query}"));
    if let Some(status) = ai.refusal() {
        return status.into_response();
    }
    let rate = number(&query, "sample_rate=").unwrap_or(8000);
    let silence_ms = number(&query, "endpointing=").filter(|_| ai.options.ends_utterances);
    let endpoint = silence_ms.map(|silence_ms| Endpoint::new(rate, silence_ms));
    upgrade.on_upgrade(move |socket| Stream { ai, socket, rate, endpoint, n_bytes: 0, utterance: None }.run())
}

/// A number of the query; the last one, because clients append what their user asked for.
fn number(query: &str, name: &str) -> Option<u32> {
    query.split('&').rev().find_map(|pair| pair.strip_prefix(name)?.parse().ok())
}

struct Stream {
    ai: Ai,
    socket: WebSocket,
    rate: u32,
    /// Finds ends of utterances, where the stand-in does that itself.
    endpoint: Option<Endpoint>,
    n_bytes: usize,
    utterance: Option<Utterance>,
}

struct Utterance {
    words: Vec<String>,
    fault: Fault,
    began_at: usize,
    n_guessed: usize,
}

/// Whether the stream goes on.
type GoesOn = bool;

impl Stream {
    async fn run(mut self) {
        while let Some(Ok(message)) = self.socket.recv().await {
            let goes_on = match message {
                Message::Binary(bytes) => self.sound(&bytes).await,
                Message::Text(text) => self.told(text.as_str()).await,
                _ => true,
            };
            if !goes_on {
                return;
            }
        }
    }

    async fn sound(&mut self, bytes: &[u8]) -> GoesOn {
        let Some(endpoint) = &mut self.endpoint else { return self.hear(bytes.len()).await };
        let has_ended = endpoint.hear(bytes);
        if endpoint.is_speech() {
            return self.hear(bytes.len()).await;
        }
        self.n_bytes += bytes.len();
        !has_ended || self.finalize().await
    }

    async fn hear(&mut self, n_bytes: usize) -> GoesOn {
        let began_at = self.n_bytes;
        self.n_bytes += n_bytes;
        let n_bytes = self.n_bytes;
        let ai = &self.ai;
        let utterance = self.utterance.get_or_insert_with(|| {
            let n = ai.n_transcribed.fetch_add(1, Ordering::Relaxed);
            let words = ai.options.script.transcript(n).split_whitespace().map(str::to_owned).collect();
            Utterance { words, fault: ai.fault(), began_at, n_guessed: 0 }
        });
        let n = ((n_bytes - utterance.began_at) / BYTES_PER_WORD).min(utterance.words.len());
        if n <= utterance.n_guessed {
            return true;
        }
        utterance.n_guessed = n;
        match utterance.fault {
            Fault::Silence => return true,
            Fault::Cut => return false,
            Fault::Nonsense => return self.say("<html>".to_owned()).await,
            Fault::None | Fault::Busy | Fault::Broken => {}
        }
        let (words, began_at) = (utterance.words[..n].join(" "), utterance.began_at);
        self.results(&words, began_at, false).await
    }

    async fn told(&mut self, text: &str) -> GoesOn {
        let told: Value = serde_json::from_str(text).unwrap_or_default();
        match told["type"].as_str() {
            Some("Finalize") => {
                self.ai.note("finalize");
                self.finalize().await
            }
            Some("CloseStream") => {
                self.ai.note("close");
                let _ = self.say(json!({ "type": "Metadata", "channels": 1, "duration": self.seconds(self.n_bytes) }).to_string()).await;
                false
            }
            _ => true,
        }
    }

    /// The utterance is over: its words, after the time they take.
    async fn finalize(&mut self) -> GoesOn {
        let (words, began_at) = match self.utterance.take() {
            Some(Utterance { fault: Fault::Silence, .. }) => return true,
            Some(utterance) => (utterance.words.join(" "), utterance.began_at),
            None => (String::new(), self.n_bytes),
        };
        self.ai.clock.sleep(self.ai.options.delays.stt.unwrap_or(self.ai.options.delay)).await;
        self.results(&words, began_at, true).await
    }

    async fn results(&mut self, words: &str, began_at: usize, is_last: bool) -> GoesOn {
        let (start, end) = (self.seconds(began_at), self.seconds(self.n_bytes));
        let results = json!({
            "type": "Results", "channel_index": [0, 1], "start": start, "duration": end - start, "is_final": is_last, "speech_final": is_last,
            "from_finalize": is_last, "channel": { "alternatives": [{ "transcript": words, "confidence": 0.98, "words": [] }] },
        });
        self.say(results.to_string()).await
    }

    async fn say(&mut self, text: String) -> GoesOn {
        self.socket.send(Message::Text(text.into())).await.is_ok()
    }

    fn seconds(&self, n_bytes: usize) -> f64 {
        n_bytes as f64 / 2.0 / f64::from(self.rate)
    }
}
