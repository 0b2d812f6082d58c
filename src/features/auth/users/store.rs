//! SQL of the table `users`.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::{User, UserFilter};
use crate::base::id::UserId;
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

macro_rules! columns {
    () => {
        "id, name, email, role, is_active, password_hash, token_epoch, created_by, created_at, updated_at, email_verified, phone, address,
         locale, member_of, agent_languages, agent_primary_language"
    };
}

pub(in crate::features::auth) fn find(conn: &Conn, id: &UserId) -> Result<Option<User>> {
    Ok(conn.prepare_cached(concat!("select ", columns!(), " from users where id = ?1"))?.query_row([id], read).optional()?)
}

pub(super) fn get(conn: &Conn, id: &UserId) -> Result<User> {
    find(conn, id)?.ok_or_else(|| Error::not_found(format!("no user {id}")))
}

/// Whether somebody has this name or this address.
pub(in crate::features::auth) fn is_taken(conn: &Conn, name: &str, email: &str) -> Result<bool> {
    Ok(conn.prepare_cached("select 1 from users where name = ?1 or email = ?2 limit 1")?.exists([name, email])?)
}

/// By what a person types to sign in: the e-mail address or the name. An address wins over a name of the same text.
pub(in crate::features::auth) fn find_login(conn: &Conn, login: &str) -> Result<Option<User>> {
    let mut statement =
        conn.prepare_cached(concat!("select ", columns!(), " from users where email = ?1 or name = ?1 order by email = ?1 desc limit 1"))?;
    Ok(statement.query_row([login], read).optional()?)
}

/// Whom a list is narrowed to.
macro_rules! narrowed {
    () => {
        " from users where (?1 is null or instr(lower(name), lower(?1)) > 0 or instr(lower(email), lower(?1)) > 0)
         and (?2 is null or role = ?2) and (?3 is null or is_active = ?3)"
    };
}

/// A page of people in the order they were made, and how many match.
pub(super) fn list(conn: &Conn, filter: &UserFilter, page: Page) -> Result<(Vec<User>, u64)> {
    let UserFilter { q, role, is_active } = filter;
    let total: u32 = conn.prepare_cached(concat!("select count(*)", narrowed!()))?.query_row((q, role, is_active), |row| row.get(0))?;
    let mut statement = conn.prepare_cached(concat!("select ", columns!(), narrowed!(), " order by created_at, id limit ?4 offset ?5"))?;
    let rows = statement.query_map((q, role, is_active, page.limit, page.offset), read)?;
    Ok((rows.collect::<rusqlite::Result<_>>()?, total.into()))
}

pub(in crate::features::auth) fn count(conn: &Conn) -> Result<u64> {
    let n: i64 = conn.prepare_cached("select count(*) from users")?.query_row([], |row| row.get(0))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

/// E-mail addresses of the active super_admins, the oldest first.
pub fn addresses_of_owners(conn: &Conn) -> Result<Vec<String>> {
    let mut statement =
        conn.prepare_cached("select email from users where role = 'super_admin' and is_active = 1 order by created_at, id")?;
    Ok(statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<_>>()?)
}

/// How many super_admins could sign in besides this user.
pub(super) fn count_other_owners(conn: &Conn, id: &UserId) -> Result<u64> {
    let mut statement = conn.prepare_cached("select count(*) from users where role = 'super_admin' and is_active = 1 and id <> ?1")?;
    let n: i64 = statement.query_row([id], |row| row.get(0))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

pub(in crate::features::auth) fn insert(tx: &Tx<'_>, user: &User) -> Result<()> {
    refuse_taken(tx, user)?;
    tx.prepare_cached(
        "insert into users (id, name, email, role, is_active, password_hash, token_epoch, created_by, created_at, updated_at,
             email_verified, phone, address, locale, member_of, agent_languages, agent_primary_language)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?
    .execute(params![
        user.id,
        user.name,
        user.email,
        user.role.as_str(),
        user.is_active,
        user.password_hash,
        user.token_epoch,
        user.created_by,
        user.created_at,
        user.updated_at,
        user.email_verified,
        user.phone,
        user.address,
        user.locale,
        to_json(&user.groups)?,
        to_json(&user.agent_languages)?,
        user.agent_primary_language
    ])?;
    Ok(())
}

pub(super) fn update(tx: &Tx<'_>, user: &User) -> Result<()> {
    refuse_taken(tx, user)?;
    tx.prepare_cached(
        "update users set name = ?2, email = ?3, role = ?4, is_active = ?5, password_hash = ?6, token_epoch = ?7, updated_at = ?8,
             email_verified = ?9, phone = ?10, address = ?11, locale = ?12, member_of = ?13, agent_languages = ?14,
             agent_primary_language = ?15 where id = ?1",
    )?
    .execute(params![
        user.id,
        user.name,
        user.email,
        user.role.as_str(),
        user.is_active,
        user.password_hash,
        user.token_epoch,
        tx.now,
        user.email_verified,
        user.phone,
        user.address,
        user.locale,
        to_json(&user.groups)?,
        to_json(&user.agent_languages)?,
        user.agent_primary_language
    ])?;
    Ok(())
}

pub(super) fn delete(tx: &Tx<'_>, id: &UserId) -> Result<()> {
    tx.prepare_cached("delete from users where id = ?1")?.execute([id])?;
    Ok(())
}

/// Refuses a name or an address that someone else has. The table's own constraints stand behind it.
fn refuse_taken(conn: &Conn, user: &User) -> Result<()> {
    let mut statement = conn.prepare_cached("select email = ?2 from users where (name = ?1 or email = ?2) and id <> ?3 limit 1")?;
    let is_email: Option<bool> = statement.query_row(params![user.name, user.email, user.id], |row| row.get(0)).optional()?;
    match is_email {
        Some(true) => Err(Error::conflict("this e-mail address is taken")),
        Some(false) => Err(Error::conflict("this name is taken")),
        None => Ok(()),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    let unreadable = |at| move |error: Error| rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error));
    let (role, groups, languages): (String, String, String) = (row.get(3)?, row.get(14)?, row.get(15)?);
    let role = role.parse().map_err(unreadable(3))?;
    Ok(User {
        id: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        role,
        is_active: row.get(4)?,
        password_hash: row.get(5)?,
        token_epoch: row.get(6)?,
        created_by: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
        email_verified: row.get(10)?,
        phone: row.get(11)?,
        address: row.get(12)?,
        locale: row.get(13)?,
        groups: from_json(&groups).map_err(unreadable(14))?,
        agent_languages: from_json(&languages).map_err(unreadable(15))?,
        agent_primary_language: row.get(16)?,
    })
}
