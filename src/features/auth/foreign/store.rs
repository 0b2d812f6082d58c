//! SQL of the table `foreign_identities`.

use rusqlite::{OptionalExtension as _, params};

use super::model::IdentityView;
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::features::auth::oidc::Link;
use crate::platform::db::{Conn, OnConstraint as _, Tx};

/// Whose this identity is here.
pub(super) fn find(conn: &Conn, link: &Link) -> Result<Option<UserId>> {
    let mut statement = conn.prepare_cached("select user_id from foreign_identities where issuer = ?1 and subject = ?2")?;
    Ok(statement.query_row([&link.issuer, &link.subject], |row| row.get(0)).optional()?)
}

pub(super) fn insert(tx: &Tx<'_>, link: &Link, user_id: &UserId, linked_by: &str) -> Result<()> {
    tx.prepare_cached("insert into foreign_identities (issuer, subject, user_id, linked_by, linked_at) values (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![link.issuer, link.subject, user_id, linked_by, tx.now])
        .on_unique("foreign_identities.issuer, foreign_identities.subject", || Error::conflict("this identity is linked already"))?;
    Ok(())
}

pub(super) fn of_user(conn: &Conn, user_id: &UserId) -> Result<Vec<IdentityView>> {
    let mut statement = conn.prepare_cached(
        "select issuer, subject, linked_by, linked_at from foreign_identities where user_id = ?1 order by issuer, subject",
    )?;
    let rows = statement.query_map([user_id], |row| {
        Ok(IdentityView { issuer: row.get(0)?, subject: row.get(1)?, linked_by: row.get(2)?, linked_at: row.get(3)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn delete(tx: &Tx<'_>, user_id: &UserId, link: &Link) -> Result<()> {
    let n_rows = tx
        .prepare_cached("delete from foreign_identities where issuer = ?1 and subject = ?2 and user_id = ?3")?
        .execute(params![link.issuer, link.subject, user_id])?;
    if n_rows == 0 { Err(Error::not_found("this person has no such identity")) } else { Ok(()) }
}

/// Forgets all identities of somebody who is deleted.
pub(in crate::features::auth) fn forget_user(tx: &Tx<'_>, user_id: &UserId) -> Result<()> {
    tx.prepare_cached("delete from foreign_identities where user_id = ?1")?.execute([user_id])?;
    Ok(())
}
