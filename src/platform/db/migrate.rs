//! Numbered SQL files, embedded, forward only, each in a transaction; `PRAGMA user_version` says how far the file is.

use std::path::Path;

use include_dir::{Dir, include_dir};
use rusqlite::Connection;

use crate::base::{Clock, Context, Error, Result};

static MIGRATIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/platform/db/migrations");

/// Brings the database to the newest schema. Refuses one that is newer than this program.
#[expect(clippy::disallowed_methods, reason = "migrations run before the writer exists")]
pub(super) fn run(path: &Path, backups: &Path, clock: &Clock) -> Result<()> {
    let mut conn = Connection::open(path).context("cannot open the database")?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    let steps = steps()?;
    let at: u32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let at = at as usize;
    if at > steps.len() {
        return Err(Error::unavailable(format!(
            "the database has schema {at}, this program knows {}: install the newer program, or restore a backup from {}",
            steps.len(),
            backups.display()
        )));
    }
    if at > 0 && at < steps.len() {
        let copy = backups.join(format!("before-schema-{}-{}.db", steps.len(), clock.now().0));
        conn.execute("vacuum into ?1", [copy.to_string_lossy()]).context("cannot back up the database before migrating it")?;
    }
    for (n, step) in steps.iter().enumerate().skip(at) {
        let tx = conn.transaction()?;
        tx.execute_batch(step).context(format!("migration {} failed", n + 1))?;
        tx.pragma_update(None, "user_version", (n + 1) as i64)?;
        tx.commit()?;
    }
    Ok(())
}

/// The migrations in order; their file names begin with 0001, 0002, …
fn steps() -> Result<Vec<&'static str>> {
    let mut files: Vec<_> = MIGRATIONS.files().collect();
    files.sort_by_key(|file| file.path());
    files.iter().map(|file| file.contents_utf8().ok_or_else(|| Error::internal("a migration is not UTF-8"))).collect()
}
