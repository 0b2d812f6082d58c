//! From what a bot declares to what speaks, listens and answers on its calls.

use std::path::PathBuf;
use std::sync::Arc;

use super::cartesia::Cartesia;
use super::chain::{Chain, Link};
use super::deepgram::Deepgram;
use super::elevenlabs::Elevenlabs;
use super::endpoint::OPENAI;
use super::espeak::Espeak;
use super::flite::Flite;
use super::flow::{self, FlowResponder};
use super::gemini::GeminiSpeech;
use super::knowledge::{Documents, Informed, Lookup};
use super::ledger::Ledger;
use super::none::Nothing;
use super::openai::{Chat, ChatSettings, Completer, Endpoint, Speaker, Transcriber};
use super::pocketsphinx::Pocketsphinx;
use super::realtime::gemini::{GEMINI, GeminiLive};
use super::realtime::openai::OpenaiRealtime;
use super::realtime::{Live, Opening, Realtime};
use super::{Analyst, Hints, Llm, ProviderError, Stt, Tts, Verdict};
use crate::base::Clock;
use crate::contract::config::{CallConfig, ProviderSpec};
use crate::contract::provider;
use crate::engine::speech::SpeechWorkers;
use crate::engine::tools::offered;
use crate::platform::net::Outbound;

/// What providers are made of. Cheap to clone; one per engine.
#[derive(Clone)]
pub struct Chooser {
    /// Workers for flite and pocketsphinx.
    pub workers: SpeechWorkers,
    /// The way to services the operator names.
    pub outbound: Outbound,
    /// The clock.
    pub clock: Clock,
    /// The program espeak-ng; usually just its name.
    pub espeak: PathBuf,
    /// Where documents are looked up; `None` where there are none to look in.
    pub lookup: Option<Arc<dyn Lookup>>,
}

/// The providers of one call.
pub struct Chosen {
    /// Speech to text; `None` when the bot has none.
    pub stt: Option<Arc<dyn Stt>>,
    /// What decides the answers.
    pub llm: Arc<dyn Llm>,
    /// Text to speech.
    pub tts: Arc<dyn Tts>,
    /// Speaks when `tts` fails; `None` when `tts` is that one already.
    pub spare_tts: Option<Arc<dyn Tts>>,
    /// What they do, and what goes wrong with them.
    pub ledger: Ledger,
    /// Reads the call when it is over; `None` when the bot's answers come from no language model.
    pub analyst: Option<Arc<dyn Analyst>>,
    /// What to listen for.
    pub hints: Hints,
}

impl Chooser {
    /// A chooser with espeak-ng found by its name.
    pub fn new(workers: SpeechWorkers, outbound: Outbound, clock: Clock) -> Self {
        Self { workers, outbound, clock, espeak: PathBuf::from("espeak-ng"), lookup: None }
    }

    /// The same, with a place to look documents up in.
    #[must_use]
    pub fn with_lookup(self, lookup: Arc<dyn Lookup>) -> Self {
        Self { lookup: Some(lookup), ..self }
    }

    /// The providers of a call.
    ///
    /// # Errors
    /// `GiveUp` with a sentence when the bot names one that does not exist or lacks what it needs.
    pub fn choose(&self, config: &CallConfig) -> Result<Chosen, ProviderError> {
        let hints = match &config.flow {
            Some(flow) if config.llm.provider == "flow" => flow::hints(flow, language(&config.stt, config), &config.knowledge_phrases),
            _ => Hints { language: language(&config.stt, config).to_owned(), ..Hints::default() },
        };
        let spare_tts = (config.tts.provider != "flite").then(|| Arc::new(Flite::new(self.workers.clone(), "")) as Arc<dyn Tts>);
        let ledger = Ledger::default();
        let live = self.realtime(config).map(Arc::new);
        let mut stt = links(&config.stt, &config.stt_fallbacks, |spec| self.stt(spec))?;
        let mut llm = links(&config.llm, &config.llm_fallbacks, |spec| self.llm(spec, config))?;
        if let Some(live) = live {
            // It hears and answers; what the bot declares besides takes its place when it fails.
            let (name, model) = (|| config.llm.provider.clone(), || config.llm.model.clone());
            stt.insert(0, Link { name: name(), model: model(), provider: live.clone() as Arc<dyn Stt> });
            llm.insert(0, Link { name: name(), model: model(), provider: live as Arc<dyn Llm> });
        }
        let tts = links(&config.tts, &config.tts_fallbacks, |spec| self.tts(spec, config).map(Some))?;
        let (told, clock) = (|| ledger.clone(), || self.clock.clone());
        Ok(Chosen {
            stt: (!stt.is_empty()).then(|| Arc::new(Chain::new("stt", stt, told(), clock())) as Arc<dyn Stt>),
            llm: Arc::new(Chain::new("llm", llm, told(), clock())),
            tts: Arc::new(Chain::new("tts", tts, told(), clock())),
            spare_tts,
            analyst: self.analyst(config),
            hints,
            ledger: ledger.clone(),
        })
    }

