//! SQL of shares and of who looked at them.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};

use super::model::Share;
use crate::base::id::ShareId;
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::db::{Conn, Tx};

/// Looks from one address within this time are one.
const ONE_LOOK: Duration = Duration::from_secs(60);

const SELECT: &str = "select s.id, t.call_id, t.file, s.token_end, s.ttl_hours, s.created_by, s.created_at, s.expires_at, s.revoked_at, \
    s.revoked_by, s.n_views, s.last_viewed_at from shares s join transcripts t on t.id = s.transcript_id";

fn share(row: &Row<'_>) -> rusqlite::Result<Share> {
    Ok(Share {
        id: row.get("id")?,
        call_id: row.get("call_id")?,
        file: row.get("file")?,
        token_end: row.get("token_end")?,
        ttl_hours: row.get("ttl_hours")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        revoked_at: row.get("revoked_at")?,
        revoked_by: row.get("revoked_by")?,
        n_views: row.get::<_, i64>("n_views")?.unsigned_abs(),
        last_viewed_at: row.get("last_viewed_at")?,
    })
}

/// Keeps a new share of a transcript under the hash of its token.
pub(super) fn insert(tx: &Tx<'_>, share: &Share, transcript_id: i64, token_hash: &[u8; 32]) -> Result<()> {
    tx.prepare_cached(
        "insert into shares (id, transcript_id, token_hash, token_end, ttl_hours, created_by, created_at, expires_at)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        share.id,
        transcript_id,
        token_hash,
        share.token_end,
        share.ttl_hours,
        share.created_by,
        share.created_at,
        share.expires_at
    ])?;
    Ok(())
}

pub(super) fn find(conn: &Conn, id: &ShareId) -> Result<Option<Share>> {
    Ok(conn.prepare_cached(&format!("{SELECT} where s.id = ?1"))?.query_row([id], share).optional()?)
}

pub(super) fn get(conn: &Conn, id: &ShareId) -> Result<Share> {
    find(conn, id)?.ok_or_else(|| Error::not_found(format!("no share {id}")))
}

/// The share a token opens, by the token's hash.
pub(super) fn find_by_token(conn: &Conn, token_hash: &[u8; 32]) -> Result<Option<Share>> {
    Ok(conn.prepare_cached(&format!("{SELECT} where s.token_hash = ?1"))?.query_row([token_hash.as_slice()], share).optional()?)
}

/// One page of all shares, newest first, and how many there are.
pub(super) fn list(conn: &Conn, page: Page) -> Result<(Vec<Share>, u64)> {
    let total: i64 = conn.prepare_cached("select count(*) from shares")?.query_row([], |row| row.get(0))?;
    let mut statement = conn.prepare_cached(&format!("{SELECT} order by s.created_at desc, s.id limit ?1 offset ?2"))?;
    let rows = statement.query_map((page.limit, page.offset), share)?;
    Ok((rows.collect::<Result<_, _>>()?, total.unsigned_abs()))
}

/// One page of the shares of a call (all its attempts) or of one file, newest first, and how many there are.
pub(super) fn list_of(conn: &Conn, call_id_or_file: &str, page: Page) -> Result<(Vec<Share>, u64)> {
    const OF: &str = "s.transcript_id in (select id from transcripts where call_id = ?1 or file = ?1)";
    let total: i64 =
        conn.prepare_cached(&format!("select count(*) from shares s where {OF}"))?.query_row([call_id_or_file], |row| row.get(0))?;
    let mut statement = conn.prepare_cached(&format!("{SELECT} where {OF} order by s.created_at desc, s.id limit ?2 offset ?3"))?;
    let rows = statement.query_map((call_id_or_file, page.limit, page.offset), share)?;
    Ok((rows.collect::<Result<_, _>>()?, total.unsigned_abs()))
}

/// Takes a share back. Says whether that is new.
pub(super) fn revoke(tx: &Tx<'_>, id: &ShareId, by: &str) -> Result<bool> {
    let n_rows = tx
        .prepare_cached("update shares set revoked_at = ?2, revoked_by = ?3 where id = ?1 and revoked_at is null")?
        .execute((id, tx.now, by))?;
    Ok(n_rows == 1)
}

/// Counts a look. Says whether it is told of: looks of one viewer within a minute are one.
pub(super) fn look(tx: &Tx<'_>, id: &ShareId, viewer: &str) -> Result<bool> {
    tx.prepare_cached("delete from share_views where at <= ?1")?.execute([tx.now.minus(ONE_LOOK)])?;
    let n_rows = tx
        .prepare_cached("insert into share_views (share_id, viewer, at) values (?1, ?2, ?3) on conflict do nothing")?
        .execute((id, viewer, tx.now))?;
    if n_rows == 0 {
        return Ok(false);
    }
    tx.prepare_cached("update shares set n_views = n_views + 1, last_viewed_at = ?2 where id = ?1")?.execute((id, tx.now))?;
    Ok(true)
}
