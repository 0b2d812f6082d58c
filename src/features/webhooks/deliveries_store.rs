//! SQL of deliveries and of the jobs that send them.

use rusqlite::{OptionalExtension, Row, named_params, params};
use serde::{Deserialize, Serialize};

use super::delivery::JOB;
use super::event::EventName;
use super::model::{DeliveryState, DeliveryView};
use crate::base::id::{DeliveryId, SessionId, WebhookId};
use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx};
use crate::platform::outbox::{NewJob, enqueue};

const COLUMNS: &str = "id, webhook_id, event, session_id, state, attempts, round, http_status, error, duration_ms, excerpt, created_at, \
    last_attempt_at, next_attempt_at, finished_at";

/// A delivery to be made.
pub(super) struct NewDelivery<'a> {
    pub(super) id: DeliveryId,
    pub(super) webhook_id: &'a WebhookId,
    /// The fact it tells of; none for a test.
    pub(super) fact_id: Option<i64>,
    pub(super) session_id: Option<&'a SessionId>,
    pub(super) event: EventName,
    pub(super) body: &'a str,
}

/// What a job of kind [`JOB`] carries.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobBody {
    pub(super) delivery_id: DeliveryId,
}

/// What an attempt needs.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) webhook_id: WebhookId,
    pub(super) url: String,
    pub(super) session_id: Option<SessionId>,
    pub(super) event: String,
    pub(super) body: String,
    pub(super) is_waiting: bool,
    pub(super) attempts: u32,
    pub(super) next_attempt_at: Millis,
}

/// What an attempt came to.
pub(super) struct Attempt {
    pub(super) http_status: Option<u16>,
    pub(super) error: Option<&'static str>,
    pub(super) excerpt: String,
    pub(super) duration_ms: u64,
    pub(super) at: Millis,
}

/// Makes the delivery unless the fact already has one for this subscription.
pub(super) fn insert(tx: &Tx<'_>, new: &NewDelivery<'_>) -> Result<()> {
    tx.prepare_cached(
        "insert into deliveries (id, webhook_id, fact_id, session_id, event, body, next_attempt_at, created_at)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) on conflict do nothing",
    )?
    .execute(params![new.id, new.webhook_id, new.fact_id, new.session_id, new.event.as_str(), new.body, tx.now])?;
    Ok(())
}

