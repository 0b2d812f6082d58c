//! SQL of erasures that were done.

use rusqlite::{Row, named_params};

use super::entry::Entry;
use super::model::ErasureView;
use crate::base::Result;
use crate::base::page::Page;
use crate::features::permit::DoNotCallChoice;
use crate::platform::db::{Conn, Tx};

/// Keeps the proof of an erasure.
pub(super) fn insert(tx: &Tx<'_>, erasure: &ErasureView, person: &str) -> Result<()> {
    let n = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    tx.prepare_cached(
        "insert into erasures (id, person, phone_end, requested_by, at, do_not_call, n_calls, n_held, n_recordings, n_transcripts, n_orders,
            n_deliveries, n_mails)
        values (:id, :person, :phone_end, :requested_by, :at, :do_not_call, :n_calls, :n_held, :n_recordings, :n_transcripts, :n_orders,
            :n_deliveries, :n_mails)",
    )?
    .execute(named_params! {
        ":id": erasure.id, ":person": person, ":phone_end": erasure.phone_end, ":requested_by": erasure.requested_by, ":at": erasure.at,
        ":do_not_call": erasure.do_not_call, ":n_calls": n(erasure.n_calls), ":n_held": n(erasure.n_held),
        ":n_recordings": n(erasure.n_recordings), ":n_transcripts": n(erasure.n_transcripts), ":n_orders": n(erasure.n_orders),
        ":n_deliveries": n(erasure.n_deliveries), ":n_mails": n(erasure.n_mails),
    })?;
    Ok(())
}

/// All of them, as the ledger keeps them, oldest first.
pub(super) fn entries(conn: &Conn) -> Result<Vec<Entry>> {
    let mut statement = conn.prepare("select id, at, person, phone_end, requested_by, do_not_call from erasures order by at, rowid")?;
    let rows = statement.query_map([], |row| {
        let choice: String = row.get("do_not_call")?;
        Ok(Entry {
            id: row.get("id")?,
            at: row.get("at")?,
            person: row.get("person")?,
            phone_end: row.get("phone_end")?,
            requested_by: row.get("requested_by")?,
            do_not_call: DoNotCallChoice::parse(&choice),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One page, newest first, and how many there are.
pub(super) fn list(conn: &Conn, page: Page) -> Result<(Vec<ErasureView>, u64)> {
    let total: i64 = conn.prepare_cached("select count(*) from erasures")?.query_row([], |row| row.get(0))?;
    let mut statement = conn.prepare_cached(
        "select id, phone_end, requested_by, at, do_not_call, n_calls, n_held, n_recordings, n_transcripts, n_orders, n_deliveries, n_mails
        from erasures order by at desc, rowid desc limit ?1 offset ?2",
    )?;
    let rows = statement.query_map((page.limit, page.offset), view)?;
    Ok((rows.collect::<rusqlite::Result<_>>()?, total.unsigned_abs()))
}

fn view(row: &Row<'_>) -> rusqlite::Result<ErasureView> {
    let n = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
    Ok(ErasureView {
        id: row.get("id")?,
        phone_end: row.get("phone_end")?,
        requested_by: row.get("requested_by")?,
        at: row.get("at")?,
        do_not_call: row.get("do_not_call")?,
        n_calls: n("n_calls")?,
        n_held: n("n_held")?,
        n_recordings: n("n_recordings")?,
        n_transcripts: n("n_transcripts")?,
        n_orders: n("n_orders")?,
        n_deliveries: n("n_deliveries")?,
        n_mails: n("n_mails")?,
        held: Vec::new(),
    })
}
