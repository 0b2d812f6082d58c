//! SQL of facts on their way to listeners: what waits, what failed, what is done.

use rusqlite::Row;

use super::events::Event;
use crate::base::{Millis, Result};
use crate::contract::fact::Fact;
use crate::platform::db::{Conn, Tx, from_json};

/// Facts stay this long after they were fanned out, for whoever asks what happened.
const KEPT: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);

/// A fact as it lies in the table; its body may come from another version of the program.
pub(super) struct Waiting {
    pub(super) id: i64,
    pub(super) event: Result<Event>,
}

/// A reaction that failed before and is due again.
pub(super) struct Due {
    pub(super) waiting: Waiting,
    pub(super) subscriber: String,
    pub(super) attempts: u32,
}

fn waiting(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    let (id, at, body): (i64, Millis, String) = (row.get("id")?, row.get("at")?, row.get("body")?);
    Ok(Waiting { id, event: from_json::<Fact>(&body).map(|fact| Event { id, at, fact }) })
}

/// The oldest facts that nobody has heard.
pub(super) fn not_fanned_out(conn: &Conn, limit: usize) -> Result<Vec<Waiting>> {
    let mut statement = conn.prepare_cached("select id, at, body from events where fanned_out = 0 order by id limit ?1")?;
    Ok(statement.query_map([limit as i64], waiting)?.collect::<Result<_, _>>()?)
}

/// Marks all waiting facts of a range as heard.
pub(super) fn fanned_out(tx: &Tx<'_>, first: i64, last: i64) -> Result<()> {
    tx.prepare_cached("update events set fanned_out = 1 where id between ?1 and ?2 and fanned_out = 0")?.execute([first, last])?;
    Ok(())
}

/// Failed reactions whose time has come.
pub(super) fn due(conn: &Conn, now: Millis, limit: usize) -> Result<Vec<Due>> {
    let mut statement = conn.prepare_cached(
        "select e.id, e.at, e.body, r.subscriber, r.attempts from reactions r join events e on e.id = r.event_id
        where r.state = 'waiting' and r.due_at <= ?1 order by r.due_at limit ?2",
    )?;
    let rows = statement.query_map((now, limit as i64), |row| {
        Ok(Due { waiting: waiting(row)?, subscriber: row.get("subscriber")?, attempts: row.get("attempts")? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next failed reaction is due.
pub(super) fn next_due(conn: &Conn) -> Result<Option<Millis>> {
    Ok(conn.prepare_cached("select min(due_at) from reactions where state = 'waiting'")?.query_row([], |row| row.get(0))?)
}

/// Since when the failed reaction that is due for longest has been waiting.
pub(super) fn longest_due(conn: &Conn, now: Millis) -> Result<Option<Millis>> {
    Ok(next_due(conn)?.filter(|at| *at <= now))
}

/// Keeps a failed reaction for its next attempt, or parks it when `due_at` is `None`.
pub(super) fn failed(tx: &Tx<'_>, event_id: i64, subscriber: &str, attempts: u32, due_at: Option<Millis>, error: &str) -> Result<()> {
    let state = if due_at.is_some() { "waiting" } else { "parked" };
    tx.prepare_cached(
        "insert into reactions (event_id, subscriber, state, attempts, due_at, error) values (?1, ?2, ?3, ?4, ?5, ?6)
        on conflict (event_id, subscriber) do update set
            state = excluded.state, attempts = excluded.attempts, due_at = excluded.due_at, error = excluded.error",
    )?
    .execute((event_id, subscriber, state, attempts, due_at.unwrap_or(tx.now), error))?;
    Ok(())
}

/// Moves the moments of all repeats, because the clock was set by so many milliseconds. Says how many.
pub(super) fn shift(tx: &Tx<'_>, by: i64) -> Result<usize> {
    Ok(tx.prepare_cached("update reactions set due_at = due_at + ?1 where state = 'waiting'")?.execute([by])?)
}

/// Removes a reaction that was done at last.
pub(super) fn done(tx: &Tx<'_>, event_id: i64, subscriber: &str) -> Result<()> {
    tx.prepare_cached("delete from reactions where event_id = ?1 and subscriber = ?2")?.execute((event_id, subscriber))?;
    Ok(())
}

/// Removes old facts that everybody has heard, some at a time. Says how many went.
pub(super) fn prune(tx: &Tx<'_>) -> Result<usize> {
    let n_gone = tx
        .prepare_cached(
            "delete from events where id in (
                select id from (select id, at, fanned_out from events order by id limit 5000) oldest
                where fanned_out = 1 and at < ?1 and not exists (select 1 from reactions where event_id = oldest.id))",
        )?
        .execute([tx.now.minus(KEPT)])?;
    Ok(n_gone)
}
