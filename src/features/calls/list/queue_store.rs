//! SQL that lists calls: takes them from the queue, works out their kind and what a search looks at.

use std::collections::BTreeSet;

use rusqlite::{Row, named_params};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::span::span_of;
use super::words::{facet, indexed_numbers, span_facet};
use crate::base::Result;
use crate::platform::db::{Conn, Tx};

/// Most bytes of a conversation that are searched.
const MOST_WORDS: usize = 256 * 1024;

/// What `call_kinds.holds` says.
pub(in crate::features::calls) const RECORDING: u32 = 1;
pub(in crate::features::calls) const TRANSCRIPT: u32 = 2;
pub(in crate::features::calls) const ANALYSIS: u32 = 4;
pub(in crate::features::calls) const HELD: u32 = 8;

/// What listing reads of a call.
struct Waiting {
    id: i64,
    created_at: i64,
    bot_id: String,
    number: String,
    numbers: [Option<String>; 5],
    names: [Option<String>; 2],
    carrier_id: String,
    direction: String,
    status: String,
    outcome: String,
    disconnected_by: String,
    duration: f64,
    is_recorded: bool,
    is_held: bool,
    doc: String,
}

/// What listing reads of a call's document; everything else in it is passed over.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Doc<'a> {
    #[serde(borrow)]
    transcript: Option<&'a RawValue>,
    post_call_analysis: Option<Value>,
    #[serde(borrow)]
    qc_analysis: Option<&'a RawValue>,
}

/// Lists some of the calls that wait. Says how many; nothing waits when it is none.
pub(in crate::features::calls) fn list_some(tx: &Tx<'_>, limit: usize) -> Result<usize> {
    let waiting = waiting(tx, limit)?;
    for call in &waiting {
        list(tx, call)?;
    }
    Ok(waiting.len())
}

/// Takes a call off the list until it is listed anew, because something changed that is not in its row.
pub(in crate::features::calls) fn requeue(tx: &Tx<'_>, call_id: i64) -> Result<()> {
    tx.prepare_cached("insert into call_queue (id) values (?1) on conflict do nothing")?.execute([call_id])?;
    tx.prepare_cached("delete from call_list where id = ?1 and created_at = (select created_at from calls where id = ?1)")?
        .execute([call_id])?;
    tx.wake_outbox();
    Ok(())
}

fn waiting(conn: &Conn, limit: usize) -> Result<Vec<Waiting>> {
    let mut statement = conn.prepare_cached(
        "select c.id, c.created_at, coalesce(c.bot_id, '') as bot_id, coalesce(c.number, c.did, '') as number, c.from_number, c.to_number,
            c.caller_id, c.did, c.number as own_number, c.display_name, c.number_name, coalesce(c.carrier_id, '') as carrier_id, c.direction,
            c.status, coalesce(c.outcome, '') as outcome, coalesce(c.disconnected_by, '') as disconnected_by,
            coalesce(c.call_duration_seconds, 0.0) as duration, c.recording_token_hash is not null as is_recorded,
            exists (select 1 from call_holds h where h.call_id = c.id) as is_held, c.doc
        from call_queue q cross join calls c on c.id = q.id order by q.id limit ?1",
    )?;
    let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    Ok(Waiting {
        id: row.get("id")?,
        created_at: row.get("created_at")?,
        bot_id: row.get("bot_id")?,
        number: row.get("number")?,
        numbers: [row.get("from_number")?, row.get("to_number")?, row.get("caller_id")?, row.get("did")?, row.get("own_number")?],
        names: [row.get("display_name")?, row.get("number_name")?],
        carrier_id: row.get("carrier_id")?,
        direction: row.get("direction")?,
        status: row.get("status")?,
        outcome: row.get("outcome")?,
        disconnected_by: row.get("disconnected_by")?,
        duration: row.get::<_, f64>("duration")?.max(0.0),
        is_recorded: row.get("is_recorded")?,
        is_held: row.get("is_held")?,
        doc: row.get("doc")?,
    })
}

