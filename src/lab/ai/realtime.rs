//! The stand-ins for models that hear and speak themselves: OpenAI's Realtime API and Google's Gemini Live. The sound is not listened
//! to: the script says what was said, and what is answered.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use axum::extract::ws::{Message, WebSocket};
use axum::extract::{RawQuery, State, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Ai;
use super::dialect::{Dialect, Want};
use super::script::{Fault, Spoken};

/// Samples of a tenth of a second at 24 kHz.
const PART: usize = 2_400;

/// A session by OpenAI's API.
pub(super) async fn openai(State(ai): State<Ai>, RawQuery(query): RawQuery, upgrade: WebSocketUpgrade) -> Response {
    open(ai, Dialect::Openai, &query.unwrap_or_default(), upgrade)
}

/// A session by Google's API.
pub(super) async fn gemini(State(ai): State<Ai>, upgrade: WebSocketUpgrade) -> Response {
    open(ai, Dialect::Gemini, "", upgrade)
}

fn open(ai: Ai, dialect: Dialect, query: &str, upgrade: WebSocketUpgrade) -> Response {
    ai.note(format!("{} {query}", dialect.name()).trim_end().to_owned());
    match ai.refusal() {
        Some(status) => status.into_response(),
        None => upgrade.on_upgrade(move |socket| {
            let session = Session {
                ai,
                socket,
                dialect,
                tools: Vec::new(),
                words: String::new(),
                result: None,
                unread: VecDeque::new(),
                n_answers: 0,
            };
            Box::pin(session.run())
        }),
    }
}

struct Session {
    ai: Ai,
    socket: WebSocket,
    dialect: Dialect,
    tools: Vec<String>,
    /// What the caller said last.
    words: String,
    /// What a tool gave, if that came last.
    result: Option<String>,
    /// What came in while an answer was being spoken.
    unread: VecDeque<Value>,
    n_answers: usize,
}

/// Whether the session goes on.
type GoesOn = bool;

impl Session {
    async fn run(mut self) {
        while let Some(message) = self.next().await {
            for want in self.dialect.read(&message) {
                if !self.serve(want).await {
                    return;
                }
            }
        }
    }

    async fn next(&mut self) -> Option<Value> {
        match self.unread.pop_front() {
            Some(message) => Some(message),
            None => receive(&mut self.socket).await,
        }
    }

    async fn serve(&mut self, want: Want) -> GoesOn {
        match want {
            Want::Setup { tools, note } => {
                self.tools = tools;
                self.ai.note(note);
                self.say(self.dialect.ready()).await
            }
            Want::Utterance => {
                let n = self.ai.n_transcribed.fetch_add(1, Ordering::Relaxed);
                self.words = self.ai.options.script.transcript(n).to_owned();
                self.ai.note("utterance");
                let heard = self.dialect.heard(&self.words);
                self.say(heard).await
            }
            Want::Words(words) => {
                self.ai.note(format!("told {words}"));
                self.words = words;
                true
            }
            Want::Result(text) => {
                self.ai.note(format!("result {text}"));
                self.result = Some(text);
                true
            }
            Want::Answer => self.answer().await,
            Want::Note(note) => {
                self.ai.note(note);
                true
            }
        }
    }

    async fn answer(&mut self) -> GoesOn {
        let names: Vec<&str> = self.tools.iter().map(String::as_str).collect();
        let script = &self.ai.options.script;
        let spoken = match self.result.take() {
            Some(result) => script.after_tool(&result),
            None => script.answer(&self.words, &names),
        };
        let fault = self.ai.fault();
        self.n_answers += 1;
        self.ai.clock.sleep(self.ai.options.delay).await;
        if fault.status().is_some() {
            return self.say(self.dialect.failed()).await;
        }
        if !self.speak(&spoken, fault).await {
            return false;
        }
        match fault {
            Fault::Cut => false,
            Fault::Silence => true,
            Fault::Nonsense => self.socket.send(Message::Text("<html>".into())).await.is_ok(),
            _ => {
                let ends = self.dialect.ends(&spoken, self.n_answers);
                for message in ends {
                    if !self.say(message).await {
                        return false;
                    }
                }
                true
            }
        }
    }

    /// Speaks until it has said all, or is interrupted. One with a fault says half of it.
    async fn speak(&mut self, spoken: &Spoken, fault: Fault) -> GoesOn {
        if spoken.text.is_empty() {
            return true;
        }
        let Ok(clip) = self.ai.spoken("slt", &spoken.text).await else { return false };
        let samples = audio_codec::resample(&clip.samples, clip.rate, 24_000);
        let words = self.dialect.said(&spoken.text);
        if !self.say(words).await {
            return false;
        }
        let n_parts = samples.len().div_ceil(PART);
        let n_parts = if fault == Fault::None { n_parts } else { n_parts / 2 };
        for part in samples.chunks(PART).take(n_parts) {
            let (clock, delay) = (self.ai.clock.clone(), self.ai.options.word_delay);
            let pause = clock.sleep(delay);
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    message = receive(&mut self.socket) => match message {
                        Some(message) if self.dialect.interrupts(&message) => {
                            self.ai.note("interrupted");
                            self.unread.push_back(message);
                            return true;
                        }
                        Some(message) => self.unread.push_back(message),
                        None => return false,
                    },
                }
            }
            let bytes: Vec<u8> = part.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            let sound = self.dialect.sound(&STANDARD.encode(bytes), self.n_answers);
            if !self.say(sound).await {
                return false;
            }
        }
        true
    }

    async fn say(&mut self, message: Value) -> GoesOn {
        // Google sends its JSON as bytes.
        let message = match self.dialect {
            Dialect::Openai => Message::Text(message.to_string().into()),
            Dialect::Gemini => Message::Binary(message.to_string().into_bytes().into()),
        };
        self.socket.send(message).await.is_ok()
    }
}

/// The next message that can be read; `None` at the end.
async fn receive(socket: &mut WebSocket) -> Option<Value> {
    loop {
        match socket.recv().await?.ok()? {
            Message::Text(text) => return serde_json::from_str(text.as_str()).ok(),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}
