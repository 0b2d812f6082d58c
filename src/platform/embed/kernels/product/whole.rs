//! The left side of a product as whole numbers, for processors that multiply bytes: four products in the time of one.
//!
//! In a state a few numbers are far larger than the rest. One byte for all of them would be too coarse, so each number is `coarse * 256 + fine`,
//! both of them bytes, and a step is so small that most numbers need only the fine part. A product is a pass over the whole panel for the
//! fine parts, and one over the few places that have coarse ones. All sums are exact: what overflows on the way comes back.

use super::{PANEL, Product};
use crate::isa::{Isa, Level};
use crate::shape::HIDDEN;

/// Bits of the fine part.
pub(super) const FINE_BITS: u32 = 8;
/// Largest number that two bytes hold: the coarse part is 127, the fine one too.
const MOST: i32 = 127 * (1 << FINE_BITS) + 127;
/// Rows are a multiple of this long.
pub(super) const STEP: usize = 64;
/// Added to a weight, because the processor multiplies an unsigned byte with a signed one.
const BIAS: i32 = 128;
/// Adding this to a small number rounds it to a whole one, which then lies in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// A fine part reaches so many times the root mean square of its row. With this one place in fifteen needs a coarse part, and the cosine of a
/// passage with the exact vector stays above 0.9997.
const REACH: f32 = 4.0;
/// The same for the long rows in the middle of a layer, most of whose numbers are next to nothing.
const REACH_INNER: f32 = 8.0;
/// Texts of no more tokens are rounded as little as two bytes allow: what rounding does to them is not averaged over many.
const SHORT: usize = 32;

/// Rows of whole numbers. Kept and filled again, so that it takes its memory once.
#[derive(Default)]
pub(crate) struct Whole {
    depth: usize,
    coarse: Vec<i8>,
    fine: Vec<i8>,
    rows: Vec<Row>,
    /// Which rows belong to short texts.
    is_short: Vec<bool>,
}

/// What is known of a row as a whole.
#[derive(Clone, Copy, Default)]
pub(super) struct Row {
    /// What one step of its numbers is worth.
    pub(super) step: f32,
    /// What the bias of the weights adds to its products.
    pub(super) surplus: i32,
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
        assert!(depth > 0 && depth.is_multiple_of(STEP), "rows are a multiple of {STEP} long");
        let n_rows = left.len() / depth;
        self.depth = depth;
        self.coarse.resize(n_rows * depth, 0);
        self.fine.resize(n_rows * depth, 0);
        self.rows.resize(n_rows, Row::default());
        let reach = if depth > HIDDEN { REACH_INNER } else { REACH };
        let places = self.coarse.chunks_exact_mut(depth).zip(self.fine.chunks_exact_mut(depth)).zip(&mut self.rows);
        for (n, (row, ((coarse, fine), about))) in left.chunks_exact(depth).zip(places).enumerate() {
            let is_short = self.is_short.get(n).copied().unwrap_or(true);
            *about = split(isa, row, if is_short { 0.0 } else { reach }, coarse, fine);
        }
    }

    /// The coarse and fine parts of all rows, one row after the other.
    pub(super) fn parts(&self) -> (&[i8], &[i8], &[Row]) {
        (&self.coarse, &self.fine, &self.rows)
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn n_rows(&self) -> usize {
        self.rows.len()
    }
}

/// Largest number in rows of this length: two bytes hold it, and products with bytes fit 32 bits.
fn most(depth: usize) -> i32 {
    i32::try_from(i32::MAX as usize / (128 * depth)).map_or(MOST, |most| most.min(MOST))
}

