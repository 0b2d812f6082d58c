//! What was given up: shown to the operator, and sent on its way again when they say so.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx};

/// A reaction or job that will not be tried again by itself.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Parked {
    /// `reaction` or `job`.
    pub what: String,
    /// Row id of the job, or of the fact the reaction is about.
    pub id: i64,
    /// Kind of the job, or name of the listener.
    pub kind: String,
    /// What the job is about, or the fact.
    pub about: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up.
    pub error: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Millis,
}

/// One page of what is parked, newest first, and how many there are.
pub fn list_parked(conn: &Conn, page: Page) -> Result<(Vec<Parked>, u64)> {
    let mut statement = conn.prepare_cached(
        "select 'job' as what, id, kind, key as about, attempts, error, created_at as at from jobs where state = 'parked'
        union all select 'reaction', r.event_id, r.subscriber, e.body, r.attempts, r.error, e.at
            from reactions r join events e on e.id = r.event_id where r.state = 'parked'
        order by at desc, id desc limit ?1 offset ?2",
    )?;
    let rows = statement.query_map([page.limit, page.offset], |row| {
        Ok(Parked {
            what: row.get("what")?,
            id: row.get("id")?,
            kind: row.get("kind")?,
            about: row.get("about")?,
            attempts: row.get("attempts")?,
            error: row.get("error")?,
            at: row.get("at")?,
        })
    })?;
    Ok((rows.collect::<Result<_, _>>()?, super::depth(conn)?.parked))
}

/// Makes a parked job due now, with all its attempts before it.
pub fn retry_job(tx: &Tx<'_>, id: i64) -> Result<()> {
    let n = tx
        .prepare_cached("update jobs set state = 'waiting', attempts = 0, due_at = ?2 where id = ?1 and state = 'parked'")?
        .execute((id, tx.now))?;
    freed(tx, n)
}

/// Makes a parked reaction due now, with all its attempts before it.
pub fn retry_reaction(tx: &Tx<'_>, event_id: i64, subscriber: &str) -> Result<()> {
    // One attempt counts as made: the row exists and has to be removed when it succeeds.
    let n = tx
        .prepare_cached(
            "update reactions set state = 'waiting', attempts = 1, due_at = ?3
            where event_id = ?1 and subscriber = ?2 and state = 'parked'",
        )?
        .execute((event_id, subscriber, tx.now))?;
    freed(tx, n)
}

fn freed(tx: &Tx<'_>, n_rows: usize) -> Result<()> {
    if n_rows == 0 {
        return Err(Error::not_found("nothing parked under this id"));
    }
    tx.wake_outbox();
    Ok(())
}
