//! `gemini-live`: Google's Gemini Live API. The box tells where the caller's turns begin and end; the service's own detection is off.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::endpoint::Place;
use super::{Event, Opening, Realtime, ToolResult};
use crate::contract::turn::{Role, Turn};

/// Google's own.
pub const GEMINI: Place =
    Place { url: "https://generativelanguage.googleapis.com", key_header: "x-goog-api-key", key_prefix: "", headers: &[] };
/// Used when the bot names no model.
const MODEL: &str = "gemini-3.8-live";
/// Used when the bot names no voice; the seed's.
pub const VOICE: &str = "Aoede";
/// Samples per second of what it hears.
const IN_RATE: u32 = 16_000;
/// Samples per second of what it says.
const OUT_RATE: u32 = 24_000;

/// One session.
pub struct GeminiLive {
    opening: Opening,
    words: String,
    /// The answer that is being made was told to be whole already.
    is_done: bool,
}

impl GeminiLive {
    /// A session that begins so.
    pub fn new(opening: Opening) -> Self {
        Self { opening, words: String::new(), is_done: true }
    }

    fn content(&mut self, content: &Value, events: &mut Vec<Event>) -> Result<(), &'static str> {
        if let Some(text) = content["inputTranscription"]["text"].as_str() {
            self.words.push_str(text);
            events.push(Event::Heard { text: self.words.trim().to_owned(), is_whole: false });
        }
        for part in content["modelTurn"]["parts"].as_array().into_iter().flatten() {
            let Some(data) = part["inlineData"]["data"].as_str() else { continue };
            let bytes = STANDARD.decode(data).map_err(|_| "the model service sent something else than sound")?;
            self.is_done = false;
            events.push(Event::Sound(bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()));
        }
        if let Some(text) = content["outputTranscription"]["text"].as_str() {
            self.is_done = false;
            events.push(Event::Said(text.to_owned()));
        }
        // The turn is over only when its sound would have been heard; the answer is whole before that.
        let ends = ["generationComplete", "interrupted", "turnComplete"].iter().any(|name| content[*name] == true);
        if ends && (!std::mem::replace(&mut self.is_done, true) || content["generationComplete"] == true) {
            events.push(Event::Done);
        }
        Ok(())
    }
}

fn turn(role: &str, text: &str) -> Value {
    json!({ "role": role, "parts": [{ "text": text }] })
}

fn declaration(tool: &Value) -> Option<Value> {
    let function = tool.get("function")?;
    Some(json!({
        "name": function["name"], "description": function["description"], "parametersJsonSchema": function["parameters"], "behavior": "BLOCKING",
    }))
}

impl Realtime for GeminiLive {
    fn path(&self) -> String {
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent".to_owned()
    }

