//! The conversation: listen, think, speak. What happens next is decided in `turn`, which is pure; the rest carries it out.

pub mod cards;
pub mod latency;
pub mod lexicon;
pub mod lookahead;
pub mod sentences;
pub mod speak;
pub mod think;
pub mod turn;
pub mod written;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::engine::media::{Clip, ClipId};
use crate::engine::providers::ledger::Ledger;
use crate::engine::providers::{Analyst, Heard, Hints, Llm, ProviderError, Stt, Tts, Verdict};
use crate::engine::tools::Gave;

/// The providers of one call.
#[derive(Clone)]
pub struct Providers {
    /// Speech to text; `None` when the bot has none and only keys are understood.
    pub stt: Option<Arc<dyn Stt>>,
    /// What decides the answers.
    pub llm: Arc<dyn Llm>,
    /// Text to speech.
    pub tts: Arc<dyn Tts>,
    /// Speaks when `tts` fails; `None` when there is no other.
    pub spare_tts: Option<Arc<dyn Tts>>,
    /// What they do, and what goes wrong with them.
    pub ledger: Ledger,
    /// Reads the call when it is over; `None` when there is no language model.
    pub analyst: Option<Arc<dyn Analyst>>,
    /// What the recogniser should listen for.
    pub hints: Hints,
}

/// What the tasks of a conversation send back to the call's task.
#[derive(Debug)]
pub enum Done {
    /// A line is sound now.
    Spoken {
        /// The line.
        id: ClipId,
        /// Its sound.
        clip: Clip,
        /// The failure of the first provider, when the spare one spoke.
        instead_of: Option<ProviderError>,
    },
    /// The next of a line that is played while the rest of it is being made.
    Part {
        /// The line.
        id: ClipId,
        /// Its sound, as far as it has come since the part before.
        clip: Clip,
    },
    /// A line that came in parts is complete.
    Whole {
        /// The line.
        id: ClipId,
        /// The failure after which it was said anew, or by the spare provider.
        instead_of: Option<ProviderError>,
    },
    /// No provider could speak a line.
    Mute {
        /// The line.
        id: ClipId,
        /// Why.
        error: ProviderError,
    },
    /// Something of an answer.
    Thought {
        /// Which question it answers; others are stale.
        generation: u32,
        /// What came.
        thought: think::Thought,
    },
    /// What a tool gave, by the number of its use.
    Gave(u64, Gave),
    /// The words so far, while the caller still speaks.
    Partial(String),
    /// What an utterance said, by its number.
    Heard(u64, Result<Heard, ProviderError>),
}

/// Where the tasks send. Bounded: a provider that is faster than the call waits.
pub type DoneSender = mpsc::Sender<Done>;

/// A failure within this time may be tried once more; after a longer one the caller has waited enough.
const TRY_AGAIN_WITHIN: Duration = Duration::from_secs(3);

/// Does something with a provider, once more when it failed soon and may work now.
async fn once_more<T, F>(attempt: impl Fn() -> F) -> Result<T, ProviderError>
where
    F: Future<Output = Result<T, ProviderError>>,
{
    let begun = tokio::time::Instant::now();
    match attempt().await {
        Err(error) if error.verdict == Verdict::Retry && begun.elapsed() < TRY_AGAIN_WITHIN => attempt().await,
        other => other,
    }
}
