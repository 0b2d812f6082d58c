//! `flite`: English speech from the worker process, offline.

use super::{ProviderError, Soon, Tts};
use crate::engine::media::Clip;
use crate::engine::speech::SpeechWorkers;

/// The voice `slt`, 16 kHz.
pub struct Flite {
    workers: SpeechWorkers,
    voice: String,
}

impl Flite {
    /// A voice; empty means `slt`.
    pub fn new(workers: SpeechWorkers, voice: &str) -> Self {
        Self { workers, voice: if voice.is_empty() { "slt".to_owned() } else { voice.to_owned() } }
    }
}

impl Tts for Flite {
    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(self.workers.speak(&self.voice, sentence))
    }
}
