//! The handle of knowledge bases, and what can be done with a base as a whole.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tracing::{error, info};

use super::bases_store::{self as bases, StoredBase, StoredEmbedding};
use super::embedding::{self, Embeddings, Model};
use super::files::Files;
use super::index::Index;
use super::ingest::Reader;
use super::model::{BaseBody, BaseChange, Embedding, NewBase, wrong};
use super::views::BaseView;
use super::{changes_store as changes, documents_store as documents, work};
use crate::base::id::{DocumentId, KnowledgeBaseId};
use crate::base::page::Page;
use crate::base::seal::Sealer;
use crate::base::secret::{Secret, mask};
use crate::base::{Clock, Random, Result};
use crate::contract::config::WireSecret;
use crate::features::settings::Settings;
use crate::platform::access::Actor;
use crate::platform::audit;
use crate::platform::bulletin::Bulletin;
use crate::platform::db::{Db, Tx};
use crate::platform::net::Outbound;
use crate::platform::space::Disk;

/// What the slice is built from.
pub struct KnowledgeSetup {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Clock,
    /// Randomness, for keys.
    pub random: Random,
    /// Keeps the keys of embedding services.
    pub sealer: Arc<Sealer>,
    /// The settings, for limits.
    pub settings: Settings,
    /// Fetches documents and reaches embedding services.
    pub net: Outbound,
    /// Where documents lie.
    pub folder: PathBuf,
    /// Where search indexes lie.
    pub search: PathBuf,
    /// Their disk.
    pub disk: Disk,
    /// This program; a child of it reads documents.
    pub program: PathBuf,
    /// Where progress is told.
    pub bulletin: Bulletin,
}

/// The knowledge bases of this box. Cheap to clone.
#[derive(Clone)]
pub struct Knowledge {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) sealer: Arc<Sealer>,
    pub(super) settings: Settings,
    pub(super) net: Outbound,
    pub(super) files: Files,
    pub(super) disk: Disk,
    pub(super) reader: Reader,
    pub(super) bulletin: Bulletin,
    pub(super) index: Index,
    pub(super) embeddings: Embeddings,
    is_mending: AtomicBool,
}

impl Knowledge {
    /// The slice over its parts. Searches find nothing before [`Knowledge::open`].
    pub fn new(setup: KnowledgeSetup) -> Result<Self> {
        Ok(Self {
            inner: Arc::new(Inner {
                index: Index::new(setup.db.clone(), &setup.search),
                embeddings: Embeddings::new(setup.net.clone()),
                files: Files::open(setup.folder, setup.random.clone())?,
                reader: Reader { program: setup.program },
                db: setup.db,
                clock: setup.clock,
                random: setup.random,
                sealer: setup.sealer,
                settings: setup.settings,
                net: setup.net,
                disk: setup.disk,
                bulletin: setup.bulletin,
                is_mending: AtomicBool::new(false),
            }),
        })
    }

    /// Opens the index in the background and removes files that belong to no document. Call once per start.
    pub async fn open(&self) -> Result<()> {
        self.sweep().await?;
        let knowledge = self.clone();
        tokio::spawn(async move {
            if let Err(failure) = knowledge.inner.index.open().await {
                error!("The index of knowledge bases cannot be opened: {failure}");
            }
        });
        Ok(())
    }

    async fn sweep(&self) -> Result<()> {
        for name in self.inner.files.names().await? {
            let id = name.clone();
            if !self.inner.db.read(move |conn| documents::exists(conn, &id)).await? {
                self.inner.files.remove(&DocumentId(name)).await?;
            }
        }
        Ok(())
    }

    /// Has a damaged index made anew, once at a time.
    pub(super) fn mend(&self) {
        if !self.inner.index.needs_words() || self.inner.is_mending.swap(true, Ordering::SeqCst) {
            return;
        }
        let knowledge = self.clone();
        tokio::spawn(async move {
            if let Err(failure) = knowledge.inner.index.catch_up().await {
                error!("The index of knowledge bases cannot be made anew: {failure}");
            }
            knowledge.inner.is_mending.store(false, Ordering::SeqCst);
        });
    }

    /// Makes a base.
    pub(super) async fn create(&self, actor: &Actor, new: NewBase) -> Result<BaseView> {
        let body = BaseBody::of(&new);
        body.check()?;
        new.embedding.check()?;
        let id = KnowledgeBaseId::new(&self.inner.random);
        let made = self.sealed(&id, new.embedding, None)?;
        let space = embedding::space(&made.embedding);
        let (actor, knowledge) = (actor.clone(), self.clone());
        self.inner
            .db
            .write(move |tx| {
                bases::insert(tx, &id, &body, &made, &space, &actor.name)?;
                audit::append(tx, &actor, "knowledge_base.create", id.as_str(), &json!({ "name": body.name }))?;
                knowledge.view(bases::get(tx, &id)?)
            })
            .await
    }

    /// One page of bases, oldest first, and how many match.
    pub(super) async fn list(&self, q: Option<String>, page: Page) -> Result<(Vec<BaseView>, u64)> {
        let knowledge = self.clone();
        self.inner
            .db
            .read(move |conn| {
                let (views, total) = bases::list(conn, q.as_deref(), page)?;
                let ids: Vec<KnowledgeBaseId> = views.into_iter().map(|view| view.id).collect();
                Ok((ids.iter().map(|id| knowledge.view(bases::get(conn, id)?)).collect::<Result<_>>()?, total))
            })
            .await
    }

