//! Every product on this processor agrees with the plain one, for all heights, depths and strides.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{PANEL, Panel, Product};
use crate::isa::{Isa, Level};

/// A product with random content; `run` computes it on an instruction set.
#[derive(Debug)]
struct Case {
    n_rows: usize,
    depth: usize,
    strides: (usize, usize),
    left: Vec<f32>,
    plain: Vec<[f32; PANEL]>,
    bytes: Vec<[i8; PANEL]>,
    scale: [f32; PANEL],
    bias: [f32; PANEL],
    added: Option<Vec<f32>>,
}

impl Case {
    fn run(&self, isa: Isa, bytes: bool) -> Vec<f32> {
        let panel =
            if bytes { Panel::Bytes { rows: &self.bytes, scale: &self.scale, bias: &self.bias } } else { Panel::Plain(&self.plain) };
        let mut out = vec![7.0; self.n_rows * self.strides.1];
        let product = Product {
            left: &self.left,
            left_stride: self.strides.0,
            n_rows: self.n_rows,
            panel,
            added: self.added.as_deref(),
            out_stride: self.strides.1,
        };
        product.run(isa, &mut out);
        out
    }
}

prop_compose! {
    fn case()(n_rows in 0_usize..30, depth in 1_usize..70, more in 0_usize..5, wider in 0_usize..5, adds in any::<bool>())(
        (n_rows, depth, more, wider, adds) in Just((n_rows, depth, more, wider, adds)),
        left in vec(-2.0_f32..2.0, n_rows * (depth + more)),
        plain in vec(prop::array::uniform32(-2.0_f32..2.0), depth),
        bytes in vec(prop::array::uniform32(any::<i8>()), depth),
        scale in prop::array::uniform32(0.0_f32..0.02),
        bias in prop::array::uniform32(-1.0_f32..1.0),
        added in vec(-1.0_f32..1.0, n_rows * (PANEL + wider)),
    ) -> Case {
        Case { n_rows, depth, strides: (depth + more, PANEL + wider), left, plain, bytes, scale, bias, added: adds.then_some(added) }
    }
}

fn scalar() -> Isa {
    Isa::available().next().unwrap()
}

proptest! {
    #[test]
    fn every_product_equals_the_plain_one(case in case()) {
        for bytes in [false, true] {
            let want = case.run(scalar(), bytes);
            for isa in Isa::available() {
                for (got, want) in case.run(isa, bytes).into_iter().zip(&want) {
                    prop_assert!((got - want).abs() <= 1e-4, "{}: {got}, not {want} (depth {})", isa.name(), case.depth);
                }
            }
        }
    }
}

#[test]
fn the_plain_product_is_right_and_touches_only_its_columns() {
    let case = Case {
        n_rows: 2,
        depth: 2,
        strides: (2, PANEL + 1),
        left: vec![1.0, 2.0, 3.0, 4.0],
        plain: vec![[10.0; PANEL], [100.0; PANEL]],
        bytes: vec![[1; PANEL], [-2; PANEL]],
        scale: [0.5; PANEL],
        bias: [0.25; PANEL],
        added: Some(vec![1000.0; 2 * (PANEL + 1)]),
    };
    assert_eq!(scalar().level(), Level::Scalar);
    let plain = case.run(scalar(), false);
    assert_eq!((plain[0], plain[PANEL - 1], plain[PANEL], plain[PANEL + 1]), (210.0, 210.0, 7.0, 430.0));
    let bytes = case.run(scalar(), true);
    assert_eq!((bytes[0], bytes[PANEL], bytes[PANEL + 1]), (998.75, 7.0, 997.75));
}

#[test]
#[should_panic(expected = "the left side has all its rows")]
fn a_left_side_that_is_too_short_is_refused() {
    let product =
        Product { left: &[1.0; 5], left_stride: 2, n_rows: 3, panel: Panel::Plain(&[[1.0; PANEL]; 2]), added: None, out_stride: PANEL };
    product.run(Isa::best(), &mut [0.0; 3 * PANEL]);
}
