//! The steps that take a document in: read, embed, show; and a base's embedding anew.

use std::time::Duration;

use serde_json::json;
use tracing::info;

use super::chunks_store::StoredChunk;
use super::documents_store::StoredDocument;
use super::embedding::Model;
use super::format::Format;
use super::ingest::{Chunk, Cut, Outcome as Reading, cut, language, render};
use super::parse::Parsed;
use super::service::Knowledge;
use super::work::{IndexJob, ReembedJob, Step, begin_reembedding, go_on};
use super::{bases_store as bases, changes_store as changes, chunks_store as chunks, documents_store as documents};
use crate::base::id::DocumentId;
use crate::base::{Error, Result};
use crate::platform::db::Tx;
use crate::platform::outbox::{self, Job, Outcome};

/// Chunks that are embedded at once.
const BATCH: u32 = 32;
/// A step of embedding ends after this long and the next goes on: well below the life of a job's lease.
const STEP: Duration = Duration::from_secs(20);
/// Percent that reading is of the whole way.
const READ: u32 = 10;
/// Percent at which only showing is left.
const EMBEDDED: u32 = 95;

/// A document's text and what it was cut into.
struct Text {
    body: String,
    language: &'static str,
    n_pages: Option<u32>,
    chunks: Vec<Chunk>,
}

impl Knowledge {
    /// Reads the file in a caged child, cuts its text, stores both.
    pub(super) async fn read_file(&self, job: &Job, body: &IndexJob, document: StoredDocument) -> Result<Outcome> {
        self.note_progress(&body.document_id, body.round, 1).await?;
        let Some(format) = Format::of_word(&document.view.format) else {
            return Ok(self.give_up(job, body, "has a format that cannot be read").await);
        };
        let within = Duration::from_secs(self.inner.settings.current().knowledge.parse_seconds.into());
        let parsed = match self.inner.reader.read(&self.inner.files.path(&body.document_id), format, within).await? {
            Reading::Parsed(parsed) => parsed,
            Reading::Refused(reason) => return Ok(self.give_up(job, body, &reason).await),
        };
        let kb_id = document.view.kb_id.clone();
        let base = self.inner.db.read(move |conn| bases::get(conn, &kb_id)).await?.view;
        let how = Cut { chars: base.chunk_chars as usize, overlap: base.chunk_overlap as usize };
        let text = tokio::task::spawn_blocking(move || text_of(&parsed, how))
            .await
            .unwrap_or_else(|_| Err(Error::internal("cutting panicked")))?;
        if text.chunks.is_empty() {
            return Ok(self.give_up(job, body, "holds no text").await);
        }
        let (job, next) = (job.clone(), IndexJob { step: Step::Embed, n: 0, ..body.clone() });
        self.inner.db.write(move |tx| store_text(tx, &job, &next, &text)).await?;
        self.tell(&body.document_id).await;
        Ok(Outcome::Written)
    }

    /// Makes vectors of chunks that have none, for a while.
    pub(super) async fn embed_chunks(&self, job: &Job, body: &IndexJob, document: StoredDocument) -> Result<Outcome> {
        let kb_id = document.view.kb_id.clone();
        let base = self.inner.db.read(move |conn| bases::get(conn, &kb_id)).await?;
        let (model, space) = (self.serving_model(&base)?, base.space.clone());
        let until = self.inner.clock.now().plus(STEP);
        loop {
            let (id, round, wanted) = (body.document_id.clone(), body.round, space.clone());
            let read = move |conn: &_| Ok((chunks::without_vector(conn, &id, round, &wanted, BATCH)?, chunks::count(conn, &id, round)?));
            let ((missing, n_missing), n_all) = self.inner.db.read(read).await?;
            if missing.is_empty() || self.inner.clock.now() > until {
                let (step, n) = if missing.is_empty() { (Step::Show, 0) } else { (Step::Embed, body.n + 1) };
                let (job, next) = (job.clone(), IndexJob { step, n, ..body.clone() });
                self.inner.db.write(move |tx| go_on(tx, &job, &next)).await?;
                return Ok(Outcome::Written);
            }
            let n_done = u64::from(n_all) - n_missing + missing.len() as u64;
            let percent = READ + u32::try_from(n_done * u64::from(EMBEDDED - READ) / u64::from(n_all.max(1))).unwrap_or(0);
            let vectors = self.embed_some(&model, missing).await?;
            let (id, round, space) = (body.document_id.clone(), body.round, space.clone());
            let put = move |tx: &Tx<'_>| {
                put_vectors(tx, &space, &vectors)?;
                documents::set_progress(tx, &id, round, percent)
            };
            let is_ours = self.inner.db.write(put).await?;
            self.tell(&body.document_id).await;
            if !is_ours {
                return Ok(Outcome::Done);
            }
        }
    }

    /// The vectors of some chunks, each with the number of its chunk.
    async fn embed_some(&self, model: &Model, some: Vec<StoredChunk>) -> Result<Vec<(i64, Vec<f32>)>> {
        let texts = some.iter().map(told).collect();
        let vectors = self.inner.embeddings.embed(model, texts).await?;
        Ok(some.iter().map(|chunk| chunk.seq).zip(vectors).collect())
    }

    /// Shows the round's chunks in the place of earlier ones. The document counts as indexed once searches find it.
    pub(super) async fn show_chunks(&self, job: &Job, body: &IndexJob, document: StoredDocument) -> Result<Outcome> {
        let (id, round) = (body.document_id.clone(), body.round);
        self.inner.db.write(move |tx| show(tx, &id, round)).await?;
        self.inner.index.catch_up().await?;
        let (id, job_id) = (body.document_id.clone(), job.id);
        self.inner
            .db
            .write(move |tx| {
                outbox::done(tx, job_id)?;
                documents::set_indexed(tx, &id, round)
            })
            .await?;
        info!("Document {} is indexed: {}", body.document_id, document.view.format);
        self.tell(&body.document_id).await;
        Ok(Outcome::Written)
    }

    async fn note_progress(&self, id: &DocumentId, round: u32, percent: u32) -> Result<()> {
        let wanted = id.clone();
        self.inner.db.write(move |tx| documents::set_progress(tx, &wanted, round, percent)).await?;
        self.tell(id).await;
        Ok(())
    }

    /// Tells whoever watches where a document stands.
    pub(super) async fn tell(&self, id: &DocumentId) {
        let wanted = id.clone();
        if let Ok(Some(document)) = self.inner.db.read(move |conn| documents::find(conn, &wanted)).await {
            let view = document.view;
            self.inner.bulletin.tell(
                "knowledge",
                json!({
                    "kb_id": view.kb_id, "document_id": view.id, "name": view.name, "parse_status": view.parse_status,
                    "progress": view.progress, "parse_error": view.parse_error, "n_chunks": view.n_chunks,
                }),
            );
        }
    }
}

