//! How the document comes about: fixed by the configuration, else stored, else the default. Pure.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::doc::SettingsDoc;
use super::section::Section;
use crate::base::{Error, Result};
use crate::platform::config::LiveKey;

/// Keys and values of one section.
pub(super) type Values = Map<String, Value>;

/// What is stored, by section; only keys that an operator set. Secrets are open here and sealed in rows.
pub(super) type Stored = BTreeMap<Section, Values>;

/// What the configuration says.
#[derive(Debug)]
pub(super) struct Base(Vec<LiveKey>);

impl Base {
    pub(super) fn new(keys: Vec<LiveKey>) -> Self {
        Self(keys)
    }

    /// The keys of a section, in the order of the alphabet.
    pub(super) fn keys(&self, section: Section) -> impl Iterator<Item = &LiveKey> {
        self.0.iter().filter(move |key| key.section == section.word())
    }

    /// One key, if there is such a setting.
    pub(super) fn find(&self, section: Section, name: &str) -> Option<&LiveKey> {
        self.keys(section).find(|key| key.name == name)
    }

    /// The values of a section that are in force.
    pub(super) fn effective(&self, section: Section, stored: &Stored) -> Values {
        let stored = stored.get(&section);
        let value = |key: &LiveKey| match (&key.fixed_by, stored.and_then(|stored| stored.get(&key.name))) {
            (None, Some(value)) => value.clone(),
            _ => key.value.clone(),
        };
        self.keys(section).map(|key| (key.name.clone(), value(key))).collect()
    }

    /// The typed document. A refusal names the field, without its section.
    pub(super) fn doc(&self, stored: &Stored, revision: i64) -> Result<SettingsDoc> {
        Ok(SettingsDoc {
            revision,
            outbound: self.typed(Section::Outbound, stored)?,
            mail: self.typed(Section::Mail, stored)?,
            brand: self.typed(Section::Brand, stored)?,
            fleet: self.typed(Section::Fleet, stored)?,
            providers: self.typed(Section::Providers, stored)?,
            storage: self.typed(Section::Storage, stored)?,
            backup: self.typed(Section::Backup, stored)?,
            sip: self.typed(Section::Sip, stored)?,
            knowledge: self.typed(Section::Knowledge, stored)?,
            retention: self.typed(Section::Retention, stored)?,
            browser: self.typed(Section::Browser, stored)?,
        })
    }

    fn typed<T: DeserializeOwned>(&self, section: Section, stored: &Stored) -> Result<T> {
        serde_path_to_error::deserialize(Value::Object(self.effective(section, stored))).map_err(|error| {
            let path = error.path().to_string();
            refused(&path, &error.into_inner().to_string())
        })
    }
}

/// A refusal that names its field.
pub(super) fn refused(field: &str, sentence: &str) -> Error {
    Error::invalid(format!("{field}: {sentence}")).field(field, sentence)
}
