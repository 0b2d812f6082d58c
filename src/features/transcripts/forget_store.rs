//! SQL that takes transcripts off the list, with their links and what a search knows of them. Files are the caller's to remove.

use rusqlite::OptionalExtension;

use crate::base::Result;
use crate::base::id::SessionId;
use crate::features::transcripts::jobs::TRANSCRIPT_WRITE;
use crate::platform::db::Tx;
use crate::platform::outbox;

/// Takes the transcript of a call off the list. Gives the name of its text file, if it had one.
pub fn forget(tx: &Tx<'_>, session_id: &SessionId) -> Result<Option<String>> {
    outbox::withdraw(tx, TRANSCRIPT_WRITE, session_id.as_str())?;
    Ok(tx
        .prepare_cached("delete from transcripts where session_id = ?1 returning file")?
        .query_row([session_id], |row| row.get(0))
        .optional()?)
}
