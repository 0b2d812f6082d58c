//! What is done to a row by itself: layer norm, GELU, softmax. Written once in plain Rust and compiled for each instruction set.

use crate::gelu::{exp, gelu};
use crate::isa::{Isa, Level};
use crate::shape::{EPSILON, HIDDEN};

/// Sums are kept in so many strands, which fills one or two vector registers.
const STRANDS: usize = 16;

/// Scale and shift of a layer norm.
#[derive(Clone, Copy)]
pub(crate) struct Norm<'a> {
    pub(crate) scale: &'a [f32],
    pub(crate) shift: &'a [f32],
}

/// Compiles a body for each instruction set and calls the one for the processor.
macro_rules! for_each_isa {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) = $body:ident) => {
        $(#[$doc])*
        pub(crate) fn $name(isa: Isa, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
                fn avx512($($arg: $type),*) {
                    $body::<true>($($arg),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $type),*) {
                    $body::<true>($($arg),*);
                }
                #[expect(unsafe_code, reason = "an Isa exists only for instructions that the processor has")]
                match isa.level() {
                    Level::Avx512 | Level::Avx512Vnni => return unsafe { avx512($($arg),*) },
                    Level::Avx2 => return unsafe { avx2($($arg),*) },
                    Level::Scalar => {}
                }
            }
            let _ = isa;
            $body::<false>($($arg),*);
        }
    };
}

for_each_isa! {
    /// Brings each row of [`HIDDEN`] numbers to mean 0 and variance 1, then scales and shifts it.
    layer_norm(rows: &mut [f32], norm: Norm<'_>) = layer_norm_body
}
for_each_isa! {
    /// Applies GELU to every number.
    gelu_all(values: &mut [f32]) = gelu_body
}
for_each_isa! {
    /// Turns each row of scores into shares that add up to one. Rows are `stride` long, a multiple of 16; beyond `len` they become zero.
    softmax(rows: &mut [f32], len: usize, stride: usize) = softmax_body
}

#[inline(always)]
fn layer_norm_body<const FUSED: bool>(rows: &mut [f32], norm: Norm<'_>) {
    let (scale, shift) = (&norm.scale[..HIDDEN], &norm.shift[..HIDDEN]);
    for row in rows.as_chunks_mut::<HIDDEN>().0 {
        let mean = strands(row, |sum, value| sum + value).iter().sum::<f32>() / HIDDEN as f32;
        let variance = strands(row, |sum, value| sum + (value - mean) * (value - mean)).iter().sum::<f32>() / HIDDEN as f32;
        let factor = 1.0 / (variance + EPSILON).sqrt();
        for ((value, scale), shift) in row.iter_mut().zip(scale).zip(shift) {
            *value = (*value - mean) * factor * scale + shift;
        }
    }
}

#[inline(always)]
fn gelu_body<const FUSED: bool>(values: &mut [f32]) {
    for value in values {
        *value = gelu::<FUSED>(*value);
    }
}

#[inline(always)]
fn softmax_body<const FUSED: bool>(rows: &mut [f32], len: usize, stride: usize) {
    for row in rows.chunks_exact_mut(stride) {
        row[len..].fill(f32::NEG_INFINITY);
        let mut most = [f32::NEG_INFINITY; STRANDS];
        for chunk in row.as_chunks::<STRANDS>().0 {
            for (most, value) in most.iter_mut().zip(chunk) {
                *most = if *value > *most { *value } else { *most };
            }
        }
        let most = most.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        let mut sum = [0.0; STRANDS];
        for chunk in row.as_chunks_mut::<STRANDS>().0 {
            for (sum, value) in sum.iter_mut().zip(chunk) {
                *value = exp::<FUSED>(*value - most);
                *sum += *value;
            }
        }
        let factor = 1.0 / sum.iter().sum::<f32>();
        for value in row.iter_mut() {
            *value *= factor;
        }
        row[len..].fill(0.0);
    }
}

#[inline(always)]
fn strands(row: &[f32; HIDDEN], add: impl Fn(f32, f32) -> f32) -> [f32; STRANDS] {
    let mut sums = [0.0; STRANDS];
    for chunk in row.as_chunks::<STRANDS>().0 {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum = add(*sum, *value);
        }
    }
    sums
}
