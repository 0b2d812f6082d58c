//! What the lists say about one person, and forgetting it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{DoNotCallEntry, WhitelistEntry};
use super::service::Permit;
use super::store::{self, List};
use crate::base::{Kind, Result};
use crate::platform::db::{Conn, Tx};

/// What becomes of the do-not-call entry of a person who is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DoNotCallChoice {
    /// The number stays on the list as it is.
    Keep,
    /// A mark takes its place: the number is not readable any more and still never dialled.
    #[default]
    Hash,
    /// It is taken off; the number may be dialled again.
    Remove,
}

impl DoNotCallChoice {
    /// The word in requests and rows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Hash => "hash",
            Self::Remove => "remove",
        }
    }

    /// The choice that a row's word names; one that is none is the default.
    pub fn parse(word: &str) -> Self {
        match word {
            "keep" => Self::Keep,
            "remove" => Self::Remove,
            _ => Self::Hash,
        }
    }
}

impl Permit {
    /// The entries of a number on the do-not-call list and on the whitelist.
    pub fn entries(&self, conn: &Conn, phone: &str) -> Result<(Option<DoNotCallEntry>, Option<WhitelistEntry>)> {
        let whitelisted = match store::whitelist_entry(conn, phone) {
            Ok(entry) => Some(entry),
            Err(missing) if missing.kind() == Kind::NotFound => None,
            Err(failure) => return Err(failure),
        };
        Ok((store::find_do_not_call(conn, phone)?, whitelisted))
    }

    /// Shows each number of both lists; a number may come twice.
    pub fn each_number(&self, conn: &Conn, look: &mut impl FnMut(&str)) -> Result<()> {
        store::each_number(conn, look)
    }

    /// Forgets a number: it leaves the whitelist, and the do-not-call list as it was chosen. A repeat changes nothing.
    pub fn forget(&self, tx: &Tx<'_>, phone: &str, choice: DoNotCallChoice) -> Result<()> {
        store::forget(tx, List::Whitelist, phone)?;
        match choice {
            DoNotCallChoice::Keep => Ok(()),
            DoNotCallChoice::Hash => store::mark_do_not_call(tx, phone, &self.mark(phone)),
            DoNotCallChoice::Remove => {
                store::forget(tx, List::DoNotCall, phone)?;
                store::forget(tx, List::DoNotCall, &self.mark(phone))
            }
        }
    }
}
