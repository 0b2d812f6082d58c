//! One turn of a conversation, as it is sent and stored (decision 16).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::base::Millis;

/// Marks what was said while an answer was being waited for: no part of the conversation.
pub const FILLER: &str = "filler";

/// Who spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TurnRole)]
pub enum Role {
    /// The bot.
    Assistant,
    /// The caller or the callee.
    User,
    /// A tool the bot used.
    Tool,
}

/// What was said or done at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Turn {
    /// Who.
    pub role: Role,
    /// The words.
    pub content: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub ts: Millis,
    /// More about it: `interrupted`, `confidence`, `digits`, `tool`, `filler`.
    #[serde(flatten, default)]
    #[schema(value_type = Object)]
    pub extra: Map<String, Value>,
}

impl Turn {
    /// Whether it only asked for patience.
    pub fn is_filler(&self) -> bool {
        self.extra.get(FILLER).is_some_and(|is_filler| is_filler == true)
    }
}
