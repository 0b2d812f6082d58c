//! SQL of the numbers of carriers.

use rusqlite::{OptionalExtension as _, Row};

use super::did::{DidBody, DidDirection, DidView, digits};
use crate::base::id::{CarrierId, DidId};
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::db::{Conn, OnConstraint as _, Tx};

macro_rules! columns {
    () => {
        "d.id, d.carrier_id, d.number, d.label, d.direction, d.bot_id, d.created_at, d.updated_at"
    };
}

fn view(row: &Row<'_>) -> rusqlite::Result<DidView> {
    Ok(DidView {
        id: row.get("id")?,
        carrier_id: row.get("carrier_id")?,
        body: DidBody {
            number: row.get("number")?,
            label: row.get("label")?,
            direction: DidDirection::from_word(&row.get::<_, String>("direction")?),
            bot_id: row.get("bot_id")?,
        },
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

/// The number of a carrier, or "no such number". That of another carrier is not found either.
pub(super) fn get(conn: &Conn, carrier: &CarrierId, id: &DidId) -> Result<DidView> {
    conn.prepare_cached(concat!("select ", columns!(), " from carrier_dids d where d.id = ?1 and d.carrier_id = ?2"))?
        .query_row((id, carrier), view)
        .optional()?
        .ok_or_else(|| Error::not_found(format!("no number {id} of the carrier {carrier}")))
}

/// One page of the numbers of a carrier, oldest first, and how many there are.
pub(super) fn list(conn: &Conn, carrier: &CarrierId, page: Page) -> Result<(Vec<DidView>, u64)> {
    let total =
        conn.prepare_cached("select count(*) from carrier_dids where carrier_id = ?1")?.query_row([carrier], |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(concat!(
            "select ",
            columns!(),
            " from carrier_dids d where d.carrier_id = ?1 order by d.created_at, d.id limit ?2 offset ?3"
        ))?
        .query_map((carrier, page.limit, page.offset), view)?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows, total.into()))
}

/// The number with these digits, of a carrier that is active.
pub(super) fn find_active(conn: &Conn, number: &str) -> Result<Option<DidView>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            columns!(),
            " from carrier_dids d join carriers c on c.id = d.carrier_id where d.digits = ?1 and c.is_active = 1"
        ))?
        .query_row([digits(number)], view)
        .optional()?)
}

/// Adds a number. No carrier may have it.
pub(super) fn insert(tx: &Tx<'_>, id: &DidId, carrier: &CarrierId, body: &DidBody) -> Result<()> {
    tx.prepare_cached(
        "insert into carrier_dids (id, carrier_id, number, digits, label, direction, bot_id, created_at, updated_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
    )?
    .execute((id, carrier, &body.number, digits(&body.number), &body.label, body.direction.word(), &body.bot_id, tx.now))
    .map(drop)
    .on_unique("carrier_dids.digits", || taken(body))
}

/// Changes a number.
pub(super) fn update(tx: &Tx<'_>, id: &DidId, body: &DidBody) -> Result<()> {
    tx.prepare_cached(
        "update carrier_dids set number = ?2, digits = ?3, label = ?4, direction = ?5, bot_id = ?6, updated_at = ?7 where id = ?1",
    )?
    .execute((id, &body.number, digits(&body.number), &body.label, body.direction.word(), &body.bot_id, tx.now))
    .map(drop)
    .on_unique("carrier_dids.digits", || taken(body))
}

/// Removes a number.
pub(super) fn delete(tx: &Tx<'_>, id: &DidId) -> Result<()> {
    tx.prepare_cached("delete from carrier_dids where id = ?1")?.execute([id])?;
    Ok(())
}

fn taken(body: &DidBody) -> Error {
    Error::conflict(format!("a carrier already has the number {}", body.number))
}
