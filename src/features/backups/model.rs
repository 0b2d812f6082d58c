//! A backup as it is known and shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::secret::Secret;
use crate::base::{Error, Millis, Result};

/// How far a backup has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is being made.
    Running,
    /// The file is whole.
    Done,
    /// It could not be made; `error` says why.
    Failed,
}

impl State {
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "done" => Self::Done,
            _ => Self::Failed,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// One backup.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BackupView {
    /// Its file's name, such as `cxbox-20260601T030000Z.tar`.
    pub name: String,
    /// `schedule` or `manual`.
    pub origin: String,
    /// How far it has come.
    pub state: State,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Millis,
    /// When it ended, well or not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Millis>,
    /// Bytes of the file.
    pub size: Option<u64>,
    /// SHA-256 of its content; the last line of the file says the same.
    pub sha256: Option<String>,
    /// Schema of the database in it.
    pub schema: Option<u32>,
    /// Whether the sound of local recordings is in it.
    pub has_recordings: bool,
    /// Whether the master key is in it, under a passphrase.
    pub has_master_key: bool,
    /// Why it could not be made.
    pub error: Option<String>,
    /// When it was last checked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub verified_at: Option<Millis>,
    /// What the last check found; null when all was well.
    pub verify_error: Option<String>,
    /// When the object store had it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub uploaded_at: Option<Millis>,
    /// Why the object store does not have it yet.
    pub upload_error: Option<String>,
    /// Who asked for it.
    pub started_by: String,
}

/// What is wanted of a backup. What is absent is as the settings say.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBackup {
    /// Writes the database anew, without free pages.
    pub compact: Option<bool>,
    /// Puts the sound of local recordings in it.
    pub with_recordings: Option<bool>,
    /// Puts the master key in it, under this passphrase of 12 to 1024 characters.
    #[schema(value_type = Option<String>, write_only, min_length = 12, max_length = 1024)]
    pub passphrase: Option<Secret>,
}

/// The name of a backup that begins now.
pub(super) fn name_at(at: Millis) -> String {
    let digits: String = at.to_string().chars().filter(|c| c.is_ascii_digit() || *c == 'T').collect();
    format!("cxbox-{}Z.tar", &digits[..15.min(digits.len())])
}

/// Takes a name from outside: only such a name is ever a part of a path.
pub(super) fn checked_name(name: &str) -> Result<()> {
    let middle = name.strip_prefix("cxbox-").and_then(|rest| rest.strip_suffix("Z.tar")).unwrap_or_default();
    let is_name = middle.len() == 15 && middle.bytes().enumerate().all(|(n, b)| if n == 8 { b == b'T' } else { b.is_ascii_digit() });
    if is_name { Ok(()) } else { Err(Error::not_found("no such backup")) }
}

/// A finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) schema: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_their_moment_and_nothing_else_is_one() {
        let name = name_at(Millis::parse("2026-06-01T03:00:07.250Z").expect("a time"));
        assert_eq!(name, "cxbox-20260601T030007Z.tar");
        assert!(checked_name(&name).is_ok());
        for bad in ["", "../main.db", "cxbox-20260601T030007Z.tar/..", "cxbox-2026060xT030007Z.tar", "cxbox-..Z.tar"] {
            assert!(checked_name(bad).is_err(), "{bad}");
        }
    }
}
