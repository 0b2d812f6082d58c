//! From the chunks of a streamed chat completion to the pieces of an answer: whole words, whole tool calls.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::providers::Piece;

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<ToolPart>>,
}

#[derive(Deserialize)]
struct ToolPart {
    #[serde(default)]
    index: u32,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Function,
}

#[derive(Deserialize, Default)]
struct Function {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

/// A tool call, as far as it has come.
#[derive(Default)]
struct Called {
    id: String,
    name: String,
    arguments: String,
}

/// Puts an answer together.
#[derive(Default)]
pub(super) struct Assembler {
    text: String,
    tools: BTreeMap<u32, Called>,
    is_finished: bool,
}

impl Assembler {
    /// Takes the data of one event. `Err` with a sentence when it is not a chunk, or the service reports a failure.
    pub(super) fn push(&mut self, data: &str) -> Result<Vec<Piece>, &'static str> {
        if data == "[DONE]" {
            self.is_finished = true;
            return Ok(Vec::new());
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|_| "the model service sent something else than an answer")?;
        if chunk.error.is_some() {
            return Err("the model service broke the answer off");
        }
        let mut pieces = Vec::new();
        for choice in chunk.choices.into_iter().take(1) {
            self.text.push_str(choice.delta.content.as_deref().unwrap_or_default());
            for part in choice.delta.tool_calls.into_iter().flatten() {
                let tool = self.tools.entry(part.index).or_default();
                tool.id.push_str(part.id.as_deref().unwrap_or_default());
                tool.name.push_str(part.function.name.as_deref().unwrap_or_default());
                tool.arguments.push_str(part.function.arguments.as_deref().unwrap_or_default());
            }
            self.is_finished |= choice.finish_reason.is_some();
        }
        pieces.extend(self.whole_words().map(Piece::Text));
        if let Some(usage) = chunk.usage {
            pieces.push(Piece::Usage { prompt_tokens: usage.prompt_tokens, completion_tokens: usage.completion_tokens });
        }
        Ok(pieces)
    }

    /// What is left at the end of the stream. `None` if the answer is not whole.
    pub(super) fn finish(&mut self) -> Option<Vec<Piece>> {
        if !self.is_finished {
            return None;
        }
        let rest = std::mem::take(&mut self.text);
        let text = (!rest.trim().is_empty()).then_some(Piece::Text(rest));
        let tools = std::mem::take(&mut self.tools).into_iter().filter(|(_, called)| !called.name.is_empty()).map(|(index, called)| {
            // Arguments that are not an object are none: the tool says itself what it misses.
            let arguments = serde_json::from_str(&called.arguments).ok().filter(Value::is_object).unwrap_or_else(|| json!({}));
            // Some servers name no use; the answer to it needs a name all the same.
            let id = if called.id.is_empty() { format!("call_{index}") } else { called.id };
            Piece::Tool { id, name: called.name, arguments }
        });
        Some(text.into_iter().chain(tools).collect())
    }

    fn whole_words(&mut self) -> Option<String> {
        let end = self.text.rfind(char::is_whitespace)? + self.text[self.text.rfind(char::is_whitespace)?..].chars().next()?.len_utf8();
        let rest = self.text.split_off(end);
        Some(std::mem::replace(&mut self.text, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(delta: &Value) -> String {
        json!({ "choices": [{ "delta": delta }] }).to_string()
    }

    #[test]
    fn words_come_whole_and_tools_at_the_end() {
        let mut assembler = Assembler::default();
        let mut pieces = Vec::new();
        for data in [
            delta(&json!({ "role": "assistant", "content": "" })),
            delta(&json!({ "content": "Good mor" })),
            delta(&json!({ "content": "ning. Bye" })),
            delta(&json!({ "tool_calls": [{ "index": 0, "id": "c1", "function": { "name": "transfer", "arguments": "{\"tar" } }] })),
            delta(&json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "get\":\"sales\"}" } }] })),
            json!({ "choices": [{ "delta": {}, "finish_reason": "tool_calls" }] }).to_string(),
            json!({ "choices": [], "usage": { "prompt_tokens": 7, "completion_tokens": 3 } }).to_string(),
            "[DONE]".to_owned(),
        ] {
            pieces.extend(assembler.push(&data).expect("a chunk"));
        }
        pieces.extend(assembler.finish().expect("whole"));
        assert_eq!(
            pieces,
            [
                Piece::Text("Good ".to_owned()),
                Piece::Text("morning. ".to_owned()),
                Piece::Usage { prompt_tokens: 7, completion_tokens: 3 },
                Piece::Text("Bye".to_owned()),
                Piece::Tool { id: "c1".to_owned(), name: "transfer".to_owned(), arguments: json!({ "target": "sales" }) },
            ]
        );
    }

    #[test]
    fn a_stream_that_just_ends_is_not_whole_and_garbage_is_not_a_chunk() {
        let mut assembler = Assembler::default();
        assert!(assembler.push(&delta(&json!({ "content": "Half an" }))).is_ok());
        assert!(assembler.finish().is_none());
        assert!(assembler.push("<html>").is_err());
        assert!(assembler.push("{\"error\":{\"message\":\"overloaded\"}}").is_err());
    }
}
