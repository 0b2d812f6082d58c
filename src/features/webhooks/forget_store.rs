//! SQL that removes deliveries about a call, with their bodies and attempts.

use crate::base::Result;
use crate::base::id::SessionId;
use crate::platform::db::Tx;

/// Removes what was or is to be delivered about a call. Says how many deliveries those were; one that is on its way at this moment arrives.
pub fn forget(tx: &Tx<'_>, session_id: &SessionId) -> Result<usize> {
    Ok(tx.prepare_cached("delete from deliveries where session_id = ?1")?.execute([session_id])?)
}
