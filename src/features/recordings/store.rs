//! SQL of recordings and of links that were revoked.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::{Manifest, Recording};
use super::work::{DELETE, KeyBody, UPLOAD};
use crate::base::Result;
use crate::base::id::SessionId;
use crate::platform::access::Actor;
use crate::platform::db::{Conn, Tx, from_json, to_json};
use crate::platform::objects::{Progress, Stored};
use crate::platform::outbox::{NewJob, enqueue_in_lane};

/// Recordings that one round of the chore takes up.
const A_HANDFUL: u32 = 100;
/// Two uploads at once: they share the line out of the house.
const LANE: &str = "object-store";

/// Notes what was stored under a key. What was known of the former bytes counts no more.
pub(super) fn note(tx: &Tx<'_>, key: &str, stored: &Stored) -> Result<()> {
    tx.prepare_cached(
        "insert into recordings (key, size, sha256, stored_at) values (?1, ?2, ?3, ?4)
        on conflict (key) do update set size = excluded.size, sha256 = excluded.sha256, stored_at = excluded.stored_at, queued_at = null,
            progress = null, uploaded_to = null, uploaded_at = null, removed_at = null",
    )?
    .execute(params![key, stored.size as i64, stored.sha256, tx.now])?;
    Ok(())
}

/// What is known of a key.
pub(super) fn find(conn: &Conn, key: &str) -> Result<Option<Recording>> {
    let row = conn
        .prepare_cached(
            "select key, size, sha256, progress, uploaded_to, removed_at is not null as is_removed from recordings where key = ?1",
        )?
        .query_row([key], |row| Ok((recording(row)?, row.get::<_, Option<String>>("progress")?)))
        .optional()?;
    row.map(|(recording, progress)| {
        let progress = progress.as_deref().map(from_json::<Progress>).transpose()?.unwrap_or_default();
        Ok(Recording { progress, ..recording })
    })
    .transpose()
}

fn recording(row: &Row<'_>) -> rusqlite::Result<Recording> {
    Ok(Recording {
        key: row.get("key")?,
        size: row.get::<_, i64>("size")?.unsigned_abs(),
        sha256: row.get("sha256")?,
        progress: Progress::default(),
        uploaded_to: row.get("uploaded_to")?,
        is_removed: row.get("is_removed")?,
    })
}

/// Has a recording brought to the object store by a job.
pub(super) fn enqueue_upload(tx: &Tx<'_>, key: &str) -> Result<()> {
    tx.prepare_cached("update recordings set queued_at = ?2 where key = ?1")?.execute(params![key, tx.now])?;
    let body = KeyBody { key: key.to_owned() };
    enqueue_in_lane(tx, &NewJob { kind: UPLOAD, key, body: &body, due_at: tx.now }, LANE)
}

/// Has a handful of the recordings that calls have forgotten removed wherever they lie. Says how many.
pub(super) fn take_up_erasures(tx: &Tx<'_>) -> Result<usize> {
    let mut statement =
        tx.prepare_cached("delete from forgotten_recordings where key in (select key from forgotten_recordings limit ?1) returning key")?;
    let keys: Vec<String> = statement.query_map([A_HANDFUL], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for key in &keys {
        enqueue_in_lane(tx, &NewJob { kind: DELETE, key, body: &KeyBody { key: key.clone() }, due_at: tx.now }, LANE)?;
    }
    Ok(keys.len())
}

/// Enqueues uploads for a handful of recordings whose place is not the wanted one: not in this store yet, or there and still here although
/// no local copy is wanted. Says how many.
pub(super) fn take_up(tx: &Tx<'_>, location: &str, keeps_local: bool) -> Result<usize> {
    let mut statement = tx.prepare_cached(
        "select key from recordings where removed_at is null and queued_at is null and (uploaded_to is not ?1 or not ?2) limit ?3",
    )?;
    let keys: Vec<String> = statement.query_map(params![location, keeps_local, A_HANDFUL], |row| row.get(0))?.collect::<Result<_, _>>()?;
    keys.iter().try_for_each(|key| enqueue_upload(tx, key))?;
    Ok(keys.len())
}

/// Keeps how far an upload has come. Says whether the recording is still the one that is being uploaded.
pub(super) fn keep_progress(tx: &Tx<'_>, key: &str, sha256: Option<&str>, progress: &Progress) -> Result<bool> {
    let n_rows = tx.prepare_cached("update recordings set progress = ?3 where key = ?1 and sha256 is ?2")?.execute(params![
        key,
        sha256,
        to_json(progress)?
    ])?;
    Ok(n_rows == 1)
}

/// Notes that the object store has a recording. Says whether it is still the one that was uploaded.
pub(super) fn note_upload(tx: &Tx<'_>, key: &str, sha256: Option<&str>, location: &str) -> Result<bool> {
    let n_rows = tx
        .prepare_cached("update recordings set progress = null, uploaded_to = ?3, uploaded_at = ?4 where key = ?1 and sha256 is ?2")?
        .execute(params![key, sha256, location, tx.now])?;
    Ok(n_rows == 1)
}

/// Notes that the local copy is gone.
pub(super) fn note_removal(tx: &Tx<'_>, key: &str) -> Result<()> {
    tx.prepare_cached("update recordings set removed_at = ?2 where key = ?1")?.execute(params![key, tx.now])?;
    Ok(())
}

/// Notes that no job holds the recording any more.
pub(super) fn release(tx: &Tx<'_>, key: &str) -> Result<()> {
    tx.prepare_cached("update recordings set queued_at = null where key = ?1")?.execute([key])?;
    Ok(())
}

/// Forgets a recording.
pub(super) fn forget(tx: &Tx<'_>, key: &str) -> Result<()> {
    tx.prepare_cached("delete from recordings where key = ?1")?.execute([key])?;
    Ok(())
}

/// All recordings, for the list in a backup.
pub fn manifest(conn: &Conn) -> Result<Vec<Manifest>> {
    let mut statement =
        conn.prepare("select key, size, sha256, uploaded_to, removed_at is null as is_local from recordings order by key")?;
    let rows = statement.query_map([], |row| {
        Ok(Manifest {
            key: row.get("key")?,
            size: row.get::<_, i64>("size")?.unsigned_abs(),
            sha256: row.get("sha256")?,
            uploaded_to: row.get("uploaded_to")?,
            is_local: row.get("is_local")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes that a link was revoked.
pub(super) fn note_revoked(tx: &Tx<'_>, hash: &[u8], session_id: &SessionId, by: &Actor) -> Result<()> {
    tx.prepare_cached(
        "insert into revoked_links (token_hash, session_id, revoked_at, revoked_by) values (?1, ?2, ?3, ?4) on conflict do nothing",
    )?
    .execute(params![hash, session_id, tx.now, by.name])?;
    Ok(())
}

/// Whether a link with this hash was revoked.
pub(super) fn was_revoked(conn: &Conn, hash: &[u8; 32]) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from revoked_links where token_hash = ?1)")?
        .query_row([hash.as_slice()], |row| row.get(0))?)
}

/// Whether a link to the recording of a call was revoked.
pub(super) fn was_revoked_of(conn: &Conn, session_id: &SessionId) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from revoked_links where session_id = ?1)")?
        .query_row([session_id], |row| row.get(0))?)
}
