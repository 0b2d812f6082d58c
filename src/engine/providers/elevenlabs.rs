//! `elevenlabs`: speech by ElevenLabs, streamed: the first of a sentence is played while the rest is being made.

use serde_json::json;

use super::endpoint::{Endpoint, Place, encoded, nonsense};
use super::sound::{BEGIN_WITHIN, body_as_sound};
use super::wave::Samples;
use super::{ProviderError, Soon, Sounding, Tts, gathered};
use crate::contract::config::ProviderSpec;
use crate::engine::media::Clip;
use crate::platform::net::Outbound;

/// ElevenLabs' own.
const ELEVENLABS: Place = Place { url: "https://api.elevenlabs.io/v1", key_header: "xi-api-key", key_prefix: "", headers: &[] };
/// Used when the bot names no model: the one with the shortest time to the first sound.
const MODEL: &str = "eleven_flash_v2_5";
/// Samples per second that are asked for. Wide enough for G.722; a telephone gets half of it.
const RATE: u32 = 16_000;
/// Models that take a language; others tell it from the text and refuse the field.
const WITH_LANGUAGE: [&str; 2] = ["flash_v2_5", "turbo_v2_5"];

/// One voice.
pub struct Elevenlabs {
    endpoint: Endpoint,
    model: String,
    voice: String,
    language: String,
}

impl Elevenlabs {
    /// A voice as a bot declares it; `language` is the call's.
    pub fn new(outbound: Outbound, spec: &ProviderSpec, language: &str) -> Self {
        let model = spec.model.clone().filter(|model| !model.is_empty()).unwrap_or_else(|| MODEL.to_owned());
        let language = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        Self { endpoint: Endpoint::at(&ELEVENLABS, outbound, spec), model, voice: spec.voice.clone().unwrap_or_default(), language }
    }
}

impl Tts for Elevenlabs {
    fn warm(&self) {
        self.endpoint.open_ahead();
    }

    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async move { gathered(self.stream(sentence).await?).await })
    }

    fn stream<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Sounding, ProviderError>> {
        Box::pin(async move {
            let mut body = json!({ "text": sentence, "model_id": self.model });
            if !self.language.is_empty() && WITH_LANGUAGE.iter().any(|model| self.model.contains(model)) {
                body["language_code"] = self.language.as_str().into();
            }
            let path = format!("/text-to-speech/{}/stream?output_format=pcm_{RATE}", encoded(&self.voice));
            let request = self
                .endpoint
                .post(&path)
                .within(BEGIN_WITHIN)
                .json(&body)
                .map_err(|_| nonsense("the sentence cannot be written as JSON"))?;
            let answer = self.endpoint.send(request).await?;
            // An error or a page may come with status 200 from what stands between.
            if answer.header("content-type").is_some_and(|kind| kind.contains("json") || kind.contains("html")) {
                return Err(nonsense("the model service sent something else than sound"));
            }
            let mut samples = Samples::default();
            Ok(body_as_sound(answer, move |bytes| Ok(Clip { rate: RATE, samples: samples.push(bytes).into() })))
        })
    }
}
