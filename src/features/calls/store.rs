//! SQL of calls: the skeleton, one call, a list of them.

use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::{Map, Value};

use super::model::{CallStatus, CodebStatus, Direction, NewCall, Origin};
use super::record::CallRecord;
use crate::base::id::{CallId, SessionId};
use crate::base::{Error, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// The columns [`record`] reads, by name.
pub(super) const COLUMNS: &str = "id, session_id, call_id, bot_id, bot_version, stream_id, direction, origin, number_id, number, \
    number_name, did, caller_id, from_number, to_number, display_name, email, requested_by, carrier_id, status, codeb_status, attempt, \
    retries_left, retry_delay_minutes, outcome, disconnected_by, error_detail, answer_ms, created_at, scheduled_for, dispatched_at, \
    answered_at, started_at, ended_at, completed_at, call_duration_seconds, was_transferred, recording_key, recording_token_sealed, \
    transcript_file, save_transcript, skip_post_push, tokens_total, tokens_prompt, voice, language, model, overrides, doc";

/// Makes the call's row, or fills what an existing row does not say yet: an engine may ask for the same call twice. A connected event
/// replaces the one that was captured. Says whether the row is new.
pub fn open_skeleton(tx: &Tx<'_>, call: &NewCall) -> Result<bool> {
    let known = find(tx, &call.session_id)?;
    let mut doc = known.as_ref().map_or_else(Map::new, |known| known.doc.clone());
    if let Some(event) = &call.connected_event {
        doc.insert("connected_event".to_owned(), Value::Object(event.clone()));
    }
    tx.prepare_cached(
        "insert into calls (session_id, call_id, bot_id, bot_version, stream_id, direction, origin, number_id, number, number_name, did,
            caller_id, from_number, to_number, display_name, email, requested_by, carrier_id, codeb_status, created_at, scheduled_for,
            save_transcript, skip_post_push, voice, language, model, overrides, doc)
        values (:session_id, :call_id, :bot_id, :bot_version, :stream_id, :direction, :origin, :number_id, :number, :number_name, :did,
            :caller_id, :from_number, :to_number, :display_name, :email, :requested_by, :carrier_id, :codeb_status, :now, :scheduled_for,
            :save_transcript, :skip_post_push, :voice, :language, :model, :overrides, :doc)
        on conflict (session_id) do update set
            call_id = coalesce(call_id, excluded.call_id), bot_id = coalesce(bot_id, excluded.bot_id),
            bot_version = coalesce(bot_version, excluded.bot_version), stream_id = coalesce(stream_id, excluded.stream_id),
            caller_id = coalesce(caller_id, excluded.caller_id), from_number = coalesce(from_number, excluded.from_number),
            skip_post_push = max(skip_post_push, excluded.skip_post_push), voice = coalesce(voice, excluded.voice),
            language = coalesce(language, excluded.language), model = coalesce(model, excluded.model), doc = excluded.doc",
    )?
    .execute(named_params! {
        ":session_id": call.session_id, ":call_id": call.call_id, ":bot_id": call.bot_id, ":bot_version": call.bot_version,
        ":stream_id": call.stream_id, ":direction": call.direction.as_str(), ":origin": call.origin.as_str(),
        ":number_id": call.number_id, ":number": call.number, ":number_name": call.number_name, ":did": call.did,
        ":caller_id": call.caller_id, ":from_number": call.from_number, ":to_number": call.to_number,
        ":display_name": call.display_name, ":email": call.email, ":requested_by": call.requested_by,
        ":carrier_id": call.carrier_id, ":codeb_status": call.codeb_status.map(CodebStatus::as_str), ":now": tx.now,
        ":scheduled_for": call.scheduled_for, ":save_transcript": call.save_transcript, ":skip_post_push": call.skip_post_push,
        ":voice": call.voice, ":language": call.language, ":model": call.model,
        ":overrides": call.overrides.as_ref().map(to_json).transpose()?, ":doc": to_json(&doc)?,
    })?;
    Ok(known.is_none())
}

/// One call, if there is one.
pub fn find(conn: &Conn, session_id: &SessionId) -> Result<Option<CallRecord>> {
    conn.prepare_cached(&format!("select {COLUMNS} from calls where session_id = ?1"))?
        .query_row([session_id], |row| Ok(record(row)))
        .optional()?
        .transpose()
}

