//! SQL of the table `oidc_sessions`.

use rusqlite::{OptionalExtension as _, params};

use crate::base::id::UserId;
use crate::base::{Millis, Result};
use crate::platform::db::{Conn, Tx};

/// A session as stored.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) user_id: UserId,
    pub(super) epoch: i64,
    pub(super) signed_in_at: Millis,
    pub(super) seen_at: Millis,
}

pub(super) fn find(conn: &Conn, hash: &str) -> Result<Option<Row>> {
    let mut statement = conn.prepare_cached("select user_id, token_epoch, signed_in_at, seen_at from oidc_sessions where hash = ?1")?;
    let read =
        |row: &rusqlite::Row<'_>| Ok(Row { user_id: row.get(0)?, epoch: row.get(1)?, signed_in_at: row.get(2)?, seen_at: row.get(3)? });
    Ok(statement.query_row([hash], read).optional()?)
}

pub(super) fn insert(tx: &Tx<'_>, hash: &str, row: &Row) -> Result<()> {
    tx.prepare_cached("insert into oidc_sessions (hash, user_id, token_epoch, signed_in_at, seen_at) values (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![hash, row.user_id, row.epoch, row.signed_in_at, row.seen_at])?;
    Ok(())
}

pub(super) fn set_seen(tx: &Tx<'_>, hash: &str) -> Result<()> {
    tx.prepare_cached("update oidc_sessions set seen_at = ?2 where hash = ?1")?.execute(params![hash, tx.now])?;
    Ok(())
}

pub(super) fn delete(tx: &Tx<'_>, hash: &str) -> Result<()> {
    tx.prepare_cached("delete from oidc_sessions where hash = ?1")?.execute([hash])?;
    Ok(())
}

/// Removes what was last seen before this moment.
pub(super) fn purge(tx: &Tx<'_>, before: Millis) -> Result<()> {
    tx.prepare_cached("delete from oidc_sessions where seen_at < ?1")?.execute([before])?;
    Ok(())
}
