//! SQL of the table `oidc_clients`.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::Client;
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::db::{Conn, OnConstraint as _, Tx, from_json, to_json};

macro_rules! columns {
    () => {
        "id, description, redirect_uris, post_logout_redirect_uris, secret_hash, api_access, created_by, created_at, updated_at"
    };
}

pub(super) fn find(conn: &Conn, id: &str) -> Result<Option<Client>> {
    Ok(conn.prepare_cached(concat!("select ", columns!(), " from oidc_clients where id = ?1"))?.query_row([id], read).optional()?)
}

pub(super) fn get(conn: &Conn, id: &str) -> Result<Client> {
    find(conn, id)?.ok_or_else(|| Error::not_found(format!("no client {id}")))
}

pub(super) fn list(conn: &Conn, page: Page) -> Result<Vec<Client>> {
    let mut statement =
        conn.prepare_cached(concat!("select ", columns!(), " from oidc_clients order by created_at, id limit ?1 offset ?2"))?;
    let rows = statement.query_map(params![page.limit, page.offset], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn count(conn: &Conn) -> Result<u64> {
    let n: i64 = conn.prepare_cached("select count(*) from oidc_clients")?.query_row([], |row| row.get(0))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

pub(super) fn insert(tx: &Tx<'_>, client: &Client) -> Result<()> {
    tx.prepare_cached(
        "insert into oidc_clients
             (id, description, redirect_uris, post_logout_redirect_uris, secret_hash, api_access, created_by, created_at, updated_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
    )?
    .execute(params![
        client.id,
        client.description,
        to_json(&client.redirect_uris)?,
        to_json(&client.post_logout_redirect_uris)?,
        client.secret_hash,
        client.api_access,
        client.created_by,
        tx.now
    ])
    .on_unique("oidc_clients.id", || Error::conflict("this client id is taken"))?;
    Ok(())
}

pub(super) fn update(tx: &Tx<'_>, client: &Client) -> Result<()> {
    tx.prepare_cached(
        "update oidc_clients set description = ?2, redirect_uris = ?3, post_logout_redirect_uris = ?4, secret_hash = ?5, api_access = ?6,
             updated_at = ?7 where id = ?1",
    )?
    .execute(params![
        client.id,
        client.description,
        to_json(&client.redirect_uris)?,
        to_json(&client.post_logout_redirect_uris)?,
        client.secret_hash,
        client.api_access,
        tx.now
    ])?;
    Ok(())
}

pub(super) fn delete(tx: &Tx<'_>, id: &str) -> Result<()> {
    tx.prepare_cached("delete from oidc_clients where id = ?1")?.execute([id])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Client> {
    let list = |at: usize| {
        let text: String = row.get(at)?;
        from_json(&text).map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error)))
    };
    Ok(Client {
        id: row.get(0)?,
        description: row.get(1)?,
        redirect_uris: list(2)?,
        post_logout_redirect_uris: list(3)?,
        secret_hash: row.get(4)?,
        api_access: row.get(5)?,
        created_by: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}
