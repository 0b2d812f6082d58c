//! Vectors as signed bytes with one scale: a quarter of the memory, and dot products that are exact on whole numbers.

/// A vector as bytes: each times `scale` is close to what it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantised {
    /// From -127 to 127.
    pub values: Vec<i8>,
    /// What one step is worth.
    pub scale: f32,
}

/// Rounds a vector to bytes so that its largest number becomes 127. What is not a number becomes zero.
pub fn quantise(vector: &[f32]) -> Quantised {
    let most = vector.iter().filter(|value| value.is_finite()).fold(0.0_f32, |most, value| most.max(value.abs()));
    let scale = (most / 127.0).max(1e-12);
    // The cast cuts at the ends of the range and turns what is not a number into zero.
    let values = vector.iter().map(|value| (value / scale).round().clamp(-127.0, 127.0) as i8).collect();
    Quantised { values, scale }
}

/// Rounds each row of a matrix by itself: all bytes, and one scale for each row.
pub fn quantise_rows(matrix: &[f32], columns: usize) -> (Vec<i8>, Vec<f32>) {
    let rows = matrix.chunks_exact(columns).map(quantise);
    rows.fold((Vec::with_capacity(matrix.len()), Vec::new()), |(mut values, mut scales), row| {
        values.extend(row.values);
        scales.push(row.scale);
        (values, scales)
    })
}

/// The exact dot product of two vectors; of vectors of length one it is the cosine. What one has more than the other is left out.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    const STRANDS: usize = 16;
    let mut sums = [0.0_f32; STRANDS];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<STRANDS>(), b.as_chunks::<STRANDS>());
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_number_moves_by_more_than_half_a_step(vector in vec(-3.0_f32..3.0, 1..200)) {
            let quantised = quantise(&vector);
            for (value, byte) in vector.iter().zip(&quantised.values) {
                prop_assert!((value - f32::from(*byte) * quantised.scale).abs() <= quantised.scale * 0.501);
            }
        }

        #[test]
        fn the_dot_product_is_the_sum_of_products(vector in vec(-3.0_f32..3.0, 0..100)) {
            let want: f64 = vector.iter().map(|value| f64::from(*value) * f64::from(*value)).sum();
            prop_assert!((f64::from(dot(&vector, &vector)) - want).abs() < 1e-3);
        }
    }

    #[test]
    fn zeros_and_nonsense_do_no_harm() {
        assert_eq!(quantise(&[0.0; 4]).values, [0; 4]);
        assert_eq!(quantise(&[f32::NAN, f32::INFINITY, 1.0, -1.0]).values, [0, 127, 127, -127]);
        assert_eq!(quantise_rows(&[1.0, 0.5, 0.0, -4.0], 2), (vec![127, 64, 0, -127], vec![1.0 / 127.0, 4.0 / 127.0]));
    }
}
