//! Keys that an operator may change while the box runs, as the configuration sees them: their values here, and who fixed them.

use std::fmt;

use serde_json::Value;

use super::entry::{Entry, Origin};
use crate::base::{Context, Result};

/// Sections whose keys are settings of the running box.
const SECTIONS: &[&str] =
    &["outbound", "mail", "brand", "fleet", "providers", "storage", "backup", "sip", "knowledge", "retention", "browser"];
/// Keys of those sections that are read at the start only.
const AT_START_ONLY: &[&str] = &["outbound.allow_cidrs"];
/// Keys whose values are never shown.
const SECRET: &[&str] = &["mail.password", "outbound.default_api_key", "providers.openai_api_key", "storage.secret_key"];

/// A key that is a setting of the running box.
#[derive(Clone)]
pub struct LiveKey {
    /// Its section, such as `outbound`.
    pub section: String,
    /// Its name in the section, such as `window`.
    pub name: String,
    /// Its value in the configuration: the default unless it is fixed.
    pub value: Value,
    /// The file, variable or flag that fixes it; an operator cannot change it then.
    pub fixed_by: Option<String>,
}

impl fmt::Debug for LiveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LiveKey({}.{})", self.section, self.name)
    }
}

/// Whether the value of a key such as `mail.password` is never shown.
pub fn is_secret(key: &str) -> bool {
    SECRET.contains(&key)
}

/// The live key of an entry; `None` for one that is read at the start only.
pub(super) fn live_key(key: &str, entry: &Entry) -> Result<Option<LiveKey>> {
    let Some((section, name)) = key.split_once('.') else { return Ok(None) };
    if !SECTIONS.contains(&section) || AT_START_ONLY.contains(&key) {
        return Ok(None);
    }
    Ok(Some(LiveKey {
        section: section.to_owned(),
        name: name.to_owned(),
        value: serde_json::to_value(&entry.value).context("cannot read a setting")?,
        fixed_by: (entry.origin != Origin::Default).then(|| entry.origin.to_string()),
    }))
}
