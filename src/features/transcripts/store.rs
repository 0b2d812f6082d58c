//! SQL of saved transcripts: one row each, found by call or file.

use rusqlite::{OptionalExtension, Row, named_params, params};

use super::key;
use super::model::TranscriptItem;
use crate::base::id::SessionId;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, OnConstraint, Tx};

/// The columns [`item`] reads.
pub(super) const COLUMNS: &str = "call_id, caller_source, started_at, ended_at, written_at, duration_sec, rule, phone, display_name, number, \
    outcome, voice, language, model, tokens_total, tokens_prompt, n_turns, size, file";

/// Lists a transcript. Its file must lie on disk already.
pub(super) fn insert(tx: &Tx<'_>, session_id: &SessionId, item: &TranscriptItem, words: &str) -> Result<()> {
    let is_outbound = item.phone.is_some();
    let id = free_id(tx, item.started_utc, is_outbound)?;
    tx.prepare_cached(
        "insert into transcripts (id, session_id, call_id, is_outbound, caller_source, started_at, ended_at, written_at, duration_sec, rule,
            phone, display_name, number, outcome, voice, language, model, tokens_total, tokens_prompt, n_turns, size, file)
        values (:id, :session_id, :call_id, :is_outbound, :caller_source, :started_at, :ended_at, :written_at, :duration_sec, :rule,
            :phone, :display_name, :number, :outcome, :voice, :language, :model, :tokens_total, :tokens_prompt, :n_turns, :size, :file)",
    )?
    .execute(named_params! {
        ":id": id, ":session_id": session_id, ":call_id": item.call_id, ":is_outbound": is_outbound,
        ":caller_source": item.caller_source, ":started_at": item.started_utc, ":ended_at": item.ended_utc,
        ":written_at": item.mtime_utc, ":duration_sec": whole(item.duration_sec), ":rule": item.rule, ":phone": item.phone,
        ":display_name": item.display_name, ":number": item.number, ":outcome": item.outcome, ":voice": item.voice,
        ":language": item.language, ":model": item.model, ":tokens_total": whole(item.tokens_total),
        ":tokens_prompt": whole(item.tokens_prompt), ":n_turns": whole(item.turn_count), ":size": whole(item.size), ":file": item.file,
    })
    .on_unique("transcripts.file", || Error::conflict(format!("another call's transcript is called {}", item.file)))?;
    tx.prepare_cached("insert into transcript_words (id, text) values (?1, ?2)")?.execute((id, words))?;
    Ok(())
}

/// SQLite's numbers are signed; no count of a call comes near their end.
fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The next id of the moment a call began. Moments with more calls than an id can tell apart run over into the next one.
fn free_id(conn: &Conn, began: Millis, is_outbound: bool) -> Result<i64> {
    let mut moment = began.0.max(0);
    loop {
        let (first, last) = key::range_at(Millis(moment), is_outbound);
        let taken: Option<i64> = conn
            .prepare_cached("select max(id) from transcripts where is_outbound = ?1 and id between ?2 and ?3")?
            .query_row((is_outbound, first, last), |row| row.get(0))?;
        match taken {
            None => return Ok(first),
            Some(id) if id < last => return Ok(key::after(id)),
            Some(_) => moment += 1,
        }
    }
}

/// Reads [`COLUMNS`].
pub(super) fn item(row: &Row<'_>) -> rusqlite::Result<TranscriptItem> {
    let count = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
    Ok(TranscriptItem {
        call_id: row.get("call_id")?,
        caller_source: row.get("caller_source")?,
        started_utc: row.get("started_at")?,
        ended_utc: row.get("ended_at")?,
        mtime_utc: row.get("written_at")?,
        duration_sec: count("duration_sec")?,
        rule: row.get("rule")?,
        phone: row.get("phone")?,
        display_name: row.get("display_name")?,
        number: row.get("number")?,
        outcome: row.get("outcome")?,
        voice: row.get("voice")?,
        language: row.get("language")?,
        model: row.get("model")?,
        tokens_total: count("tokens_total")?,
        tokens_prompt: count("tokens_prompt")?,
        turn_count: count("n_turns")?,
        size: count("size")?,
        source: "tenant",
        file: row.get("file")?,
    })
}

/// Whether a call's transcript is listed.
pub(super) fn is_listed(conn: &Conn, session_id: &SessionId) -> Result<bool> {
    Ok(conn.prepare_cached("select exists (select 1 from transcripts where session_id = ?1)")?.query_row([session_id], |row| row.get(0))?)
}

/// Id and file of the transcript that a call id or an exact file name means; of several attempts of one order the newest.
pub(super) fn find(conn: &Conn, call_id_or_file: &str) -> Result<Option<(i64, String)>> {
    Ok(conn
        .prepare_cached("select id, file from transcripts where call_id = ?1 or file = ?1 order by id desc limit 1")?
        .query_row(params![call_id_or_file], |row| Ok((row.get("id")?, row.get("file")?)))
        .optional()?)
}
