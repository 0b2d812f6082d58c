//! Dot products of one query with many stored vectors, all as bytes.

use crate::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::isa::Level;

/// Added to a signed byte before it is stored: the processor multiplies an unsigned byte with a signed one.
pub const BIAS: u8 = 128;

/// Rows are a multiple of this long.
pub(crate) const STEP: usize = 64;

/// Bytes that come into a cache together.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// A query as bytes, ready for any number of scans.
pub struct Query {
    values: Vec<i8>,
    /// What the bias adds to each row's result.
    surplus: i32,
}

impl Query {
    /// Panics when the length is not a multiple of 64.
    pub fn new(values: Vec<i8>) -> Self {
        assert!(!values.is_empty() && values.len().is_multiple_of(STEP), "rows are a multiple of {STEP} long");
        let surplus = i32::from(BIAS) * values.iter().map(|value| i32::from(*value)).sum::<i32>();
        Self { values, surplus }
    }

    /// Its dot product with each row of `stored`, whose bytes are biased by [`BIAS`]. Exact: the result is what signed bytes give.
    ///
    /// Panics when `stored` has not one row for each place in `out`.
    pub fn scan(&self, isa: Isa, stored: &[u8], out: &mut [i32]) {
        let (query, surplus) = (self.values.as_slice(), self.surplus);
        assert_eq!(stored.len(), query.len() * out.len(), "one result for each row");
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "an Isa exists only for instructions that the processor has")]
        match isa.level() {
            Level::Avx512Vnni => return unsafe { x86::rows_vnni(stored, query, surplus, out) },
            Level::Avx512 | Level::Avx2 => return unsafe { x86::rows_avx2(stored, query, surplus, out) },
            Level::Scalar => {}
        }
        let _ = isa;
        for (row, out) in stored.chunks_exact(query.len()).zip(out) {
            *out = row.iter().zip(query).map(|(stored, query)| i32::from(*stored) * i32::from(*query)).sum::<i32>() - surplus;
        }
    }
}

/// Has a row that is scanned soon brought near the processor; rows that lie anywhere are otherwise waited for one by one.
pub fn soon(row: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    for line in row.chunks(LINE) {
        #[expect(unsafe_code, reason = "a hint: nothing is read")]
        unsafe {
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(line.as_ptr().cast());
        }
    }
    let _ = row;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! The same with the instructions of x86.

    use std::arch::x86_64::{
        __m256i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_loadu_si128, _mm_shuffle_epi32, _mm256_add_epi32, _mm256_castsi256_si128,
        _mm256_cvtepi8_epi16, _mm256_cvtepu8_epi16, _mm256_extracti128_si256, _mm256_madd_epi16, _mm256_setzero_si256, _mm512_add_epi32,
        _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_reduce_add_epi32, _mm512_setzero_si512,
    };

    use super::STEP;

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn rows_vnni(stored: &[u8], query: &[i8], surplus: i32, out: &mut [i32]) {
        let query = query.as_chunks::<STEP>().0;
        for (row, out) in stored.as_chunks::<STEP>().0.chunks_exact(query.len()).zip(out) {
            // Two sums, so that one multiplication does not wait for the one before.
            let mut sums = [_mm512_setzero_si512(); 2];
            for (i, (stored, query)) in row.iter().zip(query).enumerate() {
                #[expect(unsafe_code, reason = "both arrays are as long as the register; the loads ask for no alignment")]
                let (stored, query) = unsafe { (_mm512_loadu_si512(stored.as_ptr().cast()), _mm512_loadu_si512(query.as_ptr().cast())) };
                sums[i % 2] = _mm512_dpbusd_epi32(sums[i % 2], stored, query);
            }
            *out = _mm512_reduce_add_epi32(_mm512_add_epi32(sums[0], sums[1])) - surplus;
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn rows_avx2(stored: &[u8], query: &[i8], surplus: i32, out: &mut [i32]) {
        let query = query.as_chunks::<16>().0;
        for (row, out) in stored.as_chunks::<16>().0.chunks_exact(query.len()).zip(out) {
            let mut sums = [_mm256_setzero_si256(); 2];
            for (i, (stored, query)) in row.iter().zip(query).enumerate() {
                #[expect(unsafe_code, reason = "both arrays are as long as the register; the loads ask for no alignment")]
                let (stored, query) = unsafe { (_mm_loadu_si128(stored.as_ptr().cast()), _mm_loadu_si128(query.as_ptr().cast())) };
                let products = _mm256_madd_epi16(_mm256_cvtepu8_epi16(stored), _mm256_cvtepi8_epi16(query));
                sums[i % 2] = _mm256_add_epi32(sums[i % 2], products);
            }
            *out = total(_mm256_add_epi32(sums[0], sums[1])) - surplus;
        }
    }

    #[target_feature(enable = "avx2")]
    fn total(sums: __m256i) -> i32 {
        let four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
        let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b0100_1110>(four));
        _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<0b1011_0001>(two)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_scan_is_exact(
            (stored, query) in (1_usize..9, 0_usize..20).prop_flat_map(|(steps, rows)| {
                (vec(any::<i8>(), steps * STEP * rows), vec(any::<i8>(), steps * STEP))
            })
        ) {
            let want: Vec<i32> = stored
                .chunks_exact(query.len())
                .map(|row| row.iter().zip(&query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum())
                .collect();
            let biased: Vec<u8> = stored.iter().map(|value| value.cast_unsigned().wrapping_add(BIAS)).collect();
            for isa in Isa::available() {
                let mut got = vec![0; want.len()];
                Query::new(query.clone()).scan(isa, &biased, &mut got);
                prop_assert_eq!(&got, &want, "{}", isa.name());
            }
        }
    }

    #[test]
    fn the_largest_products_do_not_overflow() {
        let (stored, query) = ([u8::MAX; 4096], Query::new(vec![i8::MIN; 4096]));
        for isa in Isa::available() {
            let mut got = [0];
            query.scan(isa, &stored, &mut got);
            assert_eq!(got[0], 127 * -128 * 4096, "{}", isa.name());
        }
    }

    #[test]
    #[should_panic(expected = "one result for each row")]
    fn a_row_without_a_place_for_its_result_is_refused() {
        Query::new(vec![0; STEP]).scan(Isa::best(), &[0; 3 * STEP], &mut [0; 2]);
    }
}
