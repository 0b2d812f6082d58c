//! The product with AVX-512: twelve rows at once, two registers of sums for each.

use std::arch::x86_64::{
    __m512, _mm_loadu_si128, _mm512_add_ps, _mm512_cvtepi8_epi32, _mm512_cvtepi32_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps,
    _mm512_setzero_ps, _mm512_storeu_ps,
};

use super::{PANEL, Panel, Product};

/// Rows of a block: their sums and one row of the panel fill the 32 registers well.
const ROWS: usize = 12;
/// Numbers in a register.
const WIDTH: usize = 16;

/// The whole product. The caller has measured the slices.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
pub(super) fn product(product: &Product<'_>, out: &mut [f32]) {
    for (first, n_rows) in product.blocks(ROWS) {
        match n_rows {
            1 => block::<1>(product, first, out),
            2 => block::<2>(product, first, out),
            3 => block::<3>(product, first, out),
            4 => block::<4>(product, first, out),
            5 => block::<5>(product, first, out),
            6 => block::<6>(product, first, out),
            7 => block::<7>(product, first, out),
            8 => block::<8>(product, first, out),
            9 => block::<9>(product, first, out),
            10 => block::<10>(product, first, out),
            11 => block::<11>(product, first, out),
            _ => block::<ROWS>(product, first, out),
        }
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
        finish(product, row, sums, out);
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

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
#[inline]
fn finish(product: &Product<'_>, row: usize, sums: [__m512; 2], out: &mut [f32]) {
    for (half, mut sum) in sums.into_iter().enumerate() {
        let (at, column) = (row * product.out_stride + half * WIDTH, half * WIDTH);
        if let Panel::Bytes { scale, bias, .. } = product.panel {
            sum = _mm512_fmadd_ps(sum, load(part(scale, column)), load(part(bias, column)));
            if let Some(added) = product.added {
                sum = _mm512_add_ps(sum, load(part(added, at)));
            }
        }
        let out: &mut [f32] = &mut out[at..at + WIDTH];
        #[expect(unsafe_code, reason = "the slice is as long as the register")]
        unsafe {
            _mm512_storeu_ps(out.as_mut_ptr(), sum);
        }
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

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
#[inline]
fn widen(values: &[i8; WIDTH]) -> __m512 {
    #[expect(unsafe_code, reason = "the array is as long as the register; the load asks for no alignment")]
    let bytes = unsafe { _mm_loadu_si128(values.as_ptr().cast()) };
    _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes))
}
