//! SQL of documents: their rows, their texts, and what the index must take in.

use rusqlite::{OptionalExtension as _, Row, params};

use super::format::Format;
use super::index::Listed;
use super::model::ParseStatus;
use super::views::DocumentView;
use crate::base::id::{DocumentId, KnowledgeBaseId};
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::db::{Conn, Tx, from_json, to_json};

/// The columns [`document`] reads.
const COLUMNS: &str = "id, kb_id, name, format, url, size, sha256, tags, status, progress, error, round, language, n_pages, n_chunks,
    refresh_hours, etag, last_modified, created_by, created_at, indexed_at, fetched_at";

/// A document with what no reader sees.
#[derive(Debug, Clone)]
pub(super) struct StoredDocument {
    pub(super) view: DocumentView,
    /// Counts the times it was indexed; work of an earlier round is void.
    pub(super) round: u32,
    /// What the last answer of its URL said about its version.
    pub(super) etag: Option<String>,
    /// When that answer said it was last changed.
    pub(super) last_modified: Option<String>,
}

/// A document to be added.
pub(super) struct NewDocument<'a> {
    pub(super) id: &'a DocumentId,
    pub(super) kb_id: &'a KnowledgeBaseId,
    pub(super) name: &'a str,
    pub(super) format: &'a str,
    pub(super) url: Option<&'a str>,
    pub(super) size: u64,
    pub(super) sha256: Option<&'a str>,
    pub(super) tags: &'a [String],
    pub(super) refresh_hours: Option<u32>,
    pub(super) created_by: &'a str,
}

pub(super) fn insert(tx: &Tx<'_>, new: &NewDocument<'_>) -> Result<()> {
    tx.prepare_cached(
        "insert into knowledge_documents
            (id, kb_id, name, format, url, size, sha256, tags, status, refresh_hours, created_by, created_at, updated_at)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'uploaded', ?9, ?10, ?11, ?11)",
    )?
    .execute(params![
        new.id,
        new.kb_id,
        new.name,
        new.format,
        new.url,
        new.size.cast_signed(),
        new.sha256,
        to_json(new.tags)?,
        new.refresh_hours,
        new.created_by,
        tx.now
    ])?;
    Ok(())
}

pub(super) fn find(conn: &Conn, id: &DocumentId) -> Result<Option<StoredDocument>> {
    conn.prepare_cached(&format!("select {COLUMNS} from knowledge_documents where id = ?1"))?
        .query_row([id], |row| Ok(document(row)))
        .optional()?
        .transpose()
}

/// The document of a base, or "no such document".
pub(super) fn get(conn: &Conn, kb_id: &KnowledgeBaseId, id: &DocumentId) -> Result<StoredDocument> {
    find(conn, id)?.filter(|found| found.view.kb_id == *kb_id).ok_or_else(|| Error::not_found(format!("no document {id} in {kb_id}")))
}

/// The document with this very file, or fetched from this URL.
pub(super) fn find_same(conn: &Conn, kb_id: &KnowledgeBaseId, sha256: Option<&str>, url: Option<&str>) -> Result<Option<DocumentId>> {
    Ok(conn
        .prepare_cached(
            "select id from knowledge_documents where kb_id = ?1 and ((url is null and sha256 = ?2) or (url is not null and url = ?3))",
        )?
        .query_row(params![kb_id, sha256, url], |row| row.get(0))
        .optional()?)
}

/// One page of a base's documents, newest first, and how many match.
pub(super) fn list(conn: &Conn, kb_id: &KnowledgeBaseId, status: Option<ParseStatus>, page: Page) -> Result<(Vec<DocumentView>, u64)> {
    const MATCHES: &str = "kb_id = ?1 and (?2 is null or status = ?2)";
    let word = status.map(ParseStatus::word);
    let total: i64 = conn
        .prepare_cached(&format!("select count(*) from knowledge_documents where {MATCHES}"))?
        .query_row(params![kb_id, word], |row| row.get(0))?;
    let mut statement = conn.prepare_cached(&format!(
        "select {COLUMNS} from knowledge_documents where {MATCHES} order by created_at desc, id desc limit ?3 offset ?4"
    ))?;
    let rows = statement.query_map(params![kb_id, word, page.limit, page.offset], |row| Ok(document(row)))?;
    let views = rows.map(|row| row?.map(|stored| stored.view)).collect::<Result<_>>()?;
    Ok((views, total.unsigned_abs()))
}

