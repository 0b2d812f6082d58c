//! `openai-realtime`: OpenAI's Realtime API, and servers that speak it. The box decides where turns end, so the service's own detection
//! is switched off.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::endpoint::encoded;
use super::{Event, Opening, Realtime, ToolResult};
use crate::contract::turn::{Role, Turn};
use crate::engine::providers::{ProviderError, Verdict};

/// Used when the bot names no model.
const MODEL: &str = "gpt-realtime";
/// Used when the bot names no voice.
const VOICE: &str = "marin";
/// What writes the caller's words down.
const TRANSCRIBER: &str = "gpt-4o-mini-transcribe";
/// Samples per second, in both directions.
const RATE: u32 = 24_000;
/// Complaints that only say that there was nothing to do.
const HARMLESS: [&str; 3] = ["response_cancel_not_active", "input_audio_buffer_commit_empty", "conversation_already_has_active_response"];

/// One session.
pub struct OpenaiRealtime {
    opening: Opening,
    words: String,
    /// The answer whose sound came last, and how much of it came.
    answer: Option<(String, u64)>,
}

impl OpenaiRealtime {
    /// A session that begins so.
    pub fn new(opening: Opening) -> Self {
        Self { opening, words: String::new(), answer: None }
    }

    fn done(&self, response: &Value) -> Vec<Event> {
        let mut events = Vec::new();
        let tokens = |name: &str| response["usage"][name].as_u64();
        if let (Some(prompt_tokens), Some(completion_tokens)) = (tokens("input_tokens"), tokens("output_tokens")) {
            events.push(Event::Usage { prompt_tokens, completion_tokens });
        }
        for item in response["output"].as_array().into_iter().flatten().filter(|item| item["type"] == "function_call") {
            let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            // Arguments that are not an object are none: the tool says itself what it misses.
            let arguments = serde_json::from_str(&text("arguments")).ok().filter(Value::is_object).unwrap_or_else(|| json!({}));
            events.push(Event::Tool { id: text("call_id"), name: text("name"), arguments });
        }
        events.push(match response["status"].as_str() {
            Some("failed") => Event::Failed(failed("the model service broke the answer off", Verdict::Retry)),
            _ => Event::Done,
        });
        events
    }
}

fn failed(message: &str, verdict: Verdict) -> ProviderError {
    ProviderError { verdict, message: message.to_owned() }
}

fn item(role: &str, kind: &str, text: &str) -> Value {
    json!({ "type": "conversation.item.create", "item": { "type": "message", "role": role, "content": [{ "type": kind, "text": text }] } })
}

impl Realtime for OpenaiRealtime {
    fn path(&self) -> String {
        let model = if self.opening.model.is_empty() { MODEL } else { &self.opening.model };
        format!("/realtime?model={}", encoded(model))
    }

    fn open(&self) -> Vec<Value> {
        let sound = json!({ "type": "audio/pcm", "rate": RATE });
        let voice = if self.opening.voice.is_empty() { VOICE } else { &self.opening.voice };
        let mut transcription = json!({ "model": TRANSCRIBER });
        if let Some(language) = self.opening.language.split('-').next().filter(|language| !language.is_empty()) {
            transcription["language"] = language.to_ascii_lowercase().into();
        }
        // Here the fields of a function lie beside its type.
        let tools: Vec<Value> = self
            .opening
            .tools
            .iter()
            .filter_map(|tool| tool.get("function")?.as_object().cloned())
            .map(|mut function| {
                function.insert("type".to_owned(), "function".into());
                Value::Object(function)
            })
            .collect();
        let mut session = json!({
            "type": "realtime", "output_modalities": ["audio"], "instructions": self.opening.instructions, "tools": tools,
            "audio": {
                "input": { "format": sound, "turn_detection": null, "transcription": transcription },
                "output": { "format": sound, "voice": voice },
            },
        });
        if let Some(most) = self.opening.max_tokens {
            session["max_output_tokens"] = most.into();
        }
        vec![json!({ "type": "session.update", "session": session })]
    }

    fn in_rate(&self) -> u32 {
        RATE
    }

    fn out_rate(&self) -> u32 {
        RATE
    }

