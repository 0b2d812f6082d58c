//! Embeddings: texts become vectors whose direction says what they are about. The model is in the program, no network is needed.
//!
//! All `unsafe` of this lies in `kernels` (a crate of its own, so that it is optimised in tests too) and `onnx_api`.

mod built_in;
mod index;
mod onnx_api;

use std::fmt;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};

use fastembed::{InitOptionsUserDefined, Pooling, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel};

pub use built_in::MODEL;
pub use cxbox_kernels::dot;
pub use index::{Near, VectorIndex};

use crate::base::{Error, Result};

/// Numbers of an embedding of the built-in model.
pub const DIMENSIONS: usize = cxbox_kernels::shape::HIDDEN;

/// Tokens of a text that the built-in model looks at; it was not taught longer ones.
pub const MOST_TOKENS: usize = 256;

/// Bytes of a text that are looked at: far more than the tokens above can be made of, unless it is all blanks.
const MOST_BYTES: usize = 32 * 1024;

/// Texts of no more bytes than this, together, are a question somebody waits for; they never wait for a document.
const QUICK_BYTES: usize = 4 * 1024;

/// Texts that go through the model at once.
const BATCH: usize = 64;

/// How much a thread that embeds documents stands back behind calls and requests.
const NICENESS: i32 = 10;

/// The built-in model. Cheap to clone; it takes its memory when it is used first: some 15 MB, and as much for each processor that embeds
/// documents.
#[derive(Clone)]
pub struct Embedder(Arc<Lanes>);

/// Ways in: one for questions, so that they pass documents by, and for documents one for each processor.
struct Lanes {
    quick: Lane,
    bulk: Vec<Lane>,
}

#[derive(Default)]
struct Lane {
    session: Mutex<Option<TextEmbedding>>,
}

impl fmt::Debug for Embedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Embedder").field(&MODEL).finish()
    }
}

impl Embedder {
    /// The model that is in the program. Fails only when the program was built from a damaged model.
    pub fn built_in() -> Result<Self> {
        built_in::encoder().map_err(|error| Error::internal("the embedding model cannot be used").caused_by(error))?;
        let n_threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Self(Arc::new(Lanes { quick: Lane::default(), bulk: (0..n_threads).map(|_| Lane::default()).collect() })))
    }

    /// One vector of length one and [`DIMENSIONS`] numbers for each text, in the same order. What a text has beyond [`MOST_TOKENS`]
    /// does not count; a text without words has a vector too, that is like none.
    ///
    /// This computes, and blocks: some milliseconds for a question, tens of them for a passage of 200 tokens. Short texts use the caller's
    /// thread; documents use all processors, on threads that stand back behind everything else.
    pub fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<&str> = texts.iter().map(|text| &text[..text.floor_char_boundary(MOST_BYTES)]).collect();
        if texts.iter().map(|text| text.len()).sum::<usize>() <= QUICK_BYTES {
            return self.0.quick.embed(&texts);
        }
        let done: Vec<Result<Vec<Vec<f32>>>> = std::thread::scope(|scope| {
            let parts = parts(&texts, self.0.bulk.len()).into_iter().zip(&self.0.bulk);
            let working: Vec<_> = parts
                .map(|(part, lane)| {
                    scope.spawn(move || {
                        stand_back();
                        lane.embed(part)
                    })
                })
                .collect();
            let failed = |_| Err(Error::internal("the embedding model failed"));
            working.into_iter().map(|thread| thread.join().unwrap_or_else(failed)).collect()
        });
        Ok(done.into_iter().collect::<Result<Vec<_>>>()?.concat())
    }

    /// Tokens of a text, with the two that mark its beginning and its end; also those that [`Self::embed`] leaves out.
    pub fn count_tokens(&self, text: &str) -> usize {
        self.0.quick.count_tokens(text).unwrap_or(0)
    }
}

impl Lane {
    /// Works with the session, which is made when it is used first.
    fn with<T>(&self, work: impl FnOnce(&mut TextEmbedding) -> Result<T>) -> Result<T> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *session {
            Some(session) => work(session),
            empty => work(empty.insert(open()?)),
        }
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        self.with(|session| {
            session.embed(texts, Some(BATCH)).map_err(|error| Error::internal("the text cannot be embedded").caused_by(error))
        })
    }

    fn count_tokens(&self, text: &str) -> Result<usize> {
        let failed = |error| Error::internal("the text cannot be cut into tokens").caused_by(error);
        self.with(|session| {
            // The limit is lifted for this one text; nobody else has the session meanwhile.
            let limit = session.tokenizer.get_truncation().cloned();
            session.tokenizer.with_truncation(None).map_err(failed)?;
            let encoding = session.tokenizer.encode_fast(text, true);
            session.tokenizer.with_truncation(limit).map_err(failed)?;
            encoding.map(|encoding| encoding.len()).map_err(failed)
        })
    }
}

fn open() -> Result<TextEmbedding> {
    onnx_api::install();
    // A pool of threads would gain nothing for so few texts, and a question would wait for it.
    tokenizers::utils::parallelism::set_parallelism(false);
    let tokenizer_files = TokenizerFiles {
        tokenizer_file: built_in::TOKENIZER.to_vec(),
        config_file: built_in::CONFIG.to_vec(),
        special_tokens_map_file: built_in::SPECIAL_TOKENS.to_vec(),
        tokenizer_config_file: built_in::TOKENIZER_CONFIG.to_vec(),
    };
    let model = UserDefinedEmbeddingModel::new(MODEL.as_bytes().to_vec(), tokenizer_files).with_pooling(Pooling::Mean);
    let options = InitOptionsUserDefined::new().with_max_length(MOST_TOKENS).with_intra_threads(1);
    TextEmbedding::try_new_from_user_defined(model, options)
        .map_err(|error| Error::internal("the embedding model cannot be opened").caused_by(error))
}

/// Cuts texts into at most so many runs that are about equally long.
fn parts<'a, 't>(mut texts: &'a [&'t str], n_parts: usize) -> Vec<&'a [&'t str]> {
    let share = texts.iter().map(|text| text.len()).sum::<usize>().div_ceil(n_parts.max(1)).max(1);
    let mut parts = Vec::with_capacity(n_parts);
    while !texts.is_empty() {
        let mut len = 0;
        let is_full = |text: &&str| {
            len += text.len();
            len >= share
        };
        let n = if parts.len() + 1 < n_parts { texts.iter().position(is_full).map_or(texts.len(), |last| last + 1) } else { texts.len() };
        let (part, later) = texts.split_at(n);
        parts.push(part);
        texts = later;
    }
    parts
}

/// Lowers the priority of this thread, and of those it starts. It cannot be raised again, so the thread must be one that ends.
fn stand_back() {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "Embedding at normal priority");
    }
}

#[cfg(test)]
mod tests;
