//! SQL that removes what a CRM was told about a call.

use rusqlite::OptionalExtension as _;

use crate::base::Result;
use crate::base::id::SessionId;
use crate::features::crm::work::{CRM_PUSH, job_key};
use crate::platform::db::Tx;
use crate::platform::outbox;

/// Removes the push of a call, and takes back one that waits. One that is on its way at this moment arrives.
pub fn forget(tx: &Tx<'_>, session_id: &SessionId) -> Result<bool> {
    let round: Option<u32> = tx
        .prepare_cached("delete from crm_pushes where session_id = ?1 returning round")?
        .query_row([session_id], |row| row.get(0))
        .optional()?;
    let Some(round) = round else { return Ok(false) };
    outbox::withdraw(tx, CRM_PUSH, &job_key(session_id, round))?;
    Ok(true)
}