    /// One base.
    pub(super) async fn get(&self, id: KnowledgeBaseId) -> Result<BaseView> {
        let knowledge = self.clone();
        self.inner.db.read(move |conn| knowledge.view(bases::get(conn, &id)?)).await
    }

    /// Changes a base. Another embedding model is taken into use once everything is embedded with it.
    pub(super) async fn change(&self, actor: &Actor, id: KnowledgeBaseId, change: BaseChange) -> Result<BaseView> {
        if let Some(embedding) = &change.embedding {
            embedding.check()?;
        }
        let (actor, knowledge) = (actor.clone(), self.clone());
        let view = self.inner.db.write(move |tx| knowledge.change_in(tx, &actor, &id, change)).await?;
        self.inner.index.refresh().await?;
        Ok(view)
    }

    fn change_in(&self, tx: &Tx<'_>, actor: &Actor, id: &KnowledgeBaseId, change: BaseChange) -> Result<BaseView> {
        let old = bases::get(tx, id)?;
        let body = body_of(&old.view).changed(&change);
        body.check()?;
        bases::update(tx, id, &body)?;
        if let Some(wanted) = change.embedding {
            let made = self.sealed(id, wanted, Some(&old))?;
            let space = embedding::space(&made.embedding);
            let next = (space != old.space).then_some(space);
            bases::set_embedding(tx, id, &made, next.as_deref())?;
            if let Some(space) = next {
                work::begin_reembedding(tx, id, &space, 0)?;
            }
        }
        audit::append(tx, actor, "knowledge_base.update", id.as_str(), &json!({ "name": body.name, "is_enabled": body.is_enabled }))?;
        self.view(bases::get(tx, id)?)
    }

    /// Switches a base off; with `purge` it goes with everything in it: rows, index, files.
    pub(super) async fn remove(&self, actor: &Actor, id: KnowledgeBaseId, purge: bool) -> Result<()> {
        if !purge {
            let off = BaseChange { is_enabled: Some(false), ..BaseChange::default() };
            return self.change(actor, id, off).await.map(drop);
        }
        let (actor, base) = (actor.clone(), id.clone());
        let ids = self
            .inner
            .db
            .write(move |tx| {
                let view = bases::get(tx, &base)?.view;
                let ids = documents::ids(tx, &base)?;
                for id in &ids {
                    changes::note(tx, id)?;
                }
                bases::delete(tx, &base)?;
                audit::append(tx, &actor, "knowledge_base.delete", base.as_str(), &json!({ "name": view.name, "documents": ids.len() }))?;
                Ok(ids)
            })
            .await?;
        self.forget(&ids).await;
        info!("Knowledge base {id} was removed with {} documents", ids.len());
        Ok(())
    }

    /// Removes what is left of documents whose rows are gone. What cannot be removed now goes with the next start.
    pub(super) async fn forget(&self, ids: &[DocumentId]) {
        if let Err(failure) = self.inner.index.catch_up().await {
            error!("Removed documents are still in the index, which will be mended: {failure}");
        }
        for id in ids {
            if let Err(failure) = self.inner.files.remove(id).await {
                error!("The file of the removed document {id} stays until the next start: {failure}");
            }
        }
    }

    /// The embedding as it is stored. A masked key keeps the stored one, as long as it would go to the same place.
    fn sealed(&self, id: &KnowledgeBaseId, mut embedding: Embedding, old: Option<&StoredBase>) -> Result<StoredEmbedding> {
        let refused = || wrong("embedding.api_key", "there is no stored key that this masked text stands for");
        let Some(WireSecret(key)) = embedding.api_key.take().filter(|key| !key.0.is_empty()) else {
            return Ok(StoredEmbedding { embedding, key_sealed: None });
        };
        if !key.contains('•') {
            return Ok(StoredEmbedding { embedding, key_sealed: Some(self.inner.sealer.seal(id.as_str(), &key)?) });
        }
        let stored = old.and_then(|old| old.key_sealed.clone().filter(|_| old.view.embedding.base_url == embedding.base_url));
        let sealed = stored.ok_or_else(refused)?;
        match mask(&self.inner.sealer.open(id.as_str(), &sealed)?) == key {
            true => Ok(StoredEmbedding { embedding, key_sealed: Some(sealed) }),
            false => Err(refused()),
        }
    }

    /// The model that is wanted for a base.
    pub(super) fn wanted_model(&self, base: &StoredBase) -> Result<Model> {
        self.open_model(base, &base.view.embedding, base.key_sealed.as_deref())
    }

    /// The model whose vectors searches of a base use.
    pub(super) fn serving_model(&self, base: &StoredBase) -> Result<Model> {
        self.open_model(base, &base.serving, base.serving_key_sealed.as_deref())
    }

    fn open_model(&self, base: &StoredBase, embedding: &Embedding, sealed: Option<&str>) -> Result<Model> {
        let key = sealed.map(|sealed| self.inner.sealer.open(base.view.id.as_str(), sealed)).transpose()?;
        Ok(Model::of(embedding, key.map(Secret::new)))
    }

    fn view(&self, base: StoredBase) -> Result<BaseView> {
        let key = base.key_sealed.as_deref().map(|sealed| self.inner.sealer.open(base.view.id.as_str(), sealed)).transpose()?;
        let mut view = base.view;
        view.embedding.api_key = key.map(|key| WireSecret(mask(&key)));
        Ok(view)
    }
}

fn body_of(view: &BaseView) -> BaseBody {
    BaseBody {
        name: view.name.clone(),
        description: view.description.clone(),
        is_enabled: view.is_enabled,
        chunk_chars: view.chunk_chars,
        chunk_overlap: view.chunk_overlap,
    }
}
