//! A conversation in writing: `POST /chat` of an engine. Nobody is on the line; what the bot would do is told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contract::config::CallConfig;
use crate::contract::turn::Turn;

/// What an engine is asked to answer in writing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChatAsk {
    /// What a call would run on.
    pub config: CallConfig,
    /// All turns so far, the newest last. None: what the bot says first is wanted.
    pub turns: Vec<Turn>,
    /// Keys that were pressed last, in place of words.
    #[serde(default)]
    pub keys: Option<String>,
    /// Whether HTTP tools are really asked; otherwise the model is told that this is a test.
    #[serde(default)]
    pub uses_tools: bool,
}

/// What the bot answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatAnswer {
    /// The turns that came about: tools that were wanted, with what they gave, and what the bot says.
    pub turns: Vec<Turn>,
    /// What would happen to the call now; absent while it goes on.
    #[serde(default)]
    pub ends: Option<ChatEnd>,
    /// Tokens of the question.
    #[serde(default)]
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    #[serde(default)]
    pub completion_tokens: u64,
    /// How long the answer took, in milliseconds.
    #[serde(default)]
    pub took_ms: u64,
}

/// How the call would end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChatEnd {
    /// The bot hangs up.
    EndCall,
    /// The bot hands the call on.
    Transfer {
        /// Where to, as the bot names it.
        target: String,
    },
}
