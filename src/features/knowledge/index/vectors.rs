//! Vectors in memory, one index for each model.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tracing::error;

use crate::platform::embed::VectorIndex;

/// All vectors that searches use.
#[derive(Debug, Default)]
pub(super) struct Vectors {
    spaces: RwLock<HashMap<String, Arc<VectorIndex>>>,
}

impl Vectors {
    /// Adds vectors of any spaces. A vector of another length than those of its space is left out: its chunk is still found by words.
    pub(super) fn add<'a>(&self, vectors: impl Iterator<Item = (i64, &'a str, &'a [f32])>) {
        let mut by_space: HashMap<&str, Vec<(i64, &[f32])>> = HashMap::new();
        for (seq, space, vector) in vectors {
            by_space.entry(space).or_default().push((seq, vector));
        }
        for (space, vectors) in by_space {
            let Some(n) = vectors.first().map(|(_, vector)| vector.len()) else { continue };
            let index = self.space(space, n);
            if let Err(failure) = index.add(vectors) {
                error!("Vectors of {space} cannot be searched: {failure}");
            }
        }
    }

    /// Removes vectors from every space.
    pub(super) fn remove(&self, seqs: &[i64]) {
        for index in self.spaces.read().unwrap_or_else(PoisonError::into_inner).values() {
            index.remove(seqs.iter().copied());
        }
    }

    /// The nearest vectors of a space that may be shown.
    pub(super) fn search(&self, space: &str, question: &[f32], limit: usize, may_show: impl Fn(u64) -> bool) -> Vec<(i64, f32)> {
        let index = self.spaces.read().unwrap_or_else(PoisonError::into_inner).get(space).cloned();
        let Some(index) = index else { return Vec::new() };
        match index.search(question, limit, |seq| may_show(seq.unsigned_abs())) {
            Ok(found) => found.into_iter().map(|near| (near.id, near.score)).collect(),
            Err(failure) => {
                error!("Vectors of {space} cannot be searched: {failure}");
                Vec::new()
            }
        }
    }

    fn space(&self, space: &str, n_dimensions: usize) -> Arc<VectorIndex> {
        let mut spaces = self.spaces.write().unwrap_or_else(PoisonError::into_inner);
        spaces.entry(space.to_owned()).or_insert_with(|| Arc::new(VectorIndex::new(n_dimensions))).clone()
    }
}