/// What of a chunk becomes a vector: its headings say what it is about.
fn told(chunk: &StoredChunk) -> String {
    if chunk.heading.is_empty() { chunk.body.clone() } else { format!("{}\n{}", chunk.heading, chunk.body) }
}

fn put_vectors(tx: &Tx<'_>, space: &str, vectors: &[(i64, Vec<f32>)]) -> Result<()> {
    vectors.iter().try_for_each(|(seq, vector)| chunks::put_vector(tx, *seq, space, vector))
}

fn text_of(parsed: &Parsed, how: Cut) -> Result<Text> {
    let rendered = render(&parsed.blocks);
    let chunks = cut(&rendered, how)?;
    Ok(Text { language: language(&rendered.body), n_pages: parsed.n_pages, chunks, body: rendered.body })
}

fn store_text(tx: &Tx<'_>, job: &Job, next: &IndexJob, text: &Text) -> Result<()> {
    // A document that was begun anew meanwhile has steps of its own.
    if !documents::set_progress(tx, &next.document_id, next.round, READ)? {
        return outbox::done(tx, job.id);
    }
    documents::set_text(tx, &next.document_id, &text.body, text.language, text.n_pages)?;
    chunks::insert(tx, &next.document_id, next.round, &text.chunks)?;
    go_on(tx, job, next)
}

fn show(tx: &Tx<'_>, id: &DocumentId, round: u32) -> Result<()> {
    if documents::set_progress(tx, id, round, EMBEDDED)? {
        chunks::show(tx, id, round)?;
        documents::set_n_chunks(tx, id, chunks::count(tx, id, round)?)?;
        changes::note(tx, id)?;
    }
    Ok(())
}

/// Makes vectors of a base for its next model, for a while; the last step puts them in the place of the old ones.
pub(super) async fn reembed(knowledge: &Knowledge, job: &Job, body: &ReembedJob) -> Result<Outcome> {
    let inner = &knowledge.inner;
    let kb_id = body.kb_id.clone();
    let base = inner.db.read(move |conn| bases::find(conn, &kb_id)).await?;
    let Some(base) = base.filter(|base| base.next_space.as_ref() == Some(&body.space)) else { return Ok(Outcome::Done) };
    let model = knowledge.wanted_model(&base)?;
    let until = inner.clock.now().plus(STEP);
    loop {
        let (kb_id, space) = (body.kb_id.clone(), body.space.clone());
        let missing = inner.db.read(move |conn| chunks::of_base_without_vector(conn, &kb_id, &space, BATCH)).await?;
        if missing.is_empty() {
            break;
        }
        if inner.clock.now() > until {
            let (job_id, body) = (job.id, body.clone());
            let go_on = move |tx: &Tx<'_>| {
                outbox::done(tx, job_id)?;
                begin_reembedding(tx, &body.kb_id, &body.space, body.n + 1)
            };
            inner.db.write(go_on).await?;
            return Ok(Outcome::Written);
        }
        let (vectors, space) = (knowledge.embed_some(&model, missing).await?, body.space.clone());
        inner.db.write(move |tx| put_vectors(tx, &space, &vectors)).await?;
    }
    finish_reembedding(knowledge, job, body).await
}

async fn finish_reembedding(knowledge: &Knowledge, job: &Job, body: &ReembedJob) -> Result<Outcome> {
    let inner = &knowledge.inner;
    let (job_id, ended) = (job.id, body.clone());
    let ids = inner
        .db
        .write(move |tx| {
            // A document may have come in since we looked: then its chunks are still to be done.
            if !chunks::of_base_without_vector(tx, &ended.kb_id, &ended.space, 1)?.is_empty() {
                outbox::done(tx, job_id)?;
                begin_reembedding(tx, &ended.kb_id, &ended.space, ended.n + 1)?;
                return Ok(None);
            }
            bases::take_next_space(tx, &ended.kb_id)?;
            documents::ids(tx, &ended.kb_id).map(Some)
        })
        .await?;
    let Some(ids) = ids else { return Ok(Outcome::Written) };
    inner.index.reload(ids).await?;
    let (kb_id, space) = (body.kb_id.clone(), body.space.clone());
    inner.db.write(move |tx| chunks::keep_space(tx, &kb_id, &space)).await?;
    inner.bulletin.tell("knowledge", json!({ "kb_id": body.kb_id, "is_reembedding": false }));
    Ok(Outcome::Done)
}
