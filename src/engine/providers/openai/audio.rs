//! Transcription and speech by the same API: an utterance goes up as a WAV file, a sentence comes back as one.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::super::endpoint::{Endpoint, nonsense, unreachable};
use super::super::sse::Events;
use crate::engine::media::Clip;
use crate::engine::providers::sound::{BEGIN_WITHIN, body_as_sound};
use crate::engine::providers::wave::{WaveStream, write_wave};
use crate::engine::providers::{Heard, Hints, ProviderError, Soon, Sounding, Stt, Tts, gathered};
use crate::platform::net::Answer;

/// Largest transcript that is read.
const MOST_TEXT: usize = 256 << 10;

/// How long a transcript may take once its answer has begun.
const WORDS_WITHIN: Duration = Duration::from_secs(5);

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
    fn warm(&self, _: &Hints) {
        self.endpoint.open_ahead();
    }

    fn transcribe<'a>(&'a self, utterance: &'a Clip, hints: &'a Hints) -> Soon<'a, Result<Heard, ProviderError>> {
        Box::pin(async move {
            let body = upload(&self.model, utterance, hints);
            let request = self.endpoint.post("/audio/transcriptions").bytes(&format!("multipart/form-data; boundary={BOUNDARY}"), body);
            let answer = self.endpoint.send(request).await?;
            let text =
                tokio::time::timeout(WORDS_WITHIN, text_of(answer)).await.map_err(|_| nonsense("the recogniser took too long"))??;
            let text = text.trim().to_owned();
            let confidence = if text.is_empty() { 0.0 } else { CONFIDENCE };
            Ok(Heard { text, confidence })
        })
    }
}

/// The text of a transcript, streamed or whole.
async fn text_of(answer: Answer) -> Result<String, ProviderError> {
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
        return streamed(answer).await;
    }
    let transcript: Transcript = answer.json(MOST_TEXT).await.map_err(|error| unreachable(&error))?;
    Ok(transcript.text)
}

/// One event of a streamed transcript.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    delta: String,
    #[serde(default)]
    text: String,
}

/// The text of a streamed transcript: the last event says all of it, or the pieces do.
async fn streamed(mut answer: Answer) -> Result<String, ProviderError> {
    let (mut events, mut text) = (Events::default(), String::new());
    while let Some(bytes) = answer.chunk().await.map_err(|error| unreachable(&error))? {
        for data in events.push(&bytes).ok_or_else(|| nonsense("the recogniser sent an event without end"))? {
            if data == "[DONE]" {
                return Ok(text);
            }
            let event: Event = serde_json::from_str(&data).map_err(|_| nonsense("the recogniser sent something else than words"))?;
            match event.kind.as_str() {
                "transcript.text.delta" => text.push_str(&event.delta),
                "transcript.text.done" => return Ok(event.text),
                "error" => return Err(nonsense("the recogniser reports a failure")),
                _ => {}
            }
        }
    }
    Err(nonsense("the transcript broke off"))
}

fn upload(model: &str, utterance: &Clip, hints: &Hints) -> Vec<u8> {
    let language = hints.language.split(['-', '_']).next().unwrap_or_default();
    let mut body = Vec::new();
    // Of the models in use only those whose names say so stream; others may refuse to be asked for it.
    let stream = if model.contains("transcribe") { "true" } else { "" };
    for (name, value) in [("model", model), ("response_format", "json"), ("language", language), ("stream", stream)] {
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
    fn warm(&self) {
        self.endpoint.open_ahead();
    }

    fn speak<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Clip, ProviderError>> {
        Box::pin(async move { gathered(self.stream(sentence).await?).await })
    }

    fn stream<'a>(&'a self, sentence: &'a str) -> Soon<'a, Result<Sounding, ProviderError>> {
        Box::pin(async move {
            let body = json!({ "model": self.model, "voice": self.voice, "input": sentence, "response_format": "wav" });
            let request = self
                .endpoint
                .post("/audio/speech")
                .within(BEGIN_WITHIN)
                .json(&body)
                .map_err(|_| nonsense("the sentence cannot be written as JSON"))?;
            let answer = self.endpoint.send(request).await?;
            let mut wave = WaveStream::default();
            Ok(body_as_sound(answer, move |bytes| {
                wave.push(bytes).ok_or_else(|| nonsense("the model service sent something else than a WAV file"))
            }))
        })
    }
}
