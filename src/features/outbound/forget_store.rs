//! SQL of the orders of one person, and of orders that are old: found, shown whole, removed.

use serde::Serialize;
use serde_json::Value;

use crate::base::id::{BotId, CallId};
use crate::base::{Millis, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// An order as it is told to the person it is about.
#[derive(Debug, Clone, Serialize)]
pub struct OrderOf {
    /// Its key.
    pub call_id: CallId,
    /// Where it stands.
    pub status: String,
    /// Who asked for it.
    pub requested_by: String,
    /// The number.
    pub phone: String,
    /// The name that was given.
    pub display_name: String,
    /// Where its outcome is mailed.
    pub email: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// How it ended.
    pub ended_reason: String,
    /// What the bot was to do.
    pub brief: Value,
}

impl OrderOf {
    /// Whether somebody is dialled or spoken with.
    pub fn is_running(&self) -> bool {
        matches!(self.status.as_str(), "dispatching" | "in-flight")
    }

    /// Whether nothing more will happen.
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "ended-success" | "ended-failed-final" | "cancelled")
    }
}

/// The orders for a number, oldest first.
pub fn orders_of(conn: &Conn, phone: &str) -> Result<Vec<OrderOf>> {
    let mut statement = conn.prepare_cached(
        "select call_id, status, requested_by, phone, display_name, email, created_at, ended_at, ended_reason, brief
        from outbound_orders where phone = ?1 order by id",
    )?;
    let rows = statement.query_map([phone], |row| {
        let brief: String = row.get("brief")?;
        Ok(OrderOf {
            call_id: row.get("call_id")?,
            status: row.get("status")?,
            requested_by: row.get("requested_by")?,
            phone: row.get("phone")?,
            display_name: row.get("display_name")?,
            email: row.get("email")?,
            created_at: row.get("created_at")?,
            ended_at: row.get("ended_at")?,
            ended_reason: row.get("ended_reason")?,
            brief: from_json(&brief).unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Shows the number of each order; a number comes once.
pub fn each_number(conn: &Conn, look: &mut impl FnMut(&str)) -> Result<()> {
    let mut statement = conn.prepare("select distinct phone from outbound_orders")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        row.get_ref(0)?.as_str().into_iter().for_each(&mut *look);
    }
    Ok(())
}

/// Removes an order that is over, and what was answered about it.
pub fn forget(tx: &Tx<'_>, call_id: &CallId) -> Result<()> {
    tx.prepare_cached("delete from outbound_answers where call_id = ?1")?.execute([call_id])?;
    tx.prepare_cached("delete from outbound_orders where call_id = ?1")?.execute([call_id])?;
    Ok(())
}

/// Removes some orders that ended before a moment, of one bot or of all but some. Says how many.
pub fn forget_old(tx: &Tx<'_>, only: bool, bots: &[BotId], before: Millis, limit: u32) -> Result<usize> {
    let mut statement = tx.prepare_cached(
        "select call_id from outbound_orders where created_at < ?1 and status in ('ended-success', 'ended-failed-final', 'cancelled')
            and (bot_id in (select value from json_each(?2))) = ?3
            and not exists (select 1 from calls where calls.call_id = outbound_orders.call_id) limit ?4",
    )?;
    let old: Vec<CallId> =
        statement.query_map((before, to_json(bots)?, only, limit), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for call_id in &old {
        forget(tx, call_id)?;
    }
    Ok(old.len())
}
