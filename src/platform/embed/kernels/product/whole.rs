//! The left side of a product as whole numbers, for processors that multiply bytes: four products in the time of one.
//!
//! In a state a few numbers are far larger than the rest. One byte for all of them would be too coarse, so each number is `coarse * 256 + fine`,
//! both of them bytes, and a step is so small that most numbers need only the fine part. A product is a pass over the whole panel for the
//! fine parts, and one over the few places that have coarse ones. All sums are exact: what overflows on the way comes back.

use super::blocks_of;
use crate::isa::{Isa, Level};
use crate::shape::HIDDEN;

/// Bytes of a row that are multiplied at once.
pub(super) const FOUR: usize = 4;
/// Rows of a block, at most: their sums, four rows of the panel and a piece of the left side fill the 32 registers.
pub(super) const HEIGHT: usize = 12;
/// Bits of the fine part.
pub(super) const FINE_BITS: u32 = 8;
/// Largest number that two bytes hold: the coarse part is 127, the fine one too.
const MOST: i32 = 127 * (1 << FINE_BITS) + 127;
/// Added to a weight, because the processor multiplies an unsigned byte with a signed one.
pub(super) const BIAS: u8 = 128;
/// Adding this to a small number rounds it to a whole one, which then lies in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// A fine part reaches so many times the root mean square of its row. With this one place in fifteen needs a coarse part, and the cosine of a
/// passage with the exact vector stays above 0.9997.
const REACH: f32 = 4.0;
/// The same for the long rows in the middle of a layer, most of whose numbers are next to nothing.
const REACH_INNER: f32 = 8.0;
/// Texts of no more tokens are rounded as little as two bytes allow: what rounding does to them is not averaged over many.
const SHORT: usize = 32;

/// Rows of whole numbers, in blocks as they are multiplied. Kept and filled again, so that it takes its memory once.
#[derive(Default)]
pub(crate) struct Whole {
    depth: usize,
    rows: Vec<Row>,
    blocks: Vec<Extent>,
    /// Of each block the first four fine bytes of every row, then the next four of every row, and so on.
    fine: Vec<[i8; FOUR]>,
    /// The same of the coarse bytes, without places where no row of the block has any.
    coarse: Vec<[i8; FOUR]>,
    /// Which places those are that were not left out.
    places: Vec<u16>,
    /// Which rows belong to short texts.
    is_short: Vec<bool>,
    split: Split,
}

/// What is known of a row as a whole.
#[derive(Clone, Copy, Default)]
pub(super) struct Row {
    /// What one step of its numbers is worth.
    pub(super) step: f32,
    /// What the bias of the weights adds to its products.
    pub(super) surplus: i32,
}

/// Where a block lies among rows and places.
struct Extent {
    rows: std::ops::Range<usize>,
    places: std::ops::Range<usize>,
    /// Where its coarse bytes begin.
    coarse: usize,
}

/// A few rows that are multiplied together.
pub(super) struct Block<'a> {
    /// Number of its first row.
    pub(super) first: usize,
    pub(super) rows: &'a [Row],
    pub(super) fine: &'a [[i8; FOUR]],
    pub(super) places: &'a [u16],
    /// Four bytes of each row for each of the places.
    pub(super) coarse: &'a [[i8; FOUR]],
}

impl Whole {
    /// Whether products with whole numbers are the fast ones on this processor.
    pub(crate) fn suits(isa: Isa) -> bool {
        cfg!(target_arch = "x86_64") && isa.level() == Level::Avx512Vnni
    }

    /// Says of which texts the rows are that it is filled with from now on.
    pub(crate) fn of_texts(&mut self, n_tokens: impl Iterator<Item = usize>) {
        self.is_short.clear();
        for n_tokens in n_tokens {
            self.is_short.extend(std::iter::repeat_n(n_tokens <= SHORT, n_tokens));
        }
    }

