//! SQL of chunks and their vectors.

use rusqlite::{OptionalExtension as _, Row, params};

use super::ingest::Chunk;
use super::model::chunk_id;
use super::views::ChunkView;
use crate::base::Result;
use crate::base::id::{DocumentId, KnowledgeBaseId};
use crate::base::page::Page;
use crate::platform::db::{Conn, Tx};

/// A chunk as searches need it.
#[derive(Debug, Clone)]
pub(super) struct StoredChunk {
    pub(super) seq: i64,
    pub(super) document_id: DocumentId,
    pub(super) position: u32,
    pub(super) body: String,
    pub(super) heading: String,
    pub(super) page: Option<u32>,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// Adds the chunks of a round; nobody sees them yet. What a round that was broken off left is replaced.
pub(super) fn insert(tx: &Tx<'_>, document_id: &DocumentId, round: u32, chunks: &[Chunk]) -> Result<()> {
    tx.prepare_cached("delete from knowledge_chunks where document_id = ?1 and is_shown = 0")?.execute([document_id])?;
    let mut statement = tx.prepare_cached(
        "insert into knowledge_chunks (document_id, round, position, body, heading, page, starts, ends) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for (position, chunk) in chunks.iter().enumerate() {
        statement.execute(params![
            document_id,
            round,
            position as i64,
            chunk.body,
            chunk.heading,
            chunk.page,
            chunk.start as i64,
            chunk.end as i64
        ])?;
    }
    Ok(())
}

/// Chunks of a round that have no vector of this space yet, in order, and how many those are in all.
pub(super) fn without_vector(
    conn: &Conn,
    document_id: &DocumentId,
    round: u32,
    space: &str,
    limit: u32,
) -> Result<(Vec<StoredChunk>, u64)> {
    const MISSING: &str = "document_id = ?1 and round = ?2
        and not exists (select 1 from knowledge_vectors v where v.seq = c.seq and v.space = ?3)";
    let total: i64 = conn
        .prepare_cached(&format!("select count(*) from knowledge_chunks c where {MISSING}"))?
        .query_row(params![document_id, round, space], |row| row.get(0))?;
    let mut statement = conn.prepare_cached(&format!(
        "select seq, document_id, position, body, heading, page, starts, ends from knowledge_chunks c where {MISSING} order by position limit ?4"
    ))?;
    let rows = statement.query_map(params![document_id, round, space, limit], chunk)?;
    Ok((rows.collect::<Result<_, _>>()?, total.unsigned_abs()))
}

/// How many chunks a round has.
pub(super) fn count(conn: &Conn, document_id: &DocumentId, round: u32) -> Result<u32> {
    Ok(conn
        .prepare_cached("select count(*) from knowledge_chunks where document_id = ?1 and round = ?2")?
        .query_row(params![document_id, round], |row| row.get(0))?)
}

/// Shown chunks of a base without a vector of this space.
pub(super) fn of_base_without_vector(conn: &Conn, kb_id: &KnowledgeBaseId, space: &str, limit: u32) -> Result<Vec<StoredChunk>> {
    let mut statement = conn.prepare_cached(
        "select c.seq, c.document_id, c.position, c.body, c.heading, c.page, c.starts, c.ends
        from knowledge_documents d join knowledge_chunks c on c.document_id = d.id
        where d.kb_id = ?1 and c.is_shown = 1 and not exists (select 1 from knowledge_vectors v where v.seq = c.seq and v.space = ?2)
        order by c.seq limit ?3",
    )?;
    Ok(statement.query_map(params![kb_id, space, limit], chunk)?.collect::<Result<_, _>>()?)
}

/// Keeps the vector of a chunk that is still there.
pub(super) fn put_vector(tx: &Tx<'_>, seq: i64, space: &str, vector: &[f32]) -> Result<()> {
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    tx.prepare_cached(
        "insert or replace into knowledge_vectors (seq, space, vector) select seq, ?2, ?3 from knowledge_chunks where seq = ?1",
    )?
    .execute(params![seq, space, bytes])?;
    Ok(())
}

/// Removes the vectors of a base that are of another space.
pub(super) fn keep_space(tx: &Tx<'_>, kb_id: &KnowledgeBaseId, space: &str) -> Result<()> {
    tx.prepare_cached(
        "delete from knowledge_vectors where space <> ?2 and seq in
            (select c.seq from knowledge_documents d join knowledge_chunks c on c.document_id = d.id where d.kb_id = ?1)",
    )?
    .execute(params![kb_id, space])?;
    Ok(())
}

/// Shows the chunks of a round in the place of those of earlier ones.
pub(super) fn show(tx: &Tx<'_>, document_id: &DocumentId, round: u32) -> Result<()> {
    tx.prepare_cached("delete from knowledge_chunks where document_id = ?1 and round <> ?2")?.execute(params![document_id, round])?;
    tx.prepare_cached("update knowledge_chunks set is_shown = 1 where document_id = ?1")?.execute([document_id])?;
    Ok(())
}

/// The shown chunks of a document, in order.
pub(super) fn shown(conn: &Conn, document_id: &DocumentId) -> Result<Vec<StoredChunk>> {
    let mut statement = conn.prepare_cached(
        "select seq, document_id, position, body, heading, page, starts, ends from knowledge_chunks
        where document_id = ?1 and is_shown = 1 order by position",
    )?;
    Ok(statement.query_map([document_id], chunk)?.collect::<Result<_, _>>()?)
}

/// One page of a document's shown chunks, and how many there are.
pub(super) fn list(conn: &Conn, document_id: &DocumentId, page: Page) -> Result<(Vec<ChunkView>, u64)> {
    let total: i64 = conn
        .prepare_cached("select count(*) from knowledge_chunks where document_id = ?1 and is_shown = 1")?
        .query_row([document_id], |row| row.get(0))?;
    let mut statement = conn.prepare_cached(
        "select seq, document_id, position, body, heading, page, starts, ends from knowledge_chunks
        where document_id = ?1 and is_shown = 1 order by position limit ?2 offset ?3",
    )?;
    let rows = statement.query_map(params![document_id, page.limit, page.offset], |row| chunk(row).map(view))?;
    Ok((rows.collect::<Result<_, _>>()?, total.unsigned_abs()))
}

/// A shown chunk; `None` when it was replaced meanwhile.
pub(super) fn find(conn: &Conn, seq: i64) -> Result<Option<StoredChunk>> {
    Ok(conn
        .prepare_cached(
            "select seq, document_id, position, body, heading, page, starts, ends from knowledge_chunks where seq = ?1 and is_shown = 1",
        )?
        .query_row([seq], chunk)
        .optional()?)
}

/// The vector of a chunk in a space.
pub(super) fn vector(conn: &Conn, seq: i64, space: &str) -> Result<Option<Vec<f32>>> {
    let bytes: Option<Vec<u8>> = conn
        .prepare_cached("select vector from knowledge_vectors where seq = ?1 and space = ?2")?
        .query_row(params![seq, space], |row| row.get(0))
        .optional()?;
    Ok(bytes.map(|bytes| floats(&bytes)))
}

/// A vector that searches use: number of the chunk, its document, the space, the vector.
pub(super) type ShownVector = (i64, DocumentId, String, Vec<f32>);

/// Vectors that searches use, of chunks behind this one: number, document, space, vector. Those of one document only when it is named.
pub(super) fn vectors_after(conn: &Conn, seq: i64, document_id: Option<&DocumentId>, limit: u32) -> Result<Vec<ShownVector>> {
    let mut statement = conn.prepare_cached(
        "select c.seq, c.document_id, v.space, v.vector from knowledge_chunks c
            join knowledge_documents d on d.id = c.document_id
            join knowledge_bases b on b.id = d.kb_id
            join knowledge_vectors v on v.seq = c.seq and v.space = b.space
        where c.seq > ?1 and c.is_shown = 1 and (?2 is null or c.document_id = ?2) order by c.seq limit ?3",
    )?;
    let rows = statement.query_map(params![seq, document_id, limit], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, floats(&row.get::<_, Vec<u8>>(3)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Headings of the shown chunks of these bases, each once.
pub(super) fn headings(conn: &Conn, kb_id: &KnowledgeBaseId, limit: u32) -> Result<Vec<String>> {
    let mut statement = conn.prepare_cached(
        "select c.heading from knowledge_documents d join knowledge_chunks c on c.document_id = d.id
        where d.kb_id = ?1 and c.is_shown = 1 and c.heading <> '' group by c.heading order by min(c.seq) limit ?2",
    )?;
    Ok(statement.query_map(params![kb_id, limit], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn chunk(row: &Row<'_>) -> rusqlite::Result<StoredChunk> {
    Ok(StoredChunk {
        seq: row.get("seq")?,
        document_id: row.get("document_id")?,
        position: row.get("position")?,
        body: row.get("body")?,
        heading: row.get("heading")?,
        page: row.get("page")?,
        start: row.get::<_, i64>("starts")?.unsigned_abs(),
        end: row.get::<_, i64>("ends")?.unsigned_abs(),
    })
}

fn view(chunk: StoredChunk) -> ChunkView {
    ChunkView {
        chunk_id: chunk_id(&chunk.document_id, chunk.position),
        position: chunk.position,
        text: chunk.body,
        heading: chunk.heading,
        page: chunk.page,
        start: chunk.start,
        end: chunk.end,
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}
