//! Speech and language behind three traits. A provider that fails never ends a call in silence: the pipeline speaks a configured sentence.

pub mod cartesia;
pub mod chain;
pub mod choose;
pub mod deepgram;
pub mod elevenlabs;
pub mod endpoint;
pub mod espeak;
pub mod flite;
pub mod flow;
pub mod gemini;
pub mod knowledge;
pub mod ledger;
pub mod live;
pub mod none;
pub mod openai;
pub mod pocketsphinx;
pub mod realtime;
mod sound;
pub(in crate::engine) mod sse;
mod wave;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::contract::turn::Turn;
use crate::engine::media::Clip;
use live::{Ear, Partials};

/// A future that a trait returns.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a provider gave nothing, and what that means for the caller of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderError {
    /// What to do about it.
    pub verdict: Verdict,
    /// A sentence for the result; no secrets.
    pub message: String,
}

/// What a provider's failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same request may work at once.
    Retry,
    /// This provider will not work on this call.
    GiveUp,
}

/// Speech to text, an utterance at a time.
pub trait Stt: Send + Sync {
    /// What was said. `Heard::text` is empty when nothing was recognised.
    fn transcribe<'a>(&'a self, utterance: &'a Clip, hints: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>>;

    /// Whether it hears while the caller still speaks, and tells the words so far.
    fn is_live(&self) -> bool {
        false
    }

    /// Gets ready while it rings.
    fn warm(&self, _hints: &Hints) {}

    /// The caller began to speak, at this rate. `None`: the utterance is wanted whole, by [`Stt::transcribe`].
    fn begin(&self, _rate: u32, _hints: &Hints, _partials: Partials) -> Option<Ear> {
        None
    }

    /// The caller stopped. Where listening failed, the utterance is transcribed as a whole.
    fn finish<'a>(&'a self, ear: Ear, utterance: &'a Clip, hints: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        Box::pin(async move {
            match ear.finish().await {
                Err(error) if error.verdict == Verdict::Retry => self.transcribe(utterance, hints).await,
                heard => heard,
            }
        })
    }
}

/// What the caller probably says.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// BCP 47 tag.
    pub language: String,
    /// Sentences a grammar is made of; empty for free speech.
    pub phrases: Arc<[String]>,
}

/// What was recognised.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// The words.
    pub text: String,
    /// 0 to 1. Below 0.5 the bot asks back.
    pub confidence: f32,
}

/// Text to speech, a sentence at a time.
pub trait Tts: Send + Sync {
    /// The sentence as sound.
    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>>;

    /// The sentence as sound that is played while the rest of it is being made. All parts have one rate.
    fn stream<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Sounding, ProviderError>> {
        Box::pin(async move {
            let clip = self.speak(sentence).await?;
            let (send, receive) = mpsc::channel(1);
            // The channel is empty: there is room.
            let _ = send.try_send(Ok(clip));
            Ok(receive)
        })
    }

    /// Gets ready while it rings.
    fn warm(&self) {}
}

/// A sentence on its way, part by part. An error is the last thing that comes; dropping it cancels the rest.
pub type Sounding = mpsc::Receiver<Result<Clip, ProviderError>>;

/// All parts as one clip.
async fn gathered(mut sounding: Sounding) -> Result<Clip, ProviderError> {
    let (mut rate, mut samples) = (8000, Vec::new());
    while let Some(part) = sounding.recv().await {
        let part = part?;
        rate = part.rate;
        samples.extend_from_slice(&part.samples);
    }
    Ok(Clip { rate, samples: samples.into() })
}

/// What decides the next answer: a language model, or `flow`.
pub trait Llm: Send + Sync {
    /// Starts an answer to the conversation so far. Dropping the receiver cancels it.
    fn answer<'a>(&'a self, ask: Ask) -> Soon<'a, Result<mpsc::Receiver<Piece>, ProviderError>>;

    /// Gets ready while it rings.
    fn warm(&self) {}

    /// What the caller is saying, as far as it is known: time to look something up.
    fn foresee(&self, _words: &str) {}

    /// Of the sound this one gave last, the caller heard only so much.
    fn cut(&self, _heard_ms: u32) {}
}

/// Reads a finished call and says what it was, as a JSON object.
pub trait Analyst: Send + Sync {
    /// One answer. A repeat asks anew.
    fn review<'a>(&'a self, review: &'a Review) -> Soon<'a, Result<Reviewed, ProviderError>>;
}

/// What is asked about a finished call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// What is wanted.
    pub instructions: String,
    /// The call, as text.
    pub call: String,
}

/// What was answered about a finished call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reviewed {
    /// The object; `None` when the answer was something else.
    pub object: Option<Map<String, Value>>,
    /// Tokens of the question.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// Tokens of the question that the provider had in its cache.
    pub cached_tokens: u64,
}

/// The conversation an answer is wanted for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Instructions.
    pub system_prompt: String,
    /// All turns so far, the caller's newest last.
    pub turns: Vec<Turn>,
    /// What was recognised last, with its confidence; `None` when keys were pressed.
    pub heard: Option<Heard>,
    /// Keys that were pressed, if that was the last turn.
    pub keys: Option<String>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// More text; whole words, not whole sentences.
    Text(String),
    /// Sound of an answer that speaks itself.
    Sound(Clip),
    /// Words of that sound.
    Said(String),
    /// A tool the answer wants used.
    Tool {
        /// The model's name for this use; empty when there is no model.
        id: String,
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Value,
    },
    /// An intent that was recognised, for the result's `intents`.
    Intent {
        /// Its id.
        id: String,
        /// 0 to 1.
        confidence: f32,
    },
    /// Places in documents that the answer is made from, as the call keeps them.
    Hits(Vec<Value>),
    /// Tokens used.
    Usage {
        /// Of the prompt.
        prompt_tokens: u64,
        /// Of the answer.
        completion_tokens: u64,
    },
    /// The answer broke off.
    Failed(ProviderError),
}
