//! SQL of SIP accounts and of where their telephones are.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::base::digest::Ha1;
use crate::base::id::{PhoneId, UserId};
use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::contract::phone::Registration;
use crate::contract::trunk::Transport;
use crate::platform::db::{Conn, OnConstraint as _, Tx};

/// An account as it is stored; its digests are sealed.
#[derive(Debug, Clone)]
pub(super) struct StoredPhone {
    pub(super) id: PhoneId,
    pub(super) user_id: UserId,
    pub(super) user: String,
    pub(super) sip_username: String,
    pub(super) sealed: Ha1,
    pub(super) created_at: Millis,
    pub(super) created_by: String,
    pub(super) password_changed_at: Millis,
}

macro_rules! from_phones {
    () => {
        "select phones.id, user_id, users.name, sip_username, ha1_md5, ha1_sha256, phones.created_at, phones.created_by, password_changed_at
         from phones join users on users.id = user_id "
    };
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredPhone> {
    Ok(StoredPhone {
        id: row.get(0)?,
        user_id: row.get(1)?,
        user: row.get(2)?,
        sip_username: row.get(3)?,
        sealed: Ha1 { md5: row.get(4)?, sha256: row.get(5)? },
        created_at: row.get(6)?,
        created_by: row.get(7)?,
        password_changed_at: row.get(8)?,
    })
}

/// One account, or "no such phone".
pub(super) fn get(conn: &Conn, id: &PhoneId) -> Result<StoredPhone> {
    let found = conn.prepare_cached(concat!(from_phones!(), "where phones.id = ?1"))?.query_row([id], read).optional()?;
    found.ok_or_else(|| Error::not_found(format!("no phone {id}")))
}

/// The account of a person who may sign in, by their name or the account's.
pub(super) fn find_active(conn: &Conn, name: &str) -> Result<Option<StoredPhone>> {
    let mut statement = conn.prepare_cached(concat!(
        from_phones!(),
        "where (users.name = ?1 or sip_username = ?1) and is_active = 1 order by sip_username = ?1 desc limit 1"
    ))?;
    Ok(statement.query_row([name], read).optional()?)
}

/// One page of accounts by name, and how many there are.
pub(super) fn list(conn: &Conn, page: Page) -> Result<(Vec<StoredPhone>, u64)> {
    let total = conn.prepare_cached("select count(*) from phones")?.query_row([], |row| row.get::<_, u32>(0))?;
    let mut statement = conn.prepare_cached(concat!(from_phones!(), "order by sip_username limit ?1 offset ?2"))?;
    let rows = statement.query_map((page.limit, page.offset), read)?.collect::<rusqlite::Result<_>>()?;
    Ok((rows, total.into()))
}

/// The accounts of people who may sign in.
pub(super) fn active(conn: &Conn) -> Result<Vec<StoredPhone>> {
    let mut statement = conn.prepare_cached(concat!(from_phones!(), "where is_active = 1 order by sip_username"))?;
    Ok(statement.query_map([], read)?.collect::<rusqlite::Result<_>>()?)
}

/// Adds an account.
pub(super) fn insert(tx: &Tx<'_>, phone: &StoredPhone) -> Result<()> {
    // A person has one account, and no two are called alike; whichever constraint is named first, it says the same to the caller.
    let taken = || Error::conflict("this person, or somebody who was called so, has a phone already").code("phone_exists");
    let inserted = tx
        .prepare_cached(
            "insert into phones (id, user_id, sip_username, ha1_md5, ha1_sha256, created_at, created_by, password_changed_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6)",
        )?
        .execute(params![phone.id, phone.user_id, phone.sip_username, phone.sealed.md5, phone.sealed.sha256, tx.now, phone.created_by])
        .map(drop);
    if inserted.violates("phones.sip_username") {
        return Err(taken());
    }
    inserted.on_unique("phones.user_id", taken)
}

/// Gives an account other digests.
pub(super) fn set_password(tx: &Tx<'_>, id: &PhoneId, sealed: &Ha1) -> Result<()> {
    tx.prepare_cached("update phones set ha1_md5 = ?2, ha1_sha256 = ?3, password_changed_at = ?4 where id = ?1")?.execute(params![
        id,
        sealed.md5,
        sealed.sha256,
        tx.now
    ])?;
    Ok(())
}

/// Removes an account.
pub(super) fn delete(tx: &Tx<'_>, id: &PhoneId) -> Result<()> {
    tx.prepare_cached("delete from phones where id = ?1")?.execute([id])?;
    Ok(())
}

/// Forgets where the telephones of an account are.
pub(super) fn forget(tx: &Tx<'_>, sip_username: &str) -> Result<()> {
    tx.prepare_cached("delete from phone_registrations where sip_username = ?1")?.execute([sip_username])?;
    Ok(())
}

/// Forgets where all telephones are.
pub(super) fn forget_all(tx: &Tx<'_>) -> Result<()> {
    tx.prepare_cached("delete from phone_registrations")?.execute([])?;
    Ok(())
}

/// Notes where a telephone is. One of an account that was removed meanwhile is left out.
pub(super) fn register(tx: &Tx<'_>, at: &Registration) -> Result<()> {
    tx.prepare_cached(
        "insert into phone_registrations (sip_username, contact, source, transport, user_agent, registered_at, expires_at)
         select ?1, ?2, ?3, ?4, ?5, ?6, ?7 where exists (select 1 from phones where sip_username = ?1)
         on conflict (sip_username, contact) do update set source = excluded.source, transport = excluded.transport,
            user_agent = excluded.user_agent, registered_at = excluded.registered_at, expires_at = excluded.expires_at",
    )?
    .execute(params![at.aor, at.contact, at.source, word(at.transport), at.user_agent, at.registered_at, at.expires_at])?;
    Ok(())
}

fn registration(row: &Row<'_>) -> rusqlite::Result<Registration> {
    let transport: String = row.get("transport")?;
    Ok(Registration {
        aor: row.get("sip_username")?,
        contact: row.get("contact")?,
        source: row.get("source")?,
        transport: [Transport::Tcp, Transport::Tls].into_iter().find(|known| word(*known) == transport).unwrap_or_default(),
        user_agent: row.get("user_agent")?,
        registered_at: row.get("registered_at")?,
        expires_at: row.get("expires_at")?,
    })
}

fn word(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
        Transport::Tls => "tls",
    }
}

/// Where the telephones of an account are at a moment.
pub(super) fn registrations(conn: &Conn, sip_username: &str, now: Millis) -> Result<Vec<Registration>> {
    let mut statement = conn.prepare_cached(
        "select sip_username, contact, source, transport, user_agent, registered_at, expires_at
         from phone_registrations where sip_username = ?1 and expires_at > ?2 order by registered_at",
    )?;
    Ok(statement.query_map(params![sip_username, now], registration)?.collect::<rusqlite::Result<_>>()?)
}

/// Where all telephones are at a moment.
pub(super) fn all_registrations(conn: &Conn, now: Millis) -> Result<Vec<Registration>> {
    let mut statement = conn.prepare_cached(
        "select sip_username, contact, source, transport, user_agent, registered_at, expires_at
         from phone_registrations where expires_at > ?1 order by sip_username, registered_at",
    )?;
    Ok(statement.query_map([now], registration)?.collect::<rusqlite::Result<_>>()?)
}
