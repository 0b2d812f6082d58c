//! SQL of pushes.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::{PushState, PushView, StoredPush};
use crate::base::id::{BotId, SessionId};
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::db::{Conn, Tx};

macro_rules! columns {
    () => {
        "session_id, bot_id, state, round, attempts, http_status, last_error, created_at, sent_at"
    };
}

/// Adds the push of a call. Says whether it is new: a call has one.
pub(super) fn insert(tx: &Tx<'_>, session_id: &SessionId, bot_id: &BotId, state: PushState) -> Result<bool> {
    let n_rows = tx
        .prepare_cached(
            "insert into crm_pushes (session_id, bot_id, state, created_at) values (?1, ?2, ?3, ?4) on conflict (session_id) do nothing",
        )?
        .execute((session_id, bot_id, state.word(), tx.now))?;
    Ok(n_rows == 1)
}

/// The push of a call, if there is one.
pub(super) fn find(conn: &Conn, session_id: &SessionId) -> Result<Option<StoredPush>> {
    Ok(conn
        .prepare_cached(concat!("select ", columns!(), " from crm_pushes where session_id = ?1"))?
        .query_row([session_id], stored)
        .optional()?)
}

/// The push of a call, or "no such push".
pub(super) fn get(conn: &Conn, session_id: &SessionId) -> Result<StoredPush> {
    find(conn, session_id)?.ok_or_else(|| Error::not_found(format!("no CRM push of the call {session_id}")))
}

/// One page of pushes, newest first, and how many match. No state and no bot mean all.
pub(super) fn list(conn: &Conn, state: Option<PushState>, bot_id: Option<&str>, page: Page) -> Result<(Vec<PushView>, u64)> {
    let state = state.map(PushState::word);
    let total = conn
        .prepare_cached("select count(*) from crm_pushes where (?1 is null or state = ?1) and (?2 is null or bot_id = ?2)")?
        .query_row((state, bot_id), |row| row.get::<_, u32>(0))?;
    let rows = conn
        .prepare_cached(concat!(
            "select ",
            columns!(),
            " from crm_pushes where (?1 is null or state = ?1) and (?2 is null or bot_id = ?2) order by n desc limit ?3 offset ?4"
        ))?
        .query_map(params![state, bot_id, page.limit, page.offset], |row| Ok(stored(row)?.view))?
        .collect::<rusqlite::Result<_>>()?;
    Ok((rows, total.into()))
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub(super) struct Attempted {
    pub(super) state: PushState,
    pub(super) attempts: u32,
    pub(super) http_status: Option<u16>,
    pub(super) error: String,
}

/// Notes how an attempt of a round ended. Does nothing when the push was begun anew meanwhile.
pub(super) fn set(tx: &Tx<'_>, session_id: &SessionId, round: u32, end: &Attempted) -> Result<bool> {
    let sent_at = (end.state == PushState::Sent).then_some(tx.now);
    let n_rows = tx
        .prepare_cached(
            "update crm_pushes set state = ?3, attempts = ?4, http_status = ?5, last_error = ?6, sent_at = coalesce(?7, sent_at)
            where session_id = ?1 and round = ?2",
        )?
        .execute(params![session_id, round, end.state.word(), end.attempts, end.http_status, end.error, sent_at])?;
    Ok(n_rows == 1)
}

/// Begins a push anew. Gives its new round.
pub(super) fn begin_again(tx: &Tx<'_>, session_id: &SessionId) -> Result<u32> {
    Ok(tx
        .prepare_cached(
            "update crm_pushes set state = 'pending', attempts = 0, http_status = null, last_error = '', round = round + 1
            where session_id = ?1 returning round",
        )?
        .query_row([session_id], |row| row.get(0))?)
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredPush> {
    let view = PushView {
        session_id: row.get("session_id")?,
        bot_id: row.get("bot_id")?,
        status: PushState::parse(&row.get::<_, String>("state")?).unwrap_or(PushState::Pending),
        http_status: row.get("http_status")?,
        attempts: row.get("attempts")?,
        last_error: row.get("last_error")?,
        created_at: row.get("created_at")?,
        sent_at: row.get("sent_at")?,
    };
    Ok(StoredPush { view, round: row.get("round")? })
}
