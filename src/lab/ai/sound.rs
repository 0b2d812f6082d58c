//! WAV files: a tone per word, always the same for the same text, or what the speech worker spoke.

use crate::engine::media::Clip;

/// Samples per second of the tones.
const RATE: u32 = 16_000;
/// Samples of one word: a quarter of a second.
const WORD: usize = RATE as usize / 4;

/// A quarter of a second per word, each at a pitch that its letters decide.
pub(super) fn tones(text: &str) -> Clip {
    let mut samples = Vec::new();
    for word in text.split_whitespace() {
        let pitch = 300.0 + f64::from(word.bytes().fold(0u32, |sum, byte| (sum + u32::from(byte)) % 40)) * 20.0;
        samples.extend((0..WORD).map(|n| {
            // Faded at both ends, so that words can be told apart and nothing clicks.
            let edge = n.min(WORD - n) as f64 / 800.0;
            let wave = (2.0 * std::f64::consts::PI * pitch * n as f64 / f64::from(RATE)).sin();
            (wave * 8000.0 * edge.min(1.0)) as i16
        }));
    }
    Clip { rate: RATE, samples: samples.into() }
}

/// A WAV file of 16-bit samples.
pub(super) fn wav(clip: &Clip) -> Vec<u8> {
    let n_bytes = u32::try_from(clip.samples.len() * 2).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(44 + clip.samples.len() * 2);
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(36 + n_bytes).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16u32.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&clip.rate.to_le_bytes());
    out.extend_from_slice(&(clip.rate * 2).to_le_bytes());
    out.extend_from_slice(&2u16.to_le_bytes());
    out.extend_from_slice(&16u16.to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&n_bytes.to_le_bytes());
    out.extend(clip.samples.iter().flat_map(|sample| sample.to_le_bytes()));
    out
}

/// The bare samples, as `response_format: pcm` asks for.
pub(super) fn pcm(clip: &Clip) -> Vec<u8> {
    clip.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}
