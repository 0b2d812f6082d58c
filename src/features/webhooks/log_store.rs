//! SQL of the delivery log: what is shown, and what is no longer kept.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, ToSql, params};

use super::log::{AttemptView, DeliveryDetail, DeliveryState, DeliveryView, LogFilter};
use crate::base::id::{DeliveryId, WebhookId};
use crate::base::page::Page;
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx, from_json};

const COLUMNS: &str = "id, webhook_id, event, session_id, state, attempts, round, http_status, error, duration_ms, excerpt, created_at, \
    last_attempt_at, next_attempt_at, finished_at";

/// How long delivered deliveries stay in the log.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many of them at most, over all subscriptions.
const MOST_KEPT: u32 = 100_000;
/// Rows removed in one transaction.
const AT_ONCE: u32 = 500;

pub(super) fn get(conn: &Conn, webhook_id: &WebhookId, id: &DeliveryId) -> Result<DeliveryView> {
    let mut statement = conn.prepare_cached(&format!("select {COLUMNS} from deliveries where webhook_id = ?1 and id = ?2"))?;
    let found = statement.query_row(params![webhook_id, id], view).optional()?;
    found.ok_or_else(|| Error::not_found(format!("no delivery {id} of this webhook")))
}

/// One delivery with its body and its attempts.
pub(super) fn detail(conn: &Conn, webhook_id: &WebhookId, id: &DeliveryId) -> Result<DeliveryDetail> {
    let delivery = get(conn, webhook_id, id)?;
    let (n, request_body): (i64, String) = conn
        .prepare_cached("select n, body from deliveries where id = ?1")?
        .query_row([id], |row| Ok((row.get("n")?, row.get("body")?)))?;
    let mut statement = conn.prepare_cached(
        "select round, attempt, at, url, headers, http_status, error, duration_ms, excerpt from delivery_attempts
        where delivery_n = ?1 order by round, attempt",
    )?;
    let attempt_log = statement.query_map([n], |row| Ok(attempt(row)))?.map(|row| row?).collect::<Result<_>>()?;
    Ok(DeliveryDetail { delivery, request_body, attempt_log })
}

/// One page of the log, newest first, and how many rows match.
pub(super) fn list(conn: &Conn, filter: &LogFilter, page: Page) -> Result<(Vec<DeliveryView>, u64)> {
    // Only what is asked for stands in the condition, so that each question finds its index.
    let mut condition = "true".to_owned();
    let mut values: Vec<&dyn ToSql> = Vec::new();
    let state = filter.state.map(DeliveryState::as_str);
    let asked: [(&str, Option<&dyn ToSql>); 3] = [
        ("session_id", filter.session_id.as_ref().map(|id| id as &dyn ToSql)),
        ("webhook_id", filter.webhook_id.as_ref().map(|id| id as &dyn ToSql)),
        ("state", state.as_ref().map(|state| state as &dyn ToSql)),
    ];
    for (column, value) in asked {
        if let Some(value) = value {
            values.push(value);
            condition = format!("{condition} and {column} = ?{}", values.len());
        }
    }
    let total: i64 = conn
        .prepare_cached(&format!("select count(*) from deliveries where {condition}"))?
        .query_row(values.as_slice(), |row| row.get(0))?;
    let mut statement = conn.prepare_cached(&format!(
        "select {COLUMNS} from deliveries where {condition} order by n desc limit ?{} offset ?{}",
        values.len() + 1,
        values.len() + 2
    ))?;
    values.extend([&page.limit as &dyn ToSql, &page.offset]);
    let rows = statement.query_map(values.as_slice(), view)?;
    Ok((rows.collect::<rusqlite::Result<_>>()?, total.unsigned_abs()))
}

/// Removes some delivered deliveries that are too old or too many. What waits or is parked stays. Says how many went.
pub(super) fn forget(tx: &Tx<'_>) -> Result<usize> {
    let one_too_many: Option<Millis> = tx
        .prepare_cached("select created_at from deliveries where state = 'delivered' order by created_at desc limit 1 offset ?1")?
        .query_row([MOST_KEPT], |row| row.get(0))
        .optional()?;
    let until = one_too_many.unwrap_or_default().max(tx.now.minus(KEPT));
    let n_gone = tx
        .prepare_cached(
            "delete from deliveries where n in (
                select n from deliveries where state = 'delivered' and created_at <= ?1 order by created_at limit ?2)",
        )?
        .execute(params![until, AT_ONCE])?;
    Ok(n_gone)
}

fn attempt(row: &Row<'_>) -> Result<AttemptView> {
    Ok(AttemptView {
        round: row.get("round")?,
        attempt: row.get("attempt")?,
        at: row.get("at")?,
        url: row.get("url")?,
        request_headers: from_json(&row.get::<_, String>("headers")?)?,
        http_status: row.get("http_status")?,
        error: row.get("error")?,
        duration_ms: row.get::<_, i64>("duration_ms")?.unsigned_abs(),
        response_excerpt: row.get("excerpt")?,
    })
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
