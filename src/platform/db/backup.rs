//! Copies of the running database, each checked before it counts, and a look at a database file from outside.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::migrate;
use crate::base::{Context, Error, Result};

/// Pages of one step: a megabyte, after which others may have the disk.
const STEP: i32 = 256;
/// Pause between two steps.
const PAUSE: Duration = Duration::from_millis(3);
/// Steps after which the copy is synced, so that the last sync does not hold up the writer's.
const SYNC_EVERY: u32 = 8;

/// What a database file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Its schema.
    pub schema: u32,
    /// The newest schema this program knows.
    pub known_schema: u32,
    /// What SQLite finds wrong with it; empty when it is whole.
    pub faults: Vec<String>,
}

/// How a copy is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyKind {
    /// Page for page.
    Pages,
    /// Written anew, without free pages.
    Compact,
}

/// Copies `from` to `to` as it is at one moment, checks the copy, syncs it and gives it its name.
pub(super) async fn copy(from: PathBuf, to: PathBuf, kind: CopyKind) -> Result<()> {
    tokio::task::spawn_blocking(move || copy_file(&from, &to, kind))
        .await
        .map_err(|cause| Error::internal("the backup panicked").caused_by(cause))?
}

/// Copies a database file, in use or not, as it is at one moment. Nothing is at `to` when it fails.
pub fn copy_file(from: &Path, to: &Path, kind: CopyKind) -> Result<()> {
    let unfinished = to.with_extension("unfinished");
    // One that a crash left would be copied into.
    let _ = std::fs::remove_file(&unfinished);
    let done = copy_and_check(from, &unfinished, kind).and_then(|()| finish(&unfinished, to));
    if done.is_err() {
        // It may not exist yet.
        let _ = std::fs::remove_file(&unfinished);
    }
    done
}

#[expect(clippy::disallowed_methods, reason = "a backup has its own two connections")]
fn copy_and_check(from: &Path, unfinished: &Path, kind: CopyKind) -> Result<()> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY).context("cannot open the database")?;
    source.busy_timeout(Duration::from_secs(10))?;
    if kind == CopyKind::Compact {
        source.execute("vacuum into ?1", [unfinished.to_string_lossy()]).context("cannot make the backup file")?;
    } else {
        let mut copy = Connection::open(unfinished).context("cannot make the backup file")?;
        copy_pages(&source, &mut copy, unfinished)?;
    }
    let copy = Connection::open(unfinished).context("cannot open the backup file")?;
    copy.pragma_update(None, "journal_mode", "delete")?;
    match integrity(&copy)?.first() {
        None => Ok(()),
        Some(fault) => Err(Error::internal(format!("the backup is damaged: {fault}"))),
    }
}

/// Copies in steps. The source stays in one read transaction, so that writers go on and cannot make the copy start over.
fn copy_pages(source: &Connection, copy: &mut Connection, unfinished: &Path) -> Result<()> {
    source.execute_batch("begin")?;
    source.query_row("select count(*) from sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    copy.pragma_update(None, "synchronous", "off")?;
    let file = std::fs::File::open(unfinished).context("cannot open the backup file")?;
    let backup = Backup::new(source, copy)?;
    let mut n_steps = 0;
    loop {
        match backup.step(STEP)? {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(Error::unavailable("the database was busy, the backup was not made")),
        }
        n_steps += 1;
        if n_steps % SYNC_EVERY == 0 {
            file.sync_data().context("cannot sync the backup")?;
        }
        pause();
    }
    drop(backup);
    source.execute_batch("commit")?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own gives way to the writer")]
fn pause() {
    std::thread::sleep(PAUSE);
}

fn integrity(conn: &Connection) -> Result<Vec<String>> {
    let mut statement = conn.prepare("pragma integrity_check")?;
    let said = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let mut faults: Vec<String> = said.into_iter().filter(|line| line != "ok").collect();
    let mut statement = conn.prepare("pragma foreign_key_check")?;
    let broken = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    faults.extend(broken.into_iter().map(|table| format!("a row of {table} names another that is not there")));
    Ok(faults)
}

/// Looks at a database file without changing it. `is_thorough` reads all of it.
#[expect(clippy::disallowed_methods, reason = "a file from outside is looked at by a connection of its own")]
pub fn inspect(path: &Path, is_thorough: bool) -> Result<Inspection> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).context("cannot open the database")?;
    conn.busy_timeout(Duration::from_secs(5))?;
    let schema: u32 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).context("this is no database")?;
    let faults = if is_thorough {
        integrity(&conn)?
    } else {
        let said: String = conn.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
        if said == "ok" { Vec::new() } else { vec![said] }
    };
    Ok(Inspection { schema, known_schema: migrate::newest()?, faults })
}

fn finish(unfinished: &Path, to: &Path) -> Result<()> {
    std::fs::File::open(unfinished).and_then(|file| file.sync_all()).context("cannot sync the backup")?;
    std::fs::rename(unfinished, to).context("cannot name the backup")?;
    let folder = to.parent().unwrap_or_else(|| Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).context("cannot sync the backup's folder")
}

/// Runs a query on a database file that nobody writes to.
#[expect(clippy::disallowed_methods, reason = "a file from outside is read by a connection of its own")]
pub fn read_file<T>(path: &Path, query: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    query(&Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).context("cannot open the database")?)
}

/// Changes a database file that nobody else has open, such as a copy before it goes into a backup.
#[expect(clippy::disallowed_methods, reason = "a copy is changed by a connection of its own")]
pub fn edit_file(path: &Path, change: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
    let mut conn = Connection::open(path).context("cannot open the database")?;
    let tx = conn.transaction()?;
    change(&tx)?;
    tx.commit()?;
    Ok(())
}
