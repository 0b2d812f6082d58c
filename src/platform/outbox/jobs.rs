//! Jobs: work outside the database, found again after a restart.

use std::time::Duration;

use rusqlite::Row;
use serde::Serialize;
use serde_json::Value;

use crate::base::{Millis, Result};
use crate::platform::db::{Conn, Tx, to_json};

/// A job that is being run.
#[derive(Debug, Clone)]
pub struct Job {
    /// Row id.
    pub id: i64,
    /// Which handler runs it.
    pub kind: String,
    /// What it is about; unique within its kind.
    pub key: String,
    /// Ids it needs.
    pub body: Value,
    /// Which attempt this is: 1 for the first.
    pub attempt: u32,
    /// When it was enqueued.
    pub created_at: Millis,
}

/// A job to be enqueued.
#[derive(Debug, Clone)]
pub struct NewJob<'a, B: Serialize> {
    /// Which handler runs it.
    pub kind: &'a str,
    /// What it is about; a second job of the same kind and key changes nothing.
    pub key: &'a str,
    /// Ids it needs.
    pub body: &'a B,
    /// Not before this moment.
    pub due_at: Millis,
}

/// Enqueues a job in the transaction. Does nothing when one of the same kind and key waits already.
pub fn enqueue<B: Serialize>(tx: &Tx<'_>, job: &NewJob<'_, B>) -> Result<()> {
    tx.prepare_cached(
        "insert into jobs (kind, key, body, due_at, created_at) values (?1, ?2, ?3, ?4, ?5) on conflict (kind, key) do nothing",
    )?
    .execute((job.kind, job.key, to_json(job.body)?, job.due_at, tx.now))?;
    tx.wake_outbox();
    Ok(())
}

/// Takes due jobs of one kind until the lease runs out.
pub(super) fn claim(tx: &Tx<'_>, kind: &str, limit: usize, lease: Duration) -> Result<Vec<Job>> {
    let mut statement = tx.prepare_cached(
        "update jobs set state = 'leased', attempts = attempts + 1, lease_until = ?1
        where id in (select id from jobs where state = 'waiting' and kind = ?2 and due_at <= ?3 order by due_at, id limit ?4)
        returning id, kind, key, body, attempts, created_at",
    )?;
    let jobs = statement.query_map((tx.now.plus(lease), kind, tx.now, limit as i64), job)?;
    Ok(jobs.collect::<Result<_, _>>()?)
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let body: String = row.get("body")?;
    Ok(Job {
        id: row.get("id")?,
        kind: row.get("kind")?,
        key: row.get("key")?,
        body: serde_json::from_str(&body).unwrap_or_default(),
        attempt: row.get("attempts")?,
        created_at: row.get("created_at")?,
    })
}

/// Gives back jobs whose lease ran out: whoever held them died. Says how many.
pub(super) fn release_expired(tx: &Tx<'_>) -> Result<usize> {
    Ok(tx
        .prepare_cached("update jobs set state = 'waiting', lease_until = null where state = 'leased' and lease_until <= ?1")?
        .execute([tx.now])?)
}

/// Gives back every leased job; only for a process that has just started and holds none.
pub(super) fn release_all(tx: &Tx<'_>) -> Result<usize> {
    Ok(tx.prepare_cached("update jobs set state = 'waiting', lease_until = null where state = 'leased'")?.execute([])?)
}

/// Removes a job that is done.
pub(super) fn done(tx: &Tx<'_>, id: i64) -> Result<()> {
    tx.prepare_cached("delete from jobs where id = ?1")?.execute([id])?;
    Ok(())
}

/// Puts a job back for a later moment, or parks it when `due_at` is `None`.
pub(super) fn put_back(tx: &Tx<'_>, id: i64, due_at: Option<Millis>, error: &str) -> Result<()> {
    let state = if due_at.is_some() { "waiting" } else { "parked" };
    tx.prepare_cached("update jobs set state = ?2, due_at = coalesce(?3, due_at), lease_until = null, error = ?4 where id = ?1")?
        .execute((id, state, due_at, error))?;
    Ok(())
}

/// Kinds that have jobs which are due.
pub(super) fn due_kinds(conn: &Conn, now: Millis) -> Result<Vec<String>> {
    let mut statement = conn.prepare_cached(
        "with recursive kinds (kind) as (
            select min(kind) from jobs where state = 'waiting'
            union all select (select min(kind) from jobs where state = 'waiting' and kind > kinds.kind) from kinds where kind is not null)
        select kind from kinds where kind is not null
            and exists (select 1 from jobs where state = 'waiting' and jobs.kind = kinds.kind and due_at <= ?1)",
    )?;
    Ok(statement.query_map([now], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Whether a lease has run out.
pub(super) fn has_expired(conn: &Conn, now: Millis) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from jobs where state = 'leased' and lease_until <= ?1)")?
        .query_row([now], |row| row.get(0))?)
}

/// When the next waiting job is due, or the next lease runs out.
pub(super) fn next_due(conn: &Conn) -> Result<Option<Millis>> {
    Ok(conn
        .prepare_cached(
            "select min(at) from (select min(due_at) as at from jobs where state = 'waiting'
            union all select min(lease_until) from jobs where state = 'leased')",
        )?
        .query_row([], |row| row.get(0))?)
}
