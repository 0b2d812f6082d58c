//! How settings look to a reader: secrets masked, and for each key who set it.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::layers::{Base, Stored, Values};
use super::section::Section;
use crate::base::{Millis, secret};
use crate::platform::config::is_secret;

/// One change of settings.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangeView {
    /// Changes are numbered.
    pub(super) id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(super) at: Millis,
    /// Which section.
    pub(super) section: String,
    /// Id of the user who did it.
    pub(super) actor_id: String,
    /// Name of the user at that time.
    pub(super) actor: String,
    /// The keys it touched, as they were. Secrets are masked.
    #[schema(value_type = Object)]
    pub(super) before: Values,
    /// The keys it touched, as they became. Secrets are masked.
    #[schema(value_type = Object)]
    pub(super) after: Values,
}

/// A section: its values, and under `keys` who set each of them and whether it can be changed.
pub(super) fn section_view(base: &Base, section: Section, stored: &Stored) -> Value {
    let mut values = masked(section, base.effective(section, stored));
    let is_stored = |name: &str| stored.get(&section).is_some_and(|stored| stored.contains_key(name));
    let about = base.keys(section).map(|key| {
        let set_by = match &key.fixed_by {
            Some(by) => by.as_str(),
            None if is_stored(&key.name) => "setting",
            None => "default",
        };
        (key.name.clone(), json!({ "locked": key.fixed_by.is_some(), "set_by": set_by }))
    });
    let about: Values = about.collect();
    for (alias, name) in section.aliases() {
        values.insert((*alias).to_owned(), values.get(*name).cloned().unwrap_or_default());
    }
    values.insert("keys".to_owned(), Value::Object(about));
    Value::Object(values)
}

/// The values with every secret masked.
pub(super) fn masked(section: Section, mut values: Values) -> Values {
    for (name, value) in &mut values {
        if is_secret(&format!("{}.{name}", section.word()))
            && let Value::String(text) = value
        {
            *text = secret::mask(text);
        }
    }
    values
}