    /// Rounds each row by itself. Panics when rows have another length than products can be computed of.
    pub(crate) fn fill(&mut self, isa: Isa, left: &[f32], depth: usize) {
        assert!(depth > 0 && depth.is_multiple_of(FOUR), "rows are a multiple of {FOUR} long");
        self.depth = depth;
        self.rows.clear();
        self.blocks.clear();
        self.coarse.clear();
        self.places.clear();
        self.fine.resize(left.len() / FOUR, [0; FOUR]);
        for (first, n_rows) in blocks_of(left.len() / depth, HEIGHT) {
            self.take(isa, first, &left[first * depth..][..n_rows * depth]);
        }
    }

    /// Rounds the rows of one block and lays them out.
    fn take(&mut self, isa: Isa, first: usize, left: &[f32]) {
        let (depth, n_fours, n_rows) = (self.depth, self.depth / FOUR, left.len() / self.depth);
        let reach = if depth > HIDDEN { REACH_INNER } else { REACH };
        self.split.fit(depth, n_rows);
        for (n, row) in left.chunks_exact(depth).enumerate() {
            let is_short = self.is_short.get(first + n).copied().unwrap_or(true);
            self.rows.push(self.split.row(isa, n, row, if is_short { 0.0 } else { reach }));
        }
        let fine = &mut self.fine[first * n_fours..][..n_rows * n_fours];
        for (n, row) in self.split.fine.as_chunks::<FOUR>().0.chunks_exact(n_fours).enumerate() {
            for (place, four) in fine.iter_mut().skip(n).step_by(n_rows).zip(row) {
                *place = *four;
            }
        }
        let (begin, begin_coarse) = (self.places.len(), self.coarse.len());
        self.places.extend(self.split.coarse_places());
        let coarse = self.split.coarse.as_chunks::<FOUR>().0;
        for place in &self.places[begin..] {
            self.coarse.extend(coarse.iter().skip(usize::from(*place)).step_by(n_fours));
        }
        self.blocks.push(Extent { rows: first..first + n_rows, places: begin..self.places.len(), coarse: begin_coarse });
    }

    /// All rows, block by block.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let n_fours = self.depth / FOUR;
        self.blocks.iter().map(move |Extent { rows, places, coarse }| Block {
            first: rows.start,
            rows: &self.rows[rows.clone()],
            fine: &self.fine[rows.start * n_fours..rows.end * n_fours],
            places: &self.places[places.clone()],
            coarse: &self.coarse[*coarse..][..places.len() * rows.len()],
        })
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn n_rows(&self) -> usize {
        self.rows.len()
    }
}

/// The rows of a block while they are rounded, one after the other.
#[derive(Default)]
struct Split {
    depth: usize,
    coarse: Vec<i8>,
    fine: Vec<i8>,
    /// Bits that are set in the coarse byte of some row.
    any: Vec<i8>,
}

impl Split {
    fn fit(&mut self, depth: usize, n_rows: usize) {
        self.depth = depth;
        self.coarse.resize(n_rows * depth, 0);
        self.fine.resize(n_rows * depth, 0);
    }

    /// Splits one row, with the instructions that the processor has.
    fn row(&mut self, isa: Isa, n: usize, row: &[f32], reach: f32) -> Row {
        let place = n * self.depth..(n + 1) * self.depth;
        let (coarse, fine) = (&mut self.coarse[place.clone()], &mut self.fine[place]);
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
            fn avx512(row: &[f32], reach: f32, coarse: &mut [i8], fine: &mut [i8]) -> Row {
                split(row, reach, coarse, fine)
            }
            #[expect(unsafe_code, reason = "an Isa exists only for instructions that the processor has")]
            if matches!(isa.level(), Level::Avx512 | Level::Avx512Vnni) {
                return unsafe { avx512(row, reach, coarse, fine) };
            }
        }
        let _ = isa;
        split(row, reach, coarse, fine)
    }

    /// Numbers of the fours of which some row has a coarse byte.
    fn coarse_places(&mut self) -> impl Iterator<Item = u16> {
        self.any.clear();
        self.any.resize(self.depth, 0);
        for row in self.coarse.chunks_exact(self.depth) {
            for (any, coarse) in self.any.iter_mut().zip(row) {
                *any |= coarse;
            }
        }
        (0u16..).zip(self.any.as_chunks::<FOUR>().0).filter(|(_, any)| **any != [0; FOUR]).map(|(place, _)| place)
    }
}

