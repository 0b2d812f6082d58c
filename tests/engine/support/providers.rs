//! Providers that do what the test says: a tone for every sentence, words from a list, or nothing but failures.

use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::sync::{Arc, Mutex};

use cxbox::base::Clock;
use cxbox::contract::config::{CallConfig, ProviderSpec};
use cxbox::engine::call::ProviderSource;
use cxbox::engine::media::Clip;
use cxbox::engine::pipeline::Providers;
use cxbox::engine::providers::flow::FlowResponder;
use cxbox::engine::providers::openai::{Chat, ChatSettings, Completer, Endpoint};
use cxbox::engine::providers::{Analyst, Ask, Heard, Hints, Llm, Piece, ProviderError, Soon, Stt, Tts, Verdict};
use cxbox::engine::tools::offered;
use cxbox::platform::net::{Outbound, OutboundOptions};
use tokio::sync::mpsc;

/// What the providers of all calls do.
#[derive(Clone, Default)]
pub struct Script {
    /// What the recogniser understands, one utterance after the other; then nothing.
    pub words: Arc<Mutex<VecDeque<&'static str>>>,
    /// Nobody can speak.
    pub is_mute: bool,
    /// The responder is dead.
    pub is_stupid: bool,
    /// The recogniser is dead.
    pub is_deaf: bool,
    /// There is no recogniser.
    pub has_no_ears: bool,
    /// A language model answers, and reads the calls that are over: the root of its API.
    pub model: Option<String>,
}

impl Script {
    pub fn hearing(words: &[&'static str]) -> Self {
        Self { words: Arc::new(Mutex::new(words.iter().copied().collect())), ..Self::default() }
    }
}

impl ProviderSource for Script {
    fn providers(&self, config: &CallConfig) -> Result<Providers, ProviderError> {
        let endpoint = self.model.as_deref().map(endpoint);
        let llm: Arc<dyn Llm> = match &endpoint {
            _ if self.is_stupid => Arc::new(Dead),
            Some(endpoint) => {
                let settings = ChatSettings { model: "lab".to_owned(), tools: offered(config), ..ChatSettings::default() };
                Arc::new(Chat::new(endpoint.clone(), settings, Clock::system()))
            }
            None => Arc::new(FlowResponder::new(config.flow.clone().unwrap(), "en-US")),
        };
        let analyst = endpoint.map(|endpoint| Arc::new(Completer::new(endpoint, "lab".to_owned())) as Arc<dyn Analyst>);
        let tts: Arc<dyn Tts> = if self.is_mute { Arc::new(Dead) } else { Arc::new(Tone) };
        let stt: Arc<dyn Stt> = if self.is_deaf { Arc::new(Dead) } else { Arc::new(Listed(self.words.clone())) };
        Ok(Providers {
            stt: Some(stt).filter(|_| !self.has_no_ears),
            llm,
            tts,
            spare_tts: None,
            ledger: Default::default(),
            analyst,
            hints: Hints::default(),
        })
    }
}

/// The way to local services.
pub fn outbound() -> Outbound {
    Outbound::new(OutboundOptions::allowing(["127.0.0.0/8"]).unwrap()).unwrap()
}

fn endpoint(base_url: &str) -> Endpoint {
    let spec = ProviderSpec { provider: "openai".to_owned(), base_url: Some(base_url.to_owned()), ..ProviderSpec::default() };
    Endpoint::new(outbound(), &spec)
}

/// 40 ms of tone for every letter.
struct Tone;

impl Tts for Tone {
    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        let samples = (0..sentence.len() * 320).map(|n| ((TAU * 500.0 * n as f32 / 8000.0).sin() * 8000.0) as i16).collect();
        Box::pin(async move { Ok(Clip { rate: 8000, samples }) })
    }
}

struct Listed(Arc<Mutex<VecDeque<&'static str>>>);

impl Stt for Listed {
    fn transcribe<'a>(&'a self, _: &'a Clip, _: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        let text = self.0.lock().unwrap().pop_front().unwrap_or_default().to_owned();
        Box::pin(async move { Ok(Heard { confidence: if text.is_empty() { 0.0 } else { 0.9 }, text }) })
    }
}

struct Dead;

fn dead() -> ProviderError {
    ProviderError { verdict: Verdict::GiveUp, message: "it is dead".to_owned() }
}

impl Tts for Dead {
    fn speak<'a>(&'a self, _: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async { Err(dead()) })
    }
}

impl Llm for Dead {
    fn answer(&self, _: Ask) -> Soon<'_, Result<mpsc::Receiver<Piece>, ProviderError>> {
        Box::pin(async { Err(dead()) })
    }
}

impl Stt for Dead {
    fn transcribe<'a>(&'a self, _: &'a Clip, _: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        Box::pin(async { Err(dead()) })
    }
}
