//! SQL of results: a new call in one statement, a known one merged so that absent fields change nothing.

use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value};

use super::forget_store::is_erased;
use super::model::{CANCELLED, Direction};
use super::outcome::{outcome_of, status_of};
use super::payload::Results;
use crate::base::id::{CallId, SessionId};
use crate::base::{Millis, Result};
use crate::contract::fact::Fact;
use crate::platform::db::{Tx, from_json, to_json};
use crate::platform::outbox;

/// A recording token as it is kept: found by its hash, shown again from its sealed form.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) hash: [u8; 32],
    pub(super) sealed: String,
    /// Whether the engine chose it. Then it replaces a stored one.
    pub(super) was_sent: bool,
}

/// What a stored call says that a result may not say again.
struct Known {
    id: i64,
    outcome: Option<String>,
    disconnected_by: Option<String>,
    was_transferred: bool,
    completed_at: Option<Millis>,
    has_token: bool,
    doc: String,
}

/// Stores a result. The fact "completed" is appended with the first one of a call; a repeat changes nothing but what it says anew.
pub(super) fn record(tx: &Tx<'_>, session_id: &SessionId, results: &Results, token: Option<&Token>) -> Result<()> {
    let call_id = free_call_id(tx, session_id, results)?;
    let mut has_transcript = results.has_transcript;
    if !insert(tx, session_id, call_id, results, token)? {
        if is_erased(tx, session_id)? {
            // The person asked to be forgotten; what comes late is not kept either.
            return Ok(());
        }
        let known = known(tx, session_id)?;
        let doc = merged(&known.doc, &results.doc)?;
        has_transcript |= doc.get("transcript").and_then(Value::as_array).is_some_and(|turns| !turns.is_empty());
        update(tx, &known, call_id, results, token, &to_json(&doc)?)?;
        tx.prepare_cached("delete from call_events where session_id = ?1")?.execute([session_id])?;
        if known.completed_at.is_some() {
            // No fact, but the call is listed anew.
            tx.wake_outbox();
            return Ok(());
        }
    }
    outbox::append(tx, &Fact::CallCompleted { session_id: session_id.clone(), has_transcript })
}

/// The result's call id, unless another call has it.
fn free_call_id<'a>(tx: &Tx<'_>, session_id: &SessionId, results: &'a Results) -> Result<Option<&'a CallId>> {
    let Some(call_id) = &results.call_id else { return Ok(None) };
    let is_taken = tx
        .prepare_cached("select exists (select 1 from calls where call_id = ?1 and session_id <> ?2)")?
        .query_row((call_id, session_id), |row| row.get(0))?;
    Ok(if is_taken { None } else { Some(call_id) })
}

/// Makes the row of a call nobody knew. Says whether it did: a known session is left alone.
fn insert(tx: &Tx<'_>, session_id: &SessionId, call_id: Option<&CallId>, results: &Results, token: Option<&Token>) -> Result<bool> {
    let by = results.disconnected_by.as_deref();
    let outcome = results.outcome.as_deref().unwrap_or_else(|| outcome_of(by, results.was_transferred.unwrap_or(false)));
    let n_rows = tx
        .prepare_cached(
            "insert into calls (session_id, call_id, stream_id, direction, caller_id, from_number, carrier_id, status, outcome,
                disconnected_by, error_detail, answer_ms, created_at, answered_at, started_at, ended_at, completed_at,
                call_duration_seconds, was_transferred, recording_key, recording_token_hash, recording_token_sealed, tokens_total,
                tokens_prompt, doc)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?13, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)
            on conflict (session_id) do nothing",
        )?
        .execute(params![
            session_id,
            call_id,
            results.stream_id,
            results.direction.unwrap_or(Direction::Inbound).as_str(),
            results.caller_id,
            results.from_number,
            results.carrier_id,
            status_of(by).as_str(),
            outcome,
            results.disconnected_by,
            results.error_detail,
            results.answer_ms,
            tx.now,
            results.answered_at,
            results.started_at,
            results.ended_at,
            results.call_duration_seconds,
            results.was_transferred,
            results.recording_key,
            token.map(|token| token.hash),
            token.map(|token| &token.sealed),
            results.tokens_total,
            results.tokens_prompt,
            results.doc,
        ])?;
    Ok(n_rows == 1)
}

