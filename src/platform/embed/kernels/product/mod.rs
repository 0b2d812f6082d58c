//! The product of a tall matrix with a panel of 32 columns: where nearly all of the time goes.

/// Calls a function of a block for the number of rows it has, which the compiler must know.
#[cfg(target_arch = "x86_64")]
macro_rules! by_height {
    ($height:expr, $block:ident $arguments:tt, $($known:literal)*) => {
        match $height {
            $($known => $block::<$known> $arguments,)*
            higher => unreachable!("no block has {higher} rows"),
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;
#[cfg(test)]
mod tests;
mod turned;
#[cfg(target_arch = "x86_64")]
mod vnni;
mod whole;
mod whole_product;

pub(crate) use turned::Turned;
pub(crate) use whole::Whole;
pub(crate) use whole_product::WholeProduct;

use crate::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::isa::Level;

/// Columns of a panel.
pub(crate) const PANEL: usize = 32;

/// The right side: one row of 32 for each column of the left side.
#[derive(Clone, Copy)]
pub(crate) enum Panel<'a> {
    /// Numbers as they are.
    Plain(&'a [[f32; PANEL]]),
    /// Bytes. Each column has a scale, and a bias that is added at the end.
    Bytes { rows: &'a [[i8; PANEL]], scale: &'a [f32; PANEL], bias: &'a [f32; PANEL] },
}

impl Panel<'_> {
    fn depth(&self) -> usize {
        match self {
            Self::Plain(rows) => rows.len(),
            Self::Bytes { rows, .. } => rows.len(),
        }
    }
}

/// A product to compute. Row r of the left side begins at `r * left_stride`, row r of the result at `r * out_stride`.
pub(crate) struct Product<'a> {
    pub(crate) left: &'a [f32],
    pub(crate) left_stride: usize,
    pub(crate) n_rows: usize,
    pub(crate) panel: Panel<'a>,
    /// Added to the result when the panel is one of bytes; laid out like the result.
    pub(crate) added: Option<&'a [f32]>,
    pub(crate) out_stride: usize,
}

impl Product<'_> {
    /// Computes it into 32 columns of `out`. Panics when a slice is too short for the rows and strides.
    pub(crate) fn run(&self, isa: Isa, out: &mut [f32]) {
        let Some(last) = self.n_rows.checked_sub(1) else { return };
        assert!(self.left.len() >= last * self.left_stride + self.panel.depth(), "the left side has all its rows");
        assert!(out.len() >= last * self.out_stride + PANEL, "the result has room");
        assert!(self.added.is_none_or(|added| added.len() >= last * self.out_stride + PANEL), "what is added has all its rows");
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "an Isa exists only for instructions that the processor has; the slices were measured above")]
        match isa.level() {
            Level::Avx512 | Level::Avx512Vnni => return unsafe { avx512::product(self, out) },
            Level::Avx2 => return unsafe { avx2::product(self, out) },
            Level::Scalar => {}
        }
        let _ = isa;
        scalar::product(self, out);
    }

    fn blocks(&self, most: usize) -> impl Iterator<Item = (usize, usize)> {
        blocks_of(self.n_rows, most)
    }
}

impl WholeProduct<'_> {
    /// Computes it into 32 columns of `out`. Panics when a slice is too short for the rows and strides.
    pub(crate) fn run(&self, isa: Isa, out: &mut [f32]) {
        self.measure(out);
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "an Isa exists only for instructions that the processor has; the slices were measured above")]
        if isa.level() == Level::Avx512Vnni {
            return unsafe { vnni::product(self, out) };
        }
        let _ = isa;
        self.run_plainly(out);
    }
}

/// Cuts rows into blocks of at most `most`, as equal as can be: (first row, rows).
fn blocks_of(n_rows: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let n_blocks = n_rows.div_ceil(most);
    let (len, longer) = (n_rows / n_blocks.max(1), n_rows % n_blocks.max(1));
    (0..n_blocks).map(move |block| (block * len + block.min(longer), len + usize::from(block < longer)))
}
