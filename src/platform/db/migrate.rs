//! Numbered SQL files, embedded, forward only, each in a transaction; `PRAGMA user_version` says how far the file is.

use std::path::Path;

use include_dir::{Dir, include_dir};
use rusqlite::Connection;

use crate::base::{Clock, Context, Error, Result};

static MIGRATIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/platform/db/migrations");

/// Brings the database to the newest schema. Refuses one that is newer than this program.
pub(super) fn run(path: &Path, backups: &Path, clock: &Clock) -> Result<()> {
    apply(path, backups, clock, &steps()?)
}

#[expect(clippy::disallowed_methods, reason = "migrations run before the writer exists")]
fn apply(path: &Path, backups: &Path, clock: &Clock, steps: &[&str]) -> Result<()> {
    let mut conn = Connection::open(path).context("cannot open the database")?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "full")?;
    let at: u32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let at = at as usize;
    if at > steps.len() {
        return Err(Error::unavailable(format!(
            "the database has schema {at}, this program knows {}: install the program that wrote it (cxbox upgrade --file TARBALL), or go back to a backup: cxbox restore FILE --force, with a file of {}",
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

/// The newest schema this program knows.
pub fn newest() -> Result<u32> {
    Ok(steps()?.len() as u32)
}

/// The migrations in order; their file names begin with 0001, 0002, …
fn steps() -> Result<Vec<&'static str>> {
    let mut files: Vec<_> = MIGRATIONS.files().collect();
    files.sort_by_key(|file| file.path());
    files.iter().map(|file| file.contents_utf8().ok_or_else(|| Error::internal("a migration is not UTF-8"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Kind, Millis};

    const FIRST: &str = "create table a (x integer); insert into a values (1);";

    fn at(folder: &Path, steps: &[&str]) -> Result<()> {
        apply(&folder.join("main.db"), folder, &Clock::manual(Millis(5)), steps)
    }

    fn backups(folder: &Path) -> usize {
        std::fs::read_dir(folder)
            .expect("listed")
            .filter(|e| e.as_ref().expect("an entry").file_name().to_string_lossy().starts_with("before-"))
            .count()
    }

    #[expect(clippy::disallowed_methods, reason = "the test looks from outside")]
    fn one(folder: &Path, sql: &str) -> i64 {
        Connection::open(folder.join("main.db")).expect("opened").query_row(sql, [], |row| row.get(0)).expect("a number")
    }

    #[test]
    fn a_new_file_needs_no_backup_and_an_old_one_gets_one_before_it_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        at(folder.path(), &[FIRST]).expect("made");
        at(folder.path(), &[FIRST]).expect("nothing to do");
        assert_eq!(backups(folder.path()), 0);
        at(folder.path(), &[FIRST, "insert into a values (2)"]).expect("migrated");
        assert_eq!((backups(folder.path()), one(folder.path(), "select count(*) from a")), (1, 2));
    }

    #[test]
    fn a_database_of_a_newer_program_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        at(folder.path(), &[FIRST, "create table b (x)"]).expect("made");
        assert_eq!(at(folder.path(), &[FIRST]).expect_err("refused").kind(), Kind::Unavailable);
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_of_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        at(folder.path(), &[FIRST]).expect("made");
        at(folder.path(), &[FIRST, "insert into a values (2); insert into nowhere values (1)"]).expect_err("failed");
        assert_eq!((one(folder.path(), "select count(*) from a"), one(folder.path(), "pragma user_version")), (1, 1));
    }

    #[test]
    fn all_migrations_of_this_program_apply() {
        let folder = tempfile::tempdir().expect("a folder");
        run(&folder.path().join("main.db"), folder.path(), &Clock::manual(Millis(5))).expect("migrated");
        assert_eq!(one(folder.path(), "pragma user_version"), steps().expect("steps").len() as i64);
    }
}
