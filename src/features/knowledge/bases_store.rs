//! SQL of knowledge bases.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::{BaseBody, Embedding};
use super::views::BaseView;
use crate::base::id::KnowledgeBaseId;
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// The columns [`base`] reads.
const COLUMNS: &str =
    "id, name, description, is_enabled, chunk_chars, chunk_overlap, embedding, key_sealed, serving, serving_key, space, next_space,
    created_by, created_at, updated_at,
    (select count(*) from knowledge_documents d where d.kb_id = b.id) as n_documents,
    (select count(*) from knowledge_documents d where d.kb_id = b.id and d.status = 'indexed') as n_indexed,
    (select count(*) from knowledge_documents d where d.kb_id = b.id and d.status = 'failed') as n_failed,
    (select coalesce(sum(n_chunks), 0) from knowledge_documents d where d.kb_id = b.id) as n_chunks";

/// A base with what no reader sees.
#[derive(Debug, Clone)]
pub(super) struct StoredBase {
    pub(super) view: BaseView,
    /// The key of its embedding service, sealed.
    pub(super) key_sealed: Option<String>,
    /// The model whose vectors searches use.
    pub(super) serving: Embedding,
    /// The key of that one's service, sealed.
    pub(super) serving_key_sealed: Option<String>,
    /// The vectors that searches use.
    pub(super) space: String,
    /// The vectors that are being made.
    pub(super) next_space: Option<String>,
}

/// The embedding of a base as it is stored: the key apart, because it is sealed.
#[derive(Debug, Clone)]
pub(super) struct StoredEmbedding {
    pub(super) embedding: Embedding,
    pub(super) key_sealed: Option<String>,
}

pub(super) fn insert(tx: &Tx<'_>, id: &KnowledgeBaseId, body: &BaseBody, made: &StoredEmbedding, space: &str, by: &str) -> Result<()> {
    tx.prepare_cached(
        "insert into knowledge_bases
            (id, name, description, chunk_chars, chunk_overlap, embedding, key_sealed, serving, serving_key, space, created_by, created_at,
            updated_at)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6, ?7, ?8, ?9, ?10, ?10)",
    )?
    .execute(params![
        id,
        body.name,
        body.description,
        body.chunk_chars,
        body.chunk_overlap,
        to_json(&made.embedding)?,
        made.key_sealed,
        space,
        by,
        tx.now
    ])?;
    Ok(())
}

pub(super) fn update(tx: &Tx<'_>, id: &KnowledgeBaseId, body: &BaseBody) -> Result<()> {
    tx.prepare_cached(
        "update knowledge_bases set name = ?2, description = ?3, is_enabled = ?4, chunk_chars = ?5, chunk_overlap = ?6, updated_at = ?7
        where id = ?1",
    )?
    .execute(params![id, body.name, body.description, body.is_enabled, body.chunk_chars, body.chunk_overlap, tx.now])?;
    Ok(())
}

/// Another embedding. `next_space` is what is to be made for it; `None` when the vectors that are there fit.
pub(super) fn set_embedding(tx: &Tx<'_>, id: &KnowledgeBaseId, made: &StoredEmbedding, next_space: Option<&str>) -> Result<()> {
    tx.prepare_cached("update knowledge_bases set embedding = ?2, key_sealed = ?3, next_space = ?4, updated_at = ?5 where id = ?1")?
        .execute(params![id, to_json(&made.embedding)?, made.key_sealed, next_space, tx.now])?;
    if next_space.is_none() {
        serve_wanted(tx, id)?;
    }
    Ok(())
}

fn serve_wanted(tx: &Tx<'_>, id: &KnowledgeBaseId) -> Result<()> {
    tx.prepare_cached("update knowledge_bases set serving = embedding, serving_key = key_sealed where id = ?1")?.execute([id])?;
    Ok(())
}

/// The vectors that were being made serve from now on.
pub(super) fn take_next_space(tx: &Tx<'_>, id: &KnowledgeBaseId) -> Result<()> {
    tx.prepare_cached("update knowledge_bases set space = next_space, next_space = null where id = ?1 and next_space is not null")?
        .execute([id])?;
    serve_wanted(tx, id)
}

pub(super) fn find(conn: &Conn, id: &KnowledgeBaseId) -> Result<Option<StoredBase>> {
    conn.prepare_cached(&format!("select {COLUMNS} from knowledge_bases b where id = ?1"))?
        .query_row([id], |row| Ok(base(row)))
        .optional()?
        .transpose()
}

pub(super) fn get(conn: &Conn, id: &KnowledgeBaseId) -> Result<StoredBase> {
    find(conn, id)?.ok_or_else(|| Error::not_found(format!("no knowledge base {id}")))
}

/// One page, oldest first, and how many match. `q` is part of a name.
pub(super) fn list(conn: &Conn, q: Option<&str>, page: Page) -> Result<(Vec<BaseView>, u64)> {
    const MATCHES: &str = "(?1 is null or instr(lower(name), lower(?1)))";
    let total: i64 =
        conn.prepare_cached(&format!("select count(*) from knowledge_bases where {MATCHES}"))?.query_row([q], |row| row.get(0))?;
    let mut statement = conn
        .prepare_cached(&format!("select {COLUMNS} from knowledge_bases b where {MATCHES} order by created_at, id limit ?2 offset ?3"))?;
    let rows = statement.query_map(params![q, page.limit, page.offset], |row| Ok(base(row)))?;
    let views = rows.map(|row| row?.map(|stored| stored.view)).collect::<Result<_>>()?;
    Ok((views, total.unsigned_abs()))
}

pub(super) fn delete(tx: &Tx<'_>, id: &KnowledgeBaseId) -> Result<()> {
    tx.prepare_cached("delete from knowledge_bases where id = ?1")?.execute([id])?;
    Ok(())
}

fn base(row: &Row<'_>) -> Result<StoredBase> {
    let next_space: Option<String> = row.get("next_space")?;
    let count = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
    Ok(StoredBase {
        view: BaseView {
            id: row.get("id")?,
            name: row.get("name")?,
            description: row.get("description")?,
            is_enabled: row.get("is_enabled")?,
            chunk_chars: row.get("chunk_chars")?,
            chunk_overlap: row.get("chunk_overlap")?,
            embedding: from_json(&row.get::<_, String>("embedding")?)?,
            is_reembedding: next_space.is_some(),
            n_documents: count("n_documents")?,
            n_indexed: count("n_indexed")?,
            n_failed: count("n_failed")?,
            n_chunks: count("n_chunks")?,
            created_by: row.get("created_by")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        },
        key_sealed: row.get("key_sealed")?,
        serving: from_json(&row.get::<_, String>("serving")?)?,
        serving_key_sealed: row.get("serving_key")?,
        space: row.get("space")?,
        next_space,
    })
}
