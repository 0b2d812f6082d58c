//! SQL of call detail records.

use rusqlite::OptionalExtension as _;
use serde_json::{Map, Value};

use super::store::add_to_doc;
use crate::base::Result;
use crate::base::id::SessionId;
use crate::platform::db::Tx;

/// Adds fields to the newest call of a stream. Says whether there is one.
pub(super) fn merge(tx: &Tx<'_>, stream_id: &str, fields: &Map<String, Value>) -> Result<bool> {
    let session_id: Option<SessionId> = tx
        .prepare_cached("select session_id from calls where stream_id = ?1 order by id desc limit 1")?
        .query_row([stream_id], |row| row.get(0))
        .optional()?;
    let Some(session_id) = session_id else { return Ok(false) };
    add_to_doc(tx, &session_id, fields)?;
    Ok(true)
}
