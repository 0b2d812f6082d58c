//! The handle of the index: opening, taking in changes, making it anew, and the two searches.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tracing::{error, info, warn};

use super::catalogue::{Allowed, Catalogue, Listed, NOBODY, Selection};
use super::lexical::{Entry, Lexical};
use super::vectors::Vectors;
use crate::base::id::DocumentId;
use crate::base::{Context, Error, Result};
use crate::features::knowledge::chunks_store::{self as chunks, StoredChunk};
use crate::features::knowledge::{changes_store as changes, documents_store as documents};
use crate::platform::db::Db;
use crate::platform::memory;

/// Changes taken in at once.
const CHANGES_AT_ONCE: u32 = 200;
/// Documents whose vectors are taken anew at once.
const DOCUMENTS_AT_ONCE: usize = 100;
/// Chunks read at once, or as many as the last document of them has, while the words are made anew: some megabytes of text.
const CHUNKS_AT_ONCE: usize = 4_000;
/// Vectors read at once.
const VECTORS_AT_ONCE: u32 = 2_000;
/// How long a search waits for an index that is being opened.
const OPEN_WITHIN: Duration = Duration::from_secs(10);

/// The index. Cheap to clone.
#[derive(Clone)]
pub(in crate::features::knowledge) struct Index(Arc<Inner>);

struct Inner {
    db: Db,
    folder: PathBuf,
    lexical: RwLock<Option<Arc<Lexical>>>,
    vectors: Vectors,
    /// Number of the document of each chunk, by the chunk's `seq`.
    owners: RwLock<Arc<Vec<u32>>>,
    catalogue: RwLock<Arc<Catalogue>>,
    /// One change of the index at a time.
    changing: Mutex<()>,
    ready: watch::Sender<bool>,
}

/// A document with all that the index takes of it.
struct Whole {
    id: DocumentId,
    language: String,
    chunks: Vec<StoredChunk>,
    vectors: Vec<(i64, String, Vec<f32>)>,
}

impl Index {
    /// An index below this folder. It finds nothing before it is opened.
    pub(in crate::features::knowledge) fn new(db: Db, search: &std::path::Path) -> Self {
        Self(Arc::new(Inner {
            db,
            folder: search.join("knowledge"),
            lexical: RwLock::default(),
            vectors: Vectors::default(),
            owners: RwLock::default(),
            catalogue: RwLock::default(),
            changing: Mutex::default(),
            ready: watch::channel(false).0,
        }))
    }

    /// Loads the vectors and opens the words. What is missing, damaged or of another make is made anew from rows; searches by vector go on
    /// meanwhile.
    pub(in crate::features::knowledge) async fn open(&self) -> Result<()> {
        let changing = self.0.changing.lock().await;
        self.refresh().await?;
        self.load_vectors().await?;
        let bounds = self.0.db.read(changes::bounds).await?;
        let folder = self.0.folder.clone();
        let opened = blocking(move || Lexical::open(&folder)).await;
        let usable = match opened {
            Ok(lexical) => lexical.watermark().is_some_and(|at| bounds.0 <= at && at <= bounds.1).then_some(lexical),
            Err(failure) => {
                warn!("The index of knowledge bases is damaged: {failure}");
                None
            }
        };
        if let Some(lexical) = usable {
            self.put(lexical);
        } else {
            // Vectors are there: searches need not wait for the words.
            self.0.ready.send_replace(true);
            self.rebuild().await?;
        }
        drop(changing);
        self.catch_up().await?;
        self.0.ready.send_replace(true);
        give_back().await
    }

