//! SQL of the quarters of an hour that calls are counted into.

use rusqlite::{OptionalExtension, params};

use super::buckets::Wanted;
use super::tally::Tally;
use crate::base::{Millis, Result};
use crate::platform::db::{Conn, Tx, to_json};

/// Length of a slot: the offsets of all zones are whole quarters of an hour.
pub(super) const SLOT_MS: i64 = 900_000;

/// Adds to a slot.
pub(super) fn add(tx: &Tx<'_>, scope: &str, slot: i64, more: &Tally) -> Result<()> {
    let stored: Option<String> = tx
        .prepare_cached("select tally from call_slots where scope = ?1 and slot = ?2")?
        .query_row((scope, slot), |row| row.get(0))
        .optional()?;
    let mut tally = more.clone();
    if let Some(stored) = stored {
        tally.add_stored(&stored)?;
    }
    tx.prepare_cached(
        "insert into call_slots (scope, slot, tally) values (?1, ?2, ?3) on conflict (scope, slot) do update set tally = excluded.tally",
    )?
    .execute(params![scope, slot, to_json(&tally)?])?;
    Ok(())
}

/// What each bucket comes to.
pub(super) fn buckets(conn: &Conn, wanted: &Wanted) -> Result<Vec<Tally>> {
    let bounds = &wanted.bounds;
    let mut tallies = vec![Tally::default(); bounds.len().saturating_sub(1)];
    let (Some(first), Some(end)) = (bounds.first(), bounds.last()) else { return Ok(tallies) };
    let slot = |at: &Millis| at.0.div_euclid(SLOT_MS);
    let mut statement =
        conn.prepare_cached("select slot, tally from call_slots where scope = ?1 and slot >= ?2 and slot < ?3 order by slot")?;
    let mut rows = statement.query(params![wanted.scope, slot(first), slot(end)])?;
    let mut at = 0;
    while let Some(row) = rows.next()? {
        let begins = row.get::<_, i64>(0)?.saturating_mul(SLOT_MS);
        while bounds.get(at + 1).is_some_and(|next| next.0 <= begins) {
            at += 1;
        }
        if let Some(tally) = tallies.get_mut(at) {
            tally.add_stored(row.get_ref(1)?.as_str().unwrap_or_default())?;
        }
    }
    Ok(tallies)
}

/// Whether calls that are over wait to be counted.
pub(super) fn is_behind(conn: &Conn) -> Result<bool> {
    Ok(conn.prepare_cached("select exists (select 1 from call_count_queue)")?.query_row([], |row| row.get(0))?)
}
