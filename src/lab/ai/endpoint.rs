//! Where utterances end, found by how loud the sound is. Pure.

/// Samples above this are sound; the noise of a line stays far below.
const LOUD: u16 = 900;
/// A piece with more of them than one in so many is loud.
const ONE_IN: usize = 8;

/// The ends of the utterances on one stream of 16-bit samples.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// Bytes of 20 ms.
    piece: usize,
    /// Bytes of silence that end an utterance.
    silence: usize,
    is_speech: bool,
    /// Bytes of silence so far.
    quiet: usize,
}

impl Endpoint {
    /// Ends utterances after so much silence.
    pub(super) fn new(rate: u32, silence_ms: u32) -> Self {
        let bytes = |ms: u32| usize::try_from(u64::from(rate) * u64::from(ms) / 1000 * 2).unwrap_or(usize::MAX);
        Self { piece: bytes(20).max(2), silence: bytes(silence_ms), is_speech: false, quiet: 0 }
    }

    /// Whether somebody is speaking, or only pauses.
    pub(super) fn is_speech(&self) -> bool {
        self.is_speech
    }

    /// Takes sound, and says whether an utterance ended in it.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> bool {
        let mut has_ended = false;
        for piece in bytes.chunks(self.piece) {
            if is_loud(piece) {
                (self.is_speech, self.quiet, has_ended) = (true, 0, false);
            } else if self.is_speech {
                self.quiet += piece.len();
                has_ended = self.quiet >= self.silence;
                self.is_speech = !has_ended;
            }
        }
        has_ended
    }
}

fn is_loud(piece: &[u8]) -> bool {
    let n_loud = piece.chunks_exact(2).filter(|sample| i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs() > LOUD).count();
    n_loud * ONE_IN > piece.len() / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(level: i16, ms: usize) -> Vec<u8> {
        (0..8 * ms).flat_map(|n| (if n % 2 == 0 { level } else { -level }).to_le_bytes()).collect()
    }

    #[test]
    fn an_utterance_ends_once_after_its_silence_and_noise_begins_none() {
        let mut endpoint = Endpoint::new(8000, 700);
        assert!(!endpoint.hear(&sound(120, 2_000)) && !endpoint.is_speech(), "noise of a line");
        assert!(!endpoint.hear(&sound(4_000, 400)) && endpoint.is_speech());
        assert!(!endpoint.hear(&sound(120, 600)) && endpoint.is_speech(), "a pause");
        assert!(!endpoint.hear(&sound(4_000, 200)));
        let ends: Vec<bool> = (0..60).map(|_| endpoint.hear(&sound(120, 20))).collect();
        assert_eq!(ends.iter().position(|ended| *ended), Some(34), "700 ms are 35 pieces");
        assert_eq!(ends.iter().filter(|ended| **ended).count(), 1);
        assert!(!endpoint.is_speech());
    }
}
