//! SQL of the versions and drafts of bots.

use rusqlite::{OptionalExtension as _, Row};

use super::body::BotBody;
use super::view::BotVersionView;
use crate::base::id::BotId;
use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// A draft as it lies in its row.
#[derive(Debug, Clone)]
pub(super) struct StoredDraft {
    pub(super) based_on: u32,
    pub(super) saved_at: Millis,
    pub(super) saved_by: String,
    pub(super) body: BotBody,
}

fn head(row: &Row<'_>) -> rusqlite::Result<BotVersionView> {
    Ok(BotVersionView {
        version: row.get("version")?,
        is_published: row.get("is_published")?,
        note: row.get("note")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
    })
}

/// One page of the versions of a bot, newest first, and how many there are.
pub(super) fn list(conn: &Conn, id: &BotId, page: Page) -> Result<(Vec<BotVersionView>, u64)> {
    let total = conn.prepare_cached("select count(*) from bot_versions where bot_id = ?1")?.query_row([id], |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(
            "select v.version, v.version = b.published_version as is_published, v.note, v.created_at, v.created_by
             from bot_versions v join bots b on b.id = v.bot_id where v.bot_id = ?1 order by v.version desc limit ?2 offset ?3",
        )?
        .query_map((id, page.limit, page.offset), head)?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows, total.into()))
}

/// One version with its body, or "no such version".
pub(super) fn get(conn: &Conn, id: &BotId, version: u32) -> Result<(BotVersionView, BotBody)> {
    let found = conn
        .prepare_cached(
            "select v.version, v.version = b.published_version as is_published, v.note, v.created_at, v.created_by, v.body
             from bot_versions v join bots b on b.id = v.bot_id where v.bot_id = ?1 and v.version = ?2",
        )?
        .query_row((id, version), |row| Ok((head(row)?, row.get::<_, String>("body")?)))
        .optional()?;
    let (head, body) = found.ok_or_else(|| Error::not_found(format!("the bot {id} has no version {version}")))?;
    Ok((head, from_json(&body)?))
}

/// Adds a version; says which one it is.
pub(super) fn insert(tx: &Tx<'_>, id: &BotId, body: &BotBody, by: &str, note: &str) -> Result<u32> {
    let newest: u32 =
        tx.prepare_cached("select coalesce(max(version), 0) from bot_versions where bot_id = ?1")?.query_row([id], |row| row.get(0))?;
    tx.prepare_cached("insert into bot_versions (bot_id, version, body, created_at, created_by, note) values (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute((id, newest + 1, to_json(body)?, tx.now, by, note))?;
    Ok(newest + 1)
}

/// The draft of a bot, if there is one.
pub(super) fn find_draft(conn: &Conn, id: &BotId) -> Result<Option<StoredDraft>> {
    let found = conn
        .prepare_cached("select based_on, saved_at, saved_by, body from bot_drafts where bot_id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?)))
        .optional()?;
    let Some((based_on, saved_at, saved_by, body)) = found else { return Ok(None) };
    Ok(Some(StoredDraft { based_on, saved_at, saved_by, body: from_json(&body)? }))
}

/// The draft of a bot, or "no draft".
pub(super) fn get_draft(conn: &Conn, id: &BotId) -> Result<StoredDraft> {
    find_draft(conn, id)?.ok_or_else(|| Error::not_found(format!("the bot {id} has no draft")))
}

/// Saves the draft of a bot. One that is there already keeps the version it was begun on.
pub(super) fn save_draft(tx: &Tx<'_>, id: &BotId, based_on: u32, body: &BotBody, by: &str) -> Result<()> {
    tx.prepare_cached(
        "insert into bot_drafts (bot_id, based_on, body, saved_at, saved_by) values (?1, ?2, ?3, ?4, ?5)
         on conflict (bot_id) do update set body = excluded.body, saved_at = excluded.saved_at, saved_by = excluded.saved_by",
    )?
    .execute((id, based_on, to_json(body)?, tx.now, by))?;
    Ok(())
}

/// Removes the draft of a bot; says whether there was one.
pub(super) fn delete_draft(tx: &Tx<'_>, id: &BotId) -> Result<bool> {
    Ok(tx.prepare_cached("delete from bot_drafts where bot_id = ?1")?.execute([id])? > 0)
}
