//! SQL of deliveries on their way: made, attempted, parked, sent again.

use rusqlite::{OptionalExtension, named_params, params};

use super::event::EventName;
use super::job::{JobBody, send_now};
use super::retry::Schedule;
use super::store::Sealed;
use crate::base::id::{DeliveryId, SessionId, WebhookId};
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx};

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

/// What an attempt needs.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) n: i64,
    pub(super) webhook_id: WebhookId,
    pub(super) url: String,
    pub(super) session_id: Option<SessionId>,
    /// Position of the event among all events of this box; a test has none.
    pub(super) fact_id: Option<i64>,
    pub(super) event: String,
    pub(super) body: String,
    pub(super) round: u32,
    /// Attempts that were made in this round.
    pub(super) attempts: u32,
    pub(super) schedule: Schedule,
    pub(super) sealed: Sealed,
}

/// What an attempt came to.
pub(super) struct Attempt {
    /// The headers that were sent, as a JSON object.
    pub(super) headers: String,
    pub(super) http_status: Option<u16>,
    pub(super) error: Option<&'static str>,
    pub(super) excerpt: String,
    pub(super) duration_ms: u64,
    pub(super) at: Millis,
}

/// Where an attempt leaves its delivery.
#[derive(Debug, Clone, Copy)]
pub(super) enum Standing {
    Delivered,
    /// The next attempt is due then.
    WaitsUntil(Millis),
    Parked,
}

/// Makes the delivery unless the fact already has one for this subscription. Says whether it is new.
pub(super) fn insert(tx: &Tx<'_>, new: &NewDelivery<'_>) -> Result<bool> {
    let n_rows = tx
        .prepare_cached(
            "insert into deliveries (id, webhook_id, fact_id, session_id, event, body, next_attempt_at, created_at)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) on conflict do nothing",
        )?
        .execute(params![new.id, new.webhook_id, new.fact_id, new.session_id, new.event.as_str(), new.body, tx.now])?;
    if n_rows == 1 {
        release(tx, new.webhook_id, &new.id, 1, new.session_id)?;
    }
    Ok(n_rows == 1)
}

/// Lets a delivery go: at once, or, if it tells of a call, when its turn among the events of that call has come.
fn release(tx: &Tx<'_>, webhook_id: &WebhookId, id: &DeliveryId, round: u32, session_id: Option<&SessionId>) -> Result<()> {
    match session_id {
        Some(session_id) => release_next(tx, webhook_id, session_id),
        None => send_now(tx, webhook_id, id, round),
    }
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
    next.map_or(Ok(()), |(id, round)| send_now(tx, webhook_id, &id, round))
}

/// What an attempt needs. `None` when the delivery is gone, done, paused, or in a later round than the job.
pub(super) fn due(conn: &Conn, job: &JobBody) -> Result<Option<Due>> {
    let mut statement = conn.prepare_cached(
        "select d.n, d.webhook_id, w.url, d.session_id, d.fact_id, d.event, d.body, d.round, d.attempts, w.schedule, w.secret_sealed,
            w.next_secret_sealed, w.rotation_ends_at
        from deliveries d join webhooks w on w.id = d.webhook_id
        where d.id = ?1 and d.round = ?2 and d.state = 'waiting' and w.active",
    )?;
    let due = statement.query_row(params![job.delivery_id, job.round], |row| {
        Ok(Due {
            n: row.get("n")?,
            webhook_id: row.get("webhook_id")?,
            url: row.get("url")?,
            session_id: row.get("session_id")?,
            fact_id: row.get("fact_id")?,
            event: row.get("event")?,
            body: row.get("body")?,
            round: row.get("round")?,
            attempts: row.get("attempts")?,
            schedule: Schedule::parse(&row.get::<_, String>("schedule")?),
            sealed: Sealed::read(row)?,
        })
    });
    Ok(due.optional()?)
}