/// Splits one row, with the instructions that the processor has.
fn split(isa: Isa, row: &[f32], reach: f32, coarse: &mut [i8], fine: &mut [i8]) -> Row {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
        fn avx512(row: &[f32], reach: f32, coarse: &mut [i8], fine: &mut [i8]) -> Row {
            split_body(row, reach, coarse, fine)
        }
        #[expect(unsafe_code, reason = "an Isa exists only for instructions that the processor has")]
        if matches!(isa.level(), Level::Avx512 | Level::Avx512Vnni) {
            return unsafe { avx512(row, reach, coarse, fine) };
        }
    }
    let _ = isa;
    split_body(row, reach, coarse, fine)
}

#[inline(always)]
fn split_body(row: &[f32], reach: f32, coarse: &mut [i8], fine: &mut [i8]) -> Row {
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
    Row { step, surplus: BIAS * sum }
}

/// A product of whole rows with a panel of bytes. Row r of the result begins at `r * out_stride`.
pub(crate) struct WholeProduct<'a> {
    pub(crate) left: &'a Whole,
    pub(crate) panel: &'a [[i8; PANEL]],
    pub(crate) scale: &'a [f32; PANEL],
    pub(crate) bias: &'a [f32; PANEL],
    /// Added to the result; laid out like it.
    pub(crate) added: Option<&'a [f32]>,
    pub(crate) out_stride: usize,
}

