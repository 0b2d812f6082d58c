//! SQL of what the gate counts: calls, minutes and money of each day, and the legs that are open.

use rusqlite::{OptionalExtension as _, Row};

use super::usage::{Leg, Usage};
use crate::base::id::SessionId;
use crate::base::{Millis, Result};
use crate::platform::db::{Conn, Tx};

/// What the calls of a day came to that are over, and how many were placed.
pub(super) fn day(conn: &Conn, day: &str) -> Result<Usage> {
    let read = |row: &Row<'_>| {
        Ok(Usage {
            n_calls: row.get("n_calls")?,
            minutes: row.get("minutes")?,
            off_minutes: row.get("off_minutes")?,
            spent: row.get("spent")?,
        })
    };
    let found = conn
        .prepare_cached("select n_calls, minutes, off_minutes, spent from outbound_days where day = ?1")?
        .query_row([day], read)
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Counts one more call of a day.
pub(super) fn count(tx: &Tx<'_>, day: &str) -> Result<()> {
    add(tx, day, &Usage { n_calls: 1, ..Usage::default() })
}

/// Adds to what a day has had.
pub(super) fn add(tx: &Tx<'_>, day: &str, more: &Usage) -> Result<()> {
    tx.prepare_cached(
        "insert into outbound_days (day, n_calls, minutes, off_minutes, spent) values (?1, ?2, ?3, ?4, ?5)
         on conflict (day) do update set n_calls = n_calls + excluded.n_calls, minutes = minutes + excluded.minutes,
            off_minutes = off_minutes + excluded.off_minutes, spent = spent + excluded.spent",
    )?
    .execute((day, more.n_calls, more.minutes, more.off_minutes, more.spent))?;
    Ok(())
}

/// The open legs that were dialled on a day.
pub(super) fn open(conn: &Conn, day: &str) -> Result<Vec<Leg>> {
    let legs = conn
        .prepare_cached("select day, is_second, is_off_hours, minute_micros, counts_from from outbound_legs where day = ?1")?
        .query_map([day], leg)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(legs)
}

fn leg(row: &Row<'_>) -> rusqlite::Result<Leg> {
    Ok(Leg {
        day: row.get("day")?,
        is_second: row.get("is_second")?,
        is_off_hours: row.get("is_off_hours")?,
        minute_micros: row.get("minute_micros")?,
        counts_from: row.get("counts_from")?,
    })
}

/// Whether a call has open legs.
pub(super) fn has_legs(conn: &Conn, session_id: &SessionId) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from outbound_legs where session_id = ?1)")?
        .query_row([session_id], |row| row.get(0))?)
}

/// Opens a leg of a call.
pub(super) fn insert(tx: &Tx<'_>, session_id: &SessionId, leg: &Leg) -> Result<()> {
    tx.prepare_cached(
        "insert into outbound_legs (session_id, day, is_second, is_off_hours, minute_micros, counts_from) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((session_id, &leg.day, leg.is_second, leg.is_off_hours, leg.minute_micros, leg.counts_from))?;
    Ok(())
}

/// A call was answered: its own leg counts from here on.
pub(super) fn answered(tx: &Tx<'_>, session_id: &SessionId, at: Millis) -> Result<()> {
    tx.prepare_cached("update outbound_legs set counts_from = ?2 where session_id = ?1 and is_second = 0 and counts_from is null")?
        .execute((session_id, at))?;
    Ok(())
}

/// Takes away the legs of a call, to be counted or to be forgotten.
pub(super) fn take(tx: &Tx<'_>, session_id: &SessionId) -> Result<Vec<Leg>> {
    let legs = tx
        .prepare_cached(
            "delete from outbound_legs where session_id = ?1 returning day, is_second, is_off_hours, minute_micros, counts_from",
        )?
        .query_map([session_id], leg)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(legs)
}

/// Takes away legs that were dialled before a day: nothing asks for them any more.
pub(super) fn drop_before(tx: &Tx<'_>, day: &str) -> Result<()> {
    tx.prepare_cached("delete from outbound_legs where day < ?1")?.execute([day])?;
    Ok(())
}

/// Notes that it is known for which reason calls of a day are refused. Says whether that is new.
pub(super) fn tell(tx: &Tx<'_>, day: &str, reason: &str) -> Result<bool> {
    add(tx, day, &Usage::default())?;
    let n_rows = tx
        .prepare_cached("update outbound_days set told = told || ?2 || ' ' where day = ?1 and instr(told, ?2) = 0")?
        .execute((day, reason))?;
    Ok(n_rows == 1)
}
