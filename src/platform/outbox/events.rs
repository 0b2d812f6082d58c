//! Facts, appended in the transaction of the change they tell of.

use rusqlite::OptionalExtension;

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

/// Facts that follow one another.
pub struct Stretch {
    /// Those that this version of the program knows, oldest first.
    pub events: Vec<Event>,
    /// Position of the last one, known or not. `None` at the end.
    pub last: Option<i64>,
}

/// The facts after a position, as far as they are still kept.
pub fn facts_after(conn: &Conn, id: i64, limit: u32) -> Result<Stretch> {
    let mut statement = conn.prepare_cached("select id, at, body from events where id > ?1 order by id limit ?2")?;
    let mut rows = statement.query((id, limit))?;
    let mut stretch = Stretch { events: Vec::new(), last: None };
    while let Some(row) = rows.next()? {
        let id = row.get("id")?;
        stretch.last = Some(id);
        if let Ok(fact) = from_json(&row.get::<_, String>("body")?) {
            stretch.events.push(Event { id, at: row.get("at")?, fact });
        }
    }
    Ok(stretch)
}

/// The position before the first kept fact that is not older than `since`.
pub fn facts_since(conn: &Conn, since: Millis) -> Result<i64> {
    // Positions follow time except where the clock was set back, so the oldest position counts.
    let first: Option<i64> = conn.prepare_cached("select min(id) from events where at >= ?1")?.query_row([since], |row| row.get(0))?;
    Ok(first.map_or(i64::MAX, |id| id - 1))
}

/// Which facts are still kept: the position before the first one, and the last position ever given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Whoever has heard everything up to here has missed nothing.
    pub before_first: i64,
    /// Position of the newest fact.
    pub last: i64,
}

/// Which facts are still kept.
pub fn kept(conn: &Conn) -> Result<Kept> {
    let last =
        conn.prepare_cached("select coalesce(max(seq), 0) from sqlite_sequence where name = 'events'")?.query_row([], |row| row.get(0))?;
    let first: Option<i64> = conn.prepare_cached("select min(id) from events")?.query_row([], |row| row.get(0))?;
    Ok(Kept { before_first: first.map_or(last, |id| id - 1), last })
}

/// When the oldest fact that nobody has heard was appended.
pub(super) fn oldest_unheard(conn: &Conn) -> Result<Option<Millis>> {
    Ok(conn.prepare_cached("select at from events where fanned_out = 0 order by id limit 1")?.query_row([], |row| row.get(0)).optional()?)
}
