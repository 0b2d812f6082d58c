//! The coarsest picture of a vector, one bit for each number: whether it is negative. Vectors that point the same way differ in few bits.

use crate::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::isa::Level;

/// Numbers whose signs share a word.
const WORD: usize = 64;

/// The signs of a vector; the last word is filled up with zeros.
pub fn signs(vector: &[f32]) -> impl Iterator<Item = u64> {
    vector.chunks(WORD).map(|chunk| chunk.iter().rev().fold(0, |word, value| word << 1 | u64::from(*value < 0.0)))
}

/// In how many bits each row of `stored` differs from `query`. Panics when `stored` has not one row for each place in `out`.
pub fn differences(isa: Isa, stored: &[u64], query: &[u64], out: &mut [u16]) {
    assert!(!query.is_empty(), "a row has a word");
    assert_eq!(stored.len(), query.len() * out.len(), "one result for each row");
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "an Isa exists only for instructions that the processor has")]
    match isa.level() {
        Level::Avx512Vnni | Level::Avx512 | Level::Avx2 => return unsafe { with_popcnt(stored, query, out) },
        Level::Scalar => {}
    }
    let _ = isa;
    count(stored, query, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn with_popcnt(stored: &[u64], query: &[u64], out: &mut [u16]) {
    // The usual length is known to the compiler, so that it unrolls the loop.
    match <&[u64; 6]>::try_from(query) {
        Ok(query) => count(stored, query, out),
        Err(_) => count(stored, query, out),
    }
}

#[inline(always)]
fn count(stored: &[u64], query: &[u64], out: &mut [u16]) {
    for (row, out) in stored.chunks_exact(query.len()).zip(out) {
        let n_bits: u32 = row.iter().zip(query).map(|(stored, query)| (stored ^ query).count_ones()).sum();
        *out = u16::try_from(n_bits).unwrap_or(u16::MAX);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn differences_are_counted_the_same_everywhere(
            (stored, query) in (1_usize..9, 0_usize..20).prop_flat_map(|(words, rows)| (vec(any::<u64>(), words * rows), vec(any::<u64>(), words)))
        ) {
            let bit = |words: &[u64], at: usize| words[at / 64] >> (at % 64) & 1;
            let want: Vec<u16> = stored
                .chunks_exact(query.len())
                .map(|row| (0..query.len() * 64).map(|at| u16::from(bit(row, at) != bit(&query, at))).sum())
                .collect();
            for isa in Isa::available() {
                let mut got = vec![0; want.len()];
                differences(isa, &stored, &query, &mut got);
                prop_assert_eq!(&got, &want, "{}", isa.name());
            }
        }

        #[test]
        fn a_bit_is_set_where_a_number_is_negative(vector in vec(-1.0_f32..1.0, 1..200)) {
            let words: Vec<u64> = signs(&vector).collect();
            prop_assert_eq!(words.len(), vector.len().div_ceil(64));
            for (at, value) in vector.iter().enumerate() {
                prop_assert_eq!(words[at / 64] >> (at % 64) & 1 == 1, *value < 0.0);
            }
        }
    }
}
