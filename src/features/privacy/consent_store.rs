//! SQL of proofs of consent.

use rusqlite::{OptionalExtension, named_params, params};
use serde::Serialize;
use serde_json::Value;

use crate::base::id::SessionId;
use crate::base::{Millis, Result};
use crate::platform::db::{Conn, Tx, from_json};

/// What a proof is made from.
pub(super) struct Evidence {
    pub(super) bot_id: String,
    pub(super) bot_version: Option<u32>,
    /// The number of the other end.
    pub(super) phone: String,
    pub(super) events: Vec<Value>,
}

/// That somebody was told or asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Proof {
    pub(super) session_id: SessionId,
    pub(super) bot_id: String,
    pub(super) bot_version: Option<u32>,
    pub(super) kind: String,
    pub(super) given: Option<bool>,
    pub(super) at: Millis,
}

/// The events of a call that was told or asked something; none for all other calls, whose documents are not read.
pub(super) fn evidence(conn: &Conn, session_id: &SessionId) -> Result<Option<Evidence>> {
    let row: Option<(Evidence, Option<String>)> = conn
        .prepare_cached(
            "select coalesce(bot_id, '') as bot_id, bot_version, direction, coalesce(from_number, caller_id, '') as caller,
                coalesce(to_number, caller_id, '') as callee, json_extract(doc, '$.events') as events
            from calls where session_id = ?1 and (instr(doc, 'recording_consent') > 0 or instr(doc, 'disclosure_spoken') > 0)",
        )?
        .query_row([session_id], |row| {
            let is_outbound = row.get::<_, String>("direction")? == "outbound";
            let phone = row.get(if is_outbound { "callee" } else { "caller" })?;
            Ok((
                Evidence { bot_id: row.get("bot_id")?, bot_version: row.get("bot_version")?, phone, events: Vec::new() },
                row.get("events")?,
            ))
        })
        .optional()?;
    let Some((evidence, Some(events))) = row else { return Ok(None) };
    // Events of another shape prove nothing.
    Ok(Some(Evidence { events: from_json(&events).unwrap_or_default(), ..evidence }))
}

/// Keeps a proof. A repeat changes nothing.
pub(super) fn insert(tx: &Tx<'_>, proof: &Proof, person: &str, phone_end: &str) -> Result<()> {
    tx.prepare_cached(
        "insert into consent_proofs (session_id, person, phone_end, bot_id, bot_version, kind, given, at)
        values (:session_id, :person, :phone_end, :bot_id, :bot_version, :kind, :given, :at) on conflict do nothing",
    )?
    .execute(named_params! {
        ":session_id": proof.session_id, ":person": person, ":phone_end": phone_end, ":bot_id": proof.bot_id,
        ":bot_version": proof.bot_version, ":kind": proof.kind, ":given": proof.given, ":at": proof.at,
    })?;
    Ok(())
}

/// The proofs about a person, oldest first.
pub(super) fn of_person(conn: &Conn, person: &str) -> Result<Vec<Proof>> {
    let mut statement = conn
        .prepare_cached("select session_id, bot_id, bot_version, kind, given, at from consent_proofs where person = ?1 order by at, id")?;
    let rows = statement.query_map([person], |row| {
        Ok(Proof {
            session_id: row.get("session_id")?,
            bot_id: row.get("bot_id")?,
            bot_version: row.get("bot_version")?,
            kind: row.get("kind")?,
            given: row.get("given")?,
            at: row.get("at")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Removes some proofs from before a moment. Says how many.
pub(super) fn remove_old(tx: &Tx<'_>, before: Millis, limit: u32) -> Result<usize> {
    Ok(tx
        .prepare_cached("delete from consent_proofs where id in (select id from consent_proofs where at < ?1 order by at limit ?2)")?
        .execute(params![before, limit])?)
}
