//! SQL of bots.

use rusqlite::{OptionalExtension as _, Row};

use super::body::{BotBody, BotRetention, BotStatus};
use super::versions_store;
use crate::base::id::BotId;
use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx, from_json};

/// A bot's row with the body of its published version; credentials in the body are sealed.
#[derive(Debug, Clone)]
pub(super) struct StoredBot {
    pub(super) id: BotId,
    pub(super) version: u32,
    pub(super) has_draft: bool,
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

/// What [`stored`] reads.
macro_rules! columns {
    () => {
        "b.id, b.status, b.published_version, b.created_at, b.created_by, b.updated_at, v.body,
         exists (select 1 from bot_drafts d where d.bot_id = b.id) as has_draft"
    };
}

fn stored(row: &Row<'_>) -> rusqlite::Result<(StoredBot, String, String)> {
    let bot = StoredBot {
        id: row.get("id")?,
        version: row.get("published_version")?,
        has_draft: row.get("has_draft")?,
        body: BotBody::default(),
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        updated_at: row.get("updated_at")?,
    };
    Ok((bot, row.get("status")?, row.get("body")?))
}

/// Whether a bot takes calls is no matter of its version: the row decides.
fn with_body((bot, status, body): (StoredBot, String, String)) -> Result<StoredBot> {
    let body = BotBody { status: BotStatus::parse(&status).unwrap_or_default(), ..from_json(&body)? };
    Ok(StoredBot { body, ..bot })
}

/// The bot, unless it does not exist or was deleted.
pub(super) fn find(conn: &Conn, id: &BotId) -> Result<Option<StoredBot>> {
    conn.prepare_cached(concat!(
        "select ",
        columns!(),
        " from bots b join bot_versions v on v.bot_id = b.id and v.version = b.published_version
         where b.id = ?1 and b.deleted_at is null",
    ))?
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
        .prepare_cached(concat!(
            "select ",
            columns!(),
            " from bots b join bot_versions v on v.bot_id = b.id and v.version = b.published_version
             where b.deleted_at is null and (?1 is null or instr(lower(b.name), lower(?1)) > 0) and (?2 is null or b.status = ?2)
             order by b.created_at desc, b.id limit ?3 offset ?4",
        ))?
        .query_map((&filter.q, &filter.status, page.limit, page.offset), stored)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok((rows.into_iter().map(with_body).collect::<Result<_>>()?, total.into()))
}

/// Whether no bot was ever made, deleted ones included.
pub(super) fn is_empty(conn: &Conn) -> Result<bool> {
    Ok(conn.prepare_cached("select not exists (select 1 from bots)")?.query_row([], |row| row.get(0))?)
}

/// What answers with this bot, in words; nothing if it is free.
pub(super) fn user_of(conn: &Conn, id: &BotId) -> Result<Option<String>> {
    let mut statement = conn.prepare_cached(
        "select 'the virtual number ''' || name || '''' as what from numbers where bot_id = ?1
         union all select 'the carrier''s number ' || number from carrier_dids where bot_id = ?1 order by what limit 1",
    )?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Adds a bot with its first version.
pub(super) fn insert(tx: &Tx<'_>, id: &BotId, body: &BotBody, by: &str) -> Result<()> {
    tx.prepare_cached(
        "insert into bots (id, name, status, published_version, created_at, created_by, updated_at) values (?1, ?2, ?3, 1, ?4, ?5, ?4)",
    )?
    .execute((id, &body.name, body.status.word(), tx.now, by))?;
    versions_store::insert(tx, id, body, by, "")?;
    Ok(())
}

/// Adds a version and publishes it.
pub(super) fn publish(tx: &Tx<'_>, id: &BotId, body: &BotBody, by: &str, note: &str) -> Result<()> {
    let version = versions_store::insert(tx, id, body, by, note)?;
    tx.prepare_cached("update bots set name = ?2, status = ?3, published_version = ?4, updated_at = ?5 where id = ?1")?.execute((
        id,
        &body.name,
        body.status.word(),
        version,
        tx.now,
    ))?;
    Ok(())
}

/// Switches a bot on or off.
pub(super) fn set_status(tx: &Tx<'_>, id: &BotId, status: BotStatus) -> Result<()> {
    tx.prepare_cached("update bots set status = ?2, updated_at = ?3 where id = ?1")?.execute((id, status.word(), tx.now))?;
    Ok(())
}

/// Hides a bot from everything but the calls that name it.
pub(super) fn delete(tx: &Tx<'_>, id: &BotId) -> Result<()> {
    versions_store::delete_draft(tx, id)?;
    tx.prepare_cached("update bots set deleted_at = ?2 where id = ?1")?.execute((id, tx.now))?;
    Ok(())
}

/// The published `retention` of every bot that has one.
pub(super) fn retentions(conn: &Conn) -> Result<Vec<(BotId, BotRetention)>> {
    let mut statement = conn.prepare_cached(
        "select b.id, json_extract(v.body, '$.retention') from bots b
        join bot_versions v on v.bot_id = b.id and v.version = b.published_version
        where json_extract(v.body, '$.retention') is not null",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| row.map_err(Into::into).and_then(|(id, text)| Ok((id, from_json(&text)?)))).collect()
}
