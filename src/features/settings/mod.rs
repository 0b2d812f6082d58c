//! Settings of the running box: one typed document in sections, changed over the API, in force at once. Owns the tables `settings` and
//! `settings_history`.
//!
//! A key has the value the configuration fixes, else the one an operator stored, else the default of `assets/config/default.toml`. Secrets
//! are sealed at rest and masked in reads. Announces no facts: whoever needs a setting reads [`Settings::current`].

mod change;
mod check;
mod doc;
mod layers;
mod prices;
mod routes;
mod schedule;
mod section;
mod service;
mod store;
mod view;
mod window;

pub use check::{EVERYWHERE, check_config};
pub use doc::{Backup, Brand, FleetHosts, KnowledgeLimits, Mail, MailSecurity, OutboundCalls, Providers, Retention, SettingsDoc, Storage};
pub use prices::{amount, micros};
pub use routes::routes;
pub use schedule::Schedule;
pub use section::Section;
pub use service::{Check, Settings, SettingsSetup};
pub use window::{Span, Window};

use crate::platform::access::{Permission, Role};

/// May read settings; secrets are masked.
pub enum ReadSettings {}

impl Permission for ReadSettings {
    const RANK: Role = Role::Admin;
    const KEYS: bool = false;
}

/// May see how the box presents itself: every person who is signed in.
pub enum SeeDisplay {}

impl Permission for SeeDisplay {
    const RANK: Role = Role::Agent;
}

/// May change settings (decision 17).
pub enum EditSettings {}

impl Permission for EditSettings {
    const RANK: Role = Role::SuperAdmin;
    const KEYS: bool = false;
}