/// One call by its CodeB key, if there is one.
pub fn find_by_call_id(conn: &Conn, call_id: &CallId) -> Result<Option<CallRecord>> {
    conn.prepare_cached(&format!("select {COLUMNS} from calls where call_id = ?1"))?
        .query_row([call_id], |row| Ok(record(row)))
        .optional()?
        .transpose()
}

/// One call, or "not found".
pub fn get(conn: &Conn, session_id: &SessionId) -> Result<CallRecord> {
    find(conn, session_id)?.ok_or_else(|| Error::not_found(format!("no call {session_id}")))
}

/// Reads [`COLUMNS`].
pub(super) fn record(row: &Row<'_>) -> Result<CallRecord> {
    let overrides: Option<String> = row.get("overrides")?;
    Ok(CallRecord {
        id: row.get("id")?,
        session_id: row.get("session_id")?,
        call_id: row.get("call_id")?,
        bot_id: row.get("bot_id")?,
        bot_version: row.get("bot_version")?,
        stream_id: row.get("stream_id")?,
        direction: word(row, "direction", Direction::parse)?.unwrap_or(Direction::Inbound),
        origin: word(row, "origin", Origin::parse)?.unwrap_or(Origin::External),
        number_id: row.get("number_id")?,
        number: row.get("number")?,
        number_name: row.get("number_name")?,
        did: row.get("did")?,
        caller_id: row.get("caller_id")?,
        from_number: row.get("from_number")?,
        to_number: row.get("to_number")?,
        display_name: row.get("display_name")?,
        email: row.get("email")?,
        requested_by: row.get("requested_by")?,
        carrier_id: row.get("carrier_id")?,
        status: word(row, "status", CallStatus::parse)?.unwrap_or(CallStatus::Active),
        codeb_status: word(row, "codeb_status", CodebStatus::parse)?,
        attempt: row.get("attempt")?,
        retries_left: row.get("retries_left")?,
        retry_delay_minutes: row.get("retry_delay_minutes")?,
        outcome: row.get("outcome")?,
        disconnected_by: row.get("disconnected_by")?,
        error_detail: row.get("error_detail")?,
        answer_ms: row.get("answer_ms")?,
        created_at: row.get("created_at")?,
        scheduled_for: row.get("scheduled_for")?,
        dispatched_at: row.get("dispatched_at")?,
        answered_at: row.get("answered_at")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        completed_at: row.get("completed_at")?,
        call_duration_seconds: row.get("call_duration_seconds")?,
        was_transferred: row.get("was_transferred")?,
        recording_key: row.get("recording_key")?,
        recording_token_sealed: row.get("recording_token_sealed")?,
        transcript_file: row.get("transcript_file")?,
        save_transcript: row.get("save_transcript")?,
        skip_post_push: row.get("skip_post_push")?,
        tokens_total: row.get::<_, Option<i64>>("tokens_total")?.and_then(|n| u64::try_from(n).ok()),
        tokens_prompt: row.get::<_, Option<i64>>("tokens_prompt")?.and_then(|n| u64::try_from(n).ok()),
        voice: row.get("voice")?,
        language: row.get("language")?,
        model: row.get("model")?,
        overrides: overrides.as_deref().map(from_json).transpose()?,
        doc: from_json(&row.get::<_, String>("doc")?)?,
    })
}

fn word<T>(row: &Row<'_>, column: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>> {
    Ok(row.get::<_, Option<String>>(column)?.as_deref().and_then(parse))
}

/// Whether a transcript file is to be written for the call.
pub(super) fn saves_transcript(conn: &Conn, session_id: &SessionId) -> Result<bool> {
    let saves = conn
        .prepare_cached("select save_transcript from calls where session_id = ?1")?
        .query_row([session_id], |row| row.get(0))
        .optional()?;
    Ok(saves.unwrap_or(false))
}

/// Notes the transcript file of a call. Says whether it is the first one.
pub(super) fn set_transcript_file(tx: &Tx<'_>, session_id: &SessionId, file: &str) -> Result<bool> {
    let n_rows = tx
        .prepare_cached("update calls set transcript_file = ?2 where session_id = ?1 and transcript_file is null")?
        .execute((session_id, file))?;
    Ok(n_rows == 1)
}
