//! Facts, appended in the transaction of the change they tell of.

use crate::base::{Millis, Result};
use crate::contract::fact::Fact;
use crate::platform::db::{Conn, Tx, from_json, to_json};

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

/// The facts after a position, oldest first, as far as they are still kept.
pub fn facts_after(conn: &Conn, id: i64, limit: u32) -> Result<Vec<Event>> {
    let mut statement = conn.prepare_cached("select id, at, body from events where id > ?1 order by id limit ?2")?;
    let rows = statement.query_map((id, limit), |row| Ok((row.get("id")?, row.get("at")?, row.get::<_, String>("body")?)))?;
    rows.map(|row| {
        let (id, at, body) = row?;
        Ok(Event { id, at, fact: from_json(&body)? })
    })
    .collect()
}
