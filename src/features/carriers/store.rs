//! SQL of carriers.

use rusqlite::{OptionalExtension as _, Row};

use super::model::CarrierBody;
use crate::base::id::CarrierId;
use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// A carrier's row; passwords in the body are sealed.
#[derive(Debug, Clone)]
pub(super) struct StoredCarrier {
    pub(super) id: CarrierId,
    pub(super) body: CarrierBody,
    pub(super) created_at: Millis,
    pub(super) updated_at: Millis,
}

type Raw = (CarrierId, String, Millis, Millis);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get("id")?, row.get("body")?, row.get("created_at")?, row.get("updated_at")?))
}

fn stored((id, body, created_at, updated_at): Raw) -> Result<StoredCarrier> {
    Ok(StoredCarrier { id, body: from_json(&body)?, created_at, updated_at })
}

/// The carrier, or "no such carrier".
pub(super) fn get(conn: &Conn, id: &CarrierId) -> Result<StoredCarrier> {
    let found = conn
        .prepare_cached("select id, body, created_at, updated_at from carriers where id = ?1")?
        .query_row([id], raw)
        .optional()?
        .ok_or_else(|| Error::not_found(format!("no carrier {id}")))?;
    stored(found)
}

/// One page of carriers, oldest first, and how many there are.
pub(super) fn list(conn: &Conn, page: Page) -> Result<(Vec<StoredCarrier>, u64)> {
    let total = conn.prepare_cached("select count(*) from carriers")?.query_row([], |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached("select id, body, created_at, updated_at from carriers order by created_at, id limit ?1 offset ?2")?
        .query_map((page.limit, page.offset), raw)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok((rows.into_iter().map(stored).collect::<Result<_>>()?, total.into()))
}

/// All active carriers, oldest first.
pub(super) fn active(conn: &Conn) -> Result<Vec<StoredCarrier>> {
    let rows = conn
        .prepare_cached("select id, body, created_at, updated_at from carriers where is_active = 1 order by created_at, id")?
        .query_map([], raw)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().map(stored).collect()
}

/// Counts the changes of all carriers.
pub(super) fn revision(conn: &Conn) -> Result<u64> {
    Ok(conn.prepare_cached("select revision from carriers_revision where id = 1")?.query_row([], |row| row.get::<_, u32>(0))?.into())
}

fn bump(tx: &Tx<'_>) -> Result<u64> {
    let bumped = tx
        .prepare_cached("update carriers_revision set revision = revision + 1 where id = 1 returning revision")?
        .query_row([], |row| row.get::<_, u32>(0))?;
    Ok(bumped.into())
}

/// Adds a carrier. The new revision of the list comes back.
pub(super) fn insert(tx: &Tx<'_>, id: &CarrierId, body: &CarrierBody) -> Result<u64> {
    tx.prepare_cached("insert into carriers (id, name, body, is_active, created_at, updated_at) values (?1, ?2, ?3, ?4, ?5, ?5)")?
        .execute((id, &body.name, to_json(body)?, body.is_active, tx.now))?;
    bump(tx)
}

/// Changes a carrier. The new revision of the list comes back.
pub(super) fn update(tx: &Tx<'_>, id: &CarrierId, body: &CarrierBody) -> Result<u64> {
    tx.prepare_cached("update carriers set name = ?2, body = ?3, is_active = ?4, updated_at = ?5 where id = ?1")?.execute((
        id,
        &body.name,
        to_json(body)?,
        body.is_active,
        tx.now,
    ))?;
    bump(tx)
}

/// Removes a carrier; calls keep its id.
pub(super) fn delete(tx: &Tx<'_>, id: &CarrierId) -> Result<u64> {
    tx.prepare_cached("delete from carriers where id = ?1")?.execute([id])?;
    bump(tx)
}