impl WholeProduct<'_> {
    /// Computes it into 32 columns of `out`. Panics when a slice is too short for the rows and strides.
    pub(crate) fn run(&self, isa: Isa, out: &mut [f32]) {
        let Some(last) = self.left.n_rows().checked_sub(1) else { return };
        assert_eq!(self.panel.len(), self.left.depth(), "the panel is as deep as the left side");
        assert!(out.len() >= last * self.out_stride + PANEL, "the result has room");
        assert!(self.added.is_none_or(|added| added.len() >= last * self.out_stride + PANEL), "what is added has all its rows");
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "an Isa exists only for instructions that the processor has; the slices were measured above")]
        if isa.level() == Level::Avx512Vnni {
            return unsafe { super::vnni::product(self, out) };
        }
        let _ = isa;
        self.run_plainly(out);
    }

    /// In plain Rust: it defines what the other must give.
    fn run_plainly(&self, out: &mut [f32]) {
        let depth = self.left.depth();
        let (coarse, fine, rows) = self.left.parts();
        for (r, ((coarse, fine), about)) in coarse.chunks_exact(depth).zip(fine.chunks_exact(depth)).zip(rows).enumerate() {
            let mut sums = [0_i32; PANEL];
            for ((coarse, fine), weights) in coarse.iter().zip(fine).zip(self.panel) {
                let left = (i32::from(*coarse) << FINE_BITS) + i32::from(*fine);
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += left * i32::from(*weight);
                }
            }
            let at = r * self.out_stride;
            for (column, sum) in sums.iter().enumerate() {
                let added = self.added.map_or(0.0, |added| added[at + column]);
                out[at + column] = *sum as f32 * about.step * self.scale[column] + self.bias[column] + added;
            }
        }
    }

    /// As [`Product::blocks`].
    pub(super) fn blocks(&self, most: usize) -> impl Iterator<Item = (usize, usize)> {
        Product::blocks_of(self.left.n_rows(), most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn scalar() -> Isa {
        Isa::available().next().unwrap()
    }

    /// Rows as whole numbers; `is_short` says how closely.
    fn whole(isa: Isa, left: &[f32], depth: usize, is_short: bool) -> Whole {
        let mut whole = Whole { is_short: vec![is_short; left.len() / depth], ..Whole::default() };
        whole.fill(isa, left, depth);
        whole
    }

    fn run(isa: Isa, left: &[f32], panel: &[[i8; PANEL]], added: Option<&[f32]>, is_short: bool) -> Vec<f32> {
        let whole = whole(isa, left, panel.len(), is_short);
        let (scale, bias) = (std::array::from_fn(|i| i as f32 * 0.001), std::array::from_fn(|i| i as f32 - 16.0));
        let stride = PANEL + 3;
        let mut out = vec![7.0; left.len() / panel.len() * stride];
        WholeProduct { left: &whole, panel, scale: &scale, bias: &bias, added, out_stride: stride }.run(isa, &mut out);
        out
    }

    /// Numbers as states have them: most are small, some are not.
    fn numbers(n: usize) -> impl Strategy<Value = Vec<f32>> {
        vec(prop_oneof![20 => -1.0_f32..1.0, 1 => -60.0_f32..60.0], n)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_product_equals_the_plain_one(
            (n_rows, panel, left, added, is_short) in (0_usize..30, 1_usize..5).prop_flat_map(|(n_rows, steps)| (
                Just(n_rows),
                vec(prop::array::uniform32(any::<i8>()), steps * STEP),
                numbers(n_rows * steps * STEP),
                prop::option::of(vec(-1.0_f32..1.0, n_rows * (PANEL + 3))),
                any::<bool>(),
            ))
        ) {
            let want = run(scalar(), &left, &panel, added.as_deref(), is_short);
            prop_assert_eq!(want.len(), n_rows * (PANEL + 3));
            for isa in Isa::available() {
                for (got, want) in run(isa, &left, &panel, added.as_deref(), is_short).into_iter().zip(&want) {
                    prop_assert!((got - want).abs() <= 1e-3 + want.abs() * 1e-5, "{}: {got}, not {want}", isa.name());
                }
            }
        }

        #[test]
        fn no_number_moves_by_more_than_half_a_step(row in numbers(2 * STEP), is_short in any::<bool>()) {
            for isa in Isa::available() {
                let whole = whole(isa, &row, row.len(), is_short);
                let (coarse, fine, about) = whole.parts();
                let numbers: Vec<i32> =
                    coarse.iter().zip(fine).map(|(coarse, fine)| (i32::from(*coarse) << FINE_BITS) + i32::from(*fine)).collect();
                prop_assert_eq!(about[0].surplus, BIAS * numbers.iter().sum::<i32>());
                for (number, value) in numbers.iter().zip(&row) {
                    prop_assert!((*number as f32 * about[0].step - value).abs() <= about[0].step * 0.52, "{number} for {value}");
                }
            }
        }
    }

    #[test]
    fn the_largest_sums_do_not_overflow() {
        for (depth, left, weight) in [(1536, 1.0, i8::MAX), (1536, 1.0, i8::MIN), (1536, -1.0, i8::MAX), (384, -1.0, i8::MIN)] {
            let (left, panel) = (vec![left; depth], vec![[weight; PANEL]; depth]);
            let exact = depth as f32 * left[0] * f32::from(weight) * 0.031 + 15.0;
            for isa in Isa::available() {
                let got = run(isa, &left, &panel, None, true);
                assert!((got[31] - exact).abs() <= exact.abs() * 1e-4, "{}: {} for {exact}", isa.name(), got[31]);
            }
        }
    }

    #[test]
    fn zeros_and_nonsense_do_no_harm() {
        let mut left = [0.0; 2 * STEP];
        left[STEP..STEP + 4].copy_from_slice(&[f32::NAN, 1.0, f32::INFINITY, -1.0]);
        for isa in Isa::available() {
            let out = run(isa, &left, &[[1; PANEL]; STEP], None, false);
            assert!((out[0] + 16.0).abs() < 1e-6, "{}", isa.name());
        }
    }

    #[test]
    #[should_panic(expected = "the panel is as deep as the left side")]
    fn a_panel_of_another_depth_is_refused() {
        let whole = whole(Isa::best(), &[1.0; 2 * STEP], 2 * STEP, true);
        let panel = [[0; PANEL]; STEP];
        WholeProduct { left: &whole, panel: &panel, scale: &[1.0; PANEL], bias: &[0.0; PANEL], added: None, out_stride: PANEL }
            .run(Isa::best(), &mut [0.0; PANEL]);
    }
}
