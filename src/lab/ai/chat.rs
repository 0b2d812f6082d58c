//! Chat completions: what is read of a request, and the JSON of whole and streamed answers. Pure.

use serde::Deserialize;
use serde_json::{Value, json};

use super::script::{Spoken, ToolUse};

/// The part of a request that the stand-in reads.
#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest {
    #[serde(default = "default_model")]
    pub(super) model: String,
    pub(super) messages: Vec<Message>,
    #[serde(default)]
    pub(super) stream: bool,
    #[serde(default)]
    pub(super) stream_options: Option<StreamOptions>,
    #[serde(default)]
    pub(super) tools: Vec<Value>,
    #[serde(default)]
    response_format: Option<ResponseFormat>,
}

/// What the answer must be.
#[derive(Debug, Deserialize)]
struct ResponseFormat {
    #[serde(rename = "type")]
    kind: String,
}

/// One message of the conversation.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

/// Options of a stream.
#[derive(Debug, Deserialize)]
pub(super) struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

fn default_model() -> String {
    "lab".to_owned()
}

impl ChatRequest {
    /// What the caller said last.
    pub(super) fn words(&self) -> String {
        self.messages.iter().rev().find(|message| message.role == "user").map(Message::text).unwrap_or_default()
    }

    /// What a tool has just given, if that is the last message.
    pub(super) fn tool_result(&self) -> Option<String> {
        self.messages.last().filter(|message| message.role == "tool").map(Message::text)
    }

    /// Whether only a JSON object will do.
    pub(super) fn wants_object(&self) -> bool {
        self.response_format.as_ref().is_some_and(|format| format.kind.starts_with("json"))
    }

    /// Names of the tools on offer.
    pub(super) fn tool_names(&self) -> Vec<&str> {
        self.tools.iter().filter_map(|tool| tool.pointer("/function/name").and_then(Value::as_str)).collect()
    }

    /// Whether the last chunk tells the tokens.
    pub(super) fn wants_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage)
    }

    /// One token per word: the figures only have to be the same each time.
    fn usage(&self, spoken: &Spoken) -> Value {
        let n_in: usize = self.messages.iter().map(|message| message.text().split_whitespace().count()).sum();
        let n_out = spoken.text.split_whitespace().count();
        json!({ "prompt_tokens": n_in, "completion_tokens": n_out, "total_tokens": n_in + n_out })
    }

    /// The whole answer.
    pub(super) fn completion(&self, spoken: &Spoken) -> Value {
        let mut message = json!({ "role": "assistant", "content": spoken.text });
        if let Some(tool) = &spoken.tool {
            message["tool_calls"] = json!([tool_call(tool)]);
        }
        json!({
            "id": "chatcmpl-lab", "object": "chat.completion", "created": 0, "model": self.model,
            "choices": [{ "index": 0, "message": message, "finish_reason": finish_reason(spoken) }], "usage": self.usage(spoken),
        })
    }

    /// The chunks of a streamed answer: one per word, then the tool, the end and the usage.
    pub(super) fn chunks(&self, spoken: &Spoken) -> Vec<String> {
        let chunk = |choices: Value| json!({ "id": "chatcmpl-lab", "object": "chat.completion.chunk", "created": 0, "model": self.model, "choices": choices });
        let delta = |delta: Value, end: Option<&str>| chunk(json!([{ "index": 0, "delta": delta, "finish_reason": end }])).to_string();
        let mut chunks = vec![delta(json!({ "role": "assistant", "content": "" }), None)];
        chunks.extend(spoken.text.split_inclusive(' ').map(|word| delta(json!({ "content": word }), None)));
        if let Some(tool) = &spoken.tool {
            let mut call = tool_call(tool);
            call["index"] = json!(0);
            chunks.push(delta(json!({ "tool_calls": [call] }), None));
        }
        chunks.push(delta(json!({}), Some(finish_reason(spoken))));
        if self.wants_usage() {
            let mut last = chunk(json!([]));
            last["usage"] = self.usage(spoken);
            chunks.push(last.to_string());
        }
        chunks.push("[DONE]".to_owned());
        chunks
    }
}

impl Message {
    /// The text of a message: a string, or the text parts of a list.
    fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect::<Vec<_>>().join(" "),
            _ => String::new(),
        }
    }
}

fn tool_call(tool: &ToolUse) -> Value {
    let arguments = Value::Object(tool.arguments.clone()).to_string();
    json!({ "id": "call_lab", "type": "function", "function": { "name": tool.name, "arguments": arguments } })
}

fn finish_reason(spoken: &Spoken) -> &'static str {
    if spoken.tool.is_some() { "tool_calls" } else { "stop" }
}
