//! A push as it is kept and shown, and the preview of one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::base::id::{BotId, SessionId};
use crate::base::{Error, Millis, Result};
use crate::contract::crm::PostCallPush;

/// How a push stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PushState {
    /// It will be tried, or tried again.
    Pending,
    /// The CRM has taken it.
    Sent,
    /// It was given up; an operator may begin it again.
    Failed,
    /// The call asked for none.
    Skipped,
}

impl PushState {
    const ALL: [Self; 4] = [Self::Pending, Self::Sent, Self::Failed, Self::Skipped];

    /// The word in rows and requests.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Reads a word.
    pub(super) fn parse(word: &str) -> Result<Self> {
        let sentence = "must be pending, sent, failed or skipped";
        Self::ALL
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| Error::invalid(format!("status: {sentence}")).field("status", sentence))
    }
}

/// A push as a reader sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PushView {
    /// The call.
    pub session_id: SessionId,
    /// The bot whose mapping is used.
    pub bot_id: BotId,
    /// How it stands.
    pub status: PushState,
    /// What the CRM answered last.
    pub http_status: Option<u16>,
    /// How often it was tried since it was last begun.
    pub attempts: u32,
    /// Why it is not sent; empty when nothing is wrong.
    pub last_error: String,
    /// When the call ended.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When the CRM took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Millis>,
}

impl PushView {
    /// What the call itself says about it, as `crm_push`.
    pub(super) fn log(&self) -> Map<String, Value> {
        let log = serde_json::json!({
            "status": self.status, "http_status": self.http_status, "attempts": self.attempts, "last_error": self.last_error,
            "sent_at": self.sent_at,
        });
        Map::from_iter([("crm_push".to_owned(), log)])
    }
}

/// A push's row.
#[derive(Debug, Clone)]
pub(super) struct StoredPush {
    pub(super) view: PushView,
    /// Counts how often it was begun.
    pub(super) round: u32,
}

/// Which past call a mapping is to be tried on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewWish {
    /// The call.
    pub(super) session_id: SessionId,
    /// A mapping that is not saved yet; the bot's own if absent.
    #[serde(default)]
    pub(super) post_call_push: Option<PostCallPush>,
}

/// What would be sent. Nothing was.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Preview {
    /// The call.
    pub(super) session_id: SessionId,
    /// `POST`, `PUT` or `PATCH`.
    pub(super) method: &'static str,
    /// The URL with its variables in place.
    pub(super) url: String,
    /// The headers; what could be a secret is masked.
    #[schema(value_type = Object)]
    pub(super) headers: Map<String, Value>,
    /// The fields, nested as they would be sent as JSON.
    #[schema(value_type = Object)]
    pub(super) body: Map<String, Value>,
    /// The body as bytes would read.
    pub(super) raw_body: String,
    /// Tokens that stand for nothing in this call; they are empty in the body.
    pub(super) unresolved: Vec<String>,
    /// Fields that cannot be made; a push with one of them is not sent.
    pub(super) problems: Vec<Problem>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Its path in the bot.
    pub(super) field: String,
    /// A sentence about it.
    pub(super) message: String,
}
