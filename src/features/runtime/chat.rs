//! A bot tried in writing: the config a call would run on, and a conversation that is typed. An engine answers; no call is opened and
//! nothing is stored.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::service::Runtime;
use crate::base::id::BotId;
use crate::base::{Clock, Error, Result};
use crate::contract::chat::{ChatAsk, ChatEnd};
use crate::contract::turn::{Role, Turn};
use crate::features::bots::BotState;

const MOST_TURNS: usize = 200;
const LONGEST_TURN: usize = 16_384;
const MOST_KEYS: usize = 32;

/// A conversation so far.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChatBody {
    /// `draft`, `published` or the number of a version; `published` if absent.
    #[serde(default)]
    version: Option<String>,
    /// All turns so far, the newest last: the caller's, and those of earlier answers as they came. None: the bot's first words are wanted.
    #[serde(default)]
    turns: Vec<ChatTurn>,
    /// Keys the caller pressed last, in place of words.
    #[serde(default)]
    keys: Option<String>,
    /// Who is supposed to call.
    #[serde(default)]
    caller_id: Option<String>,
    /// Variables of the call, control flags such as `_mock_crm` included.
    #[serde(default)]
    #[schema(value_type = Object)]
    connected_event: Map<String, Value>,
    /// Whether HTTP tools are really asked. False: the model is told that they were not, and goes on.
    #[serde(default)]
    uses_tools: bool,
}

/// One turn of a conversation in writing.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(super) struct ChatTurn {
    /// Who.
    role: Role,
    /// The words.
    content: String,
    /// More about it, as it came with an answer: `tool`, `arguments`, `tool_call_id`, `knowledge`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    extra: Map<String, Value>,
}

/// What the bot answered.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ChatView {
    /// The version that answered: a number, or `draft`.
    version: String,
    /// The turns to add to the conversation: tools with what they gave, and what the bot says. `knowledge` of a turn names the places in
    /// documents it is made from, `intent` what a flow recognised.
    turns: Vec<Turn>,
    /// What would happen to the call now; null while it goes on.
    ends: Option<ChatEnd>,
    /// Tokens of the question.
    prompt_tokens: u64,
    /// Tokens of the answer.
    completion_tokens: u64,
    /// How long the answer took, in milliseconds.
    took_ms: u64,
}

impl Runtime {
    /// What a bot answers in writing. `Upstream` when no engine or no provider answers.
    pub(super) async fn chat(&self, bot_id: BotId, body: ChatBody) -> Result<ChatView> {
        check(&body)?;
        let (runtime, asked) = (self.clone(), body.clone());
        let state = BotState::parse("version", body.version.as_deref().unwrap_or("published"))?;
        let (version, bot, mut config) = self
            .inner
            .db
            .read(move |conn| {
                let (version, bot) = runtime.inner.bots.state(conn, &bot_id, state)?;
                let event = Value::Object(asked.connected_event).to_string();
                let config = runtime.shown(&bot_id, &version, &bot, asked.caller_id.as_deref(), Some(&event)).config;
                Ok((version, bot, config))
            })
            .await?;
        config.knowledge_phrases = self.knowledge_phrases(&bot).await?;
        let turns = body.turns.into_iter().map(|turn| turn.at(&self.inner.clock)).collect();
        let ask = ChatAsk { config, turns, keys: body.keys, uses_tools: body.uses_tools };
        let answer = self.inner.fleet.chat(&ask).await?;
        Ok(ChatView {
            version,
            turns: answer.turns,
            ends: answer.ends,
            prompt_tokens: answer.prompt_tokens,
            completion_tokens: answer.completion_tokens,
            took_ms: answer.took_ms,
        })
    }
}

impl ChatTurn {
    /// The turn as a call would keep it. When it was said counts for nothing here.
    fn at(self, clock: &Clock) -> Turn {
        let Self { role, content, mut extra } = self;
        extra.remove("ts");
        Turn { role, content, ts: clock.now(), extra }
    }
}

fn check(body: &ChatBody) -> Result<()> {
    let refuse = |field: String, sentence: &str| -> Result<()> {
        Err(Error::invalid(format!("{field}: {sentence}")).field(field, sentence.to_owned()))
    };
    if body.turns.len() > MOST_TURNS {
        return refuse("turns".to_owned(), "must have at most 200 turns");
    }
    if let Some(n) = body.turns.iter().position(|turn| turn.content.len() > LONGEST_TURN) {
        return refuse(format!("turns[{n}].content"), "must have at most 16384 bytes");
    }
    let has_keys = body.keys.is_some();
    if let Some(keys) = &body.keys
        && (!(1..=MOST_KEYS).contains(&keys.len()) || !keys.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b)))
    {
        return refuse("keys".to_owned(), "must be 1 to 32 of 0-9, * and #");
    }
    match body.turns.last() {
        Some(turn) if turn.role != Role::User && !has_keys => {
            refuse(format!("turns[{}].role", body.turns.len() - 1), "must be user: the caller speaks last")
        }
        Some(turn) if turn.content.trim().is_empty() && !has_keys => {
            refuse(format!("turns[{}].content", body.turns.len() - 1), "must not be empty")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_conversation_ends_with_what_the_caller_said_or_pressed() {
        let said = json!({ "role": "user", "content": "hello" });
        let answered = json!({ "role": "assistant", "content": "Hello." });
        for (body, field) in [
            (json!({}), None),
            (json!({ "turns": [said] }), None),
            (json!({ "turns": [said, answered], "keys": "1#" }), None),
            (json!({ "turns": [said, answered] }), Some("turns[1].role")),
            (json!({ "turns": [{ "role": "user", "content": " " }] }), Some("turns[0].content")),
            (json!({ "turns": [{ "role": "user", "content": "x".repeat(17_000) }] }), Some("turns[0].content")),
            (json!({ "turns": vec![said.clone(); 201] }), Some("turns")),
            (json!({ "keys": "" }), Some("keys")),
            (json!({ "keys": "A" }), Some("keys")),
        ] {
            let refused = check(&serde_json::from_value(body.clone()).unwrap()).err();
            assert_eq!(refused.as_ref().map(|error| error.fields()[0].field.as_str()), field, "{body}");
        }
    }
}
