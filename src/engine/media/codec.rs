//! The codecs spoken on the wire and the resampler. All three send one byte per tick of an 8 kHz clock.

use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::pcma::{PcmaDecoder, PcmaEncoder};
use audio_codec::pcmu::{PcmuDecoder, PcmuEncoder};
use audio_codec::{Decoder as _, Encoder as _};

/// RTP clock ticks and payload bytes of a 20 ms packet, whatever the codec.
pub(super) const PACKET_BYTES: usize = 160;
/// Samples of a 20 ms packet at the highest rate.
pub(super) const MOST_SAMPLES: usize = 320;

/// A codec of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// G.711 µ-law, 8 kHz.
    Pcmu,
    /// G.711 A-law, 8 kHz.
    Pcma,
    /// G.722, 16 kHz (its RTP clock says 8000, RFC 3551 §4.5.2).
    G722,
}

impl Codec {
    /// Its name in SDP and in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
        }
    }

    /// Its static payload type.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
        }
    }

    /// Samples per second of the sound it carries.
    pub fn rate(self) -> u32 {
        if self == Self::G722 { 16_000 } else { 8_000 }
    }

    /// The payload byte of silence; `None` for G.722, whose silence depends on what was before.
    pub(super) fn silence(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0xff),
            Self::Pcma => Some(0xd5),
            Self::G722 => None,
        }
    }

    /// Samples of 20 ms.
    pub(super) fn frame_samples(self) -> usize {
        if self == Self::G722 { 320 } else { 160 }
    }

    /// The codec with this name, in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Pcmu, Self::Pcma, Self::G722].into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    /// The codec with this static payload type.
    pub(super) fn of_payload_type(number: u8) -> Option<Self> {
        [Self::Pcmu, Self::Pcma, Self::G722].into_iter().find(|codec| codec.payload_type() == number)
    }
}

/// Turns sound into payload and back, one direction each, with the state that G.722 keeps.
pub(super) enum Coder {
    Pcmu(PcmuEncoder, PcmuDecoder),
    Pcma(PcmaEncoder, PcmaDecoder),
    G722(Box<(G722Encoder, G722Decoder)>),
}

impl Coder {
    pub(super) fn new(codec: Codec) -> Self {
        match codec {
            Codec::Pcmu => Self::Pcmu(PcmuEncoder::new(), PcmuDecoder::new()),
            Codec::Pcma => Self::Pcma(PcmaEncoder::new(), PcmaDecoder::new()),
            Codec::G722 => Self::G722(Box::new((G722Encoder::new(), G722Decoder::new()))),
        }
    }

    /// Fills `payload` from 20 ms of sound.
    pub(super) fn encode(&mut self, samples: &[i16], payload: &mut [u8; PACKET_BYTES]) {
        let done = match self {
            Self::Pcmu(encoder, _) => encoder.encode_into(samples, payload),
            Self::Pcma(encoder, _) => encoder.encode_into(samples, payload),
            Self::G722(both) => both.0.encode_into(samples, payload),
        };
        debug_assert!(done.is_ok(), "the buffers fit 20 ms");
    }

    /// Fills `samples` from the payload of 20 ms.
    pub(super) fn decode(&mut self, payload: &[u8; PACKET_BYTES], samples: &mut [i16]) {
        let done = match self {
            Self::Pcmu(_, decoder) => decoder.decode_into(payload, samples),
            Self::Pcma(_, decoder) => decoder.decode_into(payload, samples),
            Self::G722(both) => both.1.decode_into(payload, samples),
        };
        debug_assert!(done.is_ok(), "the buffers fit 20 ms");
    }
}

/// Sound at another rate. Rates outside 1 kHz to 192 kHz give silence of no length.
pub(super) fn resample(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    if !(1_000..=192_000).contains(&from) {
        return Vec::new();
    }
    audio_codec::resample(samples, from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone, loud enough that coding noise does not matter.
    fn tone(n: usize, rate: f64) -> Vec<i16> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a test tone")]
        (0..n).map(|i| ((i as f64 * 440.0 * std::f64::consts::TAU / rate).sin() * 8000.0) as i16).collect()
    }

    fn power(samples: &[i16]) -> i64 {
        samples.iter().map(|s| i64::from(*s).pow(2)).sum::<i64>() / i64::try_from(samples.len().max(1)).unwrap()
    }

    #[test]
    fn every_codec_gives_back_about_the_sound_it_got() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
            let (mut ours, mut theirs) = (Coder::new(codec), Coder::new(codec));
            let n = codec.frame_samples();
            let sound = tone(n * 10, f64::from(codec.rate()));
            let mut heard = Vec::new();
            for frame in sound.chunks(n) {
                let (mut payload, mut out) = ([0; PACKET_BYTES], [0; MOST_SAMPLES]);
                ours.encode(frame, &mut payload);
                theirs.decode(&payload, &mut out[..n]);
                heard.extend_from_slice(&out[..n]);
            }
            let (sent, got) = (power(&sound), power(&heard));
            assert!(got > sent * 8 / 10 && got < sent * 12 / 10, "{codec:?}: {sent} became {got}");
        }
    }

    #[test]
    fn the_resampler_keeps_length_and_loudness_and_takes_no_nonsense() {
        let sound = tone(16_000, 16_000.0);
        let half = resample(&sound, 16_000, 8_000);
        assert!(half.len().abs_diff(8_000) < 64);
        assert!(power(&half) > power(&sound) * 8 / 10);
        assert!(resample(&sound, 0, 8_000).is_empty());
    }
}
