//! An utterance that is understood while it is spoken: sound goes in as it comes, words come back before it has ended.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{Heard, ProviderError, Verdict};

/// Pieces of 20 ms that may wait for a recogniser, such as while it connects: ten seconds. More, and the utterance goes up as a whole.
const PIECES: usize = 512;

/// Takes the words so far, each time they change.
pub type Partials = Arc<dyn Fn(&str) + Send + Sync>;

/// Sound on its way to a recogniser.
pub(super) struct Spoken {
    /// Samples per second.
    pub(super) rate: u32,
    /// The sound; ends when the caller stops.
    pub(super) sound: mpsc::Receiver<Vec<i16>>,
    /// Where the words so far go.
    pub(super) partials: Partials,
    /// Where the words go in the end. Closed: nobody wants them any more.
    pub(super) reply: oneshot::Sender<Result<Heard, ProviderError>>,
}

/// The call's end of an utterance. Dropping it cancels the recognition.
pub struct Ear {
    sound: mpsc::Sender<Vec<i16>>,
    heard: oneshot::Receiver<Result<Heard, ProviderError>>,
    is_whole: bool,
    /// Which provider of a chain listens.
    pub(super) link: usize,
}

impl Ear {
    /// Both ends of an utterance.
    pub(super) fn open(rate: u32, partials: Partials) -> (Self, Spoken) {
        let (sound, receiver) = mpsc::channel(PIECES);
        let (reply, heard) = oneshot::channel();
        (Self { sound, heard, is_whole: true, link: 0 }, Spoken { rate, sound: receiver, partials, reply })
    }

    /// The same, of this provider of a chain.
    pub(super) fn of_link(self, link: usize) -> Self {
        Self { link, ..self }
    }

    /// Hands on what was said next. Never waits: a recogniser that falls behind loses the utterance, and [`Ear::finish`] says so.
    pub fn hear(&mut self, samples: &[i16]) {
        self.is_whole &= self.sound.try_send(samples.to_vec()).is_ok();
    }

    /// The caller has stopped: what was said.
    ///
    /// # Errors
    /// When the recogniser failed or did not keep up.
    pub async fn finish(self) -> Result<Heard, ProviderError> {
        let gone = |message: &str| ProviderError { verdict: Verdict::Retry, message: message.to_owned() };
        let Self { sound, heard, is_whole, .. } = self;
        drop(sound);
        match heard.await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) if !is_whole => Err(gone("the recogniser did not keep up")),
            Ok(Ok(heard)) => Ok(heard),
            Err(_) => Err(gone("the recogniser broke off")),
        }
    }
}
