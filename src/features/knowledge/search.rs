//! Searching: by words and by vectors at once, one ranking of both, passages for people and bots.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bases_store as bases;
use super::chunks_store::{self as chunks};
use super::extract::{answer, sentences, shared_words};
use super::index::{Allowed, Candidate, Selection, fuse};
use super::model::{tags, wrong};
use super::passages::{Passage, Ranked, passages};
use super::service::Knowledge;
use crate::base::id::{DocumentId, KnowledgeBaseId};
use crate::base::{Error, Result};
use crate::platform::db::Conn;
use crate::platform::embed::dot;

/// Chunks each search brings; the vectors among them are compared exactly.
const CANDIDATES: usize = 50;
/// Passages unless the caller says otherwise.
const TOP_K: u32 = 5;
/// Most passages.
const MOST_TOP_K: u32 = 50;
/// Chunks whose rows are read for each passage: some are joined, some say the same as one before.
const ROWS_EACH: usize = 6;
/// Longest question, in characters.
const MOST_QUESTION: usize = 2_000;
/// Passages that an answer is looked for in.
const ANSWER_FROM: usize = 3;
/// Sentences that are compared for an answer.
const MOST_SENTENCES: usize = 16;
/// How much shared words count beside nearness, where a sentence is to be the answer.
const WORDS_COUNT: f32 = 0.35;

/// Which ranking counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchMode {
    /// Both together.
    #[default]
    Hybrid,
    /// Words alone.
    Bm25,
    /// Vectors alone.
    Vector,
}

/// A search.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchOrder {
    /// What is asked: 1 to 2000 characters.
    pub query: String,
    /// Only these bases; empty: all that are switched on.
    #[serde(default)]
    pub kb_ids: Vec<KnowledgeBaseId>,
    /// Only these documents; empty: all.
    #[serde(default)]
    pub document_ids: Vec<DocumentId>,
    /// Only documents with one of these tags; empty: all.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Passages wanted: 1 to 50; 5 if absent.
    #[serde(default)]
    pub top_k: Option<u32>,
    /// Leave out what is less near than this: 0 to 1; 0 if absent.
    #[serde(default)]
    pub score_threshold: Option<f32>,
    /// Which ranking counts.
    #[serde(default)]
    pub mode: SearchMode,
    /// Whether the best sentences are wanted as an answer.
    #[serde(default)]
    pub wants_answer: bool,
}

/// What a search found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Found {
    /// The passages, the best first.
    pub results: Vec<Passage>,
    /// The best sentences, when they were wanted and something was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub answer: Option<String>,
    /// How long each part took.
    pub took: Took,
}

/// Times of a search, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct Took {
    /// Making the question's vector.
    pub embed_ms: f64,
    /// Searching vectors, and words as far as they took longer than the question's vector.
    pub search_ms: f64,
    /// Reading rows and making passages.
    pub passages_ms: f64,
    /// All together.
    pub total_ms: f64,
}

impl SearchOrder {
    fn check(&self) -> Result<()> {
        let n_chars = self.query.trim().chars().count();
        if !(1..=MOST_QUESTION).contains(&n_chars) {
            return Err(wrong("query", "must have 1 to 2000 characters"));
        }
        if !(1..=MOST_TOP_K).contains(&self.top_k.unwrap_or(TOP_K)) {
            return Err(wrong("top_k", "must be 1 to 50"));
        }
        if !(0.0..=1.0).contains(&self.score_threshold.unwrap_or(0.0)) {
            return Err(wrong("score_threshold", "must be 0 to 1"));
        }
        tags(&self.tags).map(drop)
    }
}

/// A ranking: number of a chunk and how well it fits.
type Ranking = Vec<(i64, f32)>;

/// A question as a vector of a model, and what is near it.
type Vectored = (String, Vec<f32>, Ranking);

/// The rankings of a question: by words, and by vectors of each model.
struct Rankings {
    words: Ranking,
    vectors: Vec<Vectored>,
}

impl Knowledge {
    /// Searches. A model that cannot be reached leaves the words to find what they can.
    pub async fn search(&self, order: SearchOrder) -> Result<Found> {
        order.check()?;
        self.inner.index.opened().await?;
        let began = self.inner.clock.monotonic();
        let selection = Selection { kb_ids: order.kb_ids.clone(), document_ids: order.document_ids.clone(), tags: tags(&order.tags)? };
        let allowed = self.inner.index.allowed(&selection);
        let question = order.query.trim().to_owned();
        // Words are looked up while the question becomes a vector.
        let by_words = tokio::task::spawn_blocking(self.by_words(&question, &allowed, order.mode));
        let questions = if order.mode == SearchMode::Bm25 { Vec::new() } else { self.question_vectors(&question, &allowed).await? };
        let embedded = self.inner.clock.monotonic();
        let vectors = self.by_vectors(questions, allowed).await?;
        let rankings = Rankings { words: by_words.await.map_err(panicked)?, vectors };
        let searched = self.inner.clock.monotonic();
        let knowledge = self.clone();
        let (mode, top_k) = (order.mode, order.top_k.unwrap_or(TOP_K) as usize);
        let ranked = self.inner.db.read(move |conn| knowledge.ranked(conn, &rankings, mode, top_k * ROWS_EACH)).await?;
        let results = passages(&ranked, top_k, order.score_threshold.unwrap_or(0.0));
        let done = self.inner.clock.monotonic();
        self.mend();
        let answer = if order.wants_answer { self.answer_from(&question, &results).await? } else { None };
        Ok(Found { results, answer, took: took(began, embedded, searched, done) })
    }

