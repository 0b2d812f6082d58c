//! Vectors in memory, searched by direction: each number is one byte. The caller makes the best hits exact.
//!
//! Vectors lie in blocks that never change once somebody may read them. A search takes the list of blocks as it is at that moment and needs
//! no lock afterwards; a change makes a new list that shares all blocks but the few it touches. So searches never wait for changes, and
//! see each change as a whole. Nothing is stored: after a restart the index is filled from rows.

mod block;
mod search;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use cxbox_kernels::Isa;

use self::block::{BLOCK, Block, Places, together};
use self::search::search;
use crate::base::{Error, Result};

/// Rows are padded with zeros to a multiple of this, as the kernels want them.
const STEP: usize = 64;
/// A vector that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Under which id it was added.
    pub id: i64,
    /// Its cosine with the query, to about two digits when all vectors have length one.
    pub score: f32,
}

/// The index. Share it in an `Arc`.
pub struct VectorIndex {
    isa: Isa,
    dimensions: usize,
    blocks: RwLock<Arc<Vec<Block>>>,
    /// Held by the one who changes something.
    places: Mutex<Places>,
}

impl fmt::Debug for VectorIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorIndex").field("dimensions", &self.dimensions).field("len", &self.len()).finish_non_exhaustive()
    }
}

impl VectorIndex {
    /// An empty index for vectors of so many numbers.
    pub fn new(dimensions: usize) -> Self {
        Self { isa: Isa::best(), dimensions, blocks: RwLock::default(), places: Mutex::default() }
    }

    /// Adds vectors. One whose id is there already takes its place; of one id given twice the last counts. All of them become visible at once.
    /// Fails without any change when a vector has another number of dimensions.
    pub fn add<'v>(&self, vectors: impl IntoIterator<Item = (i64, &'v [f32])>) -> Result<()> {
        let vectors: Vec<_> = vectors.into_iter().collect();
        vectors.iter().try_for_each(|(_, vector)| self.check(vector))?;
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut blocks = self.blocks().as_ref().clone();
        for (id, vector) in vectors {
            places.forget(&mut blocks, id);
            places.put(&mut blocks, id, self.width(), |rows| rows.push(vector));
        }
        self.publish(&mut places, blocks);
        Ok(())
    }

    /// Removes vectors. Ids that are not there are no error.
    pub fn remove(&self, ids: impl IntoIterator<Item = i64>) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut blocks = self.blocks().as_ref().clone();
        for id in ids {
            places.forget(&mut blocks, id);
        }
        self.publish(&mut places, blocks);
    }

    /// Replaces everything by what comes from rows. Until it is complete, searches see what was there before; when it fails, that stays.
    pub fn rebuild(&self, vectors: impl IntoIterator<Item = Result<(i64, Vec<f32>)>>) -> Result<()> {
        let mut current = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut places, mut blocks) = (Places::default(), Vec::new());
        for vector in vectors {
            let (id, vector) = vector?;
            self.check(&vector)?;
            places.forget(&mut blocks, id);
            places.put(&mut blocks, id, self.width(), |rows| rows.push(&vector));
        }
        *current = places;
        self.publish(&mut current, blocks);
        Ok(())
    }

    /// The `most` vectors that point most nearly where the query does and whose id is wanted, the nearest first.
    ///
    /// Bytes are coarse: of vectors that are nearly equally near, the order may differ from the exact one. Who needs the best ten asks for
    /// fifty and computes [`dot`](super::dot) with the exact vectors.
    pub fn search(&self, query: &[f32], most: usize, wanted: impl Fn(i64) -> bool) -> Result<Vec<Near>> {
        self.check(query)?;
        Ok(search(self.isa, &self.blocks(), query, self.width(), most, wanted))
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers of a vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn width(&self) -> usize {
        self.dimensions.max(1).next_multiple_of(STEP)
    }

    fn check(&self, vector: &[f32]) -> Result<()> {
        if vector.len() == self.dimensions {
            return Ok(());
        }
        Err(Error::internal(format!("a vector of {} numbers does not fit an index of {}", vector.len(), self.dimensions)))
    }

    fn blocks(&self) -> Arc<Vec<Block>> {
        Arc::clone(&self.blocks.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a new list of blocks the one that searches see. When a quarter of all places is of no use, the rest moves together first.
    fn publish(&self, places: &mut Places, mut blocks: Vec<Block>) {
        if places.n_gone > BLOCK && places.n_gone > places.by_id.len() / 3 {
            (*places, blocks) = together(&blocks, self.width());
        }
        *self.blocks.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(blocks);
    }
}
