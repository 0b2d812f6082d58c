//! Tells a voice from noise and silence with earshot, a small network inside the program.

use super::listen::Detector;
use crate::engine::media::Frame;

/// Samples the network looks at: 16 ms at 16 kHz.
const WINDOW: usize = 256;
/// Score from which it is a voice.
const VOICE: f32 = 0.5;
/// Mean level below which nobody speaks; such frames never reach the network.
const QUIET: i64 = 40;

/// The detector of one call.
pub struct Earshot {
    network: Box<earshot::Detector>,
    waiting: Vec<i16>,
    last: i16,
    is_voice: bool,
}

impl Earshot {
    /// A detector that has heard nothing.
    pub fn new() -> Self {
        Self { network: Box::default(), waiting: Vec::with_capacity(2 * WINDOW), last: 0, is_voice: false }
    }

    /// Adds a frame as 16 kHz: 8 kHz is interpolated.
    fn add(&mut self, frame: &Frame) {
        if frame.rate >= 16_000 {
            self.waiting.extend_from_slice(&frame.samples);
            return;
        }
        for sample in &frame.samples {
            let between = (i32::from(self.last) + i32::from(*sample)) / 2;
            self.waiting.push(i16::try_from(between).unwrap_or(*sample));
            self.waiting.push(*sample);
            self.last = *sample;
        }
    }
}

impl Default for Earshot {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector for Earshot {
    fn is_voice(&mut self, frame: &Frame) -> bool {
        let sum: i64 = frame.samples.iter().map(|s| i64::from(s.unsigned_abs())).sum();
        if sum < QUIET * i64::try_from(frame.samples.len().max(1)).unwrap_or(1) {
            self.waiting.clear();
            self.is_voice = false;
            return false;
        }
        self.add(frame);
        let mut taken = 0;
        while self.waiting.len() - taken >= WINDOW {
            self.is_voice = self.network.predict_i16(&self.waiting[taken..taken + WINDOW]) >= VOICE;
            taken += WINDOW;
        }
        self.waiting.drain(..taken);
        self.is_voice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_a_steady_hum_are_not_a_voice() {
        let mut detector = Earshot::new();
        let silence = Frame { rate: 8000, samples: vec![3; 160] };
        assert!((0..50).all(|_| !detector.is_voice(&silence)));
        let hum: Vec<i16> = (0..160).map(|n| if n % 80 < 40 { 300 } else { -300 }).collect();
        let n_voice = (0..100).filter(|_| detector.is_voice(&Frame { rate: 8000, samples: hum.clone() })).count();
        assert!(n_voice < 50, "{n_voice} of 100 frames of a hum");
    }
}
