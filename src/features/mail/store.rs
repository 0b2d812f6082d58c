//! SQL of mails.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::{MailState, MailView, StoredMail};
use crate::base::id::{MailId, SessionId};
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::db::{Conn, Tx};

/// Adds the mail of a call. Says whether it is new: a call has one.
pub(super) fn insert(tx: &Tx<'_>, id: &MailId, session_id: &SessionId, call_id: &str, to: &str) -> Result<bool> {
    let n_rows = tx
        .prepare_cached(
            "insert into mails (id, session_id, call_id, recipient, created_at) values (?1, ?2, ?3, ?4, ?5)
             on conflict (session_id) do nothing",
        )?
        .execute((id, session_id, call_id, to, tx.now))?;
    Ok(n_rows == 1)
}

/// The mail, if there is one.
pub(super) fn find(conn: &Conn, id: &MailId) -> Result<Option<StoredMail>> {
    Ok(conn
        .prepare_cached(
            "select id, session_id, call_id, recipient, state, round, attempts, error, created_at, sent_at from mails where id = ?1",
        )?
        .query_row([id], stored)
        .optional()?)
}

/// The mail, or "no such mail".
pub(super) fn get(conn: &Conn, id: &MailId) -> Result<StoredMail> {
    find(conn, id)?.ok_or_else(|| Error::not_found(format!("no mail {id}")))
}

/// One page of mails, newest first, and how many match. No state means all.
pub(super) fn list(conn: &Conn, state: Option<MailState>, page: Page) -> Result<(Vec<MailView>, u64)> {
    let state = state.map(MailState::word);
    let total =
        conn.prepare_cached("select count(*) from mails where ?1 is null or state = ?1")?.query_row([state], |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(
            "select id, session_id, call_id, recipient, state, round, attempts, error, created_at, sent_at from mails
             where ?1 is null or state = ?1 order by n desc limit ?2 offset ?3",
        )?
        .query_map(params![state, page.limit, page.offset], |row| Ok(stored(row)?.view))?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows, total.into()))
}

/// Notes that a server has taken a mail.
pub(super) fn set_sent(tx: &Tx<'_>, id: &MailId, attempts: u32) -> Result<()> {
    tx.prepare_cached("update mails set state = 'sent', attempts = ?2, error = '', sent_at = ?3 where id = ?1")?
        .execute((id, attempts, tx.now))?;
    Ok(())
}

/// Notes an attempt that failed; the mail is tried again or given up.
pub(super) fn set_failed(tx: &Tx<'_>, id: &MailId, state: MailState, attempts: u32, error: &str) -> Result<()> {
    tx.prepare_cached("update mails set state = ?2, attempts = ?3, error = ?4 where id = ?1")?.execute((
        id,
        state.word(),
        attempts,
        error,
    ))?;
    Ok(())
}

/// Begins a mail anew. Gives its new round.
pub(super) fn begin_again(tx: &Tx<'_>, id: &MailId) -> Result<u32> {
    Ok(tx
        .prepare_cached("update mails set state = 'waiting', attempts = 0, error = '', round = round + 1 where id = ?1 returning round")?
        .query_row([id], |row| row.get(0))?)
}

/// Removes the mail of a call. Says whether there was one.
pub fn forget(tx: &Tx<'_>, session_id: &SessionId) -> Result<bool> {
    Ok(tx.prepare_cached("delete from mails where session_id = ?1")?.execute([session_id])? > 0)
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredMail> {
    let view = MailView {
        id: row.get("id")?,
        session_id: row.get("session_id")?,
        call_id: row.get("call_id")?,
        to: row.get("recipient")?,
        state: match row.get::<_, String>("state")?.as_str() {
            "sent" => MailState::Sent,
            "parked" => MailState::Parked,
            _ => MailState::Waiting,
        },
        attempts: row.get("attempts")?,
        error: row.get("error")?,
        created_at: row.get("created_at")?,
        sent_at: row.get("sent_at")?,
    };
    Ok(StoredMail { view, round: row.get("round")? })
}
