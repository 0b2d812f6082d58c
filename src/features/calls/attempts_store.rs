//! SQL of attempts that no engine reports on: closed, given up, or never made.

use bytes::Bytes;
use rusqlite::OptionalExtension;
use serde_json::json;

use super::model::{CANCELLED, CallStatus, Direction};
use super::{payload, results_store};
use crate::base::Result;
use crate::base::id::{CarrierId, SessionId};
use crate::platform::db::{Conn, Tx, to_json};

/// Why a call ended that no engine will report.
#[derive(Debug, Clone, Copy)]
pub struct Unplaced<'a> {
    /// `disconnected_by`.
    pub by: &'static str,
    /// `outcome`.
    pub outcome: &'static str,
    /// What went wrong, in words.
    pub detail: &'a str,
}

/// Stores the end of a call that no engine will report, with the fact that it is completed. A call that is over stays as it is.
pub fn close(tx: &Tx<'_>, session_id: &SessionId, end: &Unplaced<'_>) -> Result<()> {
    let known: Option<(bool, String)> = tx
        .prepare_cached("select completed_at is not null, direction from calls where session_id = ?1")?
        .query_row([session_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (is_over, direction) = known.unwrap_or_else(|| (false, Direction::Outbound.as_str().to_owned()));
    if is_over {
        return Ok(());
    }
    let result = json!({
        "session_id": session_id, "disconnected_by": end.by, "outcome": end.outcome, "error_detail": end.detail,
        "call_direction": direction, "ended_at": tx.now,
    });
    results_store::record(tx, session_id, &payload::read(&Bytes::from(to_json(&result)?))?, None)
}

/// Notes that an operator ended a call; its result does not change that.
pub fn cancel(tx: &Tx<'_>, session_id: &SessionId) -> Result<()> {
    tx.prepare_cached("update calls set outcome = ?2 where session_id = ?1 and completed_at is null")?.execute((session_id, CANCELLED))?;
    Ok(())
}

/// Ends an attempt that another one has taken the place of: nobody hears of it, and a late result changes nothing but its own row.
pub fn supersede(tx: &Tx<'_>, session_id: &SessionId) -> Result<()> {
    tx.prepare_cached(
        "update calls set status = ?2, outcome = 'failed', disconnected_by = 'error', completed_at = ?3, ended_at = ?3,
            error_detail = 'no engine took this attempt; another one was made'
        where session_id = ?1 and completed_at is null",
    )?
    .execute((session_id, CallStatus::Failed.as_str(), tx.now))?;
    Ok(())
}

/// Removes an attempt that an engine has refused to make. One that is over stays.
pub fn forget(tx: &Tx<'_>, session_id: &SessionId) -> Result<()> {
    tx.prepare_cached("delete from calls where session_id = ?1 and completed_at is null")?.execute([session_id])?;
    Ok(())
}

/// How many of its carrier's outbound calls are open that were begun no later than this one, itself included. Whoever came first goes first.
pub fn n_live_up_to(conn: &Conn, session_id: &SessionId) -> Result<u32> {
    Ok(conn
        .prepare_cached(
            "select count(*) from calls mine join calls others on others.carrier_id = mine.carrier_id and others.id <= mine.id
            where mine.session_id = ?1 and others.status = 'active' and others.direction = 'outbound'",
        )?
        .query_row([session_id], |row| row.get(0))?)
}

/// How many outbound calls of a carrier are open.
pub fn n_live_on(conn: &Conn, carrier_id: &CarrierId) -> Result<u32> {
    Ok(conn
        .prepare_cached("select count(*) from calls where carrier_id = ?1 and status = 'active' and direction = 'outbound'")?
        .query_row([carrier_id], |row| row.get(0))?)
}

/// Notes that a call leaves through another carrier than it was ordered for. One that is over stays as it is.
pub fn carried_by(tx: &Tx<'_>, session_id: &SessionId, carrier_id: &CarrierId) -> Result<()> {
    tx.prepare_cached("update calls set carrier_id = ?2 where session_id = ?1 and completed_at is null")?
        .execute((session_id, carrier_id))?;
    Ok(())
}
