//! Bots: what speaks on a call. Owns the tables `bots`, `bot_versions` and `bot_drafts`.
//!
//! A bot is kept as versions plus a pointer to the published one, which calls run on; a draft beside them runs on no call. Whether a bot
//! takes calls belongs to the bot and not to its versions. Credentials are sealed at rest and masked in reads. Announces no facts and
//! hears none.

mod body;
mod check;
mod copies;
mod diff;
mod drafts;
mod endpoints;
mod routes;
mod rules;
mod secrets;
mod service;
mod store;
mod tool;
mod versions_routes;
mod versions_store;
mod view;

pub use body::{BotBody, BotRetention, BotStatus, Disclosure};
pub(crate) use check::{day_index, is_language, minute_of_day};
pub use drafts::BotState;
pub use endpoints::Endpoint;
pub use routes::routes;
pub use rules::{ActiveHours, AutoDispositions, CallbackPromptInjection, Callbacks, Disposition, SipHeaderConfig};
pub use service::{Bots, Published};
pub use tool::{Tool, ToolKind, ToolMethod, TransferKind, TransferMethod, TransferTarget};
pub use view::{BotDiff, BotDraft, BotFile, BotVersion, BotVersionView, BotView, FieldChange, ImportedBot};

use crate::platform::access::{Permission, Role};

/// May read bots, their prompts included; credentials are masked.
pub enum ReadBots {}

impl Permission for ReadBots {
    const RANK: Role = Role::Admin;
}

/// May make, change and remove bots.
pub enum EditBots {}

impl Permission for EditBots {
    const RANK: Role = Role::Admin;
}