fn list(tx: &Tx<'_>, call: &Waiting) -> Result<()> {
    // A document that cannot be read is one without words; the call is listed all the same.
    let doc: Doc<'_> = serde_json::from_str(&call.doc).unwrap_or_default();
    let said = said(&doc);
    let disposition = doc.post_call_analysis.as_ref().and_then(|analysis| analysis["disposition"].as_str()).unwrap_or_default();
    let has_analysis = doc.post_call_analysis.is_some() || doc.qc_analysis.is_some();
    let holds = [(call.is_recorded, RECORDING), (!said.is_empty(), TRANSCRIPT), (has_analysis, ANALYSIS), (call.is_held, HELD)];
    let holds: u32 = holds.into_iter().filter(|(has, _)| *has).map(|(_, bit)| bit).sum();
    let span = span_of(call.duration);
    let kind_id = kind(tx, call, disposition, holds, span)?;
    tx.prepare_cached("insert into call_list (created_at, id, kind_id, duration) values (?1, ?2, ?3, ?4)")?.execute((
        call.created_at,
        call.id,
        kind_id,
        call.duration,
    ))?;
    tx.prepare_cached("insert into call_texts (id, words, phones, facets) values (?1, ?2, ?3, ?4)")?.execute((
        call.id,
        words(call, &said),
        indexed_numbers(call.numbers.iter().flatten().map(String::as_str)),
        facets(tx, call, disposition, span)?,
    ))?;
    tx.prepare_cached("delete from call_queue where id = ?1")?.execute([call.id])?;
    Ok(())
}

/// The kind of a call, made when it is the first of it.
fn kind(tx: &Tx<'_>, call: &Waiting, disposition: &str, holds: u32, span: u32) -> Result<i64> {
    Ok(tx
        .prepare_cached(
            "insert into call_kinds (bot_id, carrier_id, direction, status, outcome, disposition, disconnected_by, holds, span, n,
                oldest_at, newest_at)
            values (:bot_id, :carrier_id, :direction, :status, :outcome, :disposition, :disconnected_by, :holds, :span, 1, :at, :at)
            on conflict do update set n = n + 1, oldest_at = min(oldest_at, excluded.oldest_at),
                newest_at = max(newest_at, excluded.newest_at)
            returning id",
        )?
        .query_row(
            named_params! {
                ":bot_id": call.bot_id, ":carrier_id": call.carrier_id, ":direction": call.direction,
                ":status": call.status, ":outcome": call.outcome, ":disposition": disposition, ":disconnected_by": call.disconnected_by,
                ":holds": holds, ":span": span, ":at": call.created_at,
            },
            |row| row.get(0),
        )?)
}

/// What people and the bot said, turn by turn.
fn said(doc: &Doc<'_>) -> Vec<String> {
    #[derive(Deserialize)]
    struct Turn {
        #[serde(default)]
        role: String,
        #[serde(default)]
        content: Value,
    }
    let turns = doc.transcript.and_then(|turns| serde_json::from_str::<Vec<Turn>>(turns.get()).ok()).unwrap_or_default();
    let spoken = turns.into_iter().filter(|turn| turn.role != "tool");
    spoken.filter_map(|turn| turn.content.as_str().map(str::to_owned)).collect()
}

fn words(call: &Waiting, said: &[String]) -> String {
    let mut text = String::new();
    for part in call.names.iter().flatten().chain(said) {
        if text.len() + part.len() > MOST_WORDS {
            break;
        }
        text.push_str(part);
        text.push('\n');
    }
    text
}

fn facets(conn: &Conn, call: &Waiting, disposition: &str, span: u32) -> Result<String> {
    let mut words = BTreeSet::from([span_facet(span), facet('r', if call.is_recorded { "yes" } else { "no" })]);
    for (letter, value) in [
        ('b', call.bot_id.as_str()),
        ('n', &call.number),
        ('o', &call.outcome),
        ('o', disposition),
        ('e', &call.disconnected_by),
        ('c', &call.carrier_id),
        ('s', &call.status),
        ('d', &call.direction),
    ] {
        if !value.is_empty() {
            words.insert(facet(letter, value));
        }
    }
    let mut tags = conn.prepare_cached("select tag from call_tags where call_id = ?1")?;
    for tag in tags.query_map([call.id], |row| row.get::<_, String>(0))? {
        words.insert(facet('t', &tag?));
    }
    Ok(words.into_iter().collect::<Vec<_>>().join(" "))
}
