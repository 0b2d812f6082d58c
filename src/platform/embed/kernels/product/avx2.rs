//! The product with AVX2: six rows at once, the panel in two halves.

use std::arch::x86_64::{
    __m256, _mm_loadl_epi64, _mm256_add_ps, _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps,
    _mm256_setzero_ps, _mm256_storeu_ps,
};

use super::{PANEL, Panel, Product};

/// Rows of a block: twelve registers of sums, two of the panel and one of the left side, of sixteen.
const ROWS: usize = 6;
/// Numbers in a register.
const WIDTH: usize = 8;

/// The whole product. The caller has measured the slices.
#[target_feature(enable = "avx2,fma")]
pub(super) fn product(product: &Product<'_>, out: &mut [f32]) {
    for (first, n_rows) in product.blocks(ROWS) {
        for column in [0, PANEL / 2] {
            by_height!(n_rows, block(product, first, column, out), 1 2 3 4 5 6);
        }
    }
}

/// Sixteen columns from `column` on, of M rows.
#[target_feature(enable = "avx2,fma")]
fn block<const M: usize>(product: &Product<'_>, first: usize, column: usize, out: &mut [f32]) {
    let left = &product.left[first * product.left_stride..];
    let mut sums = [[_mm256_setzero_ps(); 2]; M];
    match product.panel {
        Panel::Plain(rows) => {
            for (k, row) in rows.iter().enumerate() {
                add(&mut sums, left, product.left_stride, k, [load(part(row, column)), load(part(row, column + WIDTH))]);
            }
        }
        Panel::Bytes { rows, .. } => {
            for (k, row) in rows.iter().enumerate() {
                add(&mut sums, left, product.left_stride, k, [widen(part(row, column)), widen(part(row, column + WIDTH))]);
            }
        }
    }
    for (row, sums) in (first..).zip(sums) {
        finish(product, row, column, sums, out);
    }
}

/// Adds the outer product of column k of the block and a piece of a row of the panel.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn add<const M: usize>(sums: &mut [[__m256; 2]; M], left: &[f32], stride: usize, k: usize, right: [__m256; 2]) {
    for (i, sums) in sums.iter_mut().enumerate() {
        #[expect(unsafe_code, reason = "the left side was measured for the last row and the whole depth")]
        let value = _mm256_set1_ps(unsafe { *left.get_unchecked(i * stride + k) });
        sums[0] = _mm256_fmadd_ps(value, right[0], sums[0]);
        sums[1] = _mm256_fmadd_ps(value, right[1], sums[1]);
    }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn finish(product: &Product<'_>, row: usize, column: usize, sums: [__m256; 2], out: &mut [f32]) {
    for (half, mut sum) in sums.into_iter().enumerate() {
        let column = column + half * WIDTH;
        let at = row * product.out_stride + column;
        if let Panel::Bytes { scale, bias, .. } = product.panel {
            sum = _mm256_fmadd_ps(sum, load(part(scale, column)), load(part(bias, column)));
            if let Some(added) = product.added {
                sum = _mm256_add_ps(sum, load(part(added, at)));
            }
        }
        let out: &mut [f32] = &mut out[at..at + WIDTH];
        #[expect(unsafe_code, reason = "the slice is as long as the register")]
        unsafe {
            _mm256_storeu_ps(out.as_mut_ptr(), sum);
        }
    }
}

/// Eight values from `at` on. Panics beyond the end.
#[inline(always)]
fn part<T>(values: &[T], at: usize) -> &[T; WIDTH] {
    &values[at..at + WIDTH].as_chunks::<WIDTH>().0[0]
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn load(values: &[f32; WIDTH]) -> __m256 {
    #[expect(unsafe_code, reason = "the array is as long as the register; the load asks for no alignment")]
    unsafe {
        _mm256_loadu_ps(values.as_ptr())
    }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn widen(values: &[i8; WIDTH]) -> __m256 {
    #[expect(unsafe_code, reason = "the array is as long as what is loaded; the load asks for no alignment")]
    let bytes = unsafe { _mm_loadl_epi64(values.as_ptr().cast()) };
    _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes))
}
