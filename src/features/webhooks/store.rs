//! SQL of subscriptions.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};

use super::event::EventName;
use super::model::{WebhookView, matches};
use super::retry::Schedule;
use crate::base::id::WebhookId;
use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// The columns [`view`] reads.
const COLUMNS: &str = "id, url, events, description, schedule, active, failures, paused_because, last_fired_at, rotation_ends_at, created_by, created_at, \
    updated_at, (select count(*) from deliveries where webhook_id = webhooks.id and state = 'parked') as parked";

/// The sealed secrets of a subscription.
#[derive(Debug)]
pub(super) struct Sealed {
    /// In force.
    pub(super) secret: String,
    /// Takes over at the moment beside it.
    pub(super) next: Option<(String, Millis)>,
}

impl Sealed {
    /// Reads `secret_sealed`, `next_secret_sealed` and `rotation_ends_at`.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let next = row.get::<_, Option<String>>("next_secret_sealed")?.zip(row.get::<_, Option<Millis>>("rotation_ends_at")?);
        Ok(Self { secret: row.get("secret_sealed")?, next })
    }
}

/// What an operator sets.
pub(super) struct Settings<'a> {
    pub(super) url: &'a str,
    pub(super) events: &'a [String],
    pub(super) description: &'a str,
    pub(super) schedule: Schedule,
}

pub(super) fn insert(tx: &Tx<'_>, id: &WebhookId, settings: &Settings<'_>, sealed: &str, created_by: &str) -> Result<()> {
    tx.prepare_cached(
        "insert into webhooks (id, url, events, description, schedule, secret_sealed, created_by, created_at, updated_at)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
    )?
    .execute(params![
        id,
        settings.url,
        to_json(settings.events)?,
        settings.description,
        settings.schedule.as_str(),
        sealed,
        created_by,
        tx.now
    ])?;
    Ok(())
}

pub(super) fn find(conn: &Conn, id: &WebhookId) -> Result<Option<WebhookView>> {
    let mut statement = conn.prepare_cached(&format!("select {COLUMNS} from webhooks where id = ?1"))?;
    statement.query_row([id], |row| Ok(view(row))).optional()?.transpose()
}

pub(super) fn get(conn: &Conn, id: &WebhookId) -> Result<WebhookView> {
    find(conn, id)?.ok_or_else(|| Error::not_found(format!("no webhook {id}")))
}

/// One page, oldest first, and how many there are.
pub(super) fn list(conn: &Conn, page: Page) -> Result<(Vec<WebhookView>, u64)> {
    let total: i64 = conn.prepare_cached("select count(*) from webhooks")?.query_row([], |row| row.get(0))?;
    let mut statement = conn.prepare_cached(&format!("select {COLUMNS} from webhooks order by created_at, id limit ?1 offset ?2"))?;
    let rows = statement.query_map([page.limit, page.offset], |row| Ok(view(row)))?;
    Ok((rows.map(|row| row?).collect::<Result<_>>()?, total.unsigned_abs()))
}

/// Active subscriptions that want the event.
pub(super) fn listeners(conn: &Conn, event: EventName) -> Result<Vec<WebhookId>> {
    let mut statement = conn.prepare_cached("select id, events from webhooks where active = 1 order by created_at, id")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, WebhookId>(0)?, row.get::<_, String>(1)?)))?;
    let mut found = Vec::new();
    for row in rows {
        let (id, events) = row?;
        if matches(&from_json::<Vec<String>>(&events)?, event) {
            found.push(id);
        }
    }
    Ok(found)
}

/// Whether anyone listens to anything.
pub(super) fn has_listeners(conn: &Conn) -> Result<bool> {
    Ok(conn.prepare_cached("select exists (select 1 from webhooks where active = 1)")?.query_row([], |row| row.get(0))?)
}

pub(super) fn update(tx: &Tx<'_>, id: &WebhookId, settings: &Settings<'_>) -> Result<()> {
    tx.prepare_cached("update webhooks set url = ?2, events = ?3, description = ?4, schedule = ?5, updated_at = ?6 where id = ?1")?
        .execute(params![id, settings.url, to_json(settings.events)?, settings.description, settings.schedule.as_str(), tx.now])?;
    Ok(())
}

pub(super) fn delete(tx: &Tx<'_>, id: &WebhookId) -> Result<()> {
    tx.prepare_cached("delete from webhooks where id = ?1")?.execute([id])?;
    Ok(())
}

/// Stops sending. The reason is shown to the operator. Says whether it was active until now.
pub(super) fn pause(tx: &Tx<'_>, id: &WebhookId, because: &str) -> Result<bool> {
    let n_rows = tx
        .prepare_cached("update webhooks set active = 0, paused_because = ?2, updated_at = ?3 where id = ?1 and active = 1")?
        .execute(params![id, because, tx.now])?;
    Ok(n_rows == 1)
}

/// Sends again, with the tally at zero.
pub(super) fn resume(tx: &Tx<'_>, id: &WebhookId) -> Result<()> {
    tx.prepare_cached("update webhooks set active = 1, failures = 0, paused_because = '', updated_at = ?2 where id = ?1")?
        .execute(params![id, tx.now])?;
    Ok(())
}

/// A delivery was taken: the tally starts anew.
pub(super) fn note_success(tx: &Tx<'_>, id: &WebhookId) -> Result<()> {
    tx.prepare_cached("update webhooks set failures = 0, last_fired_at = ?2 where id = ?1")?.execute(params![id, tx.now])?;
    Ok(())
}

/// A delivery was given up. Says how many in a row that makes.
pub(super) fn note_failure(tx: &Tx<'_>, id: &WebhookId) -> Result<u32> {
    let n = tx
        .prepare_cached("update webhooks set failures = failures + 1 where id = ?1 returning failures")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(n.unwrap_or(0))
}

/// Puts a second secret beside the one in force.
pub(super) fn begin_rotation(tx: &Tx<'_>, id: &WebhookId, next_sealed: &str, overlap: Duration) -> Result<()> {
    tx.prepare_cached("update webhooks set next_secret_sealed = ?2, rotation_ends_at = ?3, updated_at = ?4 where id = ?1")?
        .execute(params![id, next_sealed, tx.now.plus(overlap), tx.now])?;
    Ok(())
}

/// Puts the second secret in force; does nothing when there is none. Says whether there was.
pub(super) fn end_rotation(tx: &Tx<'_>, id: &WebhookId) -> Result<bool> {
    let n = tx
        .prepare_cached(
            "update webhooks set secret_sealed = next_secret_sealed, next_secret_sealed = null, rotation_ends_at = null, updated_at = ?2
            where id = ?1 and next_secret_sealed is not null",
        )?
        .execute(params![id, tx.now])?;
    Ok(n > 0)
}

fn view(row: &Row<'_>) -> Result<WebhookView> {
    Ok(WebhookView {
        id: row.get("id")?,
        url: row.get("url")?,
        events: from_json(&row.get::<_, String>("events")?)?,
        description: row.get("description")?,
        schedule: Schedule::parse(&row.get::<_, String>("schedule")?),
        active: row.get("active")?,
        failures: row.get("failures")?,
        paused_because: row.get("paused_because")?,
        parked: row.get::<_, i64>("parked")?.unsigned_abs(),
        last_fired_at: row.get("last_fired_at")?,
        rotation_ends_at: row.get("rotation_ends_at")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}