/// Largest number in rows of this length: two bytes hold it, and products with bytes fit 32 bits.
fn most(depth: usize) -> i32 {
    i32::try_from(i32::MAX as usize / (128 * depth)).map_or(MOST, |most| most.min(MOST))
}

#[inline(always)]
fn split(row: &[f32], reach: f32, coarse: &mut [i8], fine: &mut [i8]) -> Row {
    const STRANDS: usize = 16;
    let (mut largest, mut squares) = ([0.0_f32; STRANDS], [0.0_f32; STRANDS]);
    for chunk in row.as_chunks::<STRANDS>().0 {
        for ((largest, square), value) in largest.iter_mut().zip(&mut squares).zip(chunk) {
            *largest = if value.abs() > *largest { value.abs() } else { *largest };
            *square += value * value;
        }
    }
    let (most, largest) = (most(row.len()), largest.iter().fold(0.0_f32, |a, b| a.max(*b)));
    let spread = (squares.iter().sum::<f32>() / row.len() as f32).sqrt();
    let step = (reach * spread / 127.0).max(largest / most as f32).max(1e-20);
    let factor = 1.0 / step;
    let mut sum = 0_i32;
    for ((value, coarse), fine) in row.iter().zip(coarse).zip(fine) {
        let rounded = (value * factor + ROUND).to_bits().wrapping_sub(ROUND.to_bits()).cast_signed().clamp(-most, most);
        let upper = (rounded + (1 << (FINE_BITS - 1))) >> FINE_BITS;
        *coarse = upper as i8;
        *fine = (rounded - (upper << FINE_BITS)) as i8;
        sum += rounded;
    }
    Row { step, surplus: i32::from(BIAS) * sum }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::whole_product::tests::{numbers, whole};
    use super::*;

    /// The numbers of a row, put together again.
    fn row(whole: &Whole, n: usize) -> Vec<i32> {
        let block = whole.blocks().find(|block| (block.first..block.first + block.rows.len()).contains(&n)).unwrap();
        let (n, height) = (n - block.first, block.rows.len());
        let mut row: Vec<i32> = block.fine.iter().skip(n).step_by(height).flatten().map(|fine| i32::from(*fine)).collect();
        for (place, four) in block.places.iter().zip(block.coarse.iter().skip(n).step_by(height)) {
            for (number, coarse) in row[usize::from(*place) * FOUR..].iter_mut().zip(four) {
                *number += i32::from(*coarse) << FINE_BITS;
            }
        }
        row
    }

    proptest! {
        #[test]
        fn no_number_moves_by_more_than_half_a_step(left in (1_usize..30).prop_flat_map(|n_rows| numbers(n_rows * 64)), is_short in any::<bool>()) {
            for isa in Isa::available() {
                let whole = whole(isa, &left, 64, is_short);
                prop_assert_eq!(whole.n_rows(), left.len() / 64);
                for (n, (values, about)) in left.chunks_exact(64).zip(&whole.rows).enumerate() {
                    let numbers = row(&whole, n);
                    prop_assert_eq!(about.surplus, i32::from(BIAS) * numbers.iter().sum::<i32>());
                    for (number, value) in numbers.iter().zip(values) {
                        prop_assert!((*number as f32 * about.step - value).abs() <= about.step * 0.52, "{number} for {value}");
                    }
                }
            }
        }
    }

    #[test]
    fn places_without_coarse_bytes_are_left_out() {
        let mut left = vec![1.0; 13 * 64];
        left[64 + 9] = 50.0;
        for isa in Isa::available() {
            let whole = whole(isa, &left, 64, false);
            let places: Vec<_> = whole.blocks().map(|block| (block.first, block.rows.len(), block.places.to_vec())).collect();
            assert_eq!(places, [(0, 7, vec![2]), (7, 6, vec![])], "{}", isa.name());
        }
    }
}