/// Ids of a base's documents.
pub(super) fn ids(conn: &Conn, kb_id: &KnowledgeBaseId) -> Result<Vec<DocumentId>> {
    let mut statement = conn.prepare_cached("select id from knowledge_documents where kb_id = ?1")?;
    Ok(statement.query_map([kb_id], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Whether there is such a document; for files that lie in the folder.
pub(super) fn exists(conn: &Conn, id: &str) -> Result<bool> {
    Ok(conn.prepare_cached("select exists (select 1 from knowledge_documents where id = ?1)")?.query_row([id], |row| row.get(0))?)
}

/// All documents that have chunks, as searches know them.
pub(super) fn listed(conn: &Conn) -> Result<Vec<Listed>> {
    let mut statement = conn.prepare_cached(
        "select d.id, d.kb_id, d.name, d.url, d.tags, d.language, b.is_enabled, b.space
        from knowledge_documents d join knowledge_bases b on b.id = d.kb_id where d.n_chunks > 0",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(Listed {
            id: row.get(0)?,
            kb_id: row.get(1)?,
            name: row.get(2)?,
            url: row.get(3)?,
            tags: from_json(&row.get::<_, String>(4)?)?,
            language: row.get(5)?,
            is_enabled: row.get(6)?,
            space: row.get(7)?,
        });
    }
    Ok(all)
}

pub(super) fn update(tx: &Tx<'_>, id: &DocumentId, name: &str, tags: &[String], refresh_hours: Option<u32>) -> Result<()> {
    tx.prepare_cached("update knowledge_documents set name = ?2, tags = ?3, refresh_hours = ?4, updated_at = ?5 where id = ?1")?
        .execute(params![id, name, to_json(tags)?, refresh_hours, tx.now])?;
    Ok(())
}

/// What a fetch brought.
pub(super) struct Fetched<'a> {
    pub(super) format: Format,
    pub(super) size: u64,
    pub(super) sha256: &'a str,
    pub(super) etag: Option<&'a str>,
    pub(super) last_modified: Option<&'a str>,
}

pub(super) fn note_fetch(tx: &Tx<'_>, id: &DocumentId, fetched: &Fetched<'_>) -> Result<()> {
    tx.prepare_cached(
        "update knowledge_documents set format = ?2, size = ?3, sha256 = ?4, etag = ?5, last_modified = ?6, fetched_at = ?7 where id = ?1",
    )?
    .execute(params![
        id,
        fetched.format.word(),
        fetched.size.cast_signed(),
        fetched.sha256,
        fetched.etag,
        fetched.last_modified,
        tx.now
    ])?;
    Ok(())
}

/// That the URL was asked and had nothing new.
pub(super) fn note_unchanged(tx: &Tx<'_>, id: &DocumentId) -> Result<()> {
    tx.prepare_cached("update knowledge_documents set fetched_at = ?2 where id = ?1")?.execute(params![id, tx.now])?;
    Ok(())
}

/// Begins a new round: everything from reading on is done again. Gives its number.
pub(super) fn begin_round(tx: &Tx<'_>, id: &DocumentId) -> Result<u32> {
    Ok(tx
        .prepare_cached(
            "update knowledge_documents set round = round + 1, status = 'uploaded', progress = 0, error = '', updated_at = ?2
            where id = ?1 returning round",
        )?
        .query_row(params![id, tx.now], |row| row.get(0))?)
}

/// Where the document stands in this round; one that has gone on to another stays as it is. Says whether it did.
pub(super) fn set_progress(tx: &Tx<'_>, id: &DocumentId, round: u32, progress: u32) -> Result<bool> {
    let n_rows = tx
        .prepare_cached(
            "update knowledge_documents set status = 'indexing', progress = ?3, updated_at = ?4
            where id = ?1 and round = ?2 and status in ('uploaded', 'indexing')",
        )?
        .execute(params![id, round, progress, tx.now])?;
    Ok(n_rows == 1)
}

