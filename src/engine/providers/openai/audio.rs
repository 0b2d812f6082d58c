//! Transcription and speech by the same API: an utterance goes up as a WAV file, a sentence comes back as one.

use serde::Deserialize;
use serde_json::json;

use super::endpoint::{Endpoint, nonsense, unreachable};
use crate::engine::media::Clip;
use crate::engine::providers::wave::{read_wave, write_wave};
use crate::engine::providers::{Heard, Hints, ProviderError, Soon, Stt, Tts};

/// Largest transcript that is read.
const MOST_TEXT: usize = 256 << 10;

/// Largest sound that is read: some minutes.
const MOST_SOUND: usize = 32 << 20;

/// Such services do not say how sure they are; what they hear is taken, but for certain.
const CONFIDENCE: f32 = 0.9;

/// Separates the parts of the upload. Long enough not to occur in sound by chance.
const BOUNDARY: &str = "cxbox-utterance-5f1c0d9a7be2486c9f37";

/// Speech to text.
pub struct Transcriber {
    endpoint: Endpoint,
    model: String,
}

#[derive(Deserialize)]
struct Transcript {
    text: String,
}

impl Transcriber {
    /// A recogniser; an empty model means `whisper-1`.
    pub fn new(endpoint: Endpoint, model: &str) -> Self {
        Self { endpoint, model: if model.is_empty() { "whisper-1".to_owned() } else { model.to_owned() } }
    }
}

impl Stt for Transcriber {
    fn transcribe<'a>(&'a self, utterance: &'a Clip, hints: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        Box::pin(async move {
            let body = upload(&self.model, utterance, hints);
            let request = self.endpoint.post("/audio/transcriptions").bytes(&format!("multipart/form-data; boundary={BOUNDARY}"), body);
            let answer = self.endpoint.send(request).await?;
            let transcript: Transcript = answer.json(MOST_TEXT).await.map_err(|error| unreachable(&error))?;
            let text = transcript.text.trim().to_owned();
            let confidence = if text.is_empty() { 0.0 } else { CONFIDENCE };
            Ok(Heard { text, confidence })
        })
    }
}

fn upload(model: &str, utterance: &Clip, hints: &Hints) -> Vec<u8> {
    let language = hints.language.split(['-', '_']).next().unwrap_or_default();
    let mut body = Vec::new();
    for (name, value) in [("model", model), ("response_format", "json"), ("language", language)] {
        // A value with a line break could forge a part.
        if !value.is_empty() && !value.contains(['\r', '\n']) {
            body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
        }
    }
    body.extend(
        format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"utterance.wav\"\r\nContent-Type: audio/wav\r\n\r\n"
        )
        .into_bytes(),
    );
    body.extend(write_wave(utterance));
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
    body
}

/// Text to speech.
pub struct Speaker {
    endpoint: Endpoint,
    model: String,
    voice: String,
}

impl Speaker {
    /// A voice; empty means model `tts-1`, voice `alloy`.
    pub fn new(endpoint: Endpoint, model: &str, voice: &str) -> Self {
        let or = |given: &str, usual: &str| if given.is_empty() { usual.to_owned() } else { given.to_owned() };
        Self { endpoint, model: or(model, "tts-1"), voice: or(voice, "alloy") }
    }
}

impl Tts for Speaker {
    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async move {
            let body = json!({ "model": self.model, "voice": self.voice, "input": sentence, "response_format": "wav" });
            let request =
                self.endpoint.post("/audio/speech").json(&body).map_err(|_| nonsense("the sentence cannot be written as JSON"))?;
            let sound = self.endpoint.send(request).await?.bytes(MOST_SOUND).await.map_err(|error| unreachable(&error))?;
            read_wave(&sound).ok_or_else(|| nonsense("the model service sent something else than a WAV file"))
        })
    }
}
