//! The two curves the encoder needs, as polynomials that vectorise: the exponential and the error function.

use std::f32::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E};

/// `a * b + c`, in one rounding where the processor has an instruction for it. Without one the library's exact function would be slow.
#[inline(always)]
pub(crate) fn mul_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Adding this to a small number rounds it to a whole one, which then lies in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// The leading bits of ln 2: a whole number below 2^10 times this is exact.
const LN_2_HIGH: f32 = 355.0 / 512.0;
/// What is missing from [`LN_2_HIGH`].
const LN_2_LOW: f32 = (std::f64::consts::LN_2 - LN_2_HIGH as f64) as f32;

/// e to the power of x, with a relative error below 1e-6. Far below zero it is tiny, not zero.
#[inline(always)]
pub(crate) fn exp<const FUSED: bool>(x: f32) -> f32 {
    // e^x = 2^n · e^r with |r| <= ln(2)/2; for r the series is short.
    let x = x.clamp(-87.0, 87.0);
    let rounded = mul_add::<FUSED>(x, LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = mul_add::<FUSED>(n, -LN_2_LOW, mul_add::<FUSED>(n, -LN_2_HIGH, x));
    let mut sum = 1.0 / 5040.0;
    for term in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = mul_add::<FUSED>(sum, r, term);
    }
    sum * f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0_f32.to_bits()))
}

/// Half of the complementary error function of a number that is not negative, with an error below 1e-6 (Abramowitz and Stegun 7.1.26).
#[inline(always)]
fn half_erfc<const FUSED: bool>(x: f32) -> f32 {
    let t = 1.0 / mul_add::<FUSED>(x, 0.327_591_1, 1.0);
    let mut sum = 1.061_405_4;
    for term in [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6] {
        sum = mul_add::<FUSED>(sum, t, term);
    }
    0.5 * sum * t * exp::<FUSED>(-x * x)
}

/// The Gaussian error linear unit: x times the probability that a normal variable is below x.
#[inline(always)]
pub(crate) fn gelu<const FUSED: bool>(x: f32) -> f32 {
    let tail = half_erfc::<FUSED>(x.abs() * FRAC_1_SQRT_2);
    x * if x > 0.0 { 1.0 - tail } else { tail }
}

/// Keeps the two parts of ln 2 honest.
const _: () = assert!((LN_2_HIGH + LN_2_LOW - LN_2).abs() < 1e-7);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_as_good_as_single_precision_asks() {
        for step in -8700..=880 {
            let x = step as f32 / 100.0;
            let want = f64::from(x).exp();
            for got in [exp::<false>(x), exp::<true>(x)] {
                assert!((f64::from(got) - want).abs() <= want * 1e-6, "exp({x}) = {got}, not {want}");
            }
        }
    }

    #[test]
    fn gelu_agrees_with_its_known_values() {
        let known = [
            (-6.0, -5.9195e-9),
            (-3.0, -0.004_049_69),
            (-1.0, -0.158_655_25),
            (0.0, 0.0),
            (0.5, 0.345_731_23),
            (1.0, 0.841_344_8),
            (2.0, 1.954_499_7),
            (8.0, 8.0),
        ];
        for (x, want) in known {
            for got in [gelu::<false>(x), gelu::<true>(x)] {
                assert!((got - want).abs() < 2e-6, "gelu({x}) = {got}, not {want}");
            }
        }
    }
}
