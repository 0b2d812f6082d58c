//! SQL that counts calls which are over: takes them from the queue and adds them to their quarters of an hour.

use std::collections::BTreeMap;

use rusqlite::Row;
use serde_json::Value;

use super::buckets::scope_of;
use super::slots_store::{SLOT_MS, add};
use super::tally::{Ended, Tally};
use crate::base::Result;
use crate::platform::db::{Conn, Tx};

/// Most answers of one call that are counted.
const MOST_WAITS: usize = 1000;

/// What counting reads of a call.
struct Waiting {
    id: i64,
    slot: i64,
    bot_id: String,
    number: String,
    carrier_id: String,
    direction: String,
    outcome: String,
    is_answered: bool,
    seconds: f64,
    samples: Option<String>,
}

/// Counts some of the calls that wait. Says how many; nothing waits when it is none.
pub(in crate::features::calls) fn count_some(tx: &Tx<'_>, limit: usize) -> Result<usize> {
    let waiting = waiting(tx, limit)?;
    let mut tallies: BTreeMap<(String, i64), Tally> = BTreeMap::new();
    for call in &waiting {
        let waits_ms = call.waits_ms();
        let Waiting { direction, outcome, is_answered, seconds, .. } = call;
        let ended = Ended { direction, outcome, is_answered: *is_answered, seconds: *seconds, waits_ms: &waits_ms };
        for scope in call.scopes() {
            tallies.entry((scope, call.slot)).or_default().count(&ended);
        }
        tx.prepare_cached("delete from call_count_queue where id = ?1")?.execute([call.id])?;
    }
    for ((scope, slot), tally) in &tallies {
        add(tx, scope, *slot, tally)?;
    }
    Ok(waiting.len())
}

fn waiting(conn: &Conn, limit: usize) -> Result<Vec<Waiting>> {
    let mut statement = conn.prepare_cached(
        "select c.id, c.created_at, coalesce(c.bot_id, '') as bot_id, coalesce(c.number, c.did, '') as number,
            coalesce(c.carrier_id, '') as carrier_id, c.direction, coalesce(c.outcome, c.status) as outcome,
            c.answered_at is not null or coalesce(c.call_duration_seconds, 0.0) > 0 as is_answered,
            coalesce(c.call_duration_seconds, 0.0) as seconds, json_extract(c.doc, '$.latency_samples') as samples
        from call_count_queue q cross join calls c on c.id = q.id order by q.id limit ?1",
    )?;
    let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    Ok(Waiting {
        id: row.get("id")?,
        slot: row.get::<_, i64>("created_at")?.div_euclid(SLOT_MS),
        bot_id: row.get("bot_id")?,
        number: row.get("number")?,
        carrier_id: row.get("carrier_id")?,
        direction: row.get("direction")?,
        outcome: row.get("outcome")?,
        is_answered: row.get("is_answered")?,
        seconds: row.get("seconds")?,
        // What an engine sent here may be anything.
        samples: row.get::<_, Option<String>>("samples").unwrap_or_default(),
    })
}

impl Waiting {
    fn scopes(&self) -> Vec<String> {
        let named = [('b', &self.bot_id), ('n', &self.number), ('c', &self.carrier_id)];
        let named = named.into_iter().filter(|(_, value)| !value.is_empty());
        std::iter::once(String::new()).chain(named.map(|(letter, value)| scope_of(letter, value))).collect()
    }

    /// How long the caller waited for each answer that was measured.
    fn waits_ms(&self) -> Vec<f64> {
        let samples = self.samples.as_deref().and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok()).unwrap_or_default();
        samples.iter().filter_map(|sample| sample["first_audio_ms"].as_f64()).take(MOST_WAITS).collect()
    }
}