    fn open(&self) -> Vec<Value> {
        let or = |given: &str, usual: &str| if given.is_empty() { usual.to_owned() } else { given.to_owned() };
        let model = or(&self.opening.model, MODEL);
        let model = if model.starts_with("models/") { model } else { format!("models/{model}") };
        let mut generation = json!({
            "responseModalities": ["AUDIO"],
            "speechConfig": { "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": or(&self.opening.voice, VOICE) } } },
        });
        if let Some(temperature) = self.opening.temperature {
            generation["temperature"] = temperature.into();
        }
        if let Some(most) = self.opening.max_tokens {
            generation["maxOutputTokens"] = most.into();
        }
        let mut setup = json!({
            "model": model, "generationConfig": generation,
            "realtimeInputConfig": { "automaticActivityDetection": { "disabled": true } },
            "inputAudioTranscription": {}, "outputAudioTranscription": {},
            // Calls may be longer than what a session holds otherwise.
            "contextWindowCompression": { "slidingWindow": {} },
        });
        if !self.opening.instructions.is_empty() {
            setup["systemInstruction"] = json!({ "parts": [{ "text": self.opening.instructions }] });
        }
        let declarations: Vec<Value> = self.opening.tools.iter().filter_map(declaration).collect();
        if !declarations.is_empty() {
            setup["tools"] = json!([{ "functionDeclarations": declarations }]);
        }
        vec![json!({ "setup": setup })]
    }

    fn in_rate(&self) -> u32 {
        IN_RATE
    }

    fn out_rate(&self) -> u32 {
        OUT_RATE
    }

    fn remember(&self, turns: &[Turn]) -> Vec<Value> {
        let one = |said: &Turn| match said.role {
            Role::Assistant => Some(turn("model", &said.content)),
            Role::User => Some(turn("user", &said.content)),
            Role::Tool => None,
        };
        let turns: Vec<Value> = turns.iter().filter(|turn| !turn.content.is_empty()).filter_map(one).collect();
        if turns.is_empty() { Vec::new() } else { vec![json!({ "clientContent": { "turns": turns, "turnComplete": false } })] }
    }

    fn begin_interrupts(&self) -> bool {
        true
    }

    fn begin(&mut self) -> Vec<Value> {
        self.words.clear();
        vec![json!({ "realtimeInput": { "activityStart": {} } })]
    }

    fn hear(&self, samples: &[i16]) -> Value {
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        json!({ "realtimeInput": { "audio": { "mimeType": format!("audio/pcm;rate={IN_RATE}"), "data": STANDARD.encode(bytes) } } })
    }

    fn end(&self, _: bool) -> Vec<Value> {
        vec![json!({ "realtimeInput": { "activityEnd": {} } })]
    }

    /// It always answers when the caller stops.
    fn answer(&self) -> Vec<Value> {
        Vec::new()
    }

    fn tell(&self, words: &str) -> Vec<Value> {
        vec![json!({ "clientContent": { "turns": [turn("user", words)], "turnComplete": true } })]
    }

    fn give(&self, results: &[ToolResult], _: bool) -> Vec<Value> {
        let one = |result: &ToolResult| json!({ "id": result.id, "name": result.name, "response": { "result": result.text } });
        let responses: Vec<Value> = results.iter().map(one).collect();
        vec![json!({ "toolResponse": { "functionResponses": responses } })]
    }

    /// The caller's next words interrupt it; until then nobody listens.
    fn cancel(&self) -> Vec<Value> {
        Vec::new()
    }

    /// It knows itself what it had sent when it was interrupted.
    fn truncate(&mut self, _: u32) -> Vec<Value> {
        Vec::new()
    }

    fn read(&mut self, text: &str) -> Result<Vec<Event>, &'static str> {
        let message: Value = serde_json::from_str(text).map_err(|_| "the model service sent something else than a message")?;
        let mut events = Vec::new();
        if message.get("error").is_some() {
            return Err("the model service reports a failure");
        }
        if message.get("setupComplete").is_some() {
            events.push(Event::Ready);
        }
        let tokens = |name: &str| message["usageMetadata"][name].as_u64();
        if let (Some(prompt_tokens), Some(completion_tokens)) = (tokens("promptTokenCount"), tokens("responseTokenCount")) {
            events.push(Event::Usage { prompt_tokens, completion_tokens });
        }
        self.content(&message["serverContent"], &mut events)?;
        let calls = message["toolCall"]["functionCalls"].as_array().into_iter().flatten();
        for call in calls {
            let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
            let arguments = call.get("args").filter(|args| args.is_object()).cloned().unwrap_or_else(|| json!({}));
            events.push(Event::Tool { id: text("id"), name: text("name"), arguments });
        }
        if message["toolCall"]["functionCalls"].as_array().is_some_and(|calls| !calls.is_empty()) {
            // Nothing more comes before the tools have given something.
            self.is_done = true;
            events.push(Event::Done);
        }
        if message.get("goAway").is_some() {
            events.push(Event::Leaving);
        }
        if events.iter().any(|event| matches!(event, Event::Sound(_) | Event::Tool { .. })) {
            // The answer has begun: the caller's words are whole.
            let words = std::mem::take(&mut self.words);
            if !words.trim().is_empty() {
                events.insert(0, Event::Heard { text: words.trim().to_owned(), is_whole: true });
            }
        }
        Ok(events)
    }
}
