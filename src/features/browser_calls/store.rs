//! SQL of the calls of visitors who are not signed in: how many there were lately. No address is kept.

use crate::base::id::SessionId;
use crate::base::{Millis, Result};
use crate::platform::db::{Conn, Tx};

/// Notes a call that is about to be made.
pub(super) fn insert(tx: &Tx<'_>, session_id: &SessionId) -> Result<()> {
    tx.prepare_cached("insert into visitor_calls (session_id, at) values (?1, ?2)")?.execute((session_id, tx.now))?;
    Ok(())
}

/// A call that did not come about takes no place, but still counts for the day.
pub(super) fn end(tx: &Tx<'_>, session_id: &SessionId) -> Result<()> {
    tx.prepare_cached("update visitor_calls set is_over = 1 where session_id = ?1")?.execute([session_id])?;
    Ok(())
}

/// Forgets what is older.
pub(super) fn forget_before(tx: &Tx<'_>, at: Millis) -> Result<()> {
    tx.prepare_cached("delete from visitor_calls where at < ?1")?.execute([at])?;
    Ok(())
}

/// How many calls were made since then.
pub(super) fn n_since(conn: &Conn, at: Millis) -> Result<u32> {
    Ok(conn.prepare_cached("select count(*) from visitor_calls where at >= ?1")?.query_row([at], |row| row.get(0))?)
}

/// The calls that may run still, with the moments they were asked for.
pub(super) fn open(conn: &Conn) -> Result<Vec<(SessionId, Millis)>> {
    let mut statement = conn.prepare_cached("select session_id, at from visitor_calls where is_over = 0 order by at")?;
    let rows = statement.query_map([], |row| Ok((row.get("session_id")?, row.get("at")?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