/// Enqueues the job of the first delivery of a call that was never attempted, so that a receiver is told of a call in its order: each
/// delivery is first attempted after the one before it was. Does nothing when that job waits already or there is none.
pub(super) fn release_next(tx: &Tx<'_>, webhook_id: &WebhookId, session_id: &SessionId) -> Result<()> {
    let next: Option<(DeliveryId, u32)> = tx
        .prepare_cached(
            "select id, round from deliveries where webhook_id = ?1 and session_id = ?2 and state = 'waiting' and attempts = 0 order by n limit 1",
        )?
        .query_row(params![webhook_id, session_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    next.map_or(Ok(()), |(id, round)| enqueue_job(tx, &id, round))
}

/// Enqueues the job of one round of a delivery.
pub(super) fn enqueue_job(tx: &Tx<'_>, id: &DeliveryId, round: u32) -> Result<()> {
    let body = JobBody { delivery_id: id.clone() };
    enqueue(tx, &NewJob { kind: JOB, key: &format!("{id}:{round}"), body: &body, due_at: tx.now })
}

/// What an attempt needs. `None` when delivery or subscription are gone.
pub(super) fn due(conn: &Conn, id: &DeliveryId) -> Result<Option<Due>> {
    let mut statement = conn.prepare_cached(
        "select d.webhook_id, w.url, d.session_id, d.event, d.body, d.state = 'waiting' and w.active as is_waiting, d.attempts,
            d.next_attempt_at
        from deliveries d join webhooks w on w.id = d.webhook_id where d.id = ?1",
    )?;
    let due = statement.query_row([id], |row| {
        Ok(Due {
            webhook_id: row.get("webhook_id")?,
            url: row.get("url")?,
            session_id: row.get("session_id")?,
            event: row.get("event")?,
            body: row.get("body")?,
            is_waiting: row.get("is_waiting")?,
            attempts: row.get("attempts")?,
            next_attempt_at: row.get("next_attempt_at")?,
        })
    });
    Ok(due.optional()?)
}

/// Notes an attempt. `next` says when the following one is due; otherwise `state` is the delivery's end. What would wait for a
/// subscription that was paused during the attempt is parked like the rest of it.
pub(super) fn note_attempt(tx: &Tx<'_>, id: &DeliveryId, attempt: &Attempt, state: &str, next: Option<Millis>) -> Result<()> {
    tx.prepare_cached(
        "update deliveries set attempts = attempts + 1, next_attempt_at = coalesce(:next, next_attempt_at),
            state = case when :next is not null and not (select active from webhooks where id = webhook_id) then 'parked' else :state end,
            http_status = :http_status, error = :error, excerpt = :excerpt, duration_ms = :duration_ms, last_attempt_at = :at,
            finished_at = case when :next is null then :now end
        where id = :id",
    )?
    .execute(named_params! {
        ":id": id, ":state": state, ":next": next, ":http_status": attempt.http_status, ":error": attempt.error,
        ":excerpt": attempt.excerpt, ":duration_ms": i64::try_from(attempt.duration_ms).unwrap_or(i64::MAX), ":at": attempt.at, ":now": tx.now,
    })?;
    Ok(())
}

/// Parks what waits; nothing of it is lost. Says how many that were.
pub(super) fn park_waiting(tx: &Tx<'_>, webhook_id: &WebhookId) -> Result<usize> {
    Ok(tx.prepare_cached("update deliveries set state = 'parked' where webhook_id = ?1 and state = 'waiting'")?.execute([webhook_id])?)
}

/// Puts parked deliveries, and those given up since `failed_since`, at the start of a new round. Says how many.
pub(super) fn replay(tx: &Tx<'_>, webhook_id: &WebhookId, failed_since: Option<Millis>) -> Result<usize> {
    let mut statement = tx.prepare_cached(
        "update deliveries set state = 'waiting', round = round + 1, attempts = 0, next_attempt_at = ?3, finished_at = null
        where webhook_id = ?1 and (state = 'parked' or (state = 'failed' and created_at >= ?2)) returning n, id, round, session_id",
    )?;
    let since = failed_since.map_or(i64::MAX, |at| at.0);
    let mut replayed = statement
        .query_map(params![webhook_id, since, tx.now], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, DeliveryId>(1)?, row.get::<_, u32>(2)?, row.get::<_, Option<SessionId>>(3)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // Jobs that are due at the same moment run in the order of their rows.
    replayed.sort_unstable_by_key(|(n, ..)| *n);
    for (_, id, round, session_id) in &replayed {
        match session_id {
            Some(session_id) => release_next(tx, webhook_id, session_id)?,
            None => enqueue_job(tx, id, *round)?,
        }
    }
    Ok(replayed.len())
}

/// Starts a new round of one delivery that is not waiting already.
pub(super) fn resend(tx: &Tx<'_>, webhook_id: &WebhookId, id: &DeliveryId) -> Result<()> {
    let known = get(tx, webhook_id, id)?;
    if known.status == DeliveryState::Waiting {
        return Err(Error::conflict("this delivery is still being attempted"));
    }
    tx.prepare_cached(
        "update deliveries set state = 'waiting', round = round + 1, attempts = 0, next_attempt_at = ?2, finished_at = null where id = ?1",
    )?
    .execute(params![id, tx.now])?;
    enqueue_job(tx, id, known.round + 1)
}

pub(super) fn get(conn: &Conn, webhook_id: &WebhookId, id: &DeliveryId) -> Result<DeliveryView> {
    let mut statement = conn.prepare_cached(&format!("select {COLUMNS} from deliveries where webhook_id = ?1 and id = ?2"))?;
    let found = statement.query_row(params![webhook_id, id], view).optional()?;
    found.ok_or_else(|| Error::not_found(format!("no delivery {id} of this webhook")))
}

/// One page of a subscription's log, newest first, and how many rows it has.
pub(super) fn list(conn: &Conn, webhook_id: &WebhookId, page: Page) -> Result<(Vec<DeliveryView>, u64)> {
    let total: i64 =
        conn.prepare_cached("select count(*) from deliveries where webhook_id = ?1")?.query_row([webhook_id], |row| row.get(0))?;
    let mut statement =
        conn.prepare_cached(&format!("select {COLUMNS} from deliveries where webhook_id = ?1 order by n desc limit ?2 offset ?3"))?;
    let rows = statement.query_map(params![webhook_id, page.limit, page.offset], view)?;
    Ok((rows.collect::<rusqlite::Result<_>>()?, total.unsigned_abs()))
}

/// Removes a handful of finished deliveries from before `before`.
pub(super) fn forget(tx: &Tx<'_>, before: Millis) -> Result<()> {
    tx.prepare_cached(
        "delete from deliveries where n in (
            select n from deliveries where state in ('delivered', 'failed') and created_at < ?1 order by created_at limit 20)",
    )?
    .execute([before])?;
    Ok(())
}

fn view(row: &Row<'_>) -> rusqlite::Result<DeliveryView> {
    let status = DeliveryState::parse(&row.get::<_, String>("state")?);
    Ok(DeliveryView {
        id: row.get("id")?,
        webhook_id: row.get("webhook_id")?,
        event: row.get("event")?,
        session_id: row.get("session_id")?,
        status,
        attempts: row.get("attempts")?,
        round: row.get("round")?,
        http_status: row.get("http_status")?,
        error: row.get("error")?,
        duration_ms: row.get::<_, Option<i64>>("duration_ms")?.map(i64::unsigned_abs),
        response_excerpt: row.get("excerpt")?,
        created_at: row.get("created_at")?,
        last_attempt_at: row.get("last_attempt_at")?,
        next_attempt_at: row.get::<_, Option<Millis>>("next_attempt_at")?.filter(|_| status == DeliveryState::Waiting),
        finished_at: row.get("finished_at")?,
    })
}
