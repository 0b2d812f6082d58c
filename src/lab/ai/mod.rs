//! `cxbox lab ai`: a deterministic stand-in for model providers, with the routes of an OpenAI-compatible API and fixed delays.
//!
//! The same question always gets the same answer after the same time, so that whole calls can be tested without a key or a network.

mod chat;
mod routes;
mod script;
mod sound;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::base::{Clock, Context, Result};
use crate::engine::speech::{SpeechSettings, SpeechWorkers};

pub use script::{Rule, Script, ToolUse};

/// How the stand-in behaves.
#[derive(Debug, Clone, Default)]
pub struct AiOptions {
    /// Before the first byte of each answer.
    pub delay: Duration,
    /// Before each further word of a streamed answer.
    pub word_delay: Duration,
    /// What it says.
    pub script: Script,
    /// The program whose speech worker speaks (this one); without it, speech is a tone per word.
    pub speaker: Option<PathBuf>,
}

/// What the handlers share.
#[derive(Clone)]
struct Ai {
    options: Arc<AiOptions>,
    speech: Option<SpeechWorkers>,
    clock: Clock,
    n_transcribed: Arc<AtomicUsize>,
}

/// A running stand-in. Dropping it ends it.
pub struct RunningAi {
    /// Where it listens.
    pub address: SocketAddr,
    server: AbortOnDropHandle<std::io::Result<()>>,
}

impl RunningAi {
    /// Starts listening.
    pub async fn start(at: SocketAddr, options: AiOptions, clock: Clock) -> Result<Self> {
        let listener = TcpListener::bind(at).await.context(format!("cannot listen at {at}"))?;
        let address = listener.local_addr().context("cannot tell where the stand-in listens")?;
        let speech = options.speaker.as_ref().map(|program| SpeechWorkers::new(SpeechSettings::new(program), clock.clone()));
        let ai = Ai { options: Arc::new(options), speech, clock, n_transcribed: Arc::default() };
        let server = AbortOnDropHandle::new(tokio::spawn(axum::serve(listener, routes::router(ai)).into_future()));
        Ok(Self { address, server })
    }

    /// The root of its API, as a bot's `base_url` names it.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Listens until it fails.
    pub async fn wait(self) -> Result<()> {
        self.server.await.context("the stand-in stopped")?.context("the stand-in cannot take connections any more")
    }
}
