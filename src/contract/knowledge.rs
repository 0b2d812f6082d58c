//! What the engine asks of the knowledge bases while a call runs: `POST /api/v1/knowledge/search`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{BotId, DocumentId};

/// A question of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KnowledgeAsk {
    /// The bot; its settings say which bases are searched, and how.
    pub bot_id: BotId,
    /// What is asked: 1 to 2000 characters.
    pub query: String,
    /// Passages wanted, 1 to 10, where it differs from the bot's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Whether the best sentences are wanted as an answer.
    #[serde(default)]
    pub wants_answer: bool,
}

/// What the documents say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KnowledgeAnswer {
    /// The passages, the best first; empty when nothing is near enough.
    pub results: Vec<KnowledgeHit>,
    /// The best sentences, when they were wanted and something was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// A passage of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KnowledgeHit {
    /// `{document_id}_chunk_{position}`.
    pub chunk_id: String,
    /// The document.
    pub document_id: DocumentId,
    /// Its name.
    #[serde(default)]
    pub document_name: String,
    /// The headings above the passage.
    #[serde(default)]
    pub heading: String,
    /// Page it begins on, where there are pages.
    #[serde(default)]
    pub page: Option<u32>,
    /// The text.
    pub text: String,
    /// How near it is to the question: 0 to 1.
    pub score: f32,
}