/// Notes an attempt in the log and moves its delivery on. Says whether the delivery still waits in the attempt's own round: one that was
/// paused, deleted or begun anew meanwhile stays as it is, except that what the receiver has taken is delivered in any case.
pub(super) fn note_attempt(tx: &Tx<'_>, due: &Due, attempt: &Attempt, standing: Standing) -> Result<bool> {
    let duration_ms = i64::try_from(attempt.duration_ms).unwrap_or(i64::MAX);
    tx.prepare_cached(
        "insert or replace into delivery_attempts
            (delivery_n, round, attempt, at, url, headers, http_status, error, excerpt, duration_ms)
        select n, :round, :attempt, :at, :url, :headers, :http_status, :error, :excerpt, :duration_ms from deliveries where n = :n",
    )?
    .execute(named_params! {
        ":n": due.n, ":round": due.round, ":attempt": due.attempts + 1, ":at": attempt.at, ":url": due.url, ":headers": attempt.headers,
        ":http_status": attempt.http_status, ":error": attempt.error, ":excerpt": attempt.excerpt, ":duration_ms": duration_ms,
    })?;
    let (state, next) = match standing {
        Standing::Delivered => ("delivered", None),
        Standing::WaitsUntil(at) => ("waiting", Some(at)),
        Standing::Parked => ("parked", None),
    };
    let is_current = tx
        .prepare_cached(
            "update deliveries set attempts = attempts + (round = :round),
                state = case when :state = 'delivered' or (round = :round and state = 'waiting') then :state else state end,
                next_attempt_at = case when round = :round then coalesce(:next, next_attempt_at) else next_attempt_at end,
                http_status = :http_status, error = :error, excerpt = :excerpt, duration_ms = :duration_ms, last_attempt_at = :at,
                finished_at = case when :next is null then :now else finished_at end
            where n = :n and state <> 'delivered' returning round = :round and state = :state",
        )?
        .query_row(
            named_params! {
                ":n": due.n, ":round": due.round, ":state": state, ":next": next, ":http_status": attempt.http_status,
                ":error": attempt.error, ":excerpt": attempt.excerpt, ":duration_ms": duration_ms, ":at": attempt.at, ":now": tx.now,
            },
            |row| row.get(0),
        )
        .optional()?;
    Ok(is_current.unwrap_or(false))
}

/// Parks what waits; nothing of it is lost. Says how many that were.
pub(super) fn park_waiting(tx: &Tx<'_>, webhook_id: &WebhookId) -> Result<usize> {
    Ok(tx.prepare_cached("update deliveries set state = 'parked' where webhook_id = ?1 and state = 'waiting'")?.execute([webhook_id])?)
}

/// Puts what is parked at the start of a new round. Says how many.
pub(super) fn replay_parked(tx: &Tx<'_>, webhook_id: &WebhookId) -> Result<usize> {
    replay(tx, webhook_id, Millis(i64::MIN), false)
}

/// Puts what was queued since then and has not been delivered at the start of a new round, also what waits for a later attempt.
pub(super) fn replay_since(tx: &Tx<'_>, webhook_id: &WebhookId, since: Millis) -> Result<usize> {
    replay(tx, webhook_id, since, true)
}

fn replay(tx: &Tx<'_>, webhook_id: &WebhookId, since: Millis, also_waiting: bool) -> Result<usize> {
    let mut statement = tx.prepare_cached(
        "update deliveries set state = 'waiting', round = round + 1, attempts = 0, next_attempt_at = ?4, finished_at = null
        where webhook_id = ?1 and created_at >= ?2 and (state = 'parked' or (?3 and state = 'waiting' and attempts > 0))
        returning n, id, round, session_id",
    )?;
    let mut replayed = statement
        .query_map(params![webhook_id, since, also_waiting, tx.now], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, DeliveryId>(1)?, row.get::<_, u32>(2)?, row.get::<_, Option<SessionId>>(3)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // Jobs that are due at the same moment run in the order of their rows.
    replayed.sort_unstable_by_key(|(n, ..)| *n);
    for (_, id, round, session_id) in &replayed {
        release(tx, webhook_id, id, *round, session_id.as_ref())?;
    }
    Ok(replayed.len())
}

/// Starts a new round of one delivery that is not waiting already.
pub(super) fn resend(tx: &Tx<'_>, webhook_id: &WebhookId, id: &DeliveryId) -> Result<()> {
    let round: Option<u32> = tx
        .prepare_cached(
            "update deliveries set state = 'waiting', round = round + 1, attempts = 0, next_attempt_at = ?3, finished_at = null
            where webhook_id = ?1 and id = ?2 and state <> 'waiting' returning round",
        )?
        .query_row(params![webhook_id, id, tx.now], |row| row.get(0))
        .optional()?;
    let round = round.ok_or_else(|| Error::conflict("this delivery is still being attempted"))?;
    send_now(tx, webhook_id, id, round)
}
