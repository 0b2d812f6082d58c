//! Copies of the running database, each checked before it counts.

use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::base::{Context, Error, Result};

/// Copies `from` to `to` in one read transaction, checks the copy, syncs it and gives it its name.
pub(super) async fn copy(from: PathBuf, to: PathBuf) -> Result<()> {
    tokio::task::spawn_blocking(move || {
        let unfinished = to.with_extension("unfinished");
        let done = copy_and_check(&from, &unfinished).and_then(|()| finish(&unfinished, &to));
        if done.is_err() {
            // It may not exist yet.
            let _ = std::fs::remove_file(&unfinished);
        }
        done
    })
    .await
    .map_err(|cause| Error::internal("the backup panicked").caused_by(cause))?
}

#[expect(clippy::disallowed_methods, reason = "a backup has its own two connections")]
fn copy_and_check(from: &Path, unfinished: &Path) -> Result<()> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY).context("cannot open the database")?;
    let mut copy = Connection::open(unfinished).context("cannot make the backup file")?;
    // All pages in one step: one read transaction, so that writers cannot make it start over.
    let step = Backup::new(&source, &mut copy)?.step(-1)?;
    if step != StepResult::Done {
        return Err(Error::unavailable("the database was busy, the backup was not made"));
    }
    copy.pragma_update(None, "journal_mode", "delete")?;
    let verdict: String = copy.query_row("pragma integrity_check", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Error::internal(format!("the backup is damaged: {verdict}"))) }
}

fn finish(unfinished: &Path, to: &Path) -> Result<()> {
    std::fs::File::open(unfinished).and_then(|file| file.sync_all()).context("cannot sync the backup")?;
    std::fs::rename(unfinished, to).context("cannot name the backup")?;
    let folder = to.parent().unwrap_or_else(|| Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).context("cannot sync the backup's folder")
}
