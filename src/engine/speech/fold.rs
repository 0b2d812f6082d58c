//! From the telephone's band to the recogniser's: 8 to 16 kHz with the mirror image of the band faintly left in.
//!
//! The model was trained on 130–6800 Hz. A clean resampling leaves everything above 3.4 kHz empty and almost nothing is recognised;
//! 15 % of the mirror image and a trace of noise fill the gap well enough for a grammar.

const CLEAN: f32 = 0.85;
const MIRROR: f32 = 0.15;
const NOISE: f32 = 8.0;

/// Samples at the recogniser's 16 kHz. 16 kHz passes unchanged; other rates are read as the nearest of 8 and 16 kHz by linear steps.
pub(super) fn to_16k(samples: &[i16], rate: u32) -> Vec<i16> {
    match rate {
        16_000 => samples.to_vec(),
        8_000 => fold(samples),
        other => linear(samples, other),
    }
}

fn fold(samples: &[i16]) -> Vec<i16> {
    let mut noise = Noise(0x2545_f491);
    let mut out = Vec::with_capacity(samples.len() * 2);
    for (at, sample) in samples.iter().enumerate() {
        let here = f32::from(*sample);
        let next = f32::from(samples.get(at + 1).copied().unwrap_or(0));
        for (smooth, sparse) in [(here, here * 2.0), (f32::midpoint(here, next), 0.0)] {
            out.push((CLEAN * smooth + MIRROR * sparse + NOISE * noise.next()) as i16);
        }
    }
    out
}

fn linear(samples: &[i16], rate: u32) -> Vec<i16> {
    if rate == 0 || samples.is_empty() {
        return Vec::new();
    }
    let step = f64::from(rate) / 16_000.0;
    let n_out = (samples.len() as f64 / step) as usize;
    let at = |index: usize| f64::from(samples[index.min(samples.len() - 1)]);
    (0..n_out)
        .map(|n| {
            let place = n as f64 * step;
            let (whole, part) = (place as usize, place.fract());
            (at(whole) * (1.0 - part) + at(whole + 1) * part) as i16
        })
        .collect()
}

/// Noise of about one unit's deviation: the same for the same utterance, so that a result can be repeated.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        // The sum of four even steps is near enough to a bell curve; 1.73 brings its deviation to one.
        let sum: f32 = (0..4).map(|_| self.step()).sum();
        (sum - 2.0) * 1.73
    }

    fn step(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0 >> 8) as f32 / (1 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_doubles_and_keeps_the_level() {
        let tone: Vec<i16> = (0..800).map(|n| ((f64::from(n) * 0.4).sin() * 8000.0) as i16).collect();
        let folded = to_16k(&tone, 8000);
        assert_eq!(folded.len(), 1600);
        let power = |samples: &[i16]| samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64;
        let ratio = power(&folded) / power(&tone);
        assert!((0.7..1.3).contains(&ratio), "{ratio}");
    }

    #[test]
    fn other_rates_keep_their_length_in_time() {
        assert_eq!(to_16k(&[5; 22_050], 22_050).len(), 16_000);
        assert_eq!(to_16k(&[5; 16_000], 16_000).len(), 16_000);
        assert!(to_16k(&[], 11_025).is_empty());
    }
}
