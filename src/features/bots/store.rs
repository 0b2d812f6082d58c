//! SQL of bots and their versions.

use rusqlite::{OptionalExtension as _, Row};

use super::model::{BotBody, BotVersionView};
use crate::base::id::BotId;
use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// A bot's row with the body of its published version; credentials in the body are sealed.
#[derive(Debug, Clone)]
pub(super) struct StoredBot {
    pub(super) id: BotId,
    pub(super) version: u32,
    pub(super) body: BotBody,
    pub(super) created_at: Millis,
    pub(super) created_by: String,
    pub(super) updated_at: Millis,
}

/// What a list of bots is narrowed to.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    /// Part of the name.
    pub(super) q: Option<String>,
    /// A status word.
    pub(super) status: Option<String>,
}

fn stored(row: &Row<'_>) -> rusqlite::Result<(StoredBot, String)> {
    let bot = StoredBot {
        id: row.get("id")?,
        version: row.get("published_version")?,
        body: BotBody::default(),
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        updated_at: row.get("updated_at")?,
    };
    Ok((bot, row.get("body")?))
}

fn with_body((bot, body): (StoredBot, String)) -> Result<StoredBot> {
    Ok(StoredBot { body: from_json(&body)?, ..bot })
}

/// The bot, unless it does not exist or was deleted.
pub(super) fn find(conn: &Conn, id: &BotId) -> Result<Option<StoredBot>> {
    conn.prepare_cached(
        "select b.id, b.published_version, b.created_at, b.created_by, b.updated_at, v.body
         from bots b join bot_versions v on v.bot_id = b.id and v.version = b.published_version
         where b.id = ?1 and b.deleted_at is null",
    )?
    .query_row([id], stored)
    .optional()?
    .map(with_body)
    .transpose()
}

/// The bot, or "no such bot".
pub(super) fn get(conn: &Conn, id: &BotId) -> Result<StoredBot> {
    find(conn, id)?.ok_or_else(|| Error::not_found(format!("no bot {id}")))
}

/// One page of bots, newest first, and how many match.
pub(super) fn list(conn: &Conn, filter: &Filter, page: Page) -> Result<(Vec<StoredBot>, u64)> {
    let narrowed = (&filter.q, &filter.status);
    let total = conn
        .prepare_cached(
            "select count(*) from bots
             where deleted_at is null and (?1 is null or instr(lower(name), lower(?1)) > 0) and (?2 is null or status = ?2)",
        )?
        .query_row(narrowed, |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(
            "select b.id, b.published_version, b.created_at, b.created_by, b.updated_at, v.body
             from bots b join bot_versions v on v.bot_id = b.id and v.version = b.published_version
             where b.deleted_at is null and (?1 is null or instr(lower(b.name), lower(?1)) > 0) and (?2 is null or b.status = ?2)
             order by b.created_at desc, b.id limit ?3 offset ?4",
        )?
        .query_map((&filter.q, &filter.status, page.limit, page.offset), stored)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok((rows.into_iter().map(with_body).collect::<Result<_>>()?, total.into()))
}

/// One page of the versions of a bot, newest first, and how many there are.
pub(super) fn versions(conn: &Conn, id: &BotId, page: Page) -> Result<(Vec<BotVersionView>, u64)> {
    let total = conn.prepare_cached("select count(*) from bot_versions where bot_id = ?1")?.query_row([id], |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(
            "select v.version, v.version = b.published_version as is_published, v.created_at, v.created_by
             from bot_versions v join bots b on b.id = v.bot_id where v.bot_id = ?1 order by v.version desc limit ?2 offset ?3",
        )?
        .query_map((id, page.limit, page.offset), |row| {
            Ok(BotVersionView {
                version: row.get("version")?,
                is_published: row.get("is_published")?,
                created_at: row.get("created_at")?,
                created_by: row.get("created_by")?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows, total.into()))
}

/// Whether no bot was ever made, deleted ones included.
pub(super) fn is_empty(conn: &Conn) -> Result<bool> {
    Ok(conn.prepare_cached("select not exists (select 1 from bots)")?.query_row([], |row| row.get(0))?)
}

/// Whether a virtual number answers with this bot.
pub(super) fn is_used(conn: &Conn, id: &BotId) -> Result<bool> {
    Ok(conn.prepare_cached("select exists (select 1 from numbers where bot_id = ?1)")?.query_row([id], |row| row.get(0))?)
}

/// Adds a bot with its first version.
pub(super) fn insert(tx: &Tx<'_>, id: &BotId, body: &BotBody, by: &str) -> Result<()> {
    tx.prepare_cached(
        "insert into bots (id, name, status, published_version, created_at, created_by, updated_at) values (?1, ?2, ?3, 1, ?4, ?5, ?4)",
    )?
    .execute((id, &body.name, body.status.word(), tx.now, by))?;
    insert_version(tx, id, 1, body, by)
}

/// Adds a version and publishes it.
pub(super) fn update(tx: &Tx<'_>, id: &BotId, version: u32, body: &BotBody, by: &str) -> Result<()> {
    insert_version(tx, id, version, body, by)?;
    tx.prepare_cached("update bots set name = ?2, status = ?3, published_version = ?4, updated_at = ?5 where id = ?1")?.execute((
        id,
        &body.name,
        body.status.word(),
        version,
        tx.now,
    ))?;
    Ok(())
}

fn insert_version(tx: &Tx<'_>, id: &BotId, version: u32, body: &BotBody, by: &str) -> Result<()> {
    tx.prepare_cached("insert into bot_versions (bot_id, version, body, created_at, created_by) values (?1, ?2, ?3, ?4, ?5)")?
        .execute((id, version, to_json(body)?, tx.now, by))?;
    Ok(())
}

/// The newest version number of a bot, published or not.
pub(super) fn newest_version(conn: &Conn, id: &BotId) -> Result<u32> {
    Ok(conn.prepare_cached("select coalesce(max(version), 0) from bot_versions where bot_id = ?1")?.query_row([id], |row| row.get(0))?)
}

/// Hides a bot from everything but the calls that name it.
pub(super) fn delete(tx: &Tx<'_>, id: &BotId) -> Result<()> {
    tx.prepare_cached("update bots set deleted_at = ?2 where id = ?1")?.execute((id, tx.now))?;
    Ok(())
}
