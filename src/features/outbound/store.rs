//! SQL of orders.

use rusqlite::{OptionalExtension, Row, named_params};

use super::machine::Status;
use super::model::{Order, OrderRecord};
use crate::base::id::{CallId, CarrierId, SessionId};
use crate::base::{Error, Millis, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// The columns [`record`] reads.
pub(super) const SHOWN: &str = "call_id, status, requested_by, phone, display_name, email, voice, language, model, created_at, \
    scheduled_for, dispatched_at, answered_at, ended_at, ended_reason, duration_sec, carrier_id, transcript_file, error_detail, attempt, \
    retries, retry_delay_minutes";

/// How an attempt ended, as far as the order keeps it.
#[derive(Debug)]
pub(super) struct End<'a> {
    pub(super) reason: &'a str,
    pub(super) answered_at: Option<Millis>,
    pub(super) at: Millis,
    pub(super) duration_sec: u64,
    pub(super) carrier_id: Option<&'a CarrierId>,
    pub(super) error_detail: &'a str,
}

impl<'a> End<'a> {
    /// The end of an attempt that nobody answered.
    pub(super) fn of(reason: &'a str, at: Millis) -> Self {
        Self { reason, answered_at: None, at, duration_sec: 0, carrier_id: None, error_detail: "" }
    }
}

/// Stores a new order.
pub(super) fn insert(tx: &Tx<'_>, order: &Order) -> Result<()> {
    let record = &order.record;
    tx.prepare_cached(
        "insert into outbound_orders (call_id, status, requested_by, phone, display_name, email, voice, language, model, created_at,
            scheduled_for, retries, retry_delay_minutes, bot_id, api_key_sealed, brief)
        values (:call_id, :status, :requested_by, :phone, :display_name, :email, :voice, :language, :model, :now, :scheduled_for, :retries,
            :retry_delay_minutes, :bot_id, :api_key_sealed, :brief)",
    )?
    .execute(named_params! {
        ":call_id": record.call_id, ":status": record.status.as_str(), ":requested_by": record.requested_by, ":phone": record.phone,
        ":display_name": record.display_name, ":email": record.email, ":voice": record.voice, ":language": record.language,
        ":model": record.model, ":now": tx.now, ":scheduled_for": record.scheduled_for, ":retries": record.retries,
        ":retry_delay_minutes": record.retry_delay_minutes, ":bot_id": order.bot_id, ":api_key_sealed": order.api_key_sealed,
        ":brief": to_json(&order.brief)?,
    })?;
    Ok(())
}

/// One order, if there is one.
pub(super) fn find(conn: &Conn, call_id: &CallId) -> Result<Option<Order>> {
    conn.prepare_cached(&format!(
        "select {SHOWN}, session_id, claimed_at, bot_id, api_key_sealed, brief from outbound_orders where call_id = ?1"
    ))?
    .query_row([call_id], |row| Ok(order(row)))
    .optional()?
    .transpose()
}

/// One order, or "not found".
pub(super) fn get(conn: &Conn, call_id: &CallId) -> Result<Order> {
    find(conn, call_id)?.ok_or_else(|| Error::not_found(format!("No call with id={call_id}")))
}

/// The order whose attempt that counts is this session.
pub(super) fn find_by_session(conn: &Conn, session_id: &SessionId) -> Result<Option<Order>> {
    conn.prepare_cached(&format!(
        "select {SHOWN}, session_id, claimed_at, bot_id, api_key_sealed, brief from outbound_orders where session_id = ?1"
    ))?
    .query_row([session_id], |row| Ok(order(row)))
    .optional()?
    .transpose()
}

/// Reads [`SHOWN`].
pub(super) fn record(row: &Row<'_>) -> Result<OrderRecord> {
    let status: String = row.get("status")?;
    Ok(OrderRecord {
        call_id: row.get("call_id")?,
        status: Status::parse(&status).ok_or_else(|| Error::internal(format!("an order has the status {status}")))?,
        requested_by: row.get("requested_by")?,
        phone: row.get("phone")?,
        display_name: row.get("display_name")?,
        email: row.get("email")?,
        voice: row.get("voice")?,
        language: row.get("language")?,
        model: row.get("model")?,
        created_at: row.get("created_at")?,
        scheduled_for: row.get("scheduled_for")?,
        dispatched_at: row.get("dispatched_at")?,
        answered_at: row.get("answered_at")?,
        ended_at: row.get("ended_at")?,
        ended_reason: row.get("ended_reason")?,
        duration_sec: row.get::<_, i64>("duration_sec")?.unsigned_abs(),
        carrier_id: row.get("carrier_id")?,
        transcript_file: row.get("transcript_file")?,
        error_detail: row.get("error_detail")?,
        attempt: row.get("attempt")?,
        retries: row.get("retries")?,
        retry_delay_minutes: row.get("retry_delay_minutes")?,
    })
}

