//! Numbered SQL files, embedded, forward only, each in a transaction; `PRAGMA user_version` says how far the file is.

use std::path::Path;

use include_dir::{Dir, include_dir};
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::{Batch, Connection};

use crate::base::{Clock, Context, Error, Result};

static MIGRATIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/platform/db/migrations");

/// Brings the database to the newest schema. Refuses one that is newer than this program.
pub(super) fn run(path: &Path, backups: &Path, clock: &Clock) -> Result<()> {
    apply(path, backups, clock, &steps()?, &mut || {})
}

/// `before_each` is called before each statement and before each commit.
#[expect(clippy::disallowed_methods, reason = "migrations run before the writer exists")]
fn apply(path: &Path, backups: &Path, clock: &Clock, steps: &[&str], before_each: &mut dyn FnMut()) -> Result<()> {
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
        back_up(&conn, &backups.join(format!("before-schema-{}-{}.db", steps.len(), clock.now().0)), before_each)?;
    }
    for (n, step) in steps.iter().enumerate().skip(at) {
        let tx = conn.transaction()?;
        each_statement(&tx, step, before_each).context(format!("migration {} failed", n + 1))?;
        before_each();
        tx.pragma_update(None, "user_version", (n + 1) as i64)?;
        before_each();
        tx.commit()?;
    }
    Ok(())
}

/// Copies the database as it is. A copy has its name only when it is whole and on disk.
fn back_up(conn: &Connection, copy: &Path, before_each: &mut dyn FnMut()) -> Result<()> {
    const FAILED: &str = "cannot back up the database before migrating it";
    let unfinished = copy.with_file_name("before-migration.unfinished");
    // One that a crash left would be in the way.
    let _ = std::fs::remove_file(&unfinished);
    before_each();
    conn.execute("vacuum into ?1", [unfinished.to_string_lossy()]).context(FAILED)?;
    before_each();
    std::fs::File::open(&unfinished).and_then(|file| file.sync_all()).context(FAILED)?;
    std::fs::rename(&unfinished, copy).context(FAILED)
}

fn each_statement(conn: &Connection, sql: &str, before_each: &mut dyn FnMut()) -> rusqlite::Result<()> {
    let mut statements = Batch::new(conn, sql);
    while let Some(mut statement) = statements.next()? {
        before_each();
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
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
        apply(&folder.join("main.db"), folder, &Clock::manual(Millis(5)), steps, &mut || {})
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

    /// Names the folder and the statement for the child that dies.
    const DIES: &str = "CXBOX_TEST_MIGRATION_DIES";

    /// What the database is: its schema, how many rows each table has, and whether it is whole.
    #[expect(clippy::disallowed_methods, reason = "the test looks from outside")]
    fn state(path: &Path) -> (i64, Vec<String>) {
        let conn = Connection::open(path).expect("opened");
        let whole: String = conn.query_row("pragma integrity_check", [], |row| row.get(0)).expect("checked");
        assert_eq!(whole, "ok");
        let mut schema =
            conn.prepare("select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_schema order by 1").expect("a query");
        let mut found: Vec<String> = schema.query_map([], |row| row.get(0)).expect("read").collect::<Result<_, _>>().expect("read");
        let mut tables = conn.prepare("select name from sqlite_schema where type = 'table' order by 1").expect("a query");
        let names: Vec<String> = tables.query_map([], |row| row.get(0)).expect("read").collect::<Result<_, _>>().expect("read");
        for name in names {
            let n: i64 = conn.query_row(&["select count(*) from \"", &name, "\""].concat(), [], |row| row.get(0)).expect("counted");
            found.push(format!("{name}: {n}"));
        }
        (conn.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a version"), found)
    }

    /// The child of the test below: it migrates by one step and kills itself before the statement it was told.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "how the child is told what to do")]
    fn dies_before_a_statement_when_it_is_told_to() {
        let Ok(order) = std::env::var(DIES) else { return };
        let (n, folder) = order.split_once(' ').expect("a statement and a folder");
        let (mut left, folder) = (n.parse::<u32>().expect("a number"), Path::new(folder));
        let at: i64 = one(folder, "pragma user_version");
        let all = steps().expect("steps");
        let known = &all[..usize::try_from(at).expect("a count") + 1];
        let mut before_each = || {
            if left == 0 {
                rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).expect("killed");
            }
            left -= 1;
        };
        apply(&folder.join("main.db"), folder, &Clock::manual(Millis(at)), known, &mut before_each).expect("migrated");
    }

    /// R14: a kill at any statement leaves the old schema or the new one, and the next start goes on from there.
    #[test]
    fn killed_at_any_statement_the_schema_is_the_old_or_the_new_one() {
        use std::os::unix::process::ExitStatusExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("main.db");
        let (n_steps, mut n_killed) = (steps().expect("steps").len(), 0);
        for step in 0..n_steps {
            let before = state(&path);
            assert_eq!(before.0, step as i64);
            for statement in 0.. {
                let status = std::process::Command::new(std::env::current_exe().expect("this program"))
                    .args(["--exact", "platform::db::migrate::tests::dies_before_a_statement_when_it_is_told_to"])
                    .env(DIES, format!("{statement} {}", folder.path().display()))
                    .stdout(std::process::Stdio::null())
                    .stderr(std::process::Stdio::null())
                    .status()
                    .expect("a child");
                if status.success() {
                    break;
                }
                assert_eq!(status.signal(), Some(9), "it fails by nothing but the kill");
                n_killed += 1;
                assert_eq!(state(&path), before, "killed before statement {statement} of migration {}", step + 1);
            }
        }
        assert!(n_killed > 3 * n_steps, "{n_killed} kills in {n_steps} migrations");
        let fresh = tempfile::tempdir().expect("a folder");
        run(&fresh.path().join("main.db"), fresh.path(), &Clock::manual(Millis(5))).expect("migrated");
        assert_eq!(state(&path), state(&fresh.path().join("main.db")));
        for entry in std::fs::read_dir(folder.path()).expect("listed") {
            let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
            assert!(!name.ends_with(".unfinished"), "{name}");
        }
    }
}