    fn stt(&self, spec: &ProviderSpec) -> Result<Option<Arc<dyn Stt>>, ProviderError> {
        match spec.provider.as_str() {
            "pocketsphinx" => Ok(Some(Arc::new(Pocketsphinx::new(self.workers.clone())))),
            "openai" => {
                let endpoint = Endpoint::new(self.outbound.clone(), spec);
                Ok(Some(Arc::new(Transcriber::new(endpoint, spec.model.as_deref().unwrap_or_default()))))
            }
            "deepgram" => Ok(Some(Arc::new(Deepgram::new(self.outbound.clone(), spec, self.clock.clone())))),
            "none" | "" => Ok(None),
            other => Err(unknown("speech to text", other, provider::STT)),
        }
    }

    /// The model that hears and speaks itself, if the bot's answers come from one.
    fn realtime(&self, config: &CallConfig) -> Option<Live> {
        let spec = Some(&config.llm).filter(|spec| provider::is_realtime(&spec.provider))?;
        let documents = self.documents(config);
        let text = |given: &Option<String>| given.clone().unwrap_or_default();
        let opening = Opening {
            model: text(&spec.model),
            voice: text(&spec.voice),
            instructions: instructions(config),
            language: language(spec, config).to_owned(),
            temperature: spec.temperature,
            max_tokens: spec.max_tokens,
            tools: offered(config).into_iter().chain(documents.as_ref().map(Documents::tool)).collect(),
        };
        let place = if spec.provider == "gemini-live" { &GEMINI } else { &OPENAI };
        let is_gemini = spec.provider == "gemini-live";
        let speaks = move || match is_gemini {
            true => Box::new(GeminiLive::new(opening.clone())) as Box<dyn Realtime>,
            false => Box::new(OpenaiRealtime::new(opening.clone())),
        };
        Some(Live::new(Endpoint::at(place, self.outbound.clone(), spec), self.clock.clone(), documents, speaks))
    }

    fn documents(&self, config: &CallConfig) -> Option<Documents> {
        self.lookup.clone().and_then(|lookup| Documents::of(config, lookup))
    }

    fn llm(&self, spec: &ProviderSpec, config: &CallConfig) -> Result<Option<Arc<dyn Llm>>, ProviderError> {
        if provider::is_realtime(&spec.provider) {
            return if std::ptr::eq(spec, &config.llm) {
                Ok(None)
            } else {
                Err(give_up(format!("{} cannot stand in for another", spec.provider)))
            };
        }
        self.responder(spec, config).map(Some)
    }

    fn responder(&self, spec: &ProviderSpec, config: &CallConfig) -> Result<Arc<dyn Llm>, ProviderError> {
        let documents = self.documents(config);
        match spec.provider.as_str() {
            "flow" => {
                let flow = config.flow.clone().ok_or_else(|| give_up("the bot answers by flow but declares no flow".to_owned()))?;
                Ok(Arc::new(FlowResponder::new(flow, language(spec, config)).with_documents(documents)))
            }
            "openai" => {
                let model = spec.model.clone().filter(|model| !model.is_empty());
                let settings = ChatSettings {
                    model: model.ok_or_else(|| give_up("the bot answers by openai but names no model".to_owned()))?,
                    temperature: spec.temperature,
                    max_tokens: spec.max_tokens,
                    tools: offered(config).into_iter().chain(documents.as_ref().map(Documents::tool)).collect(),
                };
                let chat: Arc<dyn Llm> = Arc::new(Chat::new(Endpoint::new(self.outbound.clone(), spec), settings, self.clock.clone()));
                Ok(match documents {
                    Some(documents) => Arc::new(Informed::new(chat, documents)),
                    None => chat,
                })
            }
            "none" | "" => Ok(Arc::new(Nothing)),
            other => Err(unknown("answers", other, provider::LLM)),
        }
    }

    fn analyst(&self, config: &CallConfig) -> Option<Arc<dyn Analyst>> {
        let spec = Some(&config.llm).filter(|spec| spec.provider == "openai")?;
        let endpoint = Endpoint::new(self.outbound.clone(), spec);
        Some(Arc::new(Completer::new(endpoint, spec.model.clone().unwrap_or_default())))
    }

    fn tts(&self, spec: &ProviderSpec, config: &CallConfig) -> Result<Arc<dyn Tts>, ProviderError> {
        let voice = spec.voice.as_deref().unwrap_or_default();
        match spec.provider.as_str() {
            "flite" => Ok(Arc::new(Flite::new(self.workers.clone(), voice))),
            "espeak-ng" => Ok(Arc::new(Espeak::new(&self.espeak, voice, language(spec, config), self.clock.clone()))),
            "openai" => {
                let endpoint = Endpoint::new(self.outbound.clone(), spec);
                Ok(Arc::new(Speaker::new(endpoint, spec.model.as_deref().unwrap_or_default(), voice)))
            }
            "elevenlabs" => Ok(Arc::new(Elevenlabs::new(self.outbound.clone(), spec, language(spec, config)))),
            "gemini" => Ok(Arc::new(GeminiSpeech::new(self.outbound.clone(), spec))),
            "cartesia" => Ok(Arc::new(Cartesia::new(self.outbound.clone(), spec, language(spec, config), self.clock.clone()))),
            "none" | "" => Ok(Arc::new(Nothing)),
            other => Err(unknown("text to speech", other, provider::TTS)),
        }
    }
}