fn order(row: &Row<'_>) -> Result<Order> {
    Ok(Order {
        record: record(row)?,
        session_id: row.get("session_id")?,
        claimed_at: row.get("claimed_at")?,
        bot_id: row.get("bot_id")?,
        api_key_sealed: row.get("api_key_sealed")?,
        brief: from_json(&row.get::<_, String>("brief")?)?,
    })
}

/// An engine is told to make this attempt; nothing of an earlier one is shown any more.
pub(super) fn dispatched(tx: &Tx<'_>, id: &CallId, session_id: &SessionId, attempt: u32, carrier_id: Option<&CarrierId>) -> Result<()> {
    tx.prepare_cached(
        "update outbound_orders set status = ?2, session_id = ?3, attempt = ?4, carrier_id = coalesce(?5, ''), dispatched_at = ?6, claimed_at = null,
            answered_at = null, ended_at = null, ended_reason = '', duration_sec = 0, error_detail = ''
        where call_id = ?1",
    )?
    .execute((id, Status::Dispatching.as_str(), session_id, attempt, carrier_id, tx.now))?;
    Ok(())
}

/// No attempt counts any more; the one that was to be made waits again. A call without a time of its own shows the one it waits for.
pub(super) fn requeued(tx: &Tx<'_>, id: &CallId, to: Status, attempt: u32, due_at: Millis) -> Result<()> {
    tx.prepare_cached(
        "update outbound_orders set status = ?2, session_id = null, attempt = ?3, claimed_at = null, dispatched_at = null,
            scheduled_for = case when ?2 = 'scheduled' then coalesce(scheduled_for, ?4) else scheduled_for end
        where call_id = ?1",
    )?
    .execute((id, to.as_str(), attempt, due_at))?;
    Ok(())
}

/// An engine has asked for the config of the attempt that counts. A repeat changes nothing.
pub(super) fn claimed(tx: &Tx<'_>, id: &CallId) -> Result<()> {
    tx.prepare_cached("update outbound_orders set claimed_at = ?2 where call_id = ?1 and claimed_at is null")?.execute((id, tx.now))?;
    Ok(())
}

/// Somebody picked up.
pub(super) fn answered(tx: &Tx<'_>, id: &CallId, to: Status, at: Option<Millis>) -> Result<()> {
    tx.prepare_cached("update outbound_orders set status = ?2, answered_at = coalesce(?3, answered_at) where call_id = ?1")?.execute((
        id,
        to.as_str(),
        at,
    ))?;
    Ok(())
}

/// The attempt that counts is over.
pub(super) fn finished(tx: &Tx<'_>, id: &CallId, to: Status, end: &End<'_>) -> Result<()> {
    tx.prepare_cached(
        "update outbound_orders set status = ?2, ended_reason = ?3, answered_at = coalesce(?4, answered_at), ended_at = ?5,
            duration_sec = ?6, carrier_id = coalesce(?7, carrier_id), error_detail = ?8
        where call_id = ?1",
    )?
    .execute((
        id,
        to.as_str(),
        end.reason,
        end.answered_at,
        end.at,
        i64::try_from(end.duration_sec).unwrap_or(i64::MAX),
        end.carrier_id,
        end.error_detail,
    ))?;
    Ok(())
}

/// Forgets the key: nothing more will happen to the order.
pub(super) fn forget_key(tx: &Tx<'_>, id: &CallId) -> Result<()> {
    tx.prepare_cached("update outbound_orders set api_key_sealed = null where call_id = ?1 and api_key_sealed is not null")?
        .execute([id])?;
    Ok(())
}

/// The transcript of the attempt that counts lies in the folder.
pub(super) fn set_transcript(tx: &Tx<'_>, id: &CallId, file: &str) -> Result<()> {
    tx.prepare_cached("update outbound_orders set transcript_file = ?2 where call_id = ?1")?.execute((id, file))?;
    Ok(())
}
