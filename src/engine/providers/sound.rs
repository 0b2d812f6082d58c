//! Sound that a service sends as the body of an answer: the first of it is played while the rest is on its way.

use std::time::Duration;

use tokio::sync::mpsc;

use super::endpoint::{nonsense, unreachable};
use super::{ProviderError, Sounding};
use crate::engine::media::Clip;
use crate::platform::net::Answer;

/// Parts that may wait for the pipeline; a slow one makes the service wait.
pub(super) const PARTS: usize = 32;
/// How long the service may take to begin: a caller who has waited longer hears another voice.
pub(super) const BEGIN_WITHIN: Duration = Duration::from_secs(6);
/// How long the next bytes may take.
const PART_WITHIN: Duration = Duration::from_secs(4);
/// Most bytes of one sentence: some minutes.
const MOST_SOUND: usize = 32 << 20;

/// Passes a body on as sound. `read` makes sound of its bytes. The task ends with the body, or when nobody receives any more.
pub(super) fn body_as_sound(mut answer: Answer, mut read: impl FnMut(&[u8]) -> Result<Clip, ProviderError> + Send + 'static) -> Sounding {
    let (send, receive) = mpsc::channel(PARTS);
    tokio::spawn(async move {
        let (mut n_bytes, mut n_samples) = (0, 0);
        loop {
            let chunk = tokio::select! {
                () = send.closed() => return,
                chunk = tokio::time::timeout(PART_WITHIN, answer.chunk()) => chunk,
            };
            let part = match chunk {
                Err(_) => Err(nonsense("the voice stopped in the middle of a sentence")),
                Ok(Err(error)) => Err(unreachable(&error)),
                Ok(Ok(None)) if n_samples == 0 => Err(nonsense("the model service sent no sound")),
                Ok(Ok(None)) => return,
                Ok(Ok(Some(bytes))) => {
                    n_bytes += bytes.len();
                    if n_bytes > MOST_SOUND { Err(nonsense("the sound of one sentence is too long")) } else { read(&bytes) }
                }
            };
            let is_last = part.is_err();
            let is_empty = part.as_ref().is_ok_and(|clip| clip.samples.is_empty());
            n_samples += part.as_ref().map_or(0, |clip| clip.samples.len());
            if !is_empty && (send.send(part).await.is_err() || is_last) {
                return;
            }
        }
    });
    receive
}
