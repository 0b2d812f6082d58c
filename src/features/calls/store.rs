//! SQL of calls: the skeleton, one call, a list of them.

use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::{Map, Value};

use super::model::{CallStatus, Direction, NewCall, Origin};
use super::record::CallRecord;
use crate::base::id::{CallId, SessionId};
use crate::base::{Error, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// The columns [`record`] reads, in the order it reads them.
pub(super) const COLUMNS: &str = "id, session_id, call_id, bot_id, bot_version, stream_id, direction, origin, number_id, number, \
    number_name, did, caller_id, from_number, to_number, display_name, email, requested_by, carrier_id, phone_user, status, attempt, \
    retries_left, outcome, disconnected_by, error_detail, answer_ms, created_at, dispatched_at, \
    answered_at, started_at, ended_at, completed_at, call_duration_seconds, was_transferred, recording_key, recording_token_sealed, \
    transcript_file, save_transcript, skip_post_push, tokens_total, tokens_prompt, voice, language, model, overrides, doc";

/// Makes the call's row, or fills what an existing row does not say yet: an engine may ask for the same call twice. A connected event,
/// what a CRM said and the link to a campaign replace those that were captured. Says whether the row is new.
pub fn open_skeleton(tx: &Tx<'_>, call: &NewCall) -> Result<bool> {
    let known = find(tx, &call.session_id)?;
    let mut doc = known.as_ref().map_or_else(Map::new, |known| known.doc.clone());
    for (field, captured) in [("connected_event", &call.connected_event), ("crm_data", &call.crm_data), ("campaign", &call.campaign)] {
        if let Some(captured) = captured {
            doc.insert(field.to_owned(), Value::Object(captured.clone()));
        }
    }
    tx.prepare_cached(
        "insert into calls (session_id, call_id, bot_id, bot_version, stream_id, direction, origin, number_id, number, number_name, did,
            caller_id, from_number, to_number, display_name, email, requested_by, carrier_id, phone_user, attempt, retries_left, created_at,
            dispatched_at, save_transcript, skip_post_push, voice, language, model, overrides, doc)
        values (:session_id, :call_id, :bot_id, :bot_version, :stream_id, :direction, :origin, :number_id, :number, :number_name, :did,
            :caller_id, :from_number, :to_number, :display_name, :email, :requested_by, :carrier_id, :phone_user, :attempt, :retries_left,
            :now, :dispatched_at, :save_transcript, :skip_post_push, :voice, :language, :model, :overrides, :doc)
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
        ":carrier_id": call.carrier_id, ":phone_user": call.phone_user, ":attempt": call.attempt, ":retries_left": call.retries_left,
        ":now": tx.now, ":dispatched_at": call.dispatched_at, ":save_transcript": call.save_transcript,
        ":skip_post_push": call.skip_post_push,
        ":voice": call.voice, ":language": call.language, ":model": call.model,
        ":overrides": call.overrides.as_ref().map(to_json).transpose()?, ":doc": to_json(&doc)?,
    })?;
    tx.wake_outbox();
    Ok(known.is_none())
}

/// One call, if there is one.
pub fn find(conn: &Conn, session_id: &SessionId) -> Result<Option<CallRecord>> {
    conn.prepare_cached(&format!("select {COLUMNS} from calls where session_id = ?1"))?
        .query_row([session_id], |row| Ok(record(row)))
        .optional()?
        .transpose()
}

/// The newest call under a CodeB key, if there is one: an order has a call for each of its attempts.
pub fn find_by_call_id(conn: &Conn, call_id: &CallId) -> Result<Option<CallRecord>> {
    conn.prepare_cached(&format!("select {COLUMNS} from calls where call_id = ?1 order by id desc limit 1"))?
        .query_row([call_id], |row| Ok(record(row)))
        .optional()?
        .transpose()
}

/// One call, or "not found".
pub fn get(conn: &Conn, session_id: &SessionId) -> Result<CallRecord> {
    find(conn, session_id)?.ok_or_else(|| Error::not_found(format!("no call {session_id}")))
}

