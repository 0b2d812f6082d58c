//! Blocks of vectors, and where in them each vector is.

use std::collections::HashMap;
use std::sync::Arc;

use cxbox_kernels::{BIAS, quantise, signs};

/// Vectors of a block: what a change copies at most, so not too many.
pub(super) const BLOCK: usize = 1024;
/// Stands where a vector was removed. No row of a database has this id.
pub(super) const GONE: i64 = i64::MIN;

/// Where each vector is, and how many places are of no use any more.
#[derive(Default)]
pub(super) struct Places {
    pub(super) by_id: HashMap<i64, (usize, usize)>,
    pub(super) n_gone: usize,
}

/// Up to [`BLOCK`] vectors. Cheap to clone.
#[derive(Clone)]
pub(super) struct Block {
    pub(super) rows: Arc<Rows>,
    pub(super) ids: Arc<Vec<i64>>,
}

pub(super) struct Rows {
    pub(super) bytes: Vec<u8>,
    pub(super) scales: Vec<f32>,
    /// One bit for each number, one after the other.
    pub(super) signs: Vec<u64>,
    width: usize,
}

impl Rows {
    fn new(width: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(BLOCK * width),
            scales: Vec::with_capacity(BLOCK),
            signs: Vec::with_capacity(BLOCK * width / u64::BITS as usize),
            width,
        }
    }

    pub(super) fn push(&mut self, vector: &[f32]) {
        let quantised = quantise(vector);
        let start = self.bytes.len();
        self.bytes.extend(quantised.values.iter().map(|value| value.cast_unsigned().wrapping_add(BIAS)));
        self.bytes.resize(start + self.width, BIAS);
        self.scales.push(quantised.scale);
        self.signs.extend(signs(vector));
    }

    /// The bytes of one vector.
    pub(super) fn row(&self, slot: usize) -> &[u8] {
        &self.bytes[slot * self.width..][..self.width]
    }

    fn push_from(&mut self, other: &Self, slot: usize) {
        let words = self.width / u64::BITS as usize;
        self.bytes.extend_from_slice(other.row(slot));
        self.scales.push(other.scales[slot]);
        self.signs.extend_from_slice(&other.signs[slot * words..][..words]);
    }
}

impl Clone for Rows {
    /// With room for the rows that are still to come.
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.width);
        copy.bytes.extend_from_slice(&self.bytes);
        copy.scales.extend_from_slice(&self.scales);
        copy.signs.extend_from_slice(&self.signs);
        copy
    }
}

impl Places {
    /// Appends a vector; `push` writes it.
    pub(super) fn put(&mut self, blocks: &mut Vec<Block>, id: i64, width: usize, push: impl FnOnce(&mut Rows)) {
        if blocks.last().is_none_or(|block| block.ids.len() == BLOCK) {
            blocks.push(Block { rows: Arc::new(Rows::new(width)), ids: Arc::default() });
        }
        let at = blocks.len() - 1;
        let Block { rows, ids } = &mut blocks[at];
        self.by_id.insert(id, (at, ids.len()));
        push(Arc::make_mut(rows));
        Arc::make_mut(ids).push(id);
    }

    pub(super) fn forget(&mut self, blocks: &mut [Block], id: i64) {
        if let Some((block, slot)) = self.by_id.remove(&id) {
            Arc::make_mut(&mut blocks[block].ids)[slot] = GONE;
            self.n_gone += 1;
        }
    }
}

/// The same vectors without gaps.
pub(super) fn together(blocks: &[Block], width: usize) -> (Places, Vec<Block>) {
    let (mut places, mut dense) = (Places::default(), Vec::new());
    for block in blocks {
        for (slot, id) in block.ids.iter().enumerate().filter(|(_, id)| **id != GONE) {
            places.put(&mut dense, *id, width, |rows| rows.push_from(&block.rows, slot));
        }
    }
    (places, dense)
}
