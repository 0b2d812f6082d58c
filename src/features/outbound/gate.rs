//! Who may be called, and when: asked before every dial, the first one, a scheduled one and each retry.

use super::store;
use crate::base::{Millis, Result};
use crate::platform::db::{Conn, Tx};

/// A dial that is about to be made.
#[derive(Debug, Clone, Copy)]
pub struct Dial<'a> {
    /// Whom.
    pub phone: &'a str,
    /// When.
    pub at: Millis,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Dial.
    Allow,
    /// Not before this moment.
    WaitUntil(Millis),
    /// Never.
    Refuse {
        /// In one word.
        reason: &'static str,
        /// In a sentence for people.
        sentence: String,
    },
}

/// The outbound gate.
pub trait Gate: Send + Sync {
    /// Whether this dial may be made now.
    fn check(&self, conn: &Conn, dial: Dial<'_>) -> Result<Verdict>;

    /// Adds a number that somebody has asked to be called. Says whether it is new.
    fn whitelist(&self, tx: &Tx<'_>, phone: &str, by: &str) -> Result<bool>;
}

/// A gate that keeps the whitelist and lets everything through: every number somebody asks to be called is on it.
pub struct Whitelist;

impl Gate for Whitelist {
    fn check(&self, _conn: &Conn, _dial: Dial<'_>) -> Result<Verdict> {
        Ok(Verdict::Allow)
    }

    fn whitelist(&self, tx: &Tx<'_>, phone: &str, by: &str) -> Result<bool> {
        store::whitelist(tx, phone, by)
    }
}
