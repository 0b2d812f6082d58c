//! Takes old pages out of the files: what was removed must not stay readable beside the database.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;

use crate::base::{Context, Error, Result};

/// How often a checkpoint that readers stood in the way of is tried.
const TRIES: u32 = 20;

/// Writes the log file into the database and empties it. Removed content is overwritten already (`secure_delete`); this takes away the
/// pages of before that the log still holds.
pub(super) async fn scrub(path: PathBuf) -> Result<()> {
    tokio::task::spawn_blocking(move || empty_log(&path))
        .await
        .map_err(|cause| Error::internal("scrubbing the database panicked").caused_by(cause))?
}

#[expect(clippy::disallowed_methods, reason = "a connection of its own, so that the writer does not wait for readers")]
fn empty_log(path: &std::path::Path) -> Result<()> {
    let conn = Connection::open(path).context("cannot open the database")?;
    conn.busy_timeout(Duration::from_secs(5))?;
    for _ in 0..TRIES {
        let is_busy: bool = conn.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0))?;
        if !is_busy {
            return Ok(());
        }
    }
    Err(Error::unavailable("the database was busy; what was removed may still be readable in its log file, try again"))
}
