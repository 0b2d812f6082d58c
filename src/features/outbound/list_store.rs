//! SQL of lists of orders: a page costs what it shows, a total costs nothing.

use super::machine::Status;
use super::model::OrderRecord;
use super::store::{SHOWN, record};
use crate::base::Result;
use crate::base::page::Page;
use crate::platform::db::{Conn, to_json};

/// One page of orders, newest first. No status means all.
pub(super) fn list(conn: &Conn, statuses: &[Status], page: Page) -> Result<Vec<OrderRecord>> {
    // Of each status only as many as the page can show are looked at, in its index; then the newest of them all.
    let newest = |status: &Status| {
        format!(
            "select * from (select id from outbound_orders indexed by outbound_orders_by_status where status = '{}'
                order by id desc limit ?1 + ?2)",
            status.as_str()
        )
    };
    let ids = if statuses.is_empty() {
        "select id from outbound_orders".to_owned()
    } else {
        statuses.iter().map(newest).collect::<Vec<_>>().join(" union all ")
    };
    let sql = format!(
        "select {SHOWN} from outbound_orders join (select id as n from ({ids}) order by n desc limit ?1 offset ?2) on id = n order by id desc"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map((page.limit, page.offset), |row| Ok(record(row)))?;
    rows.map(|row| row?).collect()
}

/// How many orders have one of these statuses. No status means all.
pub(super) fn count(conn: &Conn, statuses: &[Status]) -> Result<u64> {
    let words: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    let words = (!words.is_empty()).then(|| to_json(&words)).transpose()?;
    let n: i64 = conn
        .prepare_cached("select coalesce(sum(n), 0) from outbound_counts where ?1 is null or status in (select value from json_each(?1))")?
        .query_row([words], |row| row.get(0))?;
    Ok(n.unsigned_abs())
}