fn known(tx: &Tx<'_>, session_id: &SessionId) -> Result<Known> {
    let read = |row: &Row<'_>| {
        Ok(Known {
            id: row.get("id")?,
            outcome: row.get("outcome")?,
            disconnected_by: row.get("disconnected_by")?,
            was_transferred: row.get::<_, Option<bool>>("was_transferred")?.unwrap_or(false),
            completed_at: row.get("completed_at")?,
            has_token: row.get("has_token")?,
            doc: row.get("doc")?,
        })
    };
    Ok(tx
        .prepare_cached(
            "select id, outcome, disconnected_by, was_transferred, completed_at,
                recording_token_hash is not null as has_token, doc
            from calls where session_id = ?1",
        )?
        .query_row([session_id], read)?)
}

/// The stored fields with the sent ones over them.
fn merged(stored: &str, sent: &str) -> Result<Map<String, Value>> {
    let mut doc: Map<String, Value> = from_json(stored)?;
    doc.extend(from_json::<Map<String, Value>>(sent)?);
    Ok(doc)
}

fn update(tx: &Tx<'_>, known: &Known, call_id: Option<&CallId>, results: &Results, token: Option<&Token>, doc: &str) -> Result<()> {
    let by = results.disconnected_by.as_deref().or(known.disconnected_by.as_deref());
    let outcome = outcome(known, results);
    let token = token.filter(|token| token.was_sent || !known.has_token);
    tx.prepare_cached(
        "update calls set call_id = coalesce(call_id, ?2), stream_id = coalesce(?3, stream_id),
            direction = case origin when 'external' then coalesce(?4, direction) else direction end,
            caller_id = coalesce(?5, caller_id), from_number = coalesce(?6, from_number), carrier_id = coalesce(?7, carrier_id),
            status = ?8, outcome = ?9, disconnected_by = ?10, error_detail = coalesce(?11, error_detail),
            answer_ms = coalesce(?12, answer_ms), answered_at = coalesce(?13, answered_at), started_at = coalesce(?14, started_at),
            ended_at = coalesce(?15, ended_at), completed_at = coalesce(completed_at, ?16),
            call_duration_seconds = coalesce(?17, call_duration_seconds), was_transferred = coalesce(?18, was_transferred),
            recording_key = coalesce(?19, recording_key), recording_token_hash = coalesce(?20, recording_token_hash),
            recording_token_sealed = coalesce(?21, recording_token_sealed), tokens_total = coalesce(?22, tokens_total),
            tokens_prompt = coalesce(?23, tokens_prompt), doc = ?24
        where id = ?1",
    )?
    .execute(params![
        known.id,
        call_id,
        results.stream_id,
        results.direction.map(Direction::as_str),
        results.caller_id,
        results.from_number,
        results.carrier_id,
        status_of(by).as_str(),
        outcome,
        by,
        results.error_detail,
        results.answer_ms,
        results.answered_at,
        results.started_at,
        results.ended_at,
        tx.now,
        results.call_duration_seconds,
        results.was_transferred,
        results.recording_key,
        token.map(|token| token.hash),
        token.map(|token| &token.sealed),
        results.tokens_total,
        results.tokens_prompt,
        doc,
    ])?;
    Ok(())
}

fn outcome(known: &Known, results: &Results) -> String {
    if known.outcome.as_deref() == Some(CANCELLED) {
        return CANCELLED.to_owned();
    }
    let was_transferred = results.was_transferred.unwrap_or(known.was_transferred);
    let derived = || outcome_of(results.disconnected_by.as_deref().or(known.disconnected_by.as_deref()), was_transferred).to_owned();
    match (&results.outcome, &results.disconnected_by, &known.outcome) {
        (Some(sent), ..) => sent.clone(),
        (None, None, Some(stored)) => stored.clone(),
        _ => derived(),
    }
}

/// The session a recording token opens, by the token's hash.
pub fn session_of_token(conn: &crate::platform::db::Conn, hash: &[u8; 32]) -> Result<Option<SessionId>> {
    Ok(conn
        .prepare_cached("select session_id from calls where recording_token_hash = ?1 order by id desc limit 1")?
        .query_row([hash.as_slice()], |row| row.get(0))
        .optional()?)
}

/// Gives a call's recording another token, or one that nobody has when it is shown to nobody. Answers with the hash of a token that opened.
pub(super) fn set_token(tx: &Tx<'_>, session_id: &SessionId, hash: &[u8; 32], sealed: Option<&str>) -> Result<Option<Vec<u8>>> {
    let former = tx
        .prepare_cached("select recording_token_hash from calls where session_id = ?1 and recording_token_sealed is not null")?
        .query_row([session_id], |row| row.get(0))
        .optional()?
        .flatten();
    tx.prepare_cached("update calls set recording_token_hash = ?2, recording_token_sealed = ?3 where session_id = ?1")?
        .execute(params![session_id, hash.as_slice(), sealed])?;
    Ok(former)
}
