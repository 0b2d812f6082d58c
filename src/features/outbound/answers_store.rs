//! SQL of what was answered under an Idempotency-Key.

use std::time::Duration;

use rusqlite::OptionalExtension;

use crate::base::Result;
use crate::base::id::CallId;
use crate::platform::db::Tx;

/// How long a key is remembered.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// What is known under a key.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) body_hash: String,
    pub(super) call_id: CallId,
    /// None while the first request is at work, or if it died at it.
    pub(super) answer: Option<String>,
}

/// What is known under a caller's key. Keys that are too old are forgotten first.
pub(super) fn find(tx: &Tx<'_>, caller: &str, key: &str) -> Result<Option<Known>> {
    tx.prepare_cached("delete from outbound_answers where created_at <= ?1")?.execute([tx.now.minus(KEPT)])?;
    Ok(tx
        .prepare_cached("select body_hash, call_id, answer from outbound_answers where caller = ?1 and key = ?2")?
        .query_row((caller, key), |row| Ok(Known { body_hash: row.get(0)?, call_id: row.get(1)?, answer: row.get(2)? }))
        .optional()?)
}

/// Notes that a request with this key has made an order.
pub(super) fn insert(tx: &Tx<'_>, caller: &str, key: &str, body_hash: &str, call_id: &CallId) -> Result<()> {
    tx.prepare_cached("insert into outbound_answers (caller, key, body_hash, call_id, created_at) values (?1, ?2, ?3, ?4, ?5)")?
        .execute((caller, key, body_hash, call_id, tx.now))?;
    Ok(())
}

/// Forgets a key.
pub(super) fn forget(tx: &Tx<'_>, caller: &str, key: &str) -> Result<()> {
    tx.prepare_cached("delete from outbound_answers where caller = ?1 and key = ?2")?.execute((caller, key))?;
    Ok(())
}

/// Notes what was answered.
pub(super) fn set_answer(tx: &Tx<'_>, caller: &str, key: &str, answer: &str) -> Result<()> {
    tx.prepare_cached("update outbound_answers set answer = ?3 where caller = ?1 and key = ?2")?.execute((caller, key, answer))?;
    Ok(())
}
