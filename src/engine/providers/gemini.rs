//! `gemini`: speech by Google's models, with the voices of `gemini-live`, streamed. So that what must be said word for word has the voice
//! of the rest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::endpoint::{Endpoint, encoded, nonsense};
use super::realtime::gemini::{GEMINI, VOICE};
use super::sound::{BEGIN_WITHIN, body_as_sound};
use super::sse::Events;
use super::wave::Samples;
use super::{ProviderError, Soon, Sounding, Tts, gathered};
use crate::contract::config::ProviderSpec;
use crate::engine::media::Clip;
use crate::platform::net::Outbound;

/// Used when the bot names no model.
const MODEL: &str = "gemini-3.8-flash-lite-tts";
/// Samples per second of what it says.
const RATE: u32 = 24_000;

/// One voice.
pub struct GeminiSpeech {
    endpoint: Endpoint,
    model: String,
    voice: String,
}

impl GeminiSpeech {
    /// A voice as a bot declares it.
    pub fn new(outbound: Outbound, spec: &ProviderSpec) -> Self {
        let or = |given: &Option<String>, usual: &str| given.clone().filter(|text| !text.is_empty()).unwrap_or_else(|| usual.to_owned());
        Self { endpoint: Endpoint::at(&GEMINI, outbound, spec), model: or(&spec.model, MODEL), voice: or(&spec.voice, VOICE) }
    }
}

impl Tts for GeminiSpeech {
    fn warm(&self) {
        self.endpoint.open_ahead();
    }

    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async move { gathered(self.stream(sentence).await?).await })
    }

    fn stream<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Sounding, ProviderError>> {
        Box::pin(async move {
            let body = json!({
                "contents": [{ "parts": [{ "text": sentence }] }],
                "generationConfig": {
                    "responseModalities": ["AUDIO"],
                    "speechConfig": { "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": self.voice } } },
                },
            });
            let path = format!("/v1beta/models/{}:streamGenerateContent?alt=sse", encoded(&self.model));
            let request = self
                .endpoint
                .post(&path)
                .within(BEGIN_WITHIN)
                .json(&body)
                .map_err(|_| nonsense("the sentence cannot be written as JSON"))?;
            let answer = self.endpoint.send(request).await?;
            let (mut events, mut samples) = (Events::default(), Samples::default());
            Ok(body_as_sound(answer, move |bytes| {
                let mut sound = Vec::new();
                for data in events.push(bytes).ok_or_else(|| nonsense("the model service sent an event without end"))? {
                    sound.extend(samples.push(&sound_of(&data)?));
                }
                Ok(Clip { rate: RATE, samples: sound.into() })
            }))
        })
    }
}

/// The bytes of sound in an event.
fn sound_of(data: &str) -> Result<Vec<u8>, ProviderError> {
    let event: Value = serde_json::from_str(data).map_err(|_| nonsense("the model service sent something else than sound"))?;
    let parts = event.pointer("/candidates/0/content/parts").and_then(Value::as_array).into_iter().flatten();
    let mut bytes = Vec::new();
    for data in parts.filter_map(|part| part.pointer("/inlineData/data").and_then(Value::as_str)) {
        bytes.extend(STANDARD.decode(data).map_err(|_| nonsense("the model service sent something else than sound"))?);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_found_in_an_event_and_what_is_none_is_a_failure() {
        let event = json!({ "candidates": [{ "content": { "parts": [{ "inlineData": { "mimeType": "audio/L16;rate=24000", "data": "AQAC" } }] } }] });
        assert_eq!(sound_of(&event.to_string()).expect("sound"), [1, 0, 2]);
        assert!(sound_of("{\"usageMetadata\":{}}").expect("no sound").is_empty());
        assert!(sound_of("<html>").is_err());
    }
}
