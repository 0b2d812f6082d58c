//! How bots, their versions and drafts look to a reader. Credentials are masked everywhere.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::BotBody;
use crate::base::Millis;
use crate::base::id::BotId;

/// A bot as it is read: its published version.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BotView {
    /// The bot.
    pub id: BotId,
    /// The published version.
    pub version: u32,
    /// Whether a draft waits to be published.
    pub has_draft: bool,
    /// What was written, credentials masked.
    #[serde(flatten)]
    pub body: BotBody,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// Who made it.
    pub created_by: String,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// One version of a bot in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BotVersionView {
    /// Which one; 1 is the oldest.
    pub version: u32,
    /// Whether calls run on it.
    pub is_published: bool,
    /// What whoever published it said about it.
    pub note: String,
    /// When it was published.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// Who published it.
    pub created_by: String,
}

/// One version of a bot with what it says and does.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BotVersion {
    /// Which one, who made it and when.
    #[serde(flatten)]
    pub head: BotVersionView,
    /// What was written, credentials masked.
    pub bot: BotBody,
}

/// What was saved of a bot and runs on no call yet.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BotDraft {
    /// The version that was published when the draft was begun.
    pub based_on: u32,
    /// Whether another version was published since; publishing the draft then has to be forced.
    pub is_outdated: bool,
    /// When it was last saved.
    #[schema(value_type = String, format = DateTime)]
    pub saved_at: Millis,
    /// Who saved it last.
    pub saved_by: String,
    /// What was written, credentials masked.
    pub bot: BotBody,
}

/// What two versions of a bot differ in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BotDiff {
    /// The version that is compared: a number, or `draft`.
    pub from: String,
    /// The version it is compared with.
    pub to: String,
    /// The differences, in the order of the fields.
    pub changes: Vec<FieldChange>,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldChange {
    /// Path of the field, such as `flow.intents[0].reply`.
    pub field: String,
    /// What it was; null if it was not there. Credentials are masked.
    pub old: Value,
    /// What it is; null if it is not there. Credentials are masked.
    pub new: Value,
}

/// A bot as one file. It holds no credentials.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotFile {
    /// Always `cxbox-bot`.
    pub format: String,
    /// Version of the format; this box reads 1.
    pub format_version: u32,
    /// Which version of the bot it was.
    #[serde(default)]
    pub version: Option<u32>,
    /// Paths of the credentials that were left out.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// The bot.
    pub bot: BotBody,
}

/// A bot that was read from a file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportedBot {
    /// The new bot; a draft, so that it takes no calls before its credentials are there.
    #[serde(flatten)]
    pub bot: BotView,
    /// Paths of the credentials it still needs.
    pub missing: Vec<String>,
}
