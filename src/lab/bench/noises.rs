//! Sounds that are no words: hums of agreement, coughs, and what bad lines do. Always the same. Pure.

use crate::engine::media::Clip;

const RATE: u32 = 8_000;

/// "Mhm" in three voices.
pub(super) fn hums() -> Vec<Clip> {
    [110.0, 160.0, 210.0].into_iter().map(|pitch| clip([hum(pitch, 0.18), quiet(0.07), hum(pitch * 1.12, 0.24)].concat())).collect()
}

/// Coughs, a click, a buzz of the mains and a burst of noise.
pub(super) fn coughs() -> Vec<Clip> {
    let mut random = Noise(0x9e37_79b9);
    let one = cough(&mut random, 0.16);
    let two = [cough(&mut random, 0.14), quiet(0.12), cough(&mut random, 0.2)].concat();
    let click = (0..80).map(|n| if n % 2 == 0 { 9_000 } else { -9_000 }).collect::<Vec<i16>>();
    let buzz = (0..at(0.5)).map(|n| (wave(50.0, n) * 1_200.0 + wave(150.0, n) * 700.0) as i16).collect();
    let burst = (0..at(0.3)).map(|_| (random.next() * 2_500.0) as i16).collect();
    [one, two, click, buzz, burst].into_iter().map(clip).collect()
}

fn clip(samples: Vec<i16>) -> Clip {
    Clip { rate: RATE, samples: samples.into() }
}

fn at(seconds: f64) -> usize {
    (seconds * f64::from(RATE)) as usize
}

fn quiet(seconds: f64) -> Vec<i16> {
    vec![0; at(seconds)]
}

fn wave(pitch: f64, n: usize) -> f64 {
    (2.0 * std::f64::consts::PI * pitch * n as f64 / f64::from(RATE)).sin()
}

/// Swells and fades.
fn swell(n: usize, length: usize) -> f64 {
    let edge = n.min(length - n) as f64 / (length as f64 / 4.0);
    edge.min(1.0)
}

/// A voice with its mouth closed: few overtones.
fn hum(pitch: f64, seconds: f64) -> Vec<i16> {
    let length = at(seconds);
    let tone = |n: usize| wave(pitch, n) + wave(2.0 * pitch, n) * 0.4 + wave(3.0 * pitch, n) * 0.15;
    (0..length).map(|n| (tone(n) * 4_000.0 * swell(n, length)) as i16).collect()
}

/// Noise that begins at once and dies away.
fn cough(random: &mut Noise, seconds: f64) -> Vec<i16> {
    let length = at(seconds);
    (0..length).map(|n| (random.next() * 12_000.0 * (1.0 - n as f64 / length as f64).powi(2)) as i16).collect()
}

/// Xorshift by Marsaglia (2003), as numbers from -1 to 1.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        f64::from(self.0) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_noise_can_be_heard_and_is_always_the_same() {
        let all = [hums(), coughs()].concat();
        assert_eq!(all.len(), 8);
        for clip in &all {
            assert!(clip.samples.iter().any(|sample| sample.unsigned_abs() > 1_000));
            assert!(clip.samples.len() < RATE as usize, "none is as long as a word and its pause");
        }
        let again = [hums(), coughs()].concat();
        assert!(all.iter().zip(&again).all(|(one, other)| one.samples == other.samples));
    }
}
