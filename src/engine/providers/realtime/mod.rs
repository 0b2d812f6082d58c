//! Models that hear and speak themselves: the caller's sound goes in, the bot's sound comes out, over one connection for each call.
//!
//! [`Live`] is ears and head of a call at once. It hears an utterance while it is spoken and asks for the answer the moment the caller
//! stops; the answer waits here until the conversation wants it. The conversation decides as ever: who interrupts whom, which tools may be
//! used, when the call ends. What was said on both sides is text too, so that another model can go on where this one failed.

mod answers;
pub mod gemini;
pub mod openai;
mod session;
mod steps;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::mpsc;

use super::endpoint::Endpoint;
use super::knowledge::Documents;
use super::live::{Ear, Partials, Spoken};
use super::{Ask, Heard, Hints, Llm, Piece, ProviderError, Soon, Stt, Verdict};
use crate::base::Clock;
use crate::contract::turn::Turn;
use crate::engine::media::Clip;
use session::Session;

/// Orders that may wait for the session. More make the call wait.
const ORDERS: usize = 16;
/// Pieces of an answer that may wait for the conversation; a slow one makes the session wait.
const PIECES: usize = 64;

/// What a session is opened with.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// Model name; empty for the service's usual one.
    pub model: String,
    /// Voice name; empty for the service's usual one.
    pub voice: String,
    /// Instructions.
    pub instructions: String,
    /// BCP 47 tag.
    pub language: String,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Longest answer, in tokens.
    pub max_tokens: Option<u32>,
    /// Tools, in the form the chat API has for them.
    pub tools: Vec<Value>,
}

/// What a tool gave, for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    /// The model's name for the use.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it gave.
    pub text: String,
}

/// What a service says.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The session is set up.
    Ready,
    /// The caller's words: all of them so far, and whether they are the last.
    Heard {
        /// The words.
        text: String,
        /// Whether nothing more comes.
        is_whole: bool,
    },
    /// Sound of the answer, at [`Realtime::out_rate`].
    Sound(Vec<i16>),
    /// Words of the answer's sound.
    Said(String),
    /// A tool is wanted.
    Tool {
        /// The model's name for the use.
        id: String,
        /// The tool.
        name: String,
        /// Its arguments.
        arguments: Value,
    },
    /// Tokens used.
    Usage {
        /// Of what went in.
        prompt_tokens: u64,
        /// Of what came out.
        completion_tokens: u64,
    },
    /// The answer is whole, or was cut off.
    Done,
    /// The service will close the session soon; the next utterance begins a new one.
    Leaving,
    /// It does not go on.
    Failed(ProviderError),
}

/// How one service speaks: messages out, events in. No I/O.
pub trait Realtime: Send + Sync {
    /// Where it is, below the root of the API.
    fn path(&self) -> String;
    /// The first messages.
    fn open(&self) -> Vec<Value>;
    /// Samples per second of what it hears.
    fn in_rate(&self) -> u32;
    /// Samples per second of what it says.
    fn out_rate(&self) -> u32;
    /// What was said before this session began; nothing is answered to it.
    fn remember(&self, turns: &[Turn]) -> Vec<Value>;
    /// The caller begins to speak.
    fn begin(&mut self) -> Vec<Value>;
    /// Whether that stops the answer that is being made.
    fn begin_interrupts(&self) -> bool {
        false
    }
    /// The caller's sound.
    fn hear(&self, samples: &[i16]) -> Value;
    /// The caller stops. `wants_answer`: at once, so far as that can be chosen.
    fn end(&self, wants_answer: bool) -> Vec<Value>;
    /// Answer now, to what was heard.
    fn answer(&self) -> Vec<Value>;
    /// Answer to these words, such as keys that were pressed.
    fn tell(&self, words: &str) -> Vec<Value>;
    /// What tools gave. `wants_answer`: go on with it.
    fn give(&self, results: &[ToolResult], wants_answer: bool) -> Vec<Value>;
    /// Stop the answer that is being made.
    fn cancel(&self) -> Vec<Value>;
    /// Only so much of the answer was heard.
    fn truncate(&mut self, heard_ms: u32) -> Vec<Value>;
    /// What a message means.
    ///
    /// # Errors
    /// A sentence when it cannot be read.
    fn read(&mut self, text: &str) -> Result<Vec<Event>, &'static str>;
}

/// Something the call wants of its session.
enum Order {
    Hear(Spoken),
    Answer(Ask, mpsc::Sender<Piece>),
    Cut(u32),
}

/// A model that hears and speaks, for one call.
pub struct Live {
    endpoint: Endpoint,
    clock: Clock,
    documents: Option<Documents>,
    speaks: Box<dyn Fn() -> Box<dyn Realtime> + Send + Sync>,
    orders: Mutex<Option<mpsc::Sender<Order>>>,
}

impl Live {
    /// A model at an endpoint. `speaks` makes its dialect for each session anew.
    pub fn new(
        endpoint: Endpoint,
        clock: Clock,
        documents: Option<Documents>,
        speaks: impl Fn() -> Box<dyn Realtime> + Send + Sync + 'static,
    ) -> Self {
        Self { endpoint, clock, documents, speaks: Box::new(speaks), orders: Mutex::default() }
    }

    /// The session's inbox; the first who asks starts it. It ends with this model.
    fn orders(&self) -> mpsc::Sender<Order> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        match orders.as_ref().filter(|orders| !orders.is_closed()) {
            Some(orders) => orders.clone(),
            None => {
                let (send, receive) = mpsc::channel(ORDERS);
                let session = Session::new(self.endpoint.clone(), self.clock.clone(), self.documents.clone(), (self.speaks)());
                tokio::spawn(Box::pin(session.run(receive)));
                orders.insert(send).clone()
            }
        }
    }
}

fn gone() -> ProviderError {
    ProviderError { verdict: Verdict::Retry, message: "the session with the model is over".to_owned() }
}

impl Stt for Live {
    fn transcribe<'a>(&'a self, utterance: &'a Clip, hints: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        Box::pin(async move {
            let mut ear = self.begin(utterance.rate, hints, Arc::new(|_| {})).ok_or_else(gone)?;
            for piece in utterance.samples.chunks((utterance.rate as usize / 10).max(1)) {
                ear.hear(piece);
            }
            ear.finish().await
        })
    }

    fn is_live(&self) -> bool {
        true
    }

    fn warm(&self, _: &Hints) {
        self.orders();
    }

    fn begin(&self, rate: u32, _: &Hints, partials: Partials) -> Option<Ear> {
        let (ear, spoken) = Ear::open(rate, partials);
        self.orders().try_send(Order::Hear(spoken)).ok()?;
        Some(ear)
    }
}

impl Llm for Live {
    fn answer<'a>(&'a self, ask: Ask) -> Soon<'a, Result<mpsc::Receiver<Piece>, ProviderError>> {
        Box::pin(async move {
            let (send, receive) = mpsc::channel(PIECES);
            self.orders().send(Order::Answer(ask, send)).await.map_err(|_| gone())?;
            Ok(receive)
        })
    }

    fn cut(&self, heard_ms: u32) {
        // A session that is so busy can do without knowing where it was interrupted.
        let _ = self.orders().try_send(Order::Cut(heard_ms));
    }
}
