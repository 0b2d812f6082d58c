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
    /// The lane it runs in; empty for none.
    pub lane: String,
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
    enqueue_in_lane(tx, job, "")
}

/// Enqueues a job that runs in a lane: two of a lane run at once, so that jobs for a slow peer wait for each other and for nobody else.
pub fn enqueue_in_lane<B: Serialize>(tx: &Tx<'_>, job: &NewJob<'_, B>, lane: &str) -> Result<()> {
    tx.prepare_cached(
        "insert into jobs (kind, key, lane, body, due_at, created_at) values (?1, ?2, ?3, ?4, ?5, ?6) on conflict (kind, key) do nothing",
    )?
    .execute((job.kind, job.key, lane, to_json(job.body)?, job.due_at, tx.now))?;
    tx.wake_outbox();
    Ok(())
}

/// Enqueues a job for a time of day and not for after a while: setting the clock does not move it.
pub fn enqueue_at_time<B: Serialize>(tx: &Tx<'_>, job: &NewJob<'_, B>) -> Result<()> {
    enqueue(tx, job)?;
    tx.prepare_cached("update jobs set keeps_time = 1 where kind = ?1 and key = ?2 and attempts = 0")?.execute((job.kind, job.key))?;
    Ok(())
}

/// Moves the moments of all pauses and leases, because the clock was set by so many milliseconds. Says how many.
pub(super) fn shift(tx: &Tx<'_>, by: i64) -> Result<usize> {
    let n_waiting = tx.prepare_cached("update jobs set due_at = due_at + ?1 where state = 'waiting' and keeps_time = 0")?.execute([by])?;
    let n_leased = tx.prepare_cached("update jobs set lease_until = lease_until + ?1 where state = 'leased'")?.execute([by])?;
    Ok(n_waiting + n_leased)
}

/// Takes back a job that waits. One that runs at this moment ends as it will.
pub fn withdraw(tx: &Tx<'_>, kind: &str, key: &str) -> Result<()> {
    tx.prepare_cached("delete from jobs where kind = ?1 and key = ?2 and state <> 'leased'")?.execute((kind, key))?;
    Ok(())
}

/// Takes due jobs of one kind and lane until the lease runs out, the longest due first.
pub(super) fn claim(tx: &Tx<'_>, kind: &str, lane: &str, limit: usize, lease: Duration) -> Result<Vec<Job>> {
    let mut statement = tx.prepare_cached(
        "update jobs set state = 'leased', attempts = attempts + 1, lease_until = ?1
        where id in (select id from jobs where state = 'waiting' and kind = ?2 and lane = ?3 and due_at <= ?4 order by due_at, id limit ?5)
        returning id, kind, key, lane, body, attempts, created_at",
    )?;
    let jobs = statement.query_map((tx.now.plus(lease), kind, lane, tx.now, limit as i64), job)?;
    Ok(jobs.collect::<Result<_, _>>()?)
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let body: String = row.get("body")?;
    Ok(Job {
        id: row.get("id")?,
        kind: row.get("kind")?,
        key: row.get("key")?,
        lane: row.get("lane")?,
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

/// Removes a job that is done. A handler that calls it in its own last transaction returns [`super::Outcome::Written`].
pub fn done(tx: &Tx<'_>, id: i64) -> Result<()> {
    tx.prepare_cached("delete from jobs where id = ?1")?.execute([id])?;
    Ok(())
}

/// Puts a job back for a later moment, or parks it when `due_at` is `None`. A handler that calls it in its own last transaction returns
/// [`super::Outcome::Written`].
pub fn put_back(tx: &Tx<'_>, id: i64, due_at: Option<Millis>, error: &str) -> Result<()> {
    let state = if due_at.is_some() { "waiting" } else { "parked" };
    tx.prepare_cached(
        "update jobs set state = ?2, due_at = coalesce(?3, due_at), keeps_time = 0, lease_until = null, error = ?4 where id = ?1",
    )?
    .execute((id, state, due_at, error))?;
    Ok(())
}

/// Kinds and lanes that have jobs which are due. One step of the index for each, however many jobs wait there.
pub(super) fn due_lanes(conn: &Conn, now: Millis) -> Result<Vec<(String, String)>> {
    let mut statement = conn.prepare_cached(
        "with recursive lanes (kind, lane) as (
            select * from (select kind, lane from jobs where state = 'waiting' order by kind, lane limit 1)
            union all
            select next.kind, next.lane from lanes join jobs next on next.id = (
                select id from jobs where state = 'waiting' and (jobs.kind, jobs.lane) > (lanes.kind, lanes.lane) order by kind, lane limit 1))
        select kind, lane from lanes
        where exists (select 1 from jobs where state = 'waiting' and jobs.kind = lanes.kind and jobs.lane = lanes.lane and due_at <= ?1)",
    )?;
    Ok(statement.query_map([now], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// Whether a lease has run out.
pub(super) fn has_expired(conn: &Conn, now: Millis) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from jobs where state = 'leased' and lease_until <= ?1)")?
        .query_row([now], |row| row.get(0))?)
}

/// When the next job becomes due, or the next lease runs out. What is due already waits for room, not for time.
pub(super) fn next_due(conn: &Conn, now: Millis) -> Result<Option<Millis>> {
    Ok(conn
        .prepare_cached(
            "select min(at) from (select min(due_at) as at from jobs where state = 'waiting' and due_at > ?1
            union all select min(lease_until) from jobs where state = 'leased')",
        )?
        .query_row([now], |row| row.get(0))?)
}

/// Since when the job that is due for longest has been waiting.
pub(super) fn longest_due(conn: &Conn, now: Millis) -> Result<Option<Millis>> {
    Ok(conn.prepare_cached("select min(due_at) from jobs where state = 'waiting' and due_at <= ?1")?.query_row([now], |row| row.get(0))?)
}
