//! The sections of the document.

use crate::base::{Error, Result};

/// A part of the document that is read and changed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Outbound calls.
    Outbound,
    /// The mail server.
    Mail,
    /// How the box presents itself.
    Brand,
    /// The engines.
    Fleet,
    /// Model providers.
    Providers,
    /// Where recordings lie.
    Storage,
    /// Scheduled backups.
    Backup,
    /// How SIP reaches the box.
    Sip,
    /// Knowledge bases.
    Knowledge,
    /// How long what is kept of calls.
    Retention,
    /// Calls from browsers.
    Browser,
}

impl Section {
    /// All sections, in the order they are shown.
    pub const ALL: [Self; 11] = [
        Self::Outbound,
        Self::Mail,
        Self::Brand,
        Self::Fleet,
        Self::Providers,
        Self::Storage,
        Self::Backup,
        Self::Sip,
        Self::Knowledge,
        Self::Retention,
        Self::Browser,
    ];

    /// The word in paths, rows and the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Mail => "mail",
            Self::Brand => "brand",
            Self::Fleet => "fleet",
            Self::Providers => "providers",
            Self::Storage => "storage",
            Self::Backup => "backup",
            Self::Sip => "sip",
            Self::Knowledge => "knowledge",
            Self::Retention => "retention",
            Self::Browser => "browser",
        }
    }

    /// The section of a word, or "no such section". `minio` is another word for `storage`, `api-keys` one for `providers`.
    pub fn parse(word: &str) -> Result<Self> {
        let word = match word {
            "minio" => Self::Storage.word(),
            "api-keys" => Self::Providers.word(),
            word => word,
        };
        Self::ALL.into_iter().find(|section| section.word() == word).ok_or_else(|| {
            Error::not_found(
                "there is no such section of the settings: they are outbound, mail, brand, fleet, providers, storage, backup, sip, knowledge, retention and browser",
            )
        })
    }

    /// Other names under which keys are taken and shown, each with the key it stands for.
    pub(super) fn aliases(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Fleet => &[("core_fleet", "cxbcore_fleet")],
            _ => &[],
        }
    }
}
