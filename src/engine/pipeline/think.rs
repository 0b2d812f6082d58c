//! Asks the responder and cuts its answer into sentences. One question at a time; a new one makes the old one stale.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::sentences::Sentences;
use super::{Done, DoneSender, once_more};
use crate::engine::media::Clip;
use crate::engine::providers::{Ask, Llm, Piece, ProviderError, Verdict};
use crate::engine::tools::ToolUse;

/// How long the first piece of an answer, and each further one, may take.
const PIECE_WITHIN: Duration = Duration::from_secs(15);

/// Something of an answer.
#[derive(Debug)]
pub enum Thought {
    /// A whole sentence.
    Sentence(String),
    /// Sound of an answer that speaks itself.
    Sound(Clip),
    /// Words of that sound.
    Said(String),
    /// An intent that was recognised.
    Intent {
        /// Its id.
        id: String,
        /// 0 to 1.
        confidence: f32,
    },
    /// A tool to be used.
    Tool(ToolUse),
    /// Places in documents that the answer is made from.
    Hits(Vec<Value>),
    /// Tokens used.
    Usage {
        /// Of the prompt.
        prompt_tokens: u64,
        /// Of the answer.
        completion_tokens: u64,
    },
    /// The answer is whole.
    Done,
    /// The answer broke off, or never began.
    Failed(ProviderError),
}

/// Asks one call's questions.
pub struct Thinker {
    llm: Arc<dyn Llm>,
    done: DoneSender,
    generation: u32,
    running: Option<AbortOnDropHandle<()>>,
}

impl Thinker {
    /// A thinker that sends what it thinks to `done`.
    pub fn new(llm: Arc<dyn Llm>, done: DoneSender) -> Self {
        Self { llm, done, generation: 0, running: None }
    }

    /// Asks; whatever was asked before is forgotten.
    pub fn ask(&mut self, ask: Ask) {
        self.generation += 1;
        let (llm, done, generation) = (self.llm.clone(), self.done.clone(), self.generation);
        self.running = Some(AbortOnDropHandle::new(tokio::spawn(async move { run(llm, ask, &done, generation).await })));
    }

    /// Forgets the question.
    pub fn stop(&mut self) {
        self.generation += 1;
        self.running = None;
    }

    /// Whether a thought answers the newest question.
    pub fn is_current(&self, generation: u32) -> bool {
        self.generation == generation
    }
}

async fn run(llm: Arc<dyn Llm>, ask: Ask, done: &DoneSender, generation: u32) {
    let send = |thought| done.send(Done::Thought { generation, thought });
    let mut pieces = match begin(llm.as_ref(), ask).await {
        Ok(pieces) => pieces,
        Err(error) => {
            // The call is over when nobody receives.
            let _ = send(Thought::Failed(error)).await;
            return;
        }
    };
    let mut sentences = Sentences::awaited();
    loop {
        let piece = match tokio::time::timeout(PIECE_WITHIN, pieces.recv()).await {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(_) => Piece::Failed(too_slow()),
        };
        for thought in thoughts(piece, &mut sentences) {
            let is_last = matches!(thought, Thought::Failed(_));
            if send(thought).await.is_err() || is_last {
                return;
            }
        }
    }
    if let Some(rest) = sentences.finish() {
        let _ = send(Thought::Sentence(rest)).await;
    }
    let _ = send(Thought::Done).await;
}

/// Starts the answer; a failure that may pass is tried once more.
async fn begin(llm: &dyn Llm, ask: Ask) -> Result<mpsc::Receiver<Piece>, ProviderError> {
    once_more(|| {
        let ask = ask.clone();
        async move { tokio::time::timeout(PIECE_WITHIN, llm.answer(ask)).await.unwrap_or_else(|_| Err(too_slow())) }
    })
    .await
}

/// A piece of an answer as what the conversation hears of it: text comes as whole sentences.
pub(in crate::engine) fn thoughts(piece: Piece, sentences: &mut Sentences) -> Vec<Thought> {
    match piece {
        Piece::Sound(clip) => vec![Thought::Sound(clip)],
        Piece::Said(words) => vec![Thought::Said(words)],
        Piece::Text(text) => sentences.push(&text).into_iter().map(Thought::Sentence).collect(),
        Piece::Tool { id, name, arguments } => {
            // What was said before a tool is said before the tool is used.
            let used = Thought::Tool(ToolUse { id, name, arguments });
            sentences.finish().map(Thought::Sentence).into_iter().chain([used]).collect()
        }
        Piece::Intent { id, confidence } => vec![Thought::Intent { id, confidence }],
        Piece::Hits(hits) => vec![Thought::Hits(hits)],
        Piece::Usage { prompt_tokens, completion_tokens } => vec![Thought::Usage { prompt_tokens, completion_tokens }],
        Piece::Failed(error) => sentences.finish().map(Thought::Sentence).into_iter().chain([Thought::Failed(error)]).collect(),
    }
}

fn too_slow() -> ProviderError {
    ProviderError { verdict: Verdict::Retry, message: "the responder took too long".to_owned() }
}
