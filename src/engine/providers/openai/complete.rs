//! One whole answer as a JSON object, not streamed: what a model is asked once a call is over.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::endpoint::{Endpoint, nonsense, unreachable};
use crate::engine::providers::{Analyst, ProviderError, Review, Reviewed, Soon};

/// How long one answer may take: nobody waits at the telephone for it.
const WITHIN: Duration = Duration::from_secs(30);
/// Largest answer that is read.
const MOST_ANSWER: usize = 1 << 20;

/// A model that reads finished calls.
pub struct Completer {
    endpoint: Endpoint,
    model: String,
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Usage,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
}

#[derive(Deserialize, Default)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    #[serde(default)]
    prompt_tokens_details: Option<PromptTokens>,
}

#[derive(Deserialize)]
struct PromptTokens {
    #[serde(default)]
    cached_tokens: u64,
}

impl Completer {
    /// A reader by this model.
    pub fn new(endpoint: Endpoint, model: String) -> Self {
        Self { endpoint, model }
    }
}

impl Analyst for Completer {
    fn review<'a>(&'a self, review: &'a Review) -> Soon<'a, Result<Reviewed, ProviderError>> {
        Box::pin(async move {
            let body = json!({
                "model": self.model,
                "messages": [{ "role": "system", "content": review.instructions }, { "role": "user", "content": review.call }],
                "response_format": { "type": "json_object" },
                "temperature": 0,
            });
            let request = self.endpoint.post("/chat/completions").within(WITHIN).json(&body);
            let answer = self.endpoint.send(request.map_err(|_| nonsense("the call cannot be written as JSON"))?).await?;
            let completion: Completion = answer.json(MOST_ANSWER).await.map_err(|error| unreachable(&error))?;
            let text = completion.choices.into_iter().next().and_then(|choice| choice.message.content).unwrap_or_default();
            Ok(Reviewed {
                object: object(&text),
                prompt_tokens: completion.usage.prompt_tokens,
                completion_tokens: completion.usage.completion_tokens,
                cached_tokens: completion.usage.prompt_tokens_details.map_or(0, |details| details.cached_tokens),
            })
        })
    }
}

/// The object in an answer; models that cannot keep to JSON wrap it into a code block or into words.
fn object(text: &str) -> Option<Map<String, Value>> {
    let inner = text.get(text.find('{')?..=text.rfind('}')?)?;
    match serde_json::from_str(inner).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_found_in_what_models_wrap_round_it() {
        let found = |text: &str| object(text).map(Value::Object);
        for text in ["{\"a\":1}", "```json\n{\"a\":1}\n```", "Here it is: {\"a\":1}. Anything else?"] {
            assert_eq!(found(text), Some(json!({ "a": 1 })), "{text}");
        }
        for text in ["", "no object", "[1]", "{\"a\":", "} {", "{\"a\":1} and {\"b\":2}"] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
