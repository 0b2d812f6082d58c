//! Bots: what speaks on a call. Owns the tables `bots` and `bot_versions`.
//!
//! A bot is kept as versions plus a pointer to the published one; saving makes a version and publishes it. Credentials of providers
//! are sealed at rest and masked in reads. Announces no facts and hears none.

mod check;
mod model;
mod routes;
mod service;
mod store;

pub(crate) use check::{day_index, is_language, minute_of_day};
pub use model::{ActiveHours, BotBody, BotStatus, BotVersionView, BotView, Disclosure, Provider};
pub use routes::routes;
pub use service::{Bots, Published};

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