/// The providers of one kind that can be had, in order. Fails with the first one's reason when none can.
fn links<P: ?Sized>(
    first: &ProviderSpec,
    others: &[ProviderSpec],
    make: impl Fn(&ProviderSpec) -> Result<Option<Arc<P>>, ProviderError>,
) -> Result<Vec<Link<P>>, ProviderError> {
    let (mut links, mut failure) = (Vec::new(), None);
    for spec in std::iter::once(first).chain(others) {
        match make(spec) {
            Ok(Some(provider)) => links.push(Link { name: spec.provider.clone(), model: spec.model.clone(), provider }),
            Ok(None) => {}
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure.filter(|_| links.is_empty()) {
        Some(error) => Err(error),
        None => Ok(links),
    }
}

fn language<'a>(spec: &'a ProviderSpec, config: &'a CallConfig) -> &'a str {
    spec.language.as_deref().filter(|language| !language.is_empty()).unwrap_or(&config.language)
}

/// What a model that speaks itself is told: the bot's prompt, and what was said to the caller already, by another voice.
fn instructions(config: &CallConfig) -> String {
    let said: Vec<&str> =
        [&config.disclosure, &config.opening_message].into_iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    let mut instructions = config.system_prompt.trim_end().to_owned();
    if !said.is_empty() {
        instructions.push_str(&format!("\n\nThe call has begun, and you have said this already: {}", said.join(" ")));
    }
    instructions
}

fn unknown(slot: &str, name: &str, known: &[&str]) -> ProviderError {
    give_up(format!("there is no provider {name:?} for {slot}; known are {}", known.join(", ")))
}

fn give_up(message: String) -> ProviderError {
    ProviderError { verdict: Verdict::GiveUp, message }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::speech::SpeechSettings;
    use crate::platform::net::OutboundOptions;

    fn chooser() -> Chooser {
        let outbound = Outbound::new(OutboundOptions::allowing::<String>([]).expect("no range")).expect("a client");
        Chooser::new(SpeechWorkers::new(SpeechSettings::new("/nonexistent"), Clock::system()), outbound, Clock::system())
    }

    fn config(stt: &str, llm: &str, tts: &str) -> CallConfig {
        serde_json::from_value(json!({
            "session_id": "sess_0000000000000001", "call_id": "oac-000000000001", "bot_id": "bot_0000000000000001",
            "webhook_url": "http://127.0.0.1/x", "system_prompt": "", "opening_message": "Hello",
            "stt": { "provider": stt }, "llm": { "provider": llm, "model": "m" }, "tts": { "provider": tts },
            "flow": { "intents": [{ "id": "a", "phrases": ["open sesame"], "reply": "ok" }], "fallback": "?" },
            "transfer_numbers": { "sales": "+15550100" },
        }))
        .expect("a config")
    }

    #[test]
    fn every_known_name_gives_a_provider() {
        let names = |all: &'static [&'static str], n: usize| all[n % all.len()];
        for n in 0..provider::STT.len().max(provider::LLM.len()).max(provider::TTS.len()) {
            let (stt, llm, tts) = (names(provider::STT, n), names(provider::LLM, n), names(provider::TTS, n));
            let chosen = chooser().choose(&config(stt, llm, tts)).unwrap_or_else(|error| panic!("{}", error.message));
            assert_eq!(chosen.stt.is_none(), stt == "none" && !provider::is_realtime(llm), "{stt} {llm}");
            assert_eq!(chosen.spare_tts.is_none(), tts == "flite");
            assert_eq!(chosen.hints.phrases.iter().any(|phrase| phrase == "open sesame"), llm == "flow");
            assert_eq!(chosen.stt.is_some_and(|stt| stt.is_live()), stt == "deepgram" || provider::is_realtime(llm));
        }
    }

    #[test]
    fn an_unknown_name_is_named_in_the_error() {
        for (stt, llm, tts) in [("siri", "flow", "flite"), ("none", "hal", "flite"), ("none", "flow", "pocketsphinx")] {
            let error = chooser().choose(&config(stt, llm, tts)).err().expect("unknown");
            assert_eq!(error.verdict, Verdict::GiveUp);
            assert!(error.message.contains("known are"), "{}", error.message);
        }
        let mut spared = config("siri", "hal", "flite");
        spared.stt_fallbacks = vec![ProviderSpec::named("pocketsphinx")];
        spared.llm_fallbacks = vec![ProviderSpec::named("flow")];
        assert!(chooser().choose(&spared).expect("what can be had").stt.is_some());
        let mut bare = config("none", "flow", "flite");
        bare.flow = None;
        assert!(chooser().choose(&bare).err().expect("no flow").message.contains("no flow"));
    }
}
