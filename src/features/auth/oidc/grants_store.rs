//! SQL of the tables `oidc_grants`, `oidc_codes` and `oidc_refresh_tokens`.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, Row, params};

use super::verdict::{Code, Grant, Refresh};
use crate::base::{Millis, Result};
use crate::platform::db::{Conn, Tx};

/// Rows are kept this much longer than they count, so that a late repeat of a code still shows.
const KEPT: Duration = Duration::from_secs(86_400);

macro_rules! columns {
    () => {
        "id, user_id, token_epoch, client_id, scope, signed_in_at, ends_at, revoked_at is not null"
    };
}

pub(super) fn find(conn: &Conn, id: &str) -> Result<Option<Grant>> {
    Ok(conn.prepare_cached(concat!("select ", columns!(), " from oidc_grants where id = ?1"))?.query_row([id], read).optional()?)
}

pub(super) fn insert(tx: &Tx<'_>, grant: &Grant) -> Result<()> {
    tx.prepare_cached(
        "insert into oidc_grants (id, user_id, token_epoch, client_id, scope, signed_in_at, created_at, ends_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        grant.id,
        grant.user_id,
        grant.epoch,
        grant.client_id,
        grant.scope,
        grant.signed_in_at,
        tx.now,
        grant.ends_at
    ])?;
    Ok(())
}

pub(super) fn set_end(tx: &Tx<'_>, id: &str, ends_at: Millis) -> Result<()> {
    tx.prepare_cached("update oidc_grants set ends_at = ?2 where id = ?1")?.execute(params![id, ends_at])?;
    Ok(())
}

pub(super) fn revoke(tx: &Tx<'_>, id: &str, because: &str) -> Result<()> {
    tx.prepare_cached("update oidc_grants set revoked_at = ?2, revoked_because = ?3 where id = ?1 and revoked_at is null")?
        .execute(params![id, tx.now, because])?;
    Ok(())
}

pub(super) fn revoke_of_client(tx: &Tx<'_>, client_id: &str, because: &str) -> Result<()> {
    tx.prepare_cached("update oidc_grants set revoked_at = ?2, revoked_because = ?3 where client_id = ?1 and revoked_at is null")?
        .execute(params![client_id, tx.now, because])?;
    Ok(())
}

pub(super) fn insert_code(tx: &Tx<'_>, hash: &str, code: &Code) -> Result<()> {
    tx.prepare_cached(
        "insert into oidc_codes (hash, grant_id, redirect_uri, challenge, nonce, expires_at) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![hash, code.grant_id, code.redirect_uri, code.challenge, code.nonce, code.expires_at])?;
    Ok(())
}

pub(super) fn find_code(conn: &Conn, hash: &str) -> Result<Option<Code>> {
    let mut statement =
        conn.prepare_cached("select grant_id, redirect_uri, challenge, nonce, expires_at, used_at from oidc_codes where hash = ?1")?;
    let read = |row: &Row<'_>| {
        Ok(Code {
            grant_id: row.get(0)?,
            redirect_uri: row.get(1)?,
            challenge: row.get(2)?,
            nonce: row.get(3)?,
            expires_at: row.get(4)?,
            used_at: row.get(5)?,
        })
    };
    Ok(statement.query_row([hash], read).optional()?)
}

pub(super) fn use_code(tx: &Tx<'_>, hash: &str) -> Result<()> {
    tx.prepare_cached("update oidc_codes set used_at = ?2 where hash = ?1")?.execute(params![hash, tx.now])?;
    Ok(())
}

pub(super) fn insert_refresh(tx: &Tx<'_>, hash: &str, token: &Refresh) -> Result<()> {
    tx.prepare_cached("insert into oidc_refresh_tokens (hash, grant_id, expires_at) values (?1, ?2, ?3)")?.execute(params![
        hash,
        token.grant_id,
        token.expires_at
    ])?;
    Ok(())
}

pub(super) fn find_refresh(conn: &Conn, hash: &str) -> Result<Option<Refresh>> {
    let mut statement = conn.prepare_cached("select grant_id, expires_at, used_at from oidc_refresh_tokens where hash = ?1")?;
    let read = |row: &Row<'_>| Ok(Refresh { grant_id: row.get(0)?, expires_at: row.get(1)?, used_at: row.get(2)? });
    Ok(statement.query_row([hash], read).optional()?)
}

/// Marks the first use; a repeat within the grace keeps the first one's time.
pub(super) fn use_refresh(tx: &Tx<'_>, hash: &str) -> Result<()> {
    tx.prepare_cached("update oidc_refresh_tokens set used_at = coalesce(used_at, ?2) where hash = ?1")?.execute(params![hash, tx.now])?;
    Ok(())
}

/// Removes what can open nothing any more.
pub(super) fn purge(tx: &Tx<'_>) -> Result<()> {
    let over = tx.now.minus(KEPT);
    tx.prepare_cached("delete from oidc_codes where expires_at < ?1")?.execute([over])?;
    tx.prepare_cached(
        "delete from oidc_refresh_tokens where grant_id in (select id from oidc_grants where ends_at < ?1 or revoked_at < ?1)",
    )?
    .execute([over])?;
    tx.prepare_cached("delete from oidc_grants where ends_at < ?1")?.execute([over])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant {
        id: row.get(0)?,
        user_id: row.get(1)?,
        epoch: row.get(2)?,
        client_id: row.get(3)?,
        scope: row.get(4)?,
        signed_in_at: row.get(5)?,
        ends_at: row.get(6)?,
        is_revoked: row.get(7)?,
    })
}