/// Position of a call among all calls, or "not found".
pub(super) fn id_of(conn: &Conn, session_id: &SessionId) -> Result<i64> {
    conn.prepare_cached("select id from calls where session_id = ?1")?
        .query_row([session_id], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Error::not_found(format!("no call {session_id}")))
}

/// Reads [`COLUMNS`], in their order.
pub(super) fn record(row: &Row<'_>) -> Result<CallRecord> {
    let mut cells = Cells { row, next: 0 };
    Ok(CallRecord {
        id: cells.next()?,
        session_id: cells.next()?,
        call_id: cells.next()?,
        bot_id: cells.next()?,
        bot_version: cells.next()?,
        stream_id: cells.next()?,
        direction: cells.word(Direction::parse)?.unwrap_or(Direction::Inbound),
        origin: cells.word(Origin::parse)?.unwrap_or(Origin::External),
        number_id: cells.next()?,
        number: cells.next()?,
        number_name: cells.next()?,
        did: cells.next()?,
        caller_id: cells.next()?,
        from_number: cells.next()?,
        to_number: cells.next()?,
        display_name: cells.next()?,
        email: cells.next()?,
        requested_by: cells.next()?,
        carrier_id: cells.next()?,
        phone_user: cells.next()?,
        status: cells.word(CallStatus::parse)?.unwrap_or(CallStatus::Active),
        attempt: cells.next()?,
        retries_left: cells.next()?,
        outcome: cells.next()?,
        disconnected_by: cells.next()?,
        error_detail: cells.next()?,
        answer_ms: cells.next()?,
        created_at: cells.next()?,
        dispatched_at: cells.next()?,
        answered_at: cells.next()?,
        started_at: cells.next()?,
        ended_at: cells.next()?,
        completed_at: cells.next()?,
        call_duration_seconds: cells.next()?,
        was_transferred: cells.next()?,
        recording_key: cells.next()?,
        recording_token_sealed: cells.next()?,
        transcript_file: cells.next()?,
        save_transcript: cells.next()?,
        skip_post_push: cells.next()?,
        tokens_total: cells.next::<Option<i64>>()?.map(i64::unsigned_abs),
        tokens_prompt: cells.next::<Option<i64>>()?.map(i64::unsigned_abs),
        voice: cells.next()?,
        language: cells.next()?,
        model: cells.next()?,
        overrides: cells.next::<Option<String>>()?.as_deref().map(from_json).transpose()?,
        doc: from_json(&cells.next::<String>()?)?,
    })
}

/// A row read from left to right; looking up forty names would cost more than reading their values.
struct Cells<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl Cells<'_> {
    fn next<T: FromSql>(&mut self) -> Result<T> {
        self.next += 1;
        Ok(self.row.get(self.next - 1)?)
    }

    fn word<T>(&mut self, parse: fn(&str) -> Option<T>) -> Result<Option<T>> {
        Ok(self.next::<Option<String>>()?.as_deref().and_then(parse))
    }
}

/// Puts fields beside what the engine sent; those of the same name are replaced. Their names are ours: letters and `_`.
pub fn add_to_doc(tx: &Tx<'_>, session_id: &SessionId, fields: &Map<String, Value>) -> Result<()> {
    let mut statement = tx.prepare_cached("update calls set doc = json_set(doc, '$.' || ?2, json(?3)) where session_id = ?1")?;
    for (name, value) in fields {
        statement.execute((session_id, name, to_json(value)?))?;
    }
    Ok(())
}

/// Whether a transcript file is to be written for the call.
pub fn saves_transcript(conn: &Conn, session_id: &SessionId) -> Result<bool> {
    let saves = conn
        .prepare_cached("select save_transcript from calls where session_id = ?1")?
        .query_row([session_id], |row| row.get(0))
        .optional()?;
    Ok(saves.unwrap_or(false))
}

/// Notes the transcript file of a call. Says whether it is the first one.
pub fn note_transcript_file(tx: &Tx<'_>, session_id: &SessionId, file: &str) -> Result<bool> {
    let n_rows = tx
        .prepare_cached("update calls set transcript_file = ?2 where session_id = ?1 and transcript_file is null")?
        .execute((session_id, file))?;
    Ok(n_rows == 1)
}
