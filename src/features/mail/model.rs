//! What a mail is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{MailId, SessionId};
use crate::base::{Error, Millis, Result};

/// How a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailState {
    /// It will be tried, or tried again.
    Waiting,
    /// A server has taken it.
    Sent,
    /// It was given up; an operator may send it again.
    Parked,
}

impl MailState {
    /// The word in rows and requests.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Parked => "parked",
        }
    }

    /// Reads a word.
    pub(super) fn parse(word: &str) -> Result<Self> {
        [Self::Waiting, Self::Sent, Self::Parked]
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| Error::invalid("state: must be waiting, sent or parked").field("state", "must be waiting, sent or parked"))
    }
}

/// A mail as a reader sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MailView {
    /// The mail.
    pub id: MailId,
    /// The call it tells of.
    pub session_id: SessionId,
    /// The key of that call on the CodeB surface; all attempts at one order have the same.
    pub call_id: String,
    /// Whom it is for.
    pub to: String,
    /// How it stands.
    pub state: MailState,
    /// How often it was tried since it was last begun.
    pub attempts: u32,
    /// Why it is not sent; empty when nothing is wrong.
    pub error: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When a server took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Millis>,
}

/// A mail's row.
#[derive(Debug, Clone)]
pub(super) struct StoredMail {
    pub(super) view: MailView,
    /// Counts how often it was begun.
    pub(super) round: u32,
}

/// A wish to try the mail server out.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TryOut {
    /// Where the mail goes.
    pub(super) to: String,
}

/// That the mail server has taken a mail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct TriedOut {
    /// Always true: anything else is an error.
    pub(super) sent: bool,
    /// Where it went.
    pub(super) to: String,
}
