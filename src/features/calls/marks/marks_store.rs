//! SQL of tags, notes and holds.

use rusqlite::{OptionalExtension, Row, params};

use super::model::{HoldView, KnownTag, NoteView, TagView};
use crate::base::Result;
use crate::base::id::NoteId;
use crate::features::calls::list::requeue;
use crate::platform::access::Actor;
use crate::platform::db::{Conn, Tx};

/// Most tags that are listed.
const MOST_TAGS: u32 = 1000;

/// Makes these the tags of a call; those that stay keep who put them there. Says how many came and went.
pub(super) fn set_tags(tx: &Tx<'_>, call_id: i64, tags: &[String], by: &str) -> Result<(usize, usize)> {
    let had = self::tags(tx, call_id)?;
    let (mut n_added, mut n_removed) = (0, 0);
    for tag in tags {
        n_added += tx
            .prepare_cached("insert into call_tags (call_id, tag, added_by, added_at) values (?1, ?2, ?3, ?4) on conflict do nothing")?
            .execute(params![call_id, tag, by, tx.now])?;
    }
    for gone in had.iter().filter(|had| !tags.contains(&had.tag)) {
        n_removed += tx.prepare_cached("delete from call_tags where call_id = ?1 and tag = ?2")?.execute(params![call_id, gone.tag])?;
    }
    if n_added + n_removed > 0 {
        requeue(tx, call_id)?;
    }
    Ok((n_added, n_removed))
}

/// The tags of a call, in the order of the alphabet.
pub(in crate::features::calls) fn tags(conn: &Conn, call_id: i64) -> Result<Vec<TagView>> {
    let mut statement = conn.prepare_cached("select tag, added_by, added_at from call_tags where call_id = ?1 order by tag")?;
    let rows = statement
        .query_map([call_id], |row| Ok(TagView { tag: row.get("tag")?, added_by: row.get("added_by")?, added_at: row.get("added_at")? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// All tags that are in use, the most used first.
pub(super) fn known_tags(conn: &Conn) -> Result<Vec<KnownTag>> {
    let mut statement =
        conn.prepare_cached("select tag, count(*) as n_calls from call_tags group by tag order by n_calls desc, tag limit ?1")?;
    let rows = statement
        .query_map([MOST_TAGS], |row| Ok(KnownTag { tag: row.get("tag")?, n_calls: row.get::<_, i64>("n_calls")?.unsigned_abs() }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Adds a note.
pub(super) fn add_note(tx: &Tx<'_>, call_id: i64, id: &NoteId, text: &str, author: &Actor) -> Result<NoteView> {
    tx.prepare_cached("insert into call_notes (id, call_id, text, author_id, author, created_at) values (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![id, call_id, text, author.user_id, author.name, tx.now])?;
    Ok(NoteView { id: id.clone(), text: text.to_owned(), author: author.name.clone(), created_at: tx.now })
}

/// The notes of a call, oldest first.
pub(in crate::features::calls) fn notes(conn: &Conn, call_id: i64) -> Result<Vec<NoteView>> {
    let mut statement =
        conn.prepare_cached("select id, text, author, created_at from call_notes where call_id = ?1 order by created_at, rowid")?;
    let rows = statement.query_map([call_id], |row| {
        Ok(NoteView { id: row.get("id")?, text: row.get("text")?, author: row.get("author")?, created_at: row.get("created_at")? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Who wrote a note of a call, by the id of the person.
pub(super) fn author(conn: &Conn, call_id: i64, id: &NoteId) -> Result<Option<String>> {
    Ok(conn
        .prepare_cached("select author_id from call_notes where call_id = ?1 and id = ?2")?
        .query_row(params![call_id, id], |row| row.get(0))
        .optional()?)
}

/// Removes a note.
pub(super) fn remove_note(tx: &Tx<'_>, id: &NoteId) -> Result<()> {
    tx.prepare_cached("delete from call_notes where id = ?1")?.execute([id])?;
    Ok(())
}

/// Puts a call on hold, or gives the hold it has another reason.
pub(super) fn hold(tx: &Tx<'_>, call_id: i64, reason: &str, by: &str) -> Result<HoldView> {
    tx.prepare_cached(
        "insert into call_holds (call_id, reason, held_by, held_at) values (?1, ?2, ?3, ?4)
        on conflict do update set reason = excluded.reason, held_by = excluded.held_by, held_at = excluded.held_at",
    )?
    .execute(params![call_id, reason, by, tx.now])?;
    requeue(tx, call_id)?;
    Ok(HoldView { reason: reason.to_owned(), held_by: by.to_owned(), held_at: tx.now })
}

/// Ends a hold. Says whether there was one.
pub(super) fn release(tx: &Tx<'_>, call_id: i64) -> Result<bool> {
    let n_rows = tx.prepare_cached("delete from call_holds where call_id = ?1")?.execute([call_id])?;
    if n_rows > 0 {
        requeue(tx, call_id)?;
    }
    Ok(n_rows > 0)
}

/// The hold on a call, if there is one.
pub(in crate::features::calls) fn hold_of(conn: &Conn, call_id: i64) -> Result<Option<HoldView>> {
    let read = |row: &Row<'_>| Ok(HoldView { reason: row.get("reason")?, held_by: row.get("held_by")?, held_at: row.get("held_at")? });
    Ok(conn.prepare_cached("select reason, held_by, held_at from call_holds where call_id = ?1")?.query_row([call_id], read).optional()?)
}
