//! The stand-in for Alibaba's speech over a WebSocket, which other engines speak with: a task begins, takes text, and sends sound. It lets
//! them be measured with the very models that this one is measured with.

use axum::extract::ws::{Message, WebSocket};
use axum::extract::{State, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::Ai;
use super::sound;

/// Opens a connection, or refuses it.
pub(super) async fn inference(State(ai): State<Ai>, upgrade: WebSocketUpgrade) -> Response {
    ai.note("dashscope");
    match ai.refusal() {
        Some(status) => status.into_response(),
        None => upgrade.on_upgrade(move |socket| Task { ai, socket, rate: 16_000 }.run()),
    }
}

struct Task {
    ai: Ai,
    socket: WebSocket,
    rate: u32,
}

impl Task {
    async fn run(mut self) {
        while let Some(Ok(message)) = self.socket.recv().await {
            let Message::Text(text) = message else { continue };
            let told: Value = serde_json::from_str(text.as_str()).unwrap_or_default();
            let id = told["header"]["task_id"].as_str().unwrap_or_default().to_owned();
            let goes_on = match told["header"]["action"].as_str() {
                Some("run-task") => {
                    let rate = told["payload"]["parameters"]["sample_rate"].as_u64().and_then(|rate| u32::try_from(rate).ok());
                    self.rate = rate.unwrap_or(self.rate);
                    self.tell(&id, "task-started").await
                }
                Some("continue-task") => self.speak(told["payload"]["input"]["text"].as_str().unwrap_or_default()).await,
                Some("finish-task") => self.tell(&id, "task-finished").await,
                _ => true,
            };
            if !goes_on {
                return;
            }
        }
    }

    async fn tell(&mut self, id: &str, event: &str) -> bool {
        let event = json!({ "header": { "task_id": id, "event": event, "attributes": {} }, "payload": {} });
        self.socket.send(Message::Text(event.to_string().into())).await.is_ok()
    }

    /// A tenth of a second at a time.
    async fn speak(&mut self, text: &str) -> bool {
        self.ai.note(format!("dashscope: {text}"));
        self.ai.clock.sleep(self.ai.options.delays.tts.unwrap_or(self.ai.options.delay)).await;
        let Ok(mut clip) = self.ai.spoken("slt", text).await else { return false };
        if clip.rate != self.rate {
            clip.samples = audio_codec::resample(&clip.samples, clip.rate, self.rate).into();
        }
        let sound = Bytes::from(sound::pcm(&clip));
        let part = usize::try_from(self.rate / 10 * 2).unwrap_or(usize::MAX).max(2);
        for at in (0..sound.len()).step_by(part) {
            self.ai.clock.sleep(self.ai.options.word_delay).await;
            if self.socket.send(Message::Binary(sound.slice(at..sound.len().min(at + part)))).await.is_err() {
                return false;
            }
        }
        true
    }
}