    /// The question as a vector of each model that is in play.
    async fn question_vectors(&self, question: &str, allowed: &Allowed) -> Result<Vec<(String, Vec<f32>)>> {
        let mut all = Vec::new();
        for (space, kb_id) in &allowed.spaces {
            let kb_id = kb_id.clone();
            let Some(base) = self.inner.db.read(move |conn| bases::find(conn, &kb_id)).await? else { continue };
            // While a base changes its model, its old vectors need questions of the old one.
            let model = self.serving_model(&base)?;
            match self.inner.embeddings.embed(&model, vec![question.to_owned()]).await {
                Ok(vectors) => all.extend(vectors.into_iter().map(|vector| (space.clone(), vector))),
                Err(failure) => tracing::warn!("A search goes on without the vectors of {}: {failure}", base.view.id),
            }
        }
        Ok(all)
    }

    fn by_words(&self, question: &str, allowed: &Allowed, mode: SearchMode) -> impl FnOnce() -> Ranking + Send + 'static {
        let (index, question, allowed) = (self.inner.index.clone(), question.to_owned(), allowed.clone());
        move || if mode == SearchMode::Vector { Vec::new() } else { index.words(&question, &allowed, CANDIDATES) }
    }

    async fn by_vectors(&self, questions: Vec<(String, Vec<f32>)>, allowed: Allowed) -> Result<Vec<Vectored>> {
        let index = self.inner.index.clone();
        let near = move |(space, vector): (String, Vec<f32>)| {
            let found = index.vectors(&space, &vector, &allowed, CANDIDATES);
            (space, vector, found)
        };
        tokio::task::spawn_blocking(move || questions.into_iter().map(near).collect()).await.map_err(panicked)
    }

    /// Reads what was found, compares vectors exactly, and makes one ranking of at most so many chunks.
    fn ranked(&self, conn: &Conn, rankings: &Rankings, mode: SearchMode, most: usize) -> Result<Vec<Ranked>> {
        let mut by_vector: Ranking = Vec::new();
        for (space, question, found) in &rankings.vectors {
            for (seq, _) in found {
                by_vector.extend(cosine(conn, *seq, space, question)?);
            }
        }
        by_vector.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut fused = fuse(&rankings.words, &by_vector);
        by_mode(&mut fused, mode);
        let mut ranked = Vec::new();
        for mut candidate in fused {
            // A chunk that was replaced since the index was asked is no result.
            let Some(chunk) = chunks::find(conn, candidate.seq)? else { continue };
            let Some(document) = self.inner.index.listed(&chunk.document_id) else { continue };
            for (space, question, _) in &rankings.vectors {
                // What only the words found has a nearness too.
                if candidate.cosine.is_none() {
                    candidate.cosine = cosine(conn, candidate.seq, space, question)?.map(|(_, cosine)| cosine);
                }
            }
            ranked.push(Ranked { candidate, chunk, document });
            if ranked.len() == most {
                break;
            }
        }
        Ok(ranked)
    }

    /// The sentences of the best passages that are nearest to the question.
    async fn answer_from(&self, question: &str, results: &[Passage]) -> Result<Option<String>> {
        let mut best: Option<(f32, String)> = None;
        for (n, passage) in results.iter().take(ANSWER_FROM).enumerate() {
            let found: Vec<String> = sentences(&passage.text).into_iter().take(MOST_SENTENCES).collect();
            if found.is_empty() {
                continue;
            }
            let headed = found.iter().map(|sentence| format!("{}: {sentence}", passage.heading));
            let texts: Vec<String> = [question.to_owned()].into_iter().chain(headed).collect();
            let vectors = self.inner.embeddings.embed(&super::embedding::Model::BuiltIn, texts).await?;
            let Some((asked, told)) = vectors.split_first() else { continue };
            let nearness: Vec<f32> = told
                .iter()
                .zip(&found)
                .map(|(vector, sentence)| dot(asked, vector) + WORDS_COUNT * shared_words(question, sentence))
                .collect();
            // The ranking of passages counts too: a good sentence of a bad passage is off the subject.
            let most = nearness.iter().copied().fold(0.0, f32::max) - 0.1 * n as f32;
            if best.as_ref().is_none_or(|(so_far, _)| most > *so_far)
                && let Some(words) = answer(&found, &nearness)
            {
                best = Some((most, words));
            }
        }
        Ok(best.map(|(_, words)| words))
    }
}

/// Orders by one ranking alone where that is wanted.
fn by_mode(fused: &mut Vec<Candidate>, mode: SearchMode) {
    match mode {
        SearchMode::Hybrid => {}
        SearchMode::Bm25 => {
            fused.retain(|candidate| candidate.bm25_rank.is_some());
            fused.sort_by_key(|candidate| candidate.bm25_rank);
        }
        SearchMode::Vector => {
            fused.retain(|candidate| candidate.vector_rank.is_some());
            fused.sort_by_key(|candidate| candidate.vector_rank);
        }
    }
}

/// How near a chunk's vector is to the question's, from its row.
fn cosine(conn: &Conn, seq: i64, space: &str, question: &[f32]) -> Result<Option<(i64, f32)>> {
    Ok(chunks::vector(conn, seq, space)?.map(|vector| (seq, dot(&vector, question))))
}

fn panicked(cause: tokio::task::JoinError) -> Error {
    Error::internal("the search panicked").caused_by(cause)
}

fn took(began: Instant, embedded: Instant, searched: Instant, done: Instant) -> Took {
    let ms = |time: Duration| (time.as_secs_f64() * 100_000.0).round() / 100.0;
    Took {
        embed_ms: ms(embedded - began),
        search_ms: ms(searched - embedded),
        passages_ms: ms(done - searched),
        total_ms: ms(done - began),
    }
}
