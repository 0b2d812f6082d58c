//! The product of whole numbers with a panel of weights.

use super::PANEL;
use super::turned::Turned;
use super::whole::{Block, FINE_BITS, FOUR, Whole};

/// A product of whole rows with a panel of bytes. Row r of the result begins at `r * out_stride`.
pub(crate) struct WholeProduct<'a> {
    pub(crate) left: &'a Whole,
    pub(crate) panel: &'a Turned,
    pub(crate) scale: &'a [f32; PANEL],
    pub(crate) bias: &'a [f32; PANEL],
    /// Added to the result; laid out like it.
    pub(crate) added: Option<&'a [f32]>,
    pub(crate) out_stride: usize,
}

impl WholeProduct<'_> {
    /// Panics when a slice is too short for the rows and strides.
    pub(super) fn measure(&self, out: &[f32]) {
        let Some(last) = self.left.n_rows().checked_sub(1) else { return };
        assert_eq!(self.panel.fours().len() * FOUR, self.left.depth(), "the panel is as deep as the left side");
        assert!(out.len() >= last * self.out_stride + PANEL, "the result has room");
        assert!(self.added.is_none_or(|added| added.len() >= last * self.out_stride + PANEL), "what is added has all its rows");
    }

    /// Computes it in plain Rust: it defines what the other must give.
    pub(super) fn run_plainly(&self, out: &mut [f32]) {
        for block in self.left.blocks() {
            self.run_block(&block, out);
        }
    }

    fn run_block(&self, block: &Block<'_>, out: &mut [f32]) {
        let height = block.rows.len();
        for (n, about) in block.rows.iter().enumerate() {
            let mut sums = [0_i32; PANEL];
            for (place, four) in block.places.iter().zip(block.coarse.iter().skip(n).step_by(height)) {
                add(&mut sums, &self.panel.fours()[usize::from(*place)].0, four);
            }
            sums = sums.map(|sum| sum << FINE_BITS);
            for (weights, four) in self.panel.fours().iter().zip(block.fine.iter().skip(n).step_by(height)) {
                add(&mut sums, &weights.0, four);
            }
            let at = (block.first + n) * self.out_stride;
            for (column, sum) in sums.iter().enumerate() {
                let added = self.added.map_or(0.0, |added| added[at + column]);
                let exact = sum.wrapping_sub(about.surplus) as f32 * about.step;
                out[at + column] = exact * self.scale[column] + self.bias[column] + added;
            }
        }
    }
}

/// Adds the products of four bytes with the four weights of each column.
fn add(sums: &mut [i32; PANEL], weights: &[u8; FOUR * PANEL], left: &[i8; FOUR]) {
    for (sum, weights) in sums.iter_mut().zip(weights.as_chunks::<FOUR>().0) {
        for (weight, left) in weights.iter().zip(left) {
            *sum = sum.wrapping_add(i32::from(*weight) * i32::from(*left));
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::Isa;

    /// Deepest multiple of rows that the tests go through.
    const STEP: usize = 64;

    fn scalar() -> Isa {
        Isa::available().next().unwrap()
    }

    /// Rows as whole numbers; `is_short` says how closely.
    pub(in super::super) fn whole(isa: Isa, left: &[f32], depth: usize, is_short: bool) -> Whole {
        let (mut whole, n_rows) = (Whole::default(), left.len() / depth);
        whole.of_texts(if is_short { vec![1; n_rows] } else { vec![1000] }.into_iter());
        whole.fill(isa, left, depth);
        whole
    }

    fn run(isa: Isa, left: &[f32], panel: &[[i8; PANEL]], added: Option<&[f32]>, is_short: bool) -> Vec<f32> {
        let (whole, mut turned) = (whole(isa, left, panel.len(), is_short), Turned::default());
        turned.fill(isa, panel);
        let (scale, bias) = (std::array::from_fn(|i| i as f32 * 0.001), std::array::from_fn(|i| i as f32 - 16.0));
        let stride = PANEL + 3;
        let mut out = vec![7.0; left.len() / panel.len() * stride];
        WholeProduct { left: &whole, panel: &turned, scale: &scale, bias: &bias, added, out_stride: stride }.run(isa, &mut out);
        out
    }

    /// Numbers as states have them: most are small, some are not.
    pub(in super::super) fn numbers(n: usize) -> impl Strategy<Value = Vec<f32>> {
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
        fn products_of_whole_numbers_are_near_the_exact_ones(
            (panel, left) in (vec(prop::array::uniform32(any::<i8>()), STEP), (1_usize..14).prop_flat_map(|n_rows| numbers(n_rows * STEP)))
        ) {
            let (got, stride) = (run(scalar(), &left, &panel, None, true), PANEL + 3);
            for (row, got) in left.chunks_exact(STEP).zip(got.chunks_exact(stride)) {
                let most = row.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
                for (column, got) in got.iter().enumerate().take(PANEL) {
                    let sum: f32 = row.iter().zip(&panel).map(|(value, weights)| value * f32::from(weights[column])).sum();
                    let want = sum * column as f32 * 0.001 + column as f32 - 16.0;
                    // Each number may be off by half a step, of which the largest has more than 32,000.
                    prop_assert!((got - want).abs() <= 1e-3 + most * 0.01, "{got}, not {want}");
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
        let (whole, mut turned) = (whole(Isa::best(), &[1.0; 2 * STEP], 2 * STEP, true), Turned::default());
        turned.fill(Isa::best(), &[[0; PANEL]; STEP]);
        WholeProduct { left: &whole, panel: &turned, scale: &[1.0; PANEL], bias: &[0.0; PANEL], added: None, out_stride: PANEL }
            .run(Isa::best(), &mut [0.0; PANEL]);
    }
}
