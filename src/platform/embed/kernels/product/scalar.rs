//! The product in plain Rust: it defines what the others must give.

use super::{PANEL, Panel, Product};

/// Rows that share one pass over the panel.
const ROWS: usize = 4;

pub(super) fn product(product: &Product<'_>, out: &mut [f32]) {
    for (first, n_rows) in product.blocks(ROWS) {
        let mut sums = [[0.0_f32; PANEL]; ROWS];
        match product.panel {
            Panel::Plain(rows) => accumulate(product, (first, n_rows), rows.iter().copied(), &mut sums),
            Panel::Bytes { rows, .. } => accumulate(product, (first, n_rows), rows.iter().map(|row| row.map(f32::from)), &mut sums),
        }
        for (row, sums) in (first..first + n_rows).zip(&sums) {
            finish(product, row, sums, out);
        }
    }
}

fn accumulate(product: &Product<'_>, block: (usize, usize), panel: impl Iterator<Item = [f32; PANEL]>, sums: &mut [[f32; PANEL]; 4]) {
    for (k, right) in panel.enumerate() {
        for (row, sums) in (block.0..block.0 + block.1).zip(sums.iter_mut()) {
            let left = product.left[row * product.left_stride + k];
            for (sum, right) in sums.iter_mut().zip(&right) {
                *sum += left * right;
            }
        }
    }
}

fn finish(product: &Product<'_>, row: usize, sums: &[f32; PANEL], out: &mut [f32]) {
    let at = row * product.out_stride;
    let out = &mut out[at..at + PANEL];
    out.copy_from_slice(sums);
    if let Panel::Bytes { scale, bias, .. } = product.panel {
        for ((out, scale), bias) in out.iter_mut().zip(scale).zip(bias) {
            *out = *out * scale + bias;
        }
        for (out, added) in out.iter_mut().zip(product.added.map(|added| &added[at..at + PANEL]).into_iter().flatten()) {
            *out += added;
        }
    }
}
