//! A panel of weights as products with whole numbers want it: the four weights that meet the same four bytes of a row lie side by side.

use super::PANEL;
use super::whole::{BIAS, FOUR};
use crate::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::isa::Level;

/// Four rows of a panel: of each column its four weights, with [`BIAS`] added, because the processor multiplies unsigned bytes with signed ones.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Fours(pub(super) [u8; FOUR * PANEL]);

/// A turned panel. Kept and filled again, so that it takes its memory once.
#[derive(Default)]
pub(crate) struct Turned(Vec<Fours>);

impl Turned {
    /// Turns a panel; a rest of fewer than four rows is left out.
    pub(crate) fn fill(&mut self, isa: Isa, panel: &[[i8; PANEL]]) {
        self.0.resize(panel.len() / FOUR, Fours([0; FOUR * PANEL]));
        for (rows, fours) in panel.as_chunks::<FOUR>().0.iter().zip(&mut self.0) {
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "an Isa exists only for instructions that the processor has")]
            if isa.level() >= Level::Avx512 {
                unsafe { x86::turn(rows, fours) };
                continue;
            }
            turn(rows, fours);
        }
        let _ = isa;
    }

    pub(super) fn fours(&self) -> &[Fours] {
        &self.0
    }
}

fn turn(rows: &[[i8; PANEL]; FOUR], fours: &mut Fours) {
    for (column, four) in fours.0.as_chunks_mut::<FOUR>().0.iter_mut().enumerate() {
        *four = rows.map(|row| row[column].cast_unsigned() ^ BIAS);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! The same with the instructions of x86.

    use std::arch::x86_64::{
        __m256i, __m512i, _MM_HINT_T1, _mm_prefetch, _mm256_loadu_si256, _mm256_unpackhi_epi8, _mm256_unpackhi_epi16, _mm256_unpacklo_epi8,
        _mm256_unpacklo_epi16, _mm512_castsi256_si512, _mm512_inserti64x4, _mm512_set1_epi8, _mm512_shuffle_i32x4, _mm512_store_si512,
        _mm512_xor_si512,
    };

    use super::{FOUR, Fours, PANEL};
    use crate::shape::HIDDEN;

    /// Bytes that come into a cache together.
    const LINE: usize = 64;
    /// What is asked for so far ahead comes while this panel is multiplied: the next one of a layer lies right behind.
    const AHEAD: usize = HIDDEN * PANEL;

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    pub(super) fn turn(rows: &[[i8; PANEL]; FOUR], fours: &mut Fours) {
        for line in rows.as_flattened().as_chunks::<LINE>().0 {
            // A hint: whatever the address is, nothing is read.
            _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().wrapping_add(AHEAD));
        }
        let [a, b, c, d] = [load(&rows[0]), load(&rows[1]), load(&rows[2]), load(&rows[3])];
        // Unpacking works within halves of a register: what comes out are columns 0 to 7 and 16 to 23, and the rest.
        let (first, second) = (_mm256_unpacklo_epi8(a, b), _mm256_unpacklo_epi8(c, d));
        let lower = join(_mm256_unpacklo_epi16(first, second), _mm256_unpackhi_epi16(first, second));
        let (first, second) = (_mm256_unpackhi_epi8(a, b), _mm256_unpackhi_epi8(c, d));
        let upper = join(_mm256_unpacklo_epi16(first, second), _mm256_unpackhi_epi16(first, second));
        let bias = _mm512_set1_epi8(i8::MIN);
        let (low, high) = fours.0.split_at_mut(size_of::<__m512i>());
        let low_columns = _mm512_xor_si512(_mm512_shuffle_i32x4::<0b10_00_10_00>(lower, upper), bias);
        let high_columns = _mm512_xor_si512(_mm512_shuffle_i32x4::<0b11_01_11_01>(lower, upper), bias);
        #[expect(unsafe_code, reason = "each half is as long as the register, and the whole lies at a multiple of it")]
        unsafe {
            _mm512_store_si512(low.as_mut_ptr().cast(), low_columns);
            _mm512_store_si512(high.as_mut_ptr().cast(), high_columns);
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    fn join(first: __m256i, second: __m256i) -> __m512i {
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(first), second)
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    fn load(row: &[i8; PANEL]) -> __m256i {
        #[expect(unsafe_code, reason = "the array is as long as the register; the load asks for no alignment")]
        unsafe {
            _mm256_loadu_si256(row.as_ptr().cast())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_weight_is_found_where_its_column_and_its_row_say(panel in vec(prop::array::uniform32(any::<i8>()), 1..40)) {
            for isa in Isa::available() {
                let mut turned = Turned::default();
                turned.fill(isa, &panel);
                prop_assert_eq!(turned.fours().len(), panel.len() / FOUR);
                for (n, row) in panel.iter().enumerate().take(panel.len() / FOUR * FOUR) {
                    let four = &turned.fours()[n / FOUR].0;
                    let got: Vec<i32> = (0..PANEL).map(|column| i32::from(four[column * FOUR + n % FOUR]) - i32::from(BIAS)).collect();
                    prop_assert_eq!(got, row.map(i32::from).to_vec(), "{}", isa.name());
                }
            }
        }
    }
}
