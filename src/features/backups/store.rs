//! SQL of backups.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::{BackupView, Made, State};
use super::work::MAKE;
use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx};

const COLUMNS: &str = "name, origin, state, started_at, finished_at, size, sha256, schema, has_recordings, has_master_key, error, verified_at, \
    verify_error, uploaded_at, upload_error, started_by";

/// Notes that a backup begins.
pub(super) fn insert(tx: &Tx<'_>, backup: &BackupView) -> Result<()> {
    tx.prepare_cached(
        "insert into backups (name, origin, state, started_at, has_recordings, has_master_key, started_by) values (?1, ?2, 'running', ?3, ?4, ?5, ?6)",
    )?
    .execute(params![backup.name, backup.origin, tx.now, backup.has_recordings, backup.has_master_key, backup.started_by])?;
    Ok(())
}

/// Whether there is a backup of this name.
pub(super) fn has(conn: &Conn, name: &str) -> Result<bool> {
    Ok(conn.prepare_cached("select exists (select 1 from backups where name = ?1)")?.query_row([name], |row| row.get(0))?)
}

/// The backup that is being made, if there is one.
pub(super) fn running(conn: &Conn) -> Result<Option<String>> {
    Ok(conn.prepare_cached("select name from backups where state = 'running' limit 1")?.query_row([], |row| row.get(0)).optional()?)
}

/// Takes the backup that is being made, and its job, out of the copy that goes into it: whoever restores it must not find it running.
pub(super) fn forget_running(copy: &Conn) -> Result<()> {
    copy.execute("delete from backups where state = 'running'", [])?;
    copy.execute("delete from jobs where kind = ?1", [MAKE])?;
    Ok(())
}

/// One page, newest first, and how many there are.
pub(super) fn list(conn: &Conn, page: Page) -> Result<(Vec<BackupView>, u64)> {
    let total: u32 = conn.prepare_cached("select count(*) from backups")?.query_row([], |row| row.get(0))?;
    let mut statement =
        conn.prepare_cached(&format!("select {COLUMNS} from backups order by started_at desc, name desc limit ?1 offset ?2"))?;
    let rows = statement.query_map([page.limit, page.offset], view)?;
    Ok((rows.collect::<Result<_, _>>()?, total.into()))
}

/// One backup, or "not found".
pub(super) fn get(conn: &Conn, name: &str) -> Result<BackupView> {
    conn.prepare_cached(&format!("select {COLUMNS} from backups where name = ?1"))?
        .query_row([name], view)
        .optional()?
        .ok_or_else(|| Error::not_found("no such backup"))
}

/// The newest backup that is whole.
pub(super) fn newest(conn: &Conn) -> Result<Option<BackupView>> {
    Ok(conn
        .prepare_cached(&format!("select {COLUMNS} from backups where state = 'done' order by started_at desc limit 1"))?
        .query_row([], view)
        .optional()?)
}

/// Scheduled backups beyond the newest `keep`, and failed ones that are older than those.
pub(super) fn superseded(conn: &Conn, keep: u32) -> Result<Vec<String>> {
    let mut statement = conn.prepare_cached(
        "select name from backups where origin = 'schedule' and state <> 'running' and started_at < (
            select started_at from backups where origin = 'schedule' and state = 'done' order by started_at desc limit 1 offset ?1 - 1)",
    )?;
    Ok(statement.query_map([keep], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn view(row: &Row<'_>) -> rusqlite::Result<BackupView> {
    Ok(BackupView {
        name: row.get("name")?,
        origin: row.get("origin")?,
        state: State::parse(&row.get::<_, String>("state")?),
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
        size: row.get::<_, Option<i64>>("size")?.map(i64::unsigned_abs),
        sha256: row.get("sha256")?,
        schema: row.get("schema")?,
        has_recordings: row.get("has_recordings")?,
        has_master_key: row.get("has_master_key")?,
        error: row.get("error")?,
        verified_at: row.get("verified_at")?,
        verify_error: row.get("verify_error")?,
        uploaded_at: row.get("uploaded_at")?,
        upload_error: row.get("upload_error")?,
        started_by: row.get("started_by")?,
    })
}

/// Notes how a backup ended.
pub(super) fn finish(tx: &Tx<'_>, name: &str, made: &Result<Made, String>) -> Result<()> {
    let state = if made.is_ok() { State::Done } else { State::Failed };
    let file = made.as_ref().ok();
    tx.prepare_cached("update backups set state = ?2, finished_at = ?3, size = ?4, sha256 = ?5, schema = ?6, error = ?7 where name = ?1")?
        .execute(params![
            name,
            state.word(),
            tx.now,
            file.map(|made| made.size as i64),
            file.map(|made| &made.sha256),
            file.map(|made| made.schema),
            made.as_ref().err()
        ])?;
    Ok(())
}

/// Notes what a check found.
pub(super) fn note_check(tx: &Tx<'_>, name: &str, fault: Option<&str>) -> Result<()> {
    tx.prepare_cached("update backups set verified_at = ?2, verify_error = ?3 where name = ?1")?.execute(params![name, tx.now, fault])?;
    Ok(())
}

/// Notes that the object store has a backup, or why it does not.
pub(super) fn note_upload(tx: &Tx<'_>, name: &str, fault: Option<&str>) -> Result<()> {
    tx.prepare_cached("update backups set uploaded_at = case when ?3 is null then ?2 end, upload_error = ?3 where name = ?1")?
        .execute(params![name, tx.now, fault])?;
    Ok(())
}

/// Forgets a backup.
pub(super) fn delete(tx: &Tx<'_>, name: &str) -> Result<()> {
    tx.prepare_cached("delete from backups where name = ?1")?.execute([name])?;
    Ok(())
}

/// Since when the schedule counts; the first time it begins now.
pub(super) fn counts_since(tx: &Tx<'_>) -> Result<Millis> {
    tx.prepare_cached("insert into backup_schedule (id, last_at) values (1, ?1) on conflict (id) do nothing")?.execute([tx.now])?;
    Ok(tx.prepare_cached("select last_at from backup_schedule where id = 1")?.query_row([], |row| row.get(0))?)
}

/// Since when the schedule counts, if it does.
pub(super) fn counted_since(conn: &Conn) -> Result<Option<Millis>> {
    Ok(conn.prepare_cached("select last_at from backup_schedule where id = 1")?.query_row([], |row| row.get(0)).optional()?)
}

/// Whether the last backup that ended could not be made.
pub(super) fn last_failed(conn: &Conn) -> Result<bool> {
    let state: Option<String> = conn
        .prepare_cached("select state from backups where state <> 'running' order by started_at desc limit 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(state.as_deref() == Some(State::Failed.word()))
}

/// Lets the schedule count from now on.
pub(super) fn count_from_now(tx: &Tx<'_>) -> Result<()> {
    tx.prepare_cached("update backup_schedule set last_at = ?1 where id = 1")?.execute([tx.now])?;
    Ok(())
}
