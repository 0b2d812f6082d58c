//! `none`: a slot that is left empty. Nothing is said or answered; a call with it is led by keys and by its other providers.

use tokio::sync::mpsc;

use super::{Ask, Llm, Piece, ProviderError, Soon, Tts};
use crate::engine::media::Clip;

/// The empty slot.
pub struct Nothing;

impl Tts for Nothing {
    fn speak<'a>(&'a self, _: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async { Ok(Clip { rate: 8000, samples: Vec::new().into() }) })
    }
}

impl Llm for Nothing {
    fn answer<'a>(&'a self, _: Ask) -> Soon<'a, Result<mpsc::Receiver<Piece>, ProviderError>> {
        // The sender is dropped: the answer is whole and empty.
        Box::pin(async { Ok(mpsc::channel(1).1) })
    }
}
