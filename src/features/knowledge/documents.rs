//! What can be done with documents.

use serde_json::json;
use tracing::info;

use super::documents_store::{self as documents, NewDocument, StoredDocument};
use super::files::Incoming;
use super::format::Format;
use super::model::{DocumentChange, NewSource, ParseStatus, file_name, refresh, tags, title, wrong};
use super::service::Knowledge;
use super::views::{ChunkView, DocumentView};
use super::{bases_store as bases, changes_store as changes, chunks_store as chunks, work};
use crate::base::id::{DocumentId, KnowledgeBaseId};
use crate::base::page::Page;
use crate::base::{Error, Result};
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::db::Tx;
use crate::platform::net::NetError;

/// A file that is all here.
pub(super) struct Upload {
    /// Its name.
    pub(super) name: String,
    /// Its bytes.
    pub(super) file: Incoming,
}

impl Knowledge {
    /// Begins to take a file in, for a base that exists.
    pub(super) async fn begin_upload(&self, kb_id: KnowledgeBaseId) -> Result<Incoming> {
        self.inner.disk.check()?;
        self.inner.db.read(move |conn| bases::get(conn, &kb_id).map(drop)).await?;
        self.inner.files.begin(self.most_bytes()).await
    }

    /// Largest document, in bytes.
    pub(super) fn most_bytes(&self) -> u64 {
        u64::from(self.inner.settings.current().knowledge.max_document_mb) * 1024 * 1024
    }

    /// Adds a document, or finds the one that is this very file. The answer's second part says whether it is new.
    pub(super) async fn add(
        &self,
        actor: &Actor,
        kb_id: KnowledgeBaseId,
        upload: Upload,
        given: &[String],
    ) -> Result<(DocumentView, bool)> {
        let name = file_name(&upload.name)?;
        let format = Format::of_name(&name)?;
        let tags = tags(given)?;
        let (sha256, size) = (upload.file.sha256(), upload.file.size());
        let (base, same) = (kb_id.clone(), sha256.clone());
        let known = self.inner.db.read(move |conn| documents::find_same(conn, &base, Some(&same), None)).await?;
        if let Some(id) = known {
            return Ok((self.add_again(kb_id, id).await?, false));
        }
        let id = DocumentId::new(&self.inner.random);
        upload.file.keep(&self.inner.files, &id).await?;
        let (actor, document_id) = (actor.clone(), id.clone());
        let stored = self
            .inner
            .db
            .write(move |tx| {
                bases::get(tx, &kb_id)?;
                // The same file may have come in twice at once.
                if let Some(other) = documents::find_same(tx, &kb_id, Some(&sha256), None)? {
                    return Ok((documents::get(tx, &kb_id, &other)?, false));
                }
                let new = NewDocument {
                    id: &document_id,
                    kb_id: &kb_id,
                    name: &name,
                    format: format.word(),
                    url: None,
                    size,
                    sha256: Some(&sha256),
                    tags: &tags,
                    refresh_hours: None,
                    created_by: &actor.name,
                };
                documents::insert(tx, &new)?;
                work::begin_reading(tx, &document_id, 1)?;
                audit::append(tx, &actor, "document.create", document_id.as_str(), &json!({ "name": name, "kb_id": kb_id }))?;
                Ok((documents::get(tx, &kb_id, &document_id)?, true))
            })
            .await;
        match stored {
            Ok((document, true)) => Ok((document.view, true)),
            Ok((document, false)) => {
                self.inner.files.remove(&id).await?;
                Ok((DocumentView { is_duplicate: true, ..document.view }, false))
            }
            Err(error) => {
                self.inner.files.remove(&id).await?;
                Err(error)
            }
        }
    }

    /// A file that is there already: one that failed is tried again.
    async fn add_again(&self, kb_id: KnowledgeBaseId, id: DocumentId) -> Result<DocumentView> {
        let document = self
            .inner
            .db
            .write(move |tx| {
                let document = documents::get(tx, &kb_id, &id)?;
                if document.view.parse_status == ParseStatus::Failed {
                    let round = documents::begin_round(tx, &id)?;
                    work::begin_reading(tx, &id, round)?;
                }
                documents::get(tx, &kb_id, &id)
            })
            .await?;
        Ok(DocumentView { is_duplicate: true, ..document.view })
    }

    /// Adds a document that is fetched from a URL, or finds the one that is.
    pub(super) async fn add_source(&self, actor: &Actor, kb_id: KnowledgeBaseId, source: NewSource) -> Result<(DocumentView, bool)> {
        self.inner.net.check(&source.url).map_err(|error| refused_url(&error))?;
        let name = match &source.name {
            Some(name) => title(name)?,
            None => source.url.chars().take(255).collect(),
        };
        let (tags, refresh_hours) = (tags(&source.tags)?, refresh(source.refresh_hours)?);
        self.inner.disk.check()?;
        let (actor, id) = (actor.clone(), DocumentId::new(&self.inner.random));
        self.inner
            .db
            .write(move |tx| {
                bases::get(tx, &kb_id)?;
                if let Some(known) = documents::find_same(tx, &kb_id, None, Some(&source.url))? {
                    let known = documents::get(tx, &kb_id, &known)?;
                    return Ok((DocumentView { is_duplicate: true, ..known.view }, false));
                }
                let new = NewDocument {
                    id: &id,
                    kb_id: &kb_id,
                    name: &name,
                    format: "",
                    url: Some(&source.url),
                    size: 0,
                    sha256: None,
                    tags: &tags,
                    refresh_hours,
                    created_by: &actor.name,
                };
                documents::insert(tx, &new)?;
                work::begin_fetching(tx, &id, 1)?;
                audit::append(tx, &actor, "document.create", id.as_str(), &json!({ "name": name, "kb_id": kb_id }))?;
                Ok((documents::get(tx, &kb_id, &id)?.view, true))
            })
            .await
    }

