//! How the two services for speech in and speech out spell what they want and what they say. Pure.

use serde_json::{Value, json};

use super::script::Spoken;

/// Whose messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Openai,
    Gemini,
}

/// What a message asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// The session begins; what to note of it.
    Setup { tools: Vec<String>, note: String },
    /// The caller has said something.
    Utterance,
    /// The caller's words as text.
    Words(String),
    /// What a tool gave.
    Result(String),
    /// An answer.
    Answer,
    /// Nothing, but it is worth a note.
    Note(String),
}

impl Dialect {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Openai => "openai-realtime",
            Self::Gemini => "gemini-live",
        }
    }

    pub(super) fn read(self, message: &Value) -> Vec<Want> {
        match self {
            Self::Openai => openai(message),
            Self::Gemini => gemini(message),
        }
    }

    /// Whether a message stops the answer that is being spoken.
    pub(super) fn interrupts(self, message: &Value) -> bool {
        match self {
            Self::Openai => message["type"] == "response.cancel",
            Self::Gemini => message.pointer("/realtimeInput/activityStart").is_some(),
        }
    }

    pub(super) fn ready(self) -> Value {
        match self {
            Self::Openai => json!({ "type": "session.updated", "session": {} }),
            Self::Gemini => json!({ "setupComplete": {} }),
        }
    }

    pub(super) fn heard(self, words: &str) -> Value {
        match self {
            Self::Openai => {
                json!({ "type": "conversation.item.input_audio_transcription.completed", "item_id": "item_in", "transcript": words })
            }
            Self::Gemini => json!({ "serverContent": { "inputTranscription": { "text": words } } }),
        }
    }

    pub(super) fn said(self, words: &str) -> Value {
        match self {
            Self::Openai => json!({ "type": "response.output_audio_transcript.delta", "delta": words }),
            Self::Gemini => json!({ "serverContent": { "outputTranscription": { "text": words } } }),
        }
    }

    pub(super) fn sound(self, data: &str, n: usize) -> Value {
        match self {
            Self::Openai => {
                json!({ "type": "response.output_audio.delta", "item_id": format!("item_{n}"), "content_index": 0, "delta": data })
            }
            Self::Gemini => {
                let part = json!({ "inlineData": { "mimeType": "audio/pcm;rate=24000", "data": data } });
                json!({ "serverContent": { "modelTurn": { "parts": [part] } } })
            }
        }
    }

    /// The last messages of an answer.
    pub(super) fn ends(self, spoken: &Spoken, n: usize) -> Vec<Value> {
        let tool = spoken.tool.as_ref();
        match self {
            Self::Openai => {
                let call = |tool: &super::ToolUse| {
                    let arguments = Value::Object(tool.arguments.clone()).to_string();
                    json!({ "type": "function_call", "call_id": format!("call_{n}"), "name": tool.name, "arguments": arguments })
                };
                let output: Vec<Value> = tool.map(call).into_iter().collect();
                let usage = json!({ "input_tokens": 10, "output_tokens": 5, "total_tokens": 15 });
                vec![json!({ "type": "response.done", "response": { "status": "completed", "output": output, "usage": usage } })]
            }
            Self::Gemini => {
                let usage = json!({ "promptTokenCount": 10, "responseTokenCount": 5, "totalTokenCount": 15 });
                match tool {
                    Some(tool) => {
                        let call = json!({ "id": format!("call_{n}"), "name": tool.name, "args": tool.arguments });
                        vec![json!({ "toolCall": { "functionCalls": [call] }, "usageMetadata": usage })]
                    }
                    None => vec![
                        json!({ "serverContent": { "generationComplete": true } }),
                        json!({ "serverContent": { "turnComplete": true }, "usageMetadata": usage }),
                    ],
                }
            }
        }
    }

    /// The answer cannot be made.
    pub(super) fn failed(self) -> Value {
        match self {
            Self::Openai => json!({ "type": "response.done", "response": { "status": "failed", "output": [] } }),
            Self::Gemini => json!({ "error": { "code": 500, "status": "INTERNAL" } }),
        }
    }
}

fn names(tools: &Value, name: &str) -> Vec<String> {
    let all = tools.as_array().into_iter().flatten();
    all.filter_map(|tool| tool[name].as_str()).map(str::to_owned).collect()
}

fn openai(message: &Value) -> Vec<Want> {
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    match message["type"].as_str().unwrap_or_default() {
        "session.update" => {
            let note = format!("setup {} {}", text("/session/audio/output/voice"), text("/session/instructions"));
            vec![Want::Setup { tools: names(&message["session"]["tools"], "name"), note }]
        }
        "input_audio_buffer.commit" => vec![Want::Utterance],
        "response.create" => vec![Want::Answer],
        "response.cancel" => vec![Want::Note("cancel".to_owned())],
        "conversation.item.truncate" => vec![Want::Note(format!("truncate {}", text("/item_id")))],
        "conversation.item.create" if message["item"]["type"] == "function_call_output" => vec![Want::Result(text("/item/output"))],
        "conversation.item.create" if message["item"]["role"] == "user" => vec![Want::Words(text("/item/content/0/text"))],
        _ => Vec::new(),
    }
}

fn gemini(message: &Value) -> Vec<Want> {
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(setup) = message.get("setup") {
        let voice = text("/setup/generationConfig/speechConfig/voiceConfig/prebuiltVoiceConfig/voiceName");
        let note = format!("setup {voice} {}", text("/setup/systemInstruction/parts/0/text"));
        return vec![Want::Setup { tools: names(&setup["tools"][0]["functionDeclarations"], "name"), note }];
    }
    if message.pointer("/realtimeInput/activityEnd").is_some() {
        return vec![Want::Utterance, Want::Answer];
    }
    if let Some(turns) = message.pointer("/clientContent/turns").and_then(Value::as_array) {
        let last = turns.last().and_then(|turn| turn.pointer("/parts/0/text")).and_then(Value::as_str).unwrap_or_default();
        let words = Want::Words(last.to_owned());
        return if message["clientContent"]["turnComplete"] == true { vec![words, Want::Answer] } else { vec![words] };
    }
    if message.get("toolResponse").is_some() {
        return vec![Want::Result(text("/toolResponse/functionResponses/0/response/result")), Want::Answer];
    }
    Vec::new()
}