pub(super) fn set_indexed(tx: &Tx<'_>, id: &DocumentId, round: u32) -> Result<bool> {
    let n_rows = tx
        .prepare_cached(
            "update knowledge_documents set status = 'indexed', progress = 100, error = '', indexed_at = ?3, updated_at = ?3
            where id = ?1 and round = ?2",
        )?
        .execute(params![id, round, tx.now])?;
    Ok(n_rows == 1)
}

/// Why it could not be taken in. What was searchable before stays.
pub(super) fn set_failed(tx: &Tx<'_>, id: &DocumentId, round: u32, error: &str) -> Result<bool> {
    let n_rows = tx
        .prepare_cached("update knowledge_documents set status = 'failed', error = ?3, updated_at = ?4 where id = ?1 and round = ?2")?
        .execute(params![id, round, error, tx.now])?;
    Ok(n_rows == 1)
}

/// What is known of its text.
pub(super) fn set_text(tx: &Tx<'_>, id: &DocumentId, body: &str, language: &str, n_pages: Option<u32>) -> Result<()> {
    tx.prepare_cached("update knowledge_documents set language = ?2, n_pages = ?3 where id = ?1")?
        .execute(params![id, language, n_pages])?;
    tx.prepare_cached("insert into knowledge_texts (document_id, body) values (?1, ?2) on conflict (document_id) do update set body = ?2")?
        .execute(params![id, body])?;
    Ok(())
}

pub(super) fn set_n_chunks(tx: &Tx<'_>, id: &DocumentId, n_chunks: u32) -> Result<()> {
    tx.prepare_cached("update knowledge_documents set n_chunks = ?2 where id = ?1")?.execute(params![id, n_chunks])?;
    Ok(())
}

/// The text of a document; `None` while it was not read.
pub(super) fn text(conn: &Conn, id: &DocumentId) -> Result<Option<String>> {
    Ok(conn.prepare_cached("select body from knowledge_texts where document_id = ?1")?.query_row([id], |row| row.get(0)).optional()?)
}

pub(super) fn delete(tx: &Tx<'_>, id: &DocumentId) -> Result<()> {
    tx.prepare_cached("delete from knowledge_documents where id = ?1")?.execute([id])?;
    Ok(())
}

/// Documents whose URL is due to be asked again.
pub(super) fn due_for_refresh(tx: &Tx<'_>, limit: u32) -> Result<Vec<DocumentId>> {
    let mut statement = tx.prepare_cached(
        "select id from knowledge_documents
        where refresh_hours is not null and url is not null and status in ('indexed', 'failed')
            and coalesce(fetched_at, created_at) + refresh_hours * 3600000 <= ?1 order by fetched_at limit ?2",
    )?;
    Ok(statement.query_map(params![tx.now, limit], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn document(row: &Row<'_>) -> Result<StoredDocument> {
    let status: String = row.get("status")?;
    Ok(StoredDocument {
        view: DocumentView {
            id: row.get("id")?,
            kb_id: row.get("kb_id")?,
            name: row.get("name")?,
            format: row.get("format")?,
            url: row.get("url")?,
            size: row.get::<_, i64>("size")?.unsigned_abs(),
            sha256: row.get("sha256")?,
            tags: from_json(&row.get::<_, String>("tags")?)?,
            parse_status: ParseStatus::of_word(&status),
            progress: row.get("progress")?,
            parse_error: row.get("error")?,
            language: row.get("language")?,
            n_pages: row.get("n_pages")?,
            n_chunks: row.get::<_, i64>("n_chunks")?.unsigned_abs(),
            refresh_hours: row.get("refresh_hours")?,
            is_duplicate: false,
            created_by: row.get("created_by")?,
            created_at: row.get("created_at")?,
            indexed_at: row.get("indexed_at")?,
            fetched_at: row.get("fetched_at")?,
        },
        round: row.get("round")?,
        etag: row.get("etag")?,
        last_modified: row.get("last_modified")?,
    })
}
