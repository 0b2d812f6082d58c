//! SQL of outbound calls.

use rusqlite::params;

use super::model::CodebStatus;
use super::record::CallRecord;
use super::store::{COLUMNS, record};
use crate::base::Result;
use crate::base::id::SessionId;
use crate::base::page::Page;
use crate::platform::db::{Conn, Tx, to_json};

/// One page of outbound calls, newest first, and how many match. No status means all.
pub(super) fn list(conn: &Conn, statuses: &[CodebStatus], page: Page) -> Result<(Vec<CallRecord>, u64)> {
    let words: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    let words = (!words.is_empty()).then(|| to_json(&words)).transpose()?;
    let total = conn
        .prepare_cached(
            "select count(*) from calls
             where codeb_status is not null and (?1 is null or codeb_status in (select value from json_each(?1)))",
        )?
        .query_row([&words], |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(&format!(
            "select {COLUMNS} from calls
             where codeb_status is not null and (?1 is null or codeb_status in (select value from json_each(?1)))
             order by id desc limit ?2 offset ?3"
        ))?
        .query_map((&words, page.limit, page.offset), |row| Ok(record(row)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok((rows.into_iter().collect::<Result<_>>()?, total.into()))
}

/// Notes when an engine was told to dial, and what happens if nobody answers.
pub(super) fn set_dispatched(tx: &Tx<'_>, id: &SessionId, retries: u32, delay_minutes: u32) -> Result<()> {
    tx.prepare_cached("update calls set dispatched_at = ?2, retries_left = ?3, retry_delay_minutes = ?4 where session_id = ?1")?
        .execute(params![id, tx.now, retries, delay_minutes])?;
    Ok(())
}

/// Notes that an operator ended a call; its result does not change that.
pub(super) fn set_cancelled(tx: &Tx<'_>, id: &SessionId) -> Result<()> {
    tx.prepare_cached("update calls set codeb_status = ?2 where session_id = ?1")?.execute((id, CodebStatus::Cancelled.as_str()))?;
    Ok(())
}
