//! SQL of lists of calls.

use rusqlite::named_params;

use super::model::CallStatus;
use super::record::CallRecord;
use super::store::{COLUMNS, record};
use crate::base::id::BotId;
use crate::base::page::Page;
use crate::base::{Millis, Result};
use crate::platform::db::Conn;

/// Which calls are wanted; `None` does not filter.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub(super) bot_id: Option<BotId>,
    pub(super) status: Option<CallStatus>,
    pub(super) from: Option<Millis>,
    pub(super) to: Option<Millis>,
    /// Part of a number, of either end.
    pub(super) phone: Option<String>,
}

const MATCHES: &str = "(:bot_id is null or bot_id = :bot_id) and (:status is null or status = :status)
    and (:from is null or created_at >= :from) and (:to is null or created_at < :to)
    and (:phone is null or instr(coalesce(from_number, ''), :phone) or instr(coalesce(to_number, ''), :phone)
        or instr(coalesce(caller_id, ''), :phone) or instr(coalesce(did, ''), :phone))";

/// One page of calls, newest first, without their documents.
pub(super) fn list(conn: &Conn, filter: &Filter, page: Page) -> Result<Vec<CallRecord>> {
    let columns = COLUMNS.replace(", doc", ", '{}' as doc");
    let mut statement =
        conn.prepare_cached(&format!("select {columns} from calls where {MATCHES} order by id desc limit :limit offset :offset"))?;
    let rows = statement.query_map(
        named_params! {
            ":bot_id": filter.bot_id, ":status": filter.status.map(CallStatus::as_str), ":from": filter.from, ":to": filter.to,
            ":phone": filter.phone, ":limit": page.limit, ":offset": page.offset,
        },
        |row| Ok(record(row)),
    )?;
    rows.map(|row| row?).collect()
}

/// How many calls match.
pub(super) fn count(conn: &Conn, filter: &Filter) -> Result<u64> {
    let n: i64 = conn.prepare_cached(&format!("select count(*) from calls where {MATCHES}"))?.query_row(
        named_params! {
            ":bot_id": filter.bot_id, ":status": filter.status.map(CallStatus::as_str), ":from": filter.from, ":to": filter.to,
            ":phone": filter.phone,
        },
        |row| row.get(0),
    )?;
    Ok(n.unsigned_abs())
}
