//! Facts, appended in the transaction of the change they tell of.

use crate::base::{Millis, Result};
use crate::contract::fact::Fact;
use crate::platform::db::{Tx, to_json};

/// A stored fact.
#[derive(Debug, Clone)]
pub struct Event {
    /// Position among all facts.
    pub id: i64,
    /// When the change was made.
    pub at: Millis,
    /// What happened.
    pub fact: Fact,
}

/// Appends a fact to the transaction. It exists exactly if the change does.
pub fn append(tx: &Tx<'_>, fact: &Fact) -> Result<()> {
    tx.prepare_cached("insert into events (body, at) values (?1, ?2)")?.execute((to_json(fact)?, tx.now))?;
    tx.wake_outbox();
    Ok(())
}
