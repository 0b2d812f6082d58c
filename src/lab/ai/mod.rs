//! `cxbox lab ai`: a deterministic stand-in for model providers, with fixed delays and faults: the routes of an OpenAI-compatible API,
//! Deepgram's recognition, ElevenLabs', Cartesia's and Alibaba's speech, OpenAI's and Google's sessions of speech in both directions.
//!
//! The same question always gets the same answer after the same time, so that whole calls can be tested without a key or a network.

mod broken;
mod chat;
mod dashscope;
mod dialect;
mod endpoint;
mod listen;
mod realtime;
mod routes;
mod script;
mod sound;
#[cfg(test)]
mod tests;
mod voices;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::base::{Clock, Context, Error, Result};
use crate::engine::media::Clip;
use crate::engine::speech::{SpeechSettings, SpeechWorkers};

pub use script::{Fault, OpenaiFaults, Rule, Script, ToolUse};

/// How the stand-in behaves.
#[derive(Debug, Clone, Default)]
pub struct AiOptions {
    /// Before the first byte of each answer.
    pub delay: Duration,
    /// The same for each kind of model, where it differs.
    pub delays: Delays,
    /// Before each further word of a streamed answer.
    pub word_delay: Duration,
    /// What it says.
    pub script: Script,
    /// A recogniser that is streamed to ends utterances itself, after the silence its client names, as Deepgram's does. Otherwise it waits to
    /// be told, as our client does.
    pub ends_utterances: bool,
    /// The program whose speech worker speaks (this one); without it, speech is a tone per word.
    pub speaker: Option<PathBuf>,
}

/// How long each kind of model takes to its first byte; `delay` where it is not said.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delays {
    /// Speech to text.
    pub stt: Option<Duration>,
    /// The language model.
    pub llm: Option<Duration>,
    /// Text to speech.
    pub tts: Option<Duration>,
}

/// What the handlers share.
#[derive(Clone)]
struct Ai {
    options: Arc<AiOptions>,
    speech: Option<SpeechWorkers>,
    clock: Clock,
    n_transcribed: Arc<AtomicUsize>,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    openai_faults: Arc<Mutex<OpenaiFaults>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Ai {
    /// What goes wrong with the next piece of work.
    fn fault(&self) -> Fault {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(Fault::None)
    }

    /// What goes wrong with the next request to one of the routes of the OpenAI API.
    fn fault_of(&self, route: impl FnOnce(&mut OpenaiFaults) -> &mut VecDeque<Fault>) -> Fault {
        let mut faults = self.openai_faults.lock().unwrap_or_else(PoisonError::into_inner);
        route(&mut faults).pop_front().unwrap_or(Fault::None)
    }

    /// The status with which the next connection is refused, if it is.
    fn refusal(&self) -> Option<StatusCode> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let status = faults.front().and_then(|fault| fault.status())?;
        faults.pop_front();
        StatusCode::from_u16(status).ok()
    }

    fn note(&self, asked: impl Into<String>) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked.into());
    }

    /// What a text sounds like, at 16 kHz.
    async fn spoken(&self, voice: &str, text: &str) -> Result<Clip> {
        match &self.speech {
            Some(workers) => workers.speak(voice, text).await.map_err(|_| Error::unavailable("the speech worker did not speak")),
            None => Ok(sound::tones(text)),
        }
    }
}

/// A running stand-in. Dropping it ends it.
pub struct RunningAi {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    server: AbortOnDropHandle<std::io::Result<()>>,
}

impl RunningAi {
    /// Starts listening.
    pub async fn start(at: SocketAddr, options: AiOptions, clock: Clock) -> Result<Self> {
        let listener = TcpListener::bind(at).await.context(format!("cannot listen at {at}"))?;
        let address = listener.local_addr().context("cannot tell where the stand-in listens")?;
        let speech = options.speaker.as_ref().map(|program| SpeechWorkers::new(SpeechSettings::new(program), clock.clone()));
        let faults = Arc::new(Mutex::new(options.script.faults.iter().copied().collect()));
        let openai_faults = Arc::new(Mutex::new(options.script.openai_faults.clone()));
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let ai =
            Ai { options: Arc::new(options), speech, clock, n_transcribed: Arc::default(), faults, openai_faults, asked: asked.clone() };
        // Model services send each word as it comes; the kernel must not hold it back until the one before has been acknowledged.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let server = AbortOnDropHandle::new(tokio::spawn(axum::serve(listener, routes::router(ai)).into_future()));
        Ok(Self { address, asked, server })
    }

    /// The root of its API, as a bot's `base_url` names it.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What streams asked so far, in the order it came: connections with their options, ends of utterances, sentences, cancellations.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Listens until it fails.
    pub async fn wait(self) -> Result<()> {
        self.server.await.context("the stand-in stopped")?.context("the stand-in cannot take connections any more")
    }
}
