//! The product of whole numbers with AVX-512 and its dot products of bytes: twelve rows at once, two registers of sums for each.

use std::arch::x86_64::{
    __m256i, __m512, __m512i, _mm256_loadu_si256, _mm256_unpackhi_epi8, _mm256_unpackhi_epi16, _mm256_unpacklo_epi8, _mm256_unpacklo_epi16,
    _mm512_add_ps, _mm512_castsi256_si512, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_inserti64x4, _mm512_loadu_ps,
    _mm512_loadu_si512, _mm512_mul_ps, _mm512_or_si512, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512,
    _mm512_shuffle_i32x4, _mm512_slli_epi32, _mm512_storeu_ps, _mm512_sub_epi32, _mm512_test_epi32_mask, _mm512_xor_si512,
};

use super::PANEL;
use super::whole::{FINE_BITS, Row, STEP, WholeProduct};

/// Rows of a block: their sums, four rows of the panel and what turns them fill the 32 registers.
const ROWS: usize = 12;
/// Numbers in a register.
const WIDTH: usize = 16;
/// Bytes of a row that are multiplied at once.
const FOUR: usize = 4;

/// The whole product. The caller has measured the slices.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
pub(super) fn product(product: &WholeProduct<'_>, out: &mut [f32]) {
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

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
fn block<const M: usize>(product: &WholeProduct<'_>, first: usize, out: &mut [f32]) {
    let depth = product.left.depth();
    let (coarse, fine, rows) = product.left.parts();
    let part = first * depth..(first + M) * depth;
    let mut sums = pass::<M, true>([[_mm512_setzero_si512(); 2]; M], &coarse[part.clone()], product.panel);
    for sums in &mut sums {
        *sums = [_mm512_slli_epi32::<FINE_BITS>(sums[0]), _mm512_slli_epi32::<FINE_BITS>(sums[1])];
    }
    let sums = pass::<M, false>(sums, &fine[part], product.panel);
    for ((row, about), sums) in (first..).zip(&rows[first..]).zip(sums) {
        finish(product, row, *about, sums, out);
    }
}

/// Adds the products of M rows of bytes with the panel. `SPARSE` says that most bytes are zero: places where all rows have zeros are left out.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
#[inline]
fn pass<const M: usize, const SPARSE: bool>(mut sums: [[__m512i; 2]; M], left: &[i8], panel: &[[i8; PANEL]]) -> [[__m512i; 2]; M] {
    let (chunks, left) = (left.as_chunks::<STEP>().0, left.as_chunks::<FOUR>().0);
    let n_chunks = panel.len() / STEP;
    let n_steps = n_chunks * (STEP / FOUR);
    assert!(chunks.len() >= n_chunks * M && left.len() >= n_steps * M, "the left side has all its rows");
    for (chunk, rows) in panel.as_chunks::<STEP>().0.iter().enumerate() {
        let marks = if SPARSE { marks::<M>(&chunks[chunk..], n_chunks) } else { u16::MAX };
        if marks == 0 {
            continue;
        }
        for (step, rows) in rows.as_chunks::<FOUR>().0.iter().enumerate() {
            if SPARSE && marks >> step & 1 == 0 {
                continue;
            }
            let (weights, k) = (turned(rows), chunk * (STEP / FOUR) + step);
            for (i, sums) in sums.iter_mut().enumerate() {
                #[expect(unsafe_code, reason = "the left side was measured above for M rows of so many steps")]
                let four = unsafe { *left.get_unchecked(i * n_steps + k) };
                let four = _mm512_set1_epi32(i32::from_le_bytes(four.map(i8::cast_unsigned)));
                sums[0] = _mm512_dpbusd_epi32(sums[0], weights[0], four);
                sums[1] = _mm512_dpbusd_epi32(sums[1], weights[1], four);
            }
        }
    }
    sums
}

/// A bit for each four bytes of a chunk of which some row has one that is not zero. The rows lie `stride` chunks apart.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
#[inline]
fn marks<const M: usize>(chunks: &[[i8; STEP]], stride: usize) -> u16 {
    let mut any = _mm512_setzero_si512();
    for i in 0..M {
        #[expect(unsafe_code, reason = "the array is as long as the register; the load asks for no alignment")]
        let row = unsafe { _mm512_loadu_si512(chunks[i * stride].as_ptr().cast()) };
        any = _mm512_or_si512(any, row);
    }
    _mm512_test_epi32_mask(any, any)
}

/// Four rows of the panel, biased, with the four weights of each column side by side. The order of columns is the one that [`in_order`] undoes.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
#[inline]
fn turned(rows: &[[i8; PANEL]; FOUR]) -> [__m512i; 2] {
    let [a, b, c, d] = [load(&rows[0]), load(&rows[1]), load(&rows[2]), load(&rows[3])];
    let (first, second) = (_mm256_unpacklo_epi8(a, b), _mm256_unpacklo_epi8(c, d));
    let lower = join(_mm256_unpacklo_epi16(first, second), _mm256_unpackhi_epi16(first, second));
    let (first, second) = (_mm256_unpackhi_epi8(a, b), _mm256_unpackhi_epi8(c, d));
    let upper = join(_mm256_unpacklo_epi16(first, second), _mm256_unpackhi_epi16(first, second));
    let bias = _mm512_set1_epi8(i8::MIN);
    [_mm512_xor_si512(lower, bias), _mm512_xor_si512(upper, bias)]
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
#[inline]
fn join(first: __m256i, second: __m256i) -> __m512i {
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(first), second)
}

/// Sums in the order of their columns: the turning works within quarters of a register.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
#[inline]
fn in_order(sums: [__m512i; 2]) -> [__m512i; 2] {
    [_mm512_shuffle_i32x4::<0b10_00_10_00>(sums[0], sums[1]), _mm512_shuffle_i32x4::<0b11_01_11_01>(sums[0], sums[1])]
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
#[inline]
fn finish(product: &WholeProduct<'_>, row: usize, about: Row, sums: [__m512i; 2], out: &mut [f32]) {
    let (surplus, step) = (_mm512_set1_epi32(about.surplus), _mm512_set1_ps(about.step));
    for (half, sum) in in_order(sums).into_iter().enumerate() {
        let (at, column) = (row * product.out_stride + half * WIDTH, half * WIDTH);
        let exact = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(sum, surplus)), step);
        let mut sum = _mm512_fmadd_ps(exact, numbers(product.scale, column), numbers(product.bias, column));
        if let Some(added) = product.added {
            sum = _mm512_add_ps(sum, numbers(added, at));
        }
        let out: &mut [f32] = &mut out[at..at + WIDTH];
        #[expect(unsafe_code, reason = "the slice is as long as the register")]
        unsafe {
            _mm512_storeu_ps(out.as_mut_ptr(), sum);
        }
    }
}

/// Sixteen numbers from `at` on. Panics beyond the end.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
#[inline]
fn numbers(values: &[f32], at: usize) -> __m512 {
    let values = &values[at..at + WIDTH].as_chunks::<WIDTH>().0[0];
    #[expect(unsafe_code, reason = "the array is as long as the register; the load asks for no alignment")]
    unsafe {
        _mm512_loadu_ps(values.as_ptr())
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
#[inline]
fn load(row: &[i8; PANEL]) -> __m256i {
    #[expect(unsafe_code, reason = "the array is as long as the register; the load asks for no alignment")]
    unsafe {
        _mm256_loadu_si256(row.as_ptr().cast())
    }
}