    /// One page of a base's documents, newest first, and how many match.
    pub(super) async fn documents(
        &self,
        kb_id: KnowledgeBaseId,
        status: Option<ParseStatus>,
        page: Page,
    ) -> Result<(Vec<DocumentView>, u64)> {
        self.inner
            .db
            .read(move |conn| {
                bases::get(conn, &kb_id)?;
                documents::list(conn, &kb_id, status, page)
            })
            .await
    }

    /// One document.
    pub(super) async fn document(&self, kb_id: KnowledgeBaseId, id: DocumentId) -> Result<DocumentView> {
        self.inner.db.read(move |conn| Ok(documents::get(conn, &kb_id, &id)?.view)).await
    }

    /// Changes name, tags or refresh of a document.
    pub(super) async fn change_document(
        &self,
        actor: &Actor,
        kb_id: KnowledgeBaseId,
        id: DocumentId,
        change: DocumentChange,
    ) -> Result<DocumentView> {
        let new_tags = change.tags.as_deref().map(tags).transpose()?;
        let new_name = change.name.as_deref().map(title).transpose()?;
        let actor = actor.clone();
        let view = self
            .inner
            .db
            .write(move |tx| {
                let old = documents::get(tx, &kb_id, &id)?.view;
                if change.refresh_hours.is_some() && old.url.is_none() {
                    return Err(wrong("refresh_hours", "is only for documents with a URL"));
                }
                let hours = if change.refresh_hours.is_some() { refresh(change.refresh_hours)? } else { old.refresh_hours };
                let name = new_name.unwrap_or(old.name);
                documents::update(tx, &id, &name, &new_tags.unwrap_or(old.tags), hours)?;
                audit::append(tx, &actor, "document.update", id.as_str(), &json!({ "name": name }))?;
                Ok(documents::get(tx, &kb_id, &id)?.view)
            })
            .await?;
        self.inner.index.refresh().await?;
        Ok(view)
    }

    /// Takes a document in once more: from its file, or from its URL. Searches find what was there until it is done.
    pub(super) async fn reindex(&self, actor: &Actor, kb_id: KnowledgeBaseId, id: DocumentId) -> Result<DocumentView> {
        let actor = actor.clone();
        self.inner
            .db
            .write(move |tx| {
                let document = documents::get(tx, &kb_id, &id)?;
                begin_again(tx, &document)?;
                audit::append(tx, &actor, "document.reindex", id.as_str(), &json!({ "name": document.view.name }))?;
                Ok(documents::get(tx, &kb_id, &id)?.view)
            })
            .await
    }

    /// Removes a document with its rows, its file, and what the index has of it.
    pub(super) async fn remove_document(&self, actor: &Actor, kb_id: KnowledgeBaseId, id: DocumentId) -> Result<()> {
        let (actor, gone) = (actor.clone(), id.clone());
        self.inner
            .db
            .write(move |tx| {
                let view = documents::get(tx, &kb_id, &gone)?.view;
                changes::note(tx, &gone)?;
                documents::delete(tx, &gone)?;
                audit::append(tx, &actor, "document.delete", gone.as_str(), &json!({ "name": view.name, "kb_id": kb_id }))
            })
            .await?;
        info!("Document {id} was removed");
        self.forget(&[id]).await;
        Ok(())
    }

    /// The text of a document.
    pub(super) async fn text(&self, kb_id: KnowledgeBaseId, id: DocumentId) -> Result<String> {
        self.inner
            .db
            .read(move |conn| {
                documents::get(conn, &kb_id, &id)?;
                documents::text(conn, &id)?.ok_or_else(|| Error::not_found("the document has no text yet").code("no_text"))
            })
            .await
    }

    /// One page of a document's chunks, and how many there are.
    pub(super) async fn chunks(&self, kb_id: KnowledgeBaseId, id: DocumentId, page: Page) -> Result<(Vec<ChunkView>, u64)> {
        self.inner
            .db
            .read(move |conn| {
                documents::get(conn, &kb_id, &id)?;
                chunks::list(conn, &id, page)
            })
            .await
    }
}

/// Begins a new round of a document.
pub(super) fn begin_again(tx: &Tx<'_>, document: &StoredDocument) -> Result<()> {
    let id = &document.view.id;
    let round = documents::begin_round(tx, id)?;
    if document.view.url.is_some() { work::begin_fetching(tx, id, round) } else { work::begin_reading(tx, id, round) }
}

fn refused_url(error: &NetError) -> Error {
    let sentence = error.message().to_owned();
    Error::invalid(format!("url: {sentence}")).field("url", sentence)
}
