//! SQL of what the index has to take in: which documents changed since it last looked.

use rusqlite::params;

use crate::base::Result;
use crate::base::id::DocumentId;
use crate::platform::db::{Conn, Tx};

/// Notes that a document's chunks changed or are gone.
pub(super) fn note(tx: &Tx<'_>, document_id: &DocumentId) -> Result<()> {
    tx.prepare_cached("insert into knowledge_changes (document_id, at) values (?1, ?2)")?.execute(params![document_id, tx.now])?;
    Ok(())
}

/// Changes behind this one, oldest first.
pub(super) fn after(conn: &Conn, id: i64, limit: u32) -> Result<Vec<(i64, DocumentId)>> {
    let mut statement = conn.prepare_cached("select id, document_id from knowledge_changes where id > ?1 order by id limit ?2")?;
    Ok(statement.query_map(params![id, limit], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// Up to where changes were forgotten, and the last one there ever was. An index must know at least the first and at most the second.
pub(super) fn bounds(conn: &Conn) -> Result<(i64, i64)> {
    let taken = conn.prepare_cached("select taken from knowledge_index")?.query_row([], |row| row.get(0))?;
    let last: i64 = conn
        .prepare_cached("select coalesce(max(seq), 0) from sqlite_sequence where name = 'knowledge_changes'")?
        .query_row([], |row| row.get(0))?;
    Ok((taken, last))
}

/// Forgets changes that the index has on disk.
pub(super) fn forget(tx: &Tx<'_>, until: i64) -> Result<()> {
    tx.prepare_cached("delete from knowledge_changes where id <= ?1")?.execute([until])?;
    tx.prepare_cached("update knowledge_index set taken = max(taken, ?1)")?.execute([until])?;
    Ok(())
}