    /// Waits until searches find something.
    pub(in crate::features::knowledge) async fn opened(&self) -> Result<()> {
        let mut ready = self.0.ready.subscribe();
        match tokio::time::timeout(OPEN_WITHIN, ready.wait_for(|is_ready| *is_ready)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::unavailable("the search index is being opened").retry_after(5)),
        }
    }

    /// Reads which documents there are, after their rows changed.
    pub(in crate::features::knowledge) async fn refresh(&self) -> Result<()> {
        let listed = self.0.db.read(documents::listed).await?;
        let mut catalogue = write(&self.0.catalogue);
        *catalogue = Arc::new(catalogue.renewed(listed));
        Ok(())
    }

    /// Takes in everything that changed. When this answers, searches find it and it is on disk.
    pub(in crate::features::knowledge) async fn catch_up(&self) -> Result<()> {
        let _one_at_a_time = self.0.changing.lock().await;
        self.refresh().await?;
        let Some(mut at) = self.watermark() else { return self.rebuild().await };
        loop {
            let changed = self.0.db.read(move |conn| changes::after(conn, at, CHANGES_AT_ONCE)).await?;
            let Some((last, _)) = changed.last() else { return Ok(()) };
            let (last, has_more) = (*last, changed.len() == CHANGES_AT_ONCE as usize);
            let mut ids: Vec<DocumentId> = changed.into_iter().map(|(_, id)| id).collect();
            ids.sort();
            ids.dedup();
            // After the changes are read: what was shown a moment ago must be in the catalogue before its chunks are taken.
            self.refresh().await?;
            let whole = self.whole(ids).await?;
            self.take_vectors(&whole);
            if let Err(failure) = self.take_words(whole, last).await {
                error!("The index of knowledge bases cannot be written and is made anew: {failure}");
                return self.rebuild().await;
            }
            self.0.db.write(move |tx| changes::forget(tx, last)).await?;
            at = last;
            if !has_more {
                give_back().await?;
            }
        }
    }

    /// Takes the vectors of a base's documents anew, after it changed its model.
    pub(in crate::features::knowledge) async fn reload(&self, ids: Vec<DocumentId>) -> Result<()> {
        let _one_at_a_time = self.0.changing.lock().await;
        self.refresh().await?;
        for some in ids.chunks(DOCUMENTS_AT_ONCE) {
            let whole = self.whole(some.to_vec()).await?;
            self.take_vectors(&whole);
        }
        give_back().await
    }

    /// What a search may look at.
    pub(in crate::features::knowledge) fn allowed(&self, selection: &Selection) -> Allowed {
        read(&self.0.catalogue).allowed(selection)
    }

    /// A document that searches know.
    pub(in crate::features::knowledge) fn listed(&self, id: &DocumentId) -> Option<Listed> {
        read(&self.0.catalogue).find(id).cloned()
    }

    /// Search by words; blocks. A damaged index finds nothing and is made anew in the background.
    pub(in crate::features::knowledge) fn words(&self, question: &str, allowed: &Allowed, limit: usize) -> Vec<(i64, f32)> {
        let Some(lexical) = read(&self.0.lexical).clone() else { return Vec::new() };
        let may_show = self.predicate(allowed);
        match lexical.search(question, &allowed.languages, (limit, allowed.is_everything), may_show) {
            Ok(found) => found.into_iter().map(|(seq, score)| (seq.cast_signed(), score)).collect(),
            Err(failure) => {
                error!("The index of knowledge bases cannot be searched and is made anew: {failure}");
                *write(&self.0.lexical) = None;
                Vec::new()
            }
        }
    }

    /// Whether the words must be made anew.
    pub(in crate::features::knowledge) fn needs_words(&self) -> bool {
        *self.0.ready.borrow() && read(&self.0.lexical).is_none()
    }

    /// Search by vector; blocks. Scores are near the cosine.
    pub(in crate::features::knowledge) fn vectors(
        &self,
        space: &str,
        question: &[f32],
        allowed: &Allowed,
        limit: usize,
    ) -> Vec<(i64, f32)> {
        let may_show = self.predicate(allowed);
        self.0.vectors.search(space, question, limit, may_show)
    }

    fn watermark(&self) -> Option<i64> {
        read(&self.0.lexical).as_ref().and_then(|lexical| lexical.watermark())
    }

    fn predicate(&self, allowed: &Allowed) -> impl Fn(u64) -> bool + Send + Sync + Clone + 'static {
        let (owners, documents) = (read(&self.0.owners).clone(), allowed.documents.clone());
        move |seq: u64| {
            let owner = usize::try_from(seq).ok().and_then(|seq| owners.get(seq)).copied().unwrap_or(NOBODY);
            documents.get(owner as usize).copied().unwrap_or(false)
        }
    }

    async fn whole(&self, ids: Vec<DocumentId>) -> Result<Vec<Whole>> {
        self.0
            .db
            .read(move |conn| {
                let mut all = Vec::with_capacity(ids.len());
                for id in ids {
                    let language = documents::find(conn, &id)?.map(|document| document.view.language).unwrap_or_default();
                    let found = chunks::vectors_after(conn, 0, Some(&id), u32::MAX >> 1)?;
                    let vectors = found.into_iter().map(|(seq, _, space, vector)| (seq, space, vector)).collect();
                    all.push(Whole { language, chunks: chunks::shown(conn, &id)?, vectors, id });
                }
                Ok(all)
            })
            .await
    }

    /// The first of these documents without their vectors, as many as are read at once, and those that are left.
    async fn words_of(&self, ids: Vec<DocumentId>) -> Result<(Vec<Whole>, Vec<DocumentId>)> {
        self.0
            .db
            .read(move |conn| {
                let (mut some, mut n_chunks, mut ids) = (Vec::new(), 0, ids.into_iter());
                while n_chunks < CHUNKS_AT_ONCE
                    && let Some(id) = ids.next()
                {
                    let language = documents::find(conn, &id)?.map(|document| document.view.language).unwrap_or_default();
                    let chunks = chunks::shown(conn, &id)?;
                    n_chunks += chunks.len();
                    some.push(Whole { language, chunks, vectors: Vec::new(), id });
                }
                Ok((some, ids.collect()))
            })
            .await
    }

    fn take_vectors(&self, whole: &[Whole]) {
        let numbers: HashMap<&DocumentId, u32> = {
            let catalogue = read(&self.0.catalogue);
            whole.iter().filter_map(|one| Some((&one.id, catalogue.number(&one.id)?))).collect()
        };
        let mut owners = write(&self.0.owners);
        let owners = Arc::make_mut(&mut owners);
        let changed: HashSet<u32> = numbers.values().copied().collect();
        let mut gone = Vec::new();
        for (seq, owner) in (0i64..).zip(owners.iter_mut()) {
            if changed.contains(owner) {
                *owner = NOBODY;
                gone.push(seq);
            }
        }
        self.0.vectors.remove(&gone);
        for one in whole {
            let Some(number) = numbers.get(&one.id) else { continue };
            for chunk in &one.chunks {
                own(owners, chunk.seq, *number);
            }
            self.0.vectors.add(one.vectors.iter().map(|(seq, space, vector)| (*seq, space.as_str(), vector.as_slice())));
        }
    }

    async fn take_words(&self, whole: Vec<Whole>, watermark: i64) -> Result<()> {
        let lexical = read(&self.0.lexical).clone().ok_or_else(|| Error::internal("there is no index to write to"))?;
        blocking(move || apply(&lexical, &whole, watermark)).await
    }

    async fn load_vectors(&self) -> Result<()> {
        let (mut seq, mut owners) = (0, Vec::new());
        loop {
            let found = self.0.db.read(move |conn| chunks::vectors_after(conn, seq, None, VECTORS_AT_ONCE)).await?;
            let Some((last, ..)) = found.last() else { break };
            seq = *last;
            let catalogue = read(&self.0.catalogue).clone();
            for (seq, document_id, ..) in &found {
                own(&mut owners, *seq, catalogue.number(document_id).unwrap_or(NOBODY));
            }
            self.0.vectors.add(found.iter().map(|(seq, _, space, vector)| (*seq, space.as_str(), vector.as_slice())));
        }
        *write(&self.0.owners) = Arc::new(owners);
        Ok(())
    }

    /// Makes the words anew beside the old ones and puts them in their place.
    async fn rebuild(&self) -> Result<()> {
        let beside = self.0.folder.with_extension("new");
        let at = self.0.db.read(changes::bounds).await?.1;
        self.refresh().await?;
        let (folder, removed) = (beside.clone(), beside.clone());
        let lexical = blocking(move || {
            remove(&removed)?;
            Lexical::open(&folder).map(Arc::new)
        })
        .await?;
        let mut left: Vec<DocumentId> = read(&self.0.catalogue).all().map(|listed| listed.id.clone()).collect();
        while !left.is_empty() {
            let (lexical, (some, rest)) = (lexical.clone(), self.words_of(left).await?);
            blocking(move || apply(&lexical, &some, 0)).await?;
            left = rest;
        }
        blocking(move || lexical.apply(&[], [], at)).await?;
        let folder = self.0.folder.clone();
        let lexical = blocking(move || {
            remove(&folder)?;
            std::fs::rename(&beside, &folder).context("the new index cannot be put in its place")?;
            Lexical::open(&folder)
        })
        .await?;
        info!("The index of knowledge bases was made anew: {} chunks", lexical.n_entries());
        self.put(lexical);
        give_back().await
    }

    fn put(&self, lexical: Lexical) {
        *write(&self.0.lexical) = Some(Arc::new(lexical));
    }
}

fn own(owners: &mut Vec<u32>, seq: i64, number: u32) {
    let Ok(at) = usize::try_from(seq) else { return };
    if owners.len() <= at {
        owners.resize(at + 1, NOBODY);
    }
    owners[at] = number;
}

fn apply(lexical: &Lexical, whole: &[Whole], watermark: i64) -> Result<()> {
    let ids: Vec<String> = whole.iter().map(|one| one.id.0.clone()).collect();
    let entries = whole.iter().flat_map(|one| {
        one.chunks.iter().map(|chunk| Entry {
            seq: chunk.seq.unsigned_abs(),
            document: one.id.as_str(),
            language: &one.language,
            text: format!("{}\n{}", chunk.heading, chunk.body),
        })
    });
    lexical.apply(&ids, entries, watermark)
}

fn remove(folder: &std::path::Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause).context("an old index cannot be removed"),
        _ => Ok(()),
    }
}

/// Texts, vectors and a writer went through memory: none of it is needed any more.
async fn give_back() -> Result<()> {
    blocking(|| {
        memory::give_back();
        Ok(())
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Error::internal("the index panicked")))
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
