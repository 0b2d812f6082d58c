//! Chat completions, streamed: the model's words are spoken while it still thinks.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::super::endpoint::{Endpoint, nonsense, unreachable};
use super::super::sse::Events;
use super::pieces::Assembler;
use crate::base::Clock;
use crate::contract::turn::{Role, Turn};
use crate::engine::providers::{Ask, Llm, Piece, ProviderError, Soon};
use crate::platform::net::Answer;

/// How long the first words may take once the answer has begun: a model may have to read a long conversation first.
const FIRST_WITHIN: Duration = Duration::from_secs(10);

/// Longest silence between words; the caller hears it.
const CHUNK_WITHIN: Duration = Duration::from_secs(5);

/// Pieces that may wait for the pipeline; a slow one makes the model's stream wait.
const PIECES: usize = 32;

/// What the model is asked with, besides the conversation.
#[derive(Debug, Clone, Default)]
pub struct ChatSettings {
    /// Model name.
    pub model: String,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Longest answer.
    pub max_tokens: Option<u32>,
    /// Tools in the API's own form.
    pub tools: Vec<Value>,
}

/// A model behind a chat API.
pub struct Chat {
    endpoint: Endpoint,
    settings: ChatSettings,
    clock: Clock,
}

impl Chat {
    /// A model.
    pub fn new(endpoint: Endpoint, settings: ChatSettings, clock: Clock) -> Self {
        Self { endpoint, settings, clock }
    }

    fn body(&self, ask: &Ask) -> Value {
        let mut body = json!({
            "model": self.settings.model,
            "messages": messages(ask),
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        if let Some(temperature) = self.settings.temperature {
            body["temperature"] = json!(temperature);
        }
        if let Some(max_tokens) = self.settings.max_tokens {
            body["max_tokens"] = json!(max_tokens);
        }
        if !self.settings.tools.is_empty() {
            body["tools"] = Value::Array(self.settings.tools.clone());
        }
        body
    }
}

impl Llm for Chat {
    fn warm(&self) {
        self.endpoint.open_ahead();
    }

    fn answer<'a>(&'a self, ask: Ask) -> Soon<'a, Result<mpsc::Receiver<Piece>, ProviderError>> {
        Box::pin(async move {
            let request = self.endpoint.post("/chat/completions").json(&self.body(&ask));
            let answer = self.endpoint.send(request.map_err(|_| nonsense("the conversation cannot be written as JSON"))?).await?;
            let (send, receive) = mpsc::channel(PIECES);
            let clock = self.clock.clone();
            // The task ends with the answer, or when nobody receives any more; its connection closes with it.
            tokio::spawn(async move {
                tokio::select! {
                    () = send.closed() => {}
                    () = pass_on(answer, &send, &clock) => {}
                }
            });
            Ok(receive)
        })
    }
}

async fn pass_on(mut answer: Answer, send: &mpsc::Sender<Piece>, clock: &Clock) {
    let mut events = Events::default();
    let mut assembler = Assembler::default();
    let mut within = FIRST_WITHIN;
    let last = loop {
        let chunk = tokio::select! {
            chunk = answer.chunk() => chunk,
            () = clock.sleep(within) => break vec![Piece::Failed(nonsense("the model service stopped in the middle of its answer"))],
        };
        match chunk {
            Ok(Some(bytes)) => match pieces_of(&mut events, &mut assembler, &bytes) {
                Ok(pieces) => {
                    for piece in pieces {
                        within = CHUNK_WITHIN;
                        if send.send(piece).await.is_err() {
                            return;
                        }
                    }
                }
                Err(why) => break vec![Piece::Failed(nonsense(why))],
            },
            Ok(None) => break assembler.finish().unwrap_or_else(|| vec![Piece::Failed(nonsense("the model's answer broke off"))]),
            Err(error) => break assembler.finish().unwrap_or_else(|| vec![Piece::Failed(unreachable(&error))]),
        }
    };
    for piece in last {
        // Nobody receives any more: the answer is not wanted.
        let _ = send.send(piece).await;
    }
}

fn pieces_of(events: &mut Events, assembler: &mut Assembler, bytes: &[u8]) -> Result<Vec<Piece>, &'static str> {
    let mut pieces = Vec::new();
    for data in events.push(bytes).ok_or("the model service sent an event without end")? {
        pieces.extend(assembler.push(&data)?);
    }
    Ok(pieces)
}

/// The pieces of a whole stream.
#[cfg(test)]
pub(in crate::engine) fn pieces_of_stream(stream: &[u8]) -> Vec<Piece> {
    let (mut events, mut assembler) = (Events::default(), Assembler::default());
    let mut pieces = pieces_of(&mut events, &mut assembler, stream).expect("a stream");
    pieces.extend(assembler.finish().expect("its end"));
    pieces
}

/// A use of a tool and what it gave. Turns without an id are notes for people: no model used that tool.
fn tool_messages(turn: &Turn) -> Vec<Value> {
    let (Some(id), Some(name)) = (turn.extra.get("tool_call_id"), turn.extra.get("tool")) else { return Vec::new() };
    let arguments = turn.extra.get("arguments").map_or_else(|| "{}".to_owned(), Value::to_string);
    let call = json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } });
    vec![
        json!({ "role": "assistant", "content": null, "tool_calls": [call] }),
        json!({ "role": "tool", "tool_call_id": id, "content": turn.content }),
    ]
}

/// The conversation as the API wants it.
fn messages(ask: &Ask) -> Vec<Value> {
    let mut messages = Vec::new();
    if !ask.system_prompt.is_empty() {
        messages.push(json!({ "role": "system", "content": ask.system_prompt }));
    }
    for turn in ask.turns.iter().filter(|turn| !turn.content.is_empty()) {
        match turn.role {
            Role::Assistant => messages.push(json!({ "role": "assistant", "content": turn.content })),
            Role::User => messages.push(json!({ "role": "user", "content": turn.content })),
            Role::Tool => messages.extend(tool_messages(turn)),
        }
    }
    let newest = ask.turns.last();
    if let Some(keys) = ask.keys.as_deref()
        && !newest.is_some_and(|turn| turn.role == Role::User && turn.content.contains(keys))
    {
        messages.push(json!({ "role": "user", "content": format!("(The caller pressed the keys {keys}.)") }));
    }
    messages
}
