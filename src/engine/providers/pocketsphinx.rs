//! `pocketsphinx`: recognition of the bot's phrases in the worker process, offline. English, by grammar only.

use super::{Heard, Hints, ProviderError, Soon, Stt};
use crate::engine::media::Clip;
use crate::engine::speech::SpeechWorkers;

/// The recogniser.
pub struct Pocketsphinx {
    workers: SpeechWorkers,
}

impl Pocketsphinx {
    /// A recogniser on these workers.
    pub fn new(workers: SpeechWorkers) -> Self {
        Self { workers }
    }
}

impl Stt for Pocketsphinx {
    fn transcribe<'a>(&'a self, utterance: &'a Clip, hints: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        Box::pin(self.workers.transcribe(utterance, &hints.phrases))
    }
}
