//! SQL of inbound routes. Nothing in the schema makes a pair unique: older data may have doubles, of which the first in order counts.

use rusqlite::{OptionalExtension as _, Row};

use super::route::InboundRoute;
use crate::base::Result;
use crate::base::page::Page;
use crate::platform::db::{Conn, Tx};

fn route(row: &Row<'_>) -> rusqlite::Result<InboundRoute> {
    Ok(InboundRoute { did: row.get("did")?, from_number: row.get("from_number")?, user: row.get("user")? })
}

/// All routes in match order: as they were made or arranged, the catch-all last.
pub(super) fn all(conn: &Conn) -> Result<Vec<InboundRoute>> {
    Ok(conn
        .prepare_cached("select did, from_number, user from inbound_routes order by did = '*' and from_number is null, id")?
        .query_map([], route)?
        .collect::<rusqlite::Result<_>>()?)
}

/// All routes but the catch-all in match order, with the ids that make it.
pub(super) fn arrangeable(conn: &Conn) -> Result<Vec<(i64, InboundRoute)>> {
    Ok(conn
        .prepare_cached("select id, did, from_number, user from inbound_routes where not (did = '*' and from_number is null) order by id")?
        .query_map([], |row| Ok((row.get("id")?, route(row)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Gives the rows with the ids `order` the same ids, from the least on: the first comes first. Nothing else names a row by its id.
pub(super) fn arrange(tx: &Tx<'_>, order: &[i64]) -> Result<()> {
    let mut places = order.to_vec();
    places.sort_unstable();
    // Negative ids are nobody's, so that no row meets another on its way.
    let mut aside = tx.prepare_cached("update inbound_routes set id = -id where id = ?1")?;
    for id in order {
        aside.execute([id])?;
    }
    let mut back = tx.prepare_cached("update inbound_routes set id = ?2 where id = -?1")?;
    for (id, place) in order.iter().zip(places) {
        back.execute((id, place))?;
    }
    Ok(())
}

/// One page of routes in match order, and how many there are.
pub(super) fn list(conn: &Conn, page: Page) -> Result<(Vec<InboundRoute>, u64)> {
    let total = conn.prepare_cached("select count(*) from inbound_routes")?.query_row([], |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(
            "select did, from_number, user from inbound_routes order by did = '*' and from_number is null, id limit ?1 offset ?2",
        )?
        .query_map((page.limit, page.offset), route)?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows, total.into()))
}

/// Whether the catch-all is there.
pub(super) fn has_catch_all(conn: &Conn) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from inbound_routes where did = '*' and from_number is null)")?
        .query_row([], |row| row.get(0))?)
}

/// The first row of this did with exactly this filter (`None`: without one), and its place.
pub(super) fn find(conn: &Conn, did: &str, from: Option<&str>) -> Result<Option<(i64, InboundRoute)>> {
    Ok(conn
        .prepare_cached("select id, did, from_number, user from inbound_routes where did = ?1 and from_number is ?2 order by id limit 1")?
        .query_row((did, from), |row| Ok((row.get("id")?, route(row)?)))
        .optional()?)
}

/// The first row of this did, whatever its filter; one without a filter comes first.
pub(super) fn find_any(conn: &Conn, did: &str) -> Result<Option<InboundRoute>> {
    Ok(conn
        .prepare_cached("select did, from_number, user from inbound_routes where did = ?1 order by from_number is not null, id limit 1")?
        .query_row([did], route)
        .optional()?)
}

/// Adds a route after all others (the catch-all is sorted behind it).
pub(super) fn insert(tx: &Tx<'_>, route: &InboundRoute) -> Result<()> {
    tx.prepare_cached("insert into inbound_routes (did, from_number, user) values (?1, ?2, ?3)")?.execute((
        &route.did,
        &route.from_number,
        &route.user,
    ))?;
    Ok(())
}

/// Changes who takes the calls of one row.
pub(super) fn set_user(tx: &Tx<'_>, id: i64, user: &str) -> Result<()> {
    tx.prepare_cached("update inbound_routes set user = ?2 where id = ?1")?.execute((id, user))?;
    Ok(())
}

/// Removes one row.
pub(super) fn delete(tx: &Tx<'_>, id: i64) -> Result<()> {
    tx.prepare_cached("delete from inbound_routes where id = ?1")?.execute([id])?;
    Ok(())
}
