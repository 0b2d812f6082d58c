//! One search: all vectors when they are few; else first their signs, and then the bytes of those whose signs differ least.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use cxbox_kernels::{Isa, Query, differences, quantise, signs, soon};

use super::Near;
use super::block::{BLOCK, Block, GONE};

/// Up to so many vectors are all looked at: their bytes fit the cache of a processor.
const FEW: usize = 32 * BLOCK;
/// Of more, this many times the wanted hits are looked at closely. Signs are a coarse picture: with a third of it one true hit in twenty is lost.
const CLOSELY: usize = 60;
/// So many of those are on their way to the processor while one is looked at.
const AHEAD: usize = 8;

/// The `most` best of all blocks, the nearest first.
pub(super) fn search(isa: Isa, blocks: &[Block], query: &[f32], width: usize, most: usize, wanted: impl Fn(i64) -> bool) -> Vec<Near> {
    let quantised = quantise(query);
    let mut padded = quantised.values;
    padded.resize(width, 0);
    let padded = Query::new(padded);
    let mut best = Best { most, heap: BinaryHeap::with_capacity(most.min(BLOCK) + 1) };
    let score = |dot: i32, block: &Block, slot: usize| dot as f32 * block.rows.scales[slot] * quantised.scale;
    if blocks.len() * BLOCK <= FEW {
        let mut dots = [0; BLOCK];
        for block in blocks {
            let dots = &mut dots[..block.ids.len()];
            padded.scan(isa, &block.rows.bytes, dots);
            for (slot, (dot, id)) in dots.iter().zip(block.ids.iter()).enumerate() {
                best.offer(score(*dot, block, slot), *id, &wanted);
            }
        }
    } else {
        let close = closest(isa, blocks, query, most.saturating_mul(CLOSELY), &wanted);
        for (n, (block, slot)) in close.iter().enumerate() {
            if let Some((block, slot)) = close.get(n + AHEAD) {
                soon(blocks[*block].rows.row(*slot));
            }
            let (block, mut dot) = (&blocks[*block], [0]);
            padded.scan(isa, block.rows.row(*slot), &mut dot);
            best.offer(score(dot[0], block, *slot), block.ids[*slot], &wanted);
        }
    }
    best.in_order()
}

/// The places of about `most` wanted vectors whose signs differ least from the query's, or a few more when many are equal.
fn closest(isa: Isa, blocks: &[Block], query: &[f32], most: usize, wanted: &impl Fn(i64) -> bool) -> Vec<(usize, usize)> {
    const UNWANTED: u16 = u16::MAX;
    let query: Vec<u64> = signs(query).collect();
    let mut all = vec![UNWANTED; blocks.len() * BLOCK];
    let mut n_with = vec![0_usize; query.len() * u64::BITS as usize + 1];
    for (block, place) in blocks.iter().zip(all.chunks_exact_mut(BLOCK)) {
        let place = &mut place[..block.ids.len()];
        differences(isa, &block.rows.signs, &query, place);
        for (difference, id) in place.iter_mut().zip(block.ids.iter()) {
            if *id != GONE && wanted(*id) {
                n_with[usize::from(*difference)] += 1;
            } else {
                *difference = UNWANTED;
            }
        }
    }
    let mut n_closer = 0;
    let enough = n_with.iter().position(|n| {
        n_closer += n;
        n_closer >= most
    });
    let limit = enough.and_then(|limit| u16::try_from(limit).ok()).unwrap_or(UNWANTED - 1);
    let close = all.iter().enumerate().filter(|(_, difference)| **difference <= limit);
    close.map(|(place, _)| (place / BLOCK, place % BLOCK)).collect()
}

/// The best hits so far, the worst of them on top.
struct Best {
    most: usize,
    heap: BinaryHeap<Reverse<Candidate>>,
}

impl Best {
    fn offer(&mut self, score: f32, id: i64, wanted: impl Fn(i64) -> bool) {
        let candidate = Candidate { score, id };
        let enters = self.heap.len() < self.most || self.heap.peek().is_some_and(|Reverse(last)| candidate > *last);
        if enters && id != GONE && wanted(id) {
            self.heap.push(Reverse(candidate));
            if self.heap.len() > self.most {
                self.heap.pop();
            }
        }
    }

    fn in_order(self) -> Vec<Near> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse(Candidate { score, id })| Near { id, score }).collect()
    }
}

/// A hit while searching: the better one is the greater; of equals the older one.
#[derive(PartialEq)]
struct Candidate {
    score: f32,
    id: i64,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.id.cmp(&self.id))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