    fn remember(&self, turns: &[Turn]) -> Vec<Value> {
        let one = |turn: &Turn| match turn.role {
            Role::Assistant => Some(item("assistant", "output_text", &turn.content)),
            Role::User => Some(item("user", "input_text", &turn.content)),
            Role::Tool => None,
        };
        turns.iter().filter(|turn| !turn.content.is_empty()).filter_map(one).collect()
    }

    fn begin(&mut self) -> Vec<Value> {
        self.words.clear();
        vec![json!({ "type": "input_audio_buffer.clear" })]
    }

    fn hear(&self, samples: &[i16]) -> Value {
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        json!({ "type": "input_audio_buffer.append", "audio": STANDARD.encode(bytes) })
    }

    fn end(&self, wants_answer: bool) -> Vec<Value> {
        let commit = json!({ "type": "input_audio_buffer.commit" });
        if wants_answer { [vec![commit], self.answer()].concat() } else { vec![commit] }
    }

    fn answer(&self) -> Vec<Value> {
        vec![json!({ "type": "response.create" })]
    }

    fn tell(&self, words: &str) -> Vec<Value> {
        [vec![item("user", "input_text", words)], self.answer()].concat()
    }

    fn give(&self, results: &[ToolResult], wants_answer: bool) -> Vec<Value> {
        let one = |result: &ToolResult| json!({ "type": "conversation.item.create", "item": { "type": "function_call_output", "call_id": result.id, "output": result.text } });
        let mut messages: Vec<Value> = results.iter().map(one).collect();
        if wants_answer {
            messages.extend(self.answer());
        }
        messages
    }

    fn cancel(&self) -> Vec<Value> {
        vec![json!({ "type": "response.cancel" })]
    }

    fn truncate(&mut self, heard_ms: u32) -> Vec<Value> {
        let Some((id, n_samples)) = self.answer.take() else { return Vec::new() };
        let whole_ms = n_samples * 1000 / u64::from(RATE);
        if u64::from(heard_ms) >= whole_ms {
            return Vec::new();
        }
        vec![json!({ "type": "conversation.item.truncate", "item_id": id, "content_index": 0, "audio_end_ms": heard_ms })]
    }

    fn read(&mut self, text: &str) -> Result<Vec<Event>, &'static str> {
        let event: Value = serde_json::from_str(text).map_err(|_| "the model service sent something else than an event")?;
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        Ok(match text("type") {
            "session.updated" => vec![Event::Ready],
            "conversation.item.input_audio_transcription.delta" => {
                self.words.push_str(text("delta"));
                vec![Event::Heard { text: self.words.trim().to_owned(), is_whole: false }]
            }
            "conversation.item.input_audio_transcription.completed" => {
                self.words.clear();
                vec![Event::Heard { text: text("transcript").trim().to_owned(), is_whole: true }]
            }
            // The words are not known, the answer comes all the same.
            "conversation.item.input_audio_transcription.failed" => {
                self.words.clear();
                Vec::new()
            }
            // Servers of the first generation leave "output_" out.
            "response.output_audio.delta" | "response.audio.delta" => {
                let bytes = STANDARD.decode(text("delta")).map_err(|_| "the model service sent something else than sound")?;
                let samples: Vec<i16> = bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
                let item_id = text("item_id");
                match &mut self.answer {
                    Some((id, n)) if id == item_id => *n += samples.len() as u64,
                    answer => *answer = Some((item_id.to_owned(), samples.len() as u64)),
                }
                vec![Event::Sound(samples)]
            }
            "response.output_audio_transcript.delta" | "response.audio_transcript.delta" => vec![Event::Said(text("delta").to_owned())],
            "response.done" => self.done(&event["response"]),
            "error" => {
                let code = event["error"]["code"].as_str().unwrap_or_default();
                match code {
                    code if HARMLESS.contains(&code) => Vec::new(),
                    "session_expired" => vec![Event::Leaving],
                    "invalid_api_key" | "model_not_found" | "insufficient_quota" => {
                        vec![Event::Failed(failed("the model service refuses the key or the model", Verdict::GiveUp))]
                    }
                    _ => vec![Event::Failed(failed("the model service reports a failure", Verdict::Retry))],
                }
            }
            _ => Vec::new(),
        })
    }
}
