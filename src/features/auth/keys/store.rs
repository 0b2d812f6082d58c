//! SQL of the table `api_keys`.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::{Key, Kind};
use crate::base::id::ApiKeyId;
use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

macro_rules! columns {
    () => {
        "id, name, kind, prefix, hash, bot_ids, is_active, expires_at, last_used_at, minter_id, created_by, created_at, updated_at,
         scopes"
    };
}

pub(super) fn find_hash(conn: &Conn, hash: &str) -> Result<Option<Key>> {
    let mut statement = conn.prepare_cached(concat!("select ", columns!(), " from api_keys where hash = ?1"))?;
    Ok(statement.query_row([hash], read).optional()?)
}

pub(super) fn get(conn: &Conn, id: &ApiKeyId) -> Result<Key> {
    let mut statement = conn.prepare_cached(concat!("select ", columns!(), " from api_keys where id = ?1"))?;
    statement.query_row([id], read).optional()?.ok_or_else(|| Error::not_found(format!("no API key {id}")))
}

pub(super) fn list(conn: &Conn, page: Page) -> Result<Vec<Key>> {
    let mut statement =
        conn.prepare_cached(concat!("select ", columns!(), " from api_keys order by created_at desc, id limit ?1 offset ?2"))?;
    let rows = statement.query_map(params![page.limit, page.offset], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn count(conn: &Conn) -> Result<u64> {
    let n: i64 = conn.prepare_cached("select count(*) from api_keys")?.query_row([], |row| row.get(0))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

pub(super) fn insert(tx: &Tx<'_>, key: &Key) -> Result<()> {
    tx.prepare_cached(
        "insert into api_keys
             (id, name, kind, prefix, hash, bot_ids, is_active, expires_at, minter_id, created_by, created_at, updated_at, scopes)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12)",
    )?
    .execute(params![
        key.id,
        key.name,
        key.kind.as_str(),
        key.prefix,
        key.hash,
        to_json(&key.bot_ids)?,
        key.is_active,
        key.expires_at,
        key.minter_id,
        key.created_by,
        tx.now,
        to_json(&key.scopes)?
    ])?;
    Ok(())
}

pub(super) fn update(tx: &Tx<'_>, key: &Key) -> Result<()> {
    tx.prepare_cached(
        "update api_keys set name = ?2, bot_ids = ?3, is_active = ?4, expires_at = ?5, updated_at = ?6, scopes = ?7 where id = ?1",
    )?
    .execute(params![key.id, key.name, to_json(&key.bot_ids)?, key.is_active, key.expires_at, tx.now, to_json(&key.scopes)?])?;
    Ok(())
}

pub(super) fn set_last_used(tx: &Tx<'_>, id: &ApiKeyId, at: Millis) -> Result<()> {
    tx.prepare_cached("update api_keys set last_used_at = max(coalesce(last_used_at, 0), ?2) where id = ?1")?.execute(params![id, at])?;
    Ok(())
}

pub(super) fn delete(tx: &Tx<'_>, id: &ApiKeyId) -> Result<()> {
    tx.prepare_cached("delete from api_keys where id = ?1")?.execute([id])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Key> {
    let kind: String = row.get(2)?;
    let (bot_ids, scopes): (String, String) = (row.get(5)?, row.get(13)?);
    let unreadable = |at| move |error: Error| rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error));
    Ok(Key {
        id: row.get(0)?,
        name: row.get(1)?,
        kind: if kind == Kind::Ak.as_str() { Kind::Ak } else { Kind::Vx },
        prefix: row.get(3)?,
        hash: row.get(4)?,
        bot_ids: from_json(&bot_ids).map_err(unreadable(5))?,
        scopes: from_json(&scopes).map_err(unreadable(13))?,
        is_active: row.get(6)?,
        expires_at: row.get(7)?,
        last_used_at: row.get(8)?,
        minter_id: row.get(9)?,
        created_by: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
    })
}
