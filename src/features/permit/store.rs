//! SQL of the gate: the two lists.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::{DoNotCallEntry, WhitelistEntry};
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::db::{Conn, OnConstraint as _, Tx};

/// Whether a number is on the do-not-call list, by itself or by its mark.
pub(super) fn is_do_not_call(conn: &Conn, phone: &str, mark: &str) -> Result<bool> {
    Ok(conn.prepare_cached("select 1 from do_not_call where phone in (?1, ?2)")?.exists([phone, mark])?)
}

/// The entry of a number, if there is one.
pub(super) fn find_do_not_call(conn: &Conn, phone: &str) -> Result<Option<DoNotCallEntry>> {
    Ok(conn
        .prepare_cached("select phone, note, added_at, added_by from do_not_call where phone = ?1")?
        .query_row([phone], do_not_call_row)
        .optional()?)
}

/// Puts the mark of a number in the place of the number, without its note.
pub(super) fn mark_do_not_call(tx: &Tx<'_>, phone: &str, mark: &str) -> Result<()> {
    let Some(entry) = find_do_not_call(tx, phone)? else { return Ok(()) };
    tx.prepare_cached("delete from do_not_call where phone = ?1")?.execute([phone])?;
    tx.prepare_cached("insert into do_not_call (phone, note, added_at, added_by) values (?1, '', ?2, ?3) on conflict do nothing")?
        .execute((mark, entry.added_at, entry.added_by))?;
    Ok(())
}

/// Shows each number of both lists; a number may come twice.
pub(super) fn each_number(conn: &Conn, look: &mut impl FnMut(&str)) -> Result<()> {
    let mut statement = conn.prepare("select phone from do_not_call union all select phone from outbound_whitelist")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        row.get_ref(0)?.as_str().into_iter().for_each(&mut *look);
    }
    Ok(())
}

/// Takes a number, or its mark, off a list if it is there.
pub(super) fn forget(tx: &Tx<'_>, list: List, phone: &str) -> Result<()> {
    let sql = match list {
        List::DoNotCall => "delete from do_not_call where phone = ?1",
        List::Whitelist => "delete from outbound_whitelist where phone = ?1",
    };
    tx.prepare_cached(sql)?.execute([phone])?;
    Ok(())
}

/// The two lists.
#[derive(Debug, Clone, Copy)]
pub(super) enum List {
    DoNotCall,
    Whitelist,
}

/// Whether a number is on the whitelist.
pub(super) fn is_whitelisted(conn: &Conn, phone: &str) -> Result<bool> {
    Ok(conn.prepare_cached("select 1 from outbound_whitelist where phone = ?1")?.exists([phone])?)
}

/// Adds a number to the whitelist. Says whether it is new.
pub(super) fn add_to_whitelist(tx: &Tx<'_>, phone: &str, by: &str) -> Result<bool> {
    let n_rows = tx
        .prepare_cached("insert into outbound_whitelist (phone, added_at, added_by) values (?1, ?2, ?3) on conflict do nothing")?
        .execute((phone, tx.now, by))?;
    Ok(n_rows == 1)
}

/// The entry of a number, or "not on the list".
pub(super) fn whitelist_entry(conn: &Conn, phone: &str) -> Result<WhitelistEntry> {
    conn.prepare_cached("select phone, added_at, added_by from outbound_whitelist where phone = ?1")?
        .query_row([phone], whitelist_row)
        .optional()?
        .ok_or_else(|| Error::not_found("this number is not on the whitelist"))
}

/// One page of the whitelist by number, and how many match. `q` is a part of a number.
pub(super) fn whitelist(conn: &Conn, q: Option<&str>, page: Page) -> Result<(Vec<WhitelistEntry>, u64)> {
    let total = conn
        .prepare_cached("select count(*) from outbound_whitelist where ?1 is null or instr(phone, ?1) > 0")?
        .query_row([q], |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(
            "select phone, added_at, added_by from outbound_whitelist
             where ?1 is null or instr(phone, ?1) > 0 order by phone limit ?2 offset ?3",
        )?
        .query_map(params![q, page.limit, page.offset], whitelist_row)?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows, total.into()))
}

/// Takes a number off the whitelist.
pub(super) fn remove_from_whitelist(tx: &Tx<'_>, phone: &str) -> Result<()> {
    let n_rows = tx.prepare_cached("delete from outbound_whitelist where phone = ?1")?.execute([phone])?;
    if n_rows == 0 { Err(Error::not_found("this number is not on the whitelist")) } else { Ok(()) }
}

/// Adds a number to the do-not-call list, or "already there".
pub(super) fn add_to_do_not_call(tx: &Tx<'_>, phone: &str, note: &str, by: &str) -> Result<DoNotCallEntry> {
    tx.prepare_cached("insert into do_not_call (phone, note, added_at, added_by) values (?1, ?2, ?3, ?4)")?
        .execute((phone, note, tx.now, by))
        .on_unique("do_not_call.phone", || Error::conflict("this number is on the do-not-call list already"))?;
    Ok(DoNotCallEntry { phone: phone.to_owned(), note: note.to_owned(), added_at: tx.now, added_by: by.to_owned() })
}

/// Adds a number that may be on the do-not-call list already. Says whether it is new.
pub(super) fn import_do_not_call(tx: &Tx<'_>, phone: &str, note: &str, by: &str) -> Result<bool> {
    let n_rows = tx
        .prepare_cached("insert into do_not_call (phone, note, added_at, added_by) values (?1, ?2, ?3, ?4) on conflict do nothing")?
        .execute((phone, note, tx.now, by))?;
    Ok(n_rows == 1)
}

/// One page of the do-not-call list, newest first, and how many match. `q` is a part of a number or a note.
pub(super) fn do_not_call(conn: &Conn, q: Option<&str>, page: Page) -> Result<(Vec<DoNotCallEntry>, u64)> {
    let total = conn
        .prepare_cached("select count(*) from do_not_call where ?1 is null or instr(phone, ?1) > 0 or instr(note, ?1) > 0")?
        .query_row([q], |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(
            "select phone, note, added_at, added_by from do_not_call
             where ?1 is null or instr(phone, ?1) > 0 or instr(note, ?1) > 0 order by id desc limit ?2 offset ?3",
        )?
        .query_map(params![q, page.limit, page.offset], do_not_call_row)?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows, total.into()))
}

/// Takes a number off the do-not-call list, by itself or by its mark.
pub(super) fn remove_from_do_not_call(tx: &Tx<'_>, phone: &str, mark: &str) -> Result<()> {
    let n_rows = tx.prepare_cached("delete from do_not_call where phone in (?1, ?2)")?.execute([phone, mark])?;
    if n_rows == 0 { Err(Error::not_found("this number is not on the do-not-call list")) } else { Ok(()) }
}

fn whitelist_row(row: &Row<'_>) -> rusqlite::Result<WhitelistEntry> {
    Ok(WhitelistEntry { phone: row.get("phone")?, added_at: row.get("added_at")?, added_by: row.get("added_by")? })
}

fn do_not_call_row(row: &Row<'_>) -> rusqlite::Result<DoNotCallEntry> {
    let (phone, note) = (row.get("phone")?, row.get("note")?);
    Ok(DoNotCallEntry { phone, note, added_at: row.get("added_at")?, added_by: row.get("added_by")? })
}
