//! SQL of what the engine reports while a call runs.

use rusqlite::{OptionalExtension, params};

use super::model::CallStatus;
use super::view::RecordingNow;
use crate::base::id::SessionId;
use crate::base::{Error, Result};
use crate::contract::event::{CallEvent, CallEventKind};
use crate::contract::fact::Fact;
use crate::platform::db::{Conn, Tx, from_json, to_json};
use crate::platform::outbox;

/// Bits of `calls.announced`.
const ANSWERED: u32 = 1;
const STARTED: u32 = 2;
const TRANSFERRED: u32 = 4;

/// Stores an event and what follows from it. Says whether it is new: a repeated `seq` changes nothing.
pub(super) fn record(tx: &Tx<'_>, session_id: &SessionId, event: &CallEvent) -> Result<bool> {
    let (is_active, announced) = standing(tx, session_id)?;
    if is_active && !insert(tx, session_id, event)? {
        return Ok(false);
    }
    let (bit, fact) = match &event.what {
        CallEventKind::Answered { answer_ms } => {
            answered(tx, session_id, event, *answer_ms)?;
            (ANSWERED, Fact::CallAnswered { session_id: session_id.clone(), answer_ms: *answer_ms })
        }
        CallEventKind::Started => {
            started(tx, session_id, event)?;
            (STARTED, Fact::CallStarted { session_id: session_id.clone() })
        }
        CallEventKind::Transferred { target, method } => {
            transferred(tx, session_id, target, method)?;
            (TRANSFERRED, Fact::CallTransferred { session_id: session_id.clone() })
        }
        CallEventKind::Ringing | CallEventKind::Turn { .. } | CallEventKind::Completed | CallEventKind::Note { .. } => {
            return Ok(is_active);
        }
    };
    if announced & bit != 0 {
        return Ok(is_active);
    }
    tx.prepare_cached("update calls set announced = announced | ?2 where session_id = ?1")?.execute((session_id, bit))?;
    outbox::append(tx, &fact)?;
    Ok(true)
}

fn standing(conn: &Conn, session_id: &SessionId) -> Result<(bool, u32)> {
    conn.prepare_cached("select status, announced from calls where session_id = ?1")?
        .query_row([session_id], |row| Ok((row.get::<_, String>("status")? == CallStatus::Active.as_str(), row.get("announced")?)))
        .optional()?
        .ok_or_else(|| Error::not_found(format!("no call {session_id}")))
}

fn insert(tx: &Tx<'_>, session_id: &SessionId, event: &CallEvent) -> Result<bool> {
    let n_rows = tx
        .prepare_cached("insert into call_events (session_id, seq, at, body) values (?1, ?2, ?3, ?4) on conflict do nothing")?
        .execute((session_id, event.seq, event.at, to_json(event)?))?;
    Ok(n_rows == 1)
}

fn answered(tx: &Tx<'_>, session_id: &SessionId, event: &CallEvent, answer_ms: u32) -> Result<()> {
    tx.prepare_cached(
        "update calls set answered_at = coalesce(answered_at, ?2), answer_ms = coalesce(answer_ms, ?3) where session_id = ?1",
    )?
    .execute(params![session_id, event.at, answer_ms])?;
    Ok(())
}

fn started(tx: &Tx<'_>, session_id: &SessionId, event: &CallEvent) -> Result<()> {
    tx.prepare_cached("update calls set started_at = coalesce(started_at, ?2) where session_id = ?1")?.execute((session_id, event.at))?;
    Ok(())
}

fn transferred(tx: &Tx<'_>, session_id: &SessionId, target: &str, method: &str) -> Result<()> {
    tx.prepare_cached(
        "update calls set was_transferred = 1, doc = json_set(doc, '$.transfer_target', ?2, '$.transfer_method', ?3) where session_id = ?1",
    )?
    .execute((session_id, target, method))?;
    Ok(())
}

/// Whether what is said on a running call goes into its recording, as the engine told last.
pub(super) fn recording_now(conn: &Conn, session_id: &SessionId) -> Result<Option<RecordingNow>> {
    // The words are those of the index `call_events_of_recording`.
    let name: Option<String> = conn
        .prepare_cached(
            "select json_extract(body, '$.name') from call_events where session_id = ?1 and json_extract(body, '$.name') in
                ('recording_started', 'recording_paused', 'recording_resumed', 'recording_failed')
            order by seq desc limit 1",
        )?
        .query_row([session_id], |row| row.get(0))
        .optional()?;
    Ok(match name.as_deref() {
        Some("recording_started" | "recording_resumed") => Some(RecordingNow::On),
        Some("recording_paused") => Some(RecordingNow::Paused),
        _ => None,
    })
}

/// The events of a running call, in order.
pub(super) fn list(conn: &Conn, session_id: &SessionId) -> Result<Vec<CallEvent>> {
    let mut statement = conn.prepare_cached("select body from call_events where session_id = ?1 order by seq")?;
    let bodies = statement.query_map([session_id], |row| row.get::<_, String>(0))?;
    bodies.map(|body| from_json(&body?)).collect()
}
