//! The product of whole numbers with AVX-512 and its dot products of bytes: twelve rows at once, two registers of sums for each.

use std::arch::x86_64::{
    __m512i, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_load_si512, _mm512_mul_ps, _mm512_set1_epi32, _mm512_set1_ps,
    _mm512_setzero_si512, _mm512_slli_epi32, _mm512_sub_epi32,
};

use super::avx512::{Finish, WIDTH};
use super::turned::Fours;
use super::whole::{Block, FINE_BITS, FOUR};
use super::whole_product::WholeProduct;

/// The whole product.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
pub(super) fn product(product: &WholeProduct<'_>, out: &mut [f32]) {
    for rows in product.left.blocks() {
        by_height!(rows.rows.len(), block(product, &rows, out), 1 2 3 4 5 6 7 8 9 10 11 12);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
fn block<const M: usize>(product: &WholeProduct<'_>, rows: &Block<'_>, out: &mut [f32]) {
    let panel = product.panel.fours();
    let mut sums = [[_mm512_setzero_si512(); 2]; M];
    for (place, left) in rows.places.iter().zip(rows.coarse.as_chunks::<M>().0) {
        add(&mut sums, left, &panel[usize::from(*place)]);
    }
    for sums in &mut sums {
        *sums = [_mm512_slli_epi32::<FINE_BITS>(sums[0]), _mm512_slli_epi32::<FINE_BITS>(sums[1])];
    }
    for (weights, left) in panel.iter().zip(rows.fine.as_chunks::<M>().0) {
        add(&mut sums, left, weights);
    }
    let finish = Finish { scale: product.scale, bias: product.bias, added: product.added };
    for ((row, about), sums) in (rows.first..).zip(rows.rows).zip(sums) {
        let (surplus, step) = (_mm512_set1_epi32(about.surplus), _mm512_set1_ps(about.step));
        for (half, sum) in sums.into_iter().enumerate() {
            let exact = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(sum, surplus)), step);
            finish.put(exact, row * product.out_stride, half * WIDTH, out);
        }
    }
}

/// Adds the products of four bytes of each row with four rows of the panel.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma")]
#[inline]
fn add<const M: usize>(sums: &mut [[__m512i; 2]; M], left: &[[i8; FOUR]; M], weights: &Fours) {
    let (low, high) = weights.0.split_at(size_of::<__m512i>());
    #[expect(unsafe_code, reason = "each half is as long as the register, and the whole lies at a multiple of it")]
    let (low, high) = unsafe { (_mm512_load_si512(low.as_ptr().cast()), _mm512_load_si512(high.as_ptr().cast())) };
    for (sums, four) in sums.iter_mut().zip(left) {
        let four = _mm512_set1_epi32(i32::from_le_bytes(four.map(i8::cast_unsigned)));
        sums[0] = _mm512_dpbusd_epi32(sums[0], low, four);
        sums[1] = _mm512_dpbusd_epi32(sums[1], high, four);
    }
}
