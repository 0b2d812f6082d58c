//! The product with AVX-512: twelve rows at once, two registers of sums for each.

use std::arch::x86_64::{
    __m512, _mm_loadu_si128, _mm512_add_ps, _mm512_cvtepi8_epi32, _mm512_cvtepi32_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps,
    _mm512_setzero_ps, _mm512_storeu_ps,
};

use super::{PANEL, Panel, Product};

/// Rows of a block: their sums and one row of the panel fill the 32 registers well.
const ROWS: usize = 12;
/// Numbers in a register.
pub(super) const WIDTH: usize = 16;

/// The whole product. The caller has measured the slices.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
pub(super) fn product(product: &Product<'_>, out: &mut [f32]) {
    for (first, n_rows) in product.blocks(ROWS) {
        by_height!(n_rows, block(product, first, out), 1 2 3 4 5 6 7 8 9 10 11 12);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
fn block<const M: usize>(product: &Product<'_>, first: usize, out: &mut [f32]) {
    let left = &product.left[first * product.left_stride..];
    let mut sums = [[_mm512_setzero_ps(); 2]; M];
    match product.panel {
        Panel::Plain(rows) => {
            for (k, row) in rows.iter().enumerate() {
                let (low, high) = halves(row);
                add(&mut sums, left, product.left_stride, k, [load(low), load(high)]);
            }
        }
        Panel::Bytes { rows, .. } => {
            for (k, row) in rows.iter().enumerate() {
                let (low, high) = halves(row);
                add(&mut sums, left, product.left_stride, k, [widen(low), widen(high)]);
            }
        }
    }
    for (row, sums) in (first..).zip(sums) {
        for (half, sum) in sums.into_iter().enumerate() {
            let (row, column) = (row * product.out_stride, half * WIDTH);
            match product.panel {
                Panel::Plain(_) => store(sum, row + column, out),
                Panel::Bytes { scale, bias, .. } => Finish { scale, bias, added: product.added }.put(sum, row, column, out),
            }
        }
    }
}

/// Adds the outer product of column k of the block and a row of the panel.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
#[inline]
fn add<const M: usize>(sums: &mut [[__m512; 2]; M], left: &[f32], stride: usize, k: usize, right: [__m512; 2]) {
    for (i, sums) in sums.iter_mut().enumerate() {
        #[expect(unsafe_code, reason = "the left side was measured for the last row and the whole depth")]
        let value = _mm512_set1_ps(unsafe { *left.get_unchecked(i * stride + k) });
        sums[0] = _mm512_fmadd_ps(value, right[0], sums[0]);
        sums[1] = _mm512_fmadd_ps(value, right[1], sums[1]);
    }
}

/// What follows on the sums of a product with bytes.
pub(super) struct Finish<'a> {
    pub(super) scale: &'a [f32; PANEL],
    pub(super) bias: &'a [f32; PANEL],
    pub(super) added: Option<&'a [f32]>,
}

impl Finish<'_> {
    /// Finishes sixteen sums from `column` on of the row that begins at `row`, and puts them there.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
    #[inline]
    pub(super) fn put(&self, sum: __m512, row: usize, column: usize, out: &mut [f32]) {
        let sum = _mm512_fmadd_ps(sum, load(part(self.scale, column)), load(part(self.bias, column)));
        let at = row + column;
        store(if let Some(added) = self.added { _mm512_add_ps(sum, load(part(added, at))) } else { sum }, at, out);
    }
}

fn halves<T>(row: &[T; PANEL]) -> (&[T; WIDTH], &[T; WIDTH]) {
    let chunks = row.as_chunks::<WIDTH>().0;
    (&chunks[0], &chunks[1])
}

/// Sixteen numbers from `at` on. Panics beyond the end.
fn part(values: &[f32], at: usize) -> &[f32; WIDTH] {
    &values[at..at + WIDTH].as_chunks::<WIDTH>().0[0]
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
#[inline]
fn load(values: &[f32; WIDTH]) -> __m512 {
    #[expect(unsafe_code, reason = "the array is as long as the register; the load asks for no alignment")]
    unsafe {
        _mm512_loadu_ps(values.as_ptr())
    }
}

/// Puts sixteen numbers from `at` on. Panics beyond the end.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
#[inline]
fn store(numbers: __m512, at: usize, out: &mut [f32]) {
    let out: &mut [f32] = &mut out[at..at + WIDTH];
    #[expect(unsafe_code, reason = "the slice is as long as the register")]
    unsafe {
        _mm512_storeu_ps(out.as_mut_ptr(), numbers);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
#[inline]
fn widen(values: &[i8; WIDTH]) -> __m512 {
    #[expect(unsafe_code, reason = "the array is as long as the register; the load asks for no alignment")]
    let bytes = unsafe { _mm_loadu_si128(values.as_ptr().cast()) };
    _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes))
}
