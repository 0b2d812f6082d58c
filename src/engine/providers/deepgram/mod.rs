//! `deepgram`: recognition while the caller speaks, by Deepgram's streaming API or a server that speaks it.
//!
//! One connection for each call, opened while it rings. Sound goes up only while the caller speaks, so silence costs nothing; when the
//! caller stops, `Finalize` asks for the rest. What failed is tried once more as a whole utterance over a new connection.

mod line;
mod results;

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;
use tracing::warn;

use super::endpoint::{Endpoint, Place, encoded};
use super::live::{Ear, Partials, Spoken};
use super::{Heard, Hints, ProviderError, Soon, Stt, Verdict};
use crate::base::Clock;
use crate::contract::config::ProviderSpec;
use crate::engine::media::Clip;
use crate::platform::net::Outbound;
use line::Line;

/// Deepgram's own.
const DEEPGRAM: Place = Place { url: "https://api.deepgram.com/v1", key_header: "authorization", key_prefix: "Token ", headers: &[] };

/// Used when the bot names no model.
const MODEL: &str = "nova-3";
/// Rate of the connection that is opened before anybody has spoken: a telephone's.
const USUAL_RATE: u32 = 8000;
/// Utterances that may wait for the connection. The next one fails, and is transcribed as a whole.
const WAITING: usize = 4;

/// The recogniser of one call.
pub struct Deepgram {
    endpoint: Endpoint,
    model: String,
    clock: Clock,
    line: Mutex<Option<mpsc::Sender<Spoken>>>,
}

impl Deepgram {
    /// A recogniser as a bot declares it.
    pub fn new(outbound: Outbound, spec: &ProviderSpec, clock: Clock) -> Self {
        let model = spec.model.clone().filter(|model| !model.is_empty()).unwrap_or_else(|| MODEL.to_owned());
        Self { endpoint: Endpoint::at(&DEEPGRAM, outbound, spec), model, clock, line: Mutex::default() }
    }

    /// The line's inbox; the first who asks starts it. It ends with this recogniser.
    fn line(&self, hints: &Hints) -> mpsc::Sender<Spoken> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        match line.as_ref().filter(|line| !line.is_closed()) {
            Some(line) => line.clone(),
            None => {
                let (send, receive) = mpsc::channel(WAITING);
                let path = path(&self.model, &hints.language);
                tokio::spawn(Line::new(self.endpoint.clone(), path, self.clock.clone()).run(receive, USUAL_RATE));
                line.insert(send).clone()
            }
        }
    }
}

/// The stream's path but for its rate.
fn path(model: &str, language: &str) -> String {
    let language = if language.is_empty() { String::new() } else { format!("&language={}", encoded(language)) };
    format!(
        "/listen?model={}{language}&encoding=linear16&channels=1&interim_results=true&smart_format=true&endpointing=300",
        encoded(model)
    )
}

impl Stt for Deepgram {
    fn transcribe<'a>(&'a self, utterance: &'a Clip, hints: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        Box::pin(async move {
            let Some(mut ear) = self.begin(utterance.rate, hints, std::sync::Arc::new(|_| {})) else {
                return Err(ProviderError { verdict: Verdict::Retry, message: "the recogniser did not keep up".to_owned() });
            };
            // 100 ms at a time: all of thirty seconds fits what may wait.
            for piece in utterance.samples.chunks((utterance.rate as usize / 10).max(1)) {
                ear.hear(piece);
            }
            ear.finish().await
        })
    }

    fn is_live(&self) -> bool {
        true
    }

    fn warm(&self, hints: &Hints) {
        self.line(hints);
    }

    fn begin(&self, rate: u32, hints: &Hints, partials: Partials) -> Option<Ear> {
        let (ear, spoken) = Ear::open(rate, partials);
        match self.line(hints).try_send(spoken) {
            Ok(()) => Some(ear),
            Err(_) => {
                warn!("Too many utterances wait for the recogniser");
                None
            }
        }
    }
}
