//! The codecs spoken on the wire and the resampler. All but Opus send one byte per tick of an 8 kHz clock.

use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::pcma::{PcmaDecoder, PcmaEncoder};
use audio_codec::pcmu::{PcmuDecoder, PcmuEncoder};
use audio_codec::{Decoder as _, Encoder as _};

use super::opus;

/// Payload bytes of a 20 ms packet of every codec but Opus.
pub(super) const PACKET_BYTES: usize = 160;
/// Payload bytes of a 20 ms packet of ours at most.
pub(super) const MOST_PAYLOAD: usize = opus::MOST_BYTES;
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
    /// Opus, which we speak at 16 kHz (its RTP clock says 48000, RFC 7587).
    Opus,
}

impl Codec {
    /// All of them, in the order we offer them: carriers take the first, and what costs much comes last.
    pub const ALL: [Self; 4] = [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus];

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "OPUS",
        }
    }

    /// The payload type we offer it under; a fixed one for all but Opus.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }

    /// Samples per second of the sound it carries.
    pub fn rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma => 8_000,
            Self::G722 | Self::Opus => 16_000,
        }
    }

    /// Ticks per second of its RTP clock.
    pub(super) fn clock(self) -> u32 {
        if self == Self::Opus { opus::CLOCK } else { 8_000 }
    }

    /// Ticks of its RTP clock in 20 ms.
    pub(super) fn step(self) -> u32 {
        self.clock() / 50
    }

    /// What `a=rtpmap` says of it.
    pub(super) fn encoding(self) -> &'static str {
        match self {
            Self::Opus => "opus/48000/2",
            Self::Pcmu => "PCMU/8000",
            Self::Pcma => "PCMA/8000",
            Self::G722 => "G722/8000",
        }
    }

    /// What `a=fmtp` says of how we want it, if anything.
    pub(super) fn parameters(self) -> Option<&'static str> {
        (self == Self::Opus).then_some("minptime=10;useinbandfec=1;maxplaybackrate=16000;sprop-maxcapturerate=16000")
    }

    /// The payload byte of silence; `None` for codecs whose silence depends on what was before.
    pub(super) fn silence(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0xff),
            Self::Pcma => Some(0xd5),
            Self::G722 | Self::Opus => None,
        }
    }

    /// Samples of 20 ms.
    pub(super) fn frame_samples(self) -> usize {
        self.rate() as usize / 50
    }

    /// The codec with this name, in any case, and this clock.
    pub(super) fn named(name: &str, clock: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name) && codec.clock() == clock)
    }

    /// The codec that has this payload type without being named.
    pub(super) fn of_payload_type(number: u8) -> Option<Self> {
        [Self::Pcmu, Self::Pcma, Self::G722].into_iter().find(|codec| codec.payload_type() == number)
    }
}

/// Turns sound into payload and back, one direction each, with the state that some codecs keep.
pub(super) enum Coder {
    Pcmu(PcmuEncoder, PcmuDecoder),
    Pcma(PcmaEncoder, PcmaDecoder),
    G722(Box<(G722Encoder, G722Decoder)>),
    Opus(Box<opus::Coder>),
}

impl Coder {
    /// For this codec; the wishes are the far end's for Opus.
    pub(super) fn new(codec: Codec, wishes: opus::Wishes) -> Self {
        match codec {
            Codec::Pcmu => Self::Pcmu(PcmuEncoder::new(), PcmuDecoder::new()),
            Codec::Pcma => Self::Pcma(PcmaEncoder::new(), PcmaDecoder::new()),
            Codec::G722 => Self::G722(Box::new((G722Encoder::new(), G722Decoder::new()))),
            Codec::Opus => Self::Opus(Box::new(opus::Coder::new(wishes))),
        }
    }

    /// Fills `payload` from 20 ms of sound and says how many bytes of it are to be sent.
    pub(super) fn encode(&mut self, samples: &[i16], payload: &mut [u8; MOST_PAYLOAD]) -> usize {
        let done = match self {
            Self::Pcmu(encoder, _) => encoder.encode_into(samples, &mut payload[..PACKET_BYTES]),
            Self::Pcma(encoder, _) => encoder.encode_into(samples, &mut payload[..PACKET_BYTES]),
            Self::G722(both) => both.0.encode_into(samples, &mut payload[..PACKET_BYTES]),
            Self::Opus(coder) => return coder.encode(samples, payload),
        };
        debug_assert!(done.is_ok(), "the buffers fit 20 ms");
        PACKET_BYTES
    }

    /// The same for 20 ms in which nothing is said.
    pub(super) fn encode_silence(&mut self, payload: &mut [u8; MOST_PAYLOAD]) -> usize {
        match self {
            Self::Pcmu(..) => payload[..PACKET_BYTES].fill(0xff),
            Self::Pcma(..) => payload[..PACKET_BYTES].fill(0xd5),
            Self::G722(_) => return self.encode(&[0; MOST_SAMPLES], payload),
            Self::Opus(coder) => return coder.encode_silence(payload),
        }
        PACKET_BYTES
    }

    /// Fills `samples` from the payload of 20 ms. Not for Opus, whose packets have lengths of their own: [`Coder::as_opus`].
    pub(super) fn decode(&mut self, payload: &[u8; PACKET_BYTES], samples: &mut [i16]) {
        let done = match self {
            Self::Pcmu(_, decoder) => decoder.decode_into(payload, samples),
            Self::Pcma(_, decoder) => decoder.decode_into(payload, samples),
            Self::G722(both) => both.1.decode_into(payload, samples),
            Self::Opus(_) => return samples.fill(0),
        };
        debug_assert!(done.is_ok(), "the buffers fit 20 ms");
    }

    /// The coder of Opus, when it is one.
    pub(super) fn as_opus(&mut self) -> Option<&mut opus::Coder> {
        if let Self::Opus(coder) = self { Some(coder) } else { None }
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

    use super::super::correlation::{speech_like, tracked};

    fn power(samples: &[i16]) -> i64 {
        samples.iter().map(|s| i64::from(*s).pow(2)).sum::<i64>() / i64::try_from(samples.len().max(1)).unwrap()
    }

    #[test]
    fn every_codec_of_fixed_size_gives_back_about_the_sound_it_got() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
            let new = || Coder::new(codec, opus::Wishes::default());
            let (mut ours, mut theirs) = (new(), new());
            let n = codec.frame_samples();
            let sound = speech_like(codec.rate(), 2.0);
            let mut heard = Vec::new();
            for frame in sound.chunks_exact(n) {
                let (mut payload, mut out) = ([0; MOST_PAYLOAD], [0; MOST_SAMPLES]);
                assert_eq!(ours.encode(frame, &mut payload), PACKET_BYTES);
                theirs.decode(payload[..PACKET_BYTES].try_into().unwrap(), &mut out[..n]);
                heard.extend_from_slice(&out[..n]);
            }
            let (sent, got) = (power(&sound), power(&heard));
            assert!(got > sent * 8 / 10 && got < sent * 12 / 10, "{codec:?}: {sent} became {got}");
            let alike = tracked(&sound, &heard);
            assert!(alike > 0.97, "{codec:?}: {alike}");
        }
    }

    #[test]
    fn a_codec_is_named_with_its_clock() {
        assert_eq!((Codec::named("OpUs", 48_000), Codec::named("opus", 8000)), (Some(Codec::Opus), None));
        assert_eq!((Codec::named("pcma", 8000), Codec::named("PCMA", 16_000)), (Some(Codec::Pcma), None));
        assert_eq!((Codec::of_payload_type(9), Codec::of_payload_type(111)), (Some(Codec::G722), None));
    }

    #[test]
    fn the_resampler_keeps_length_and_loudness_and_takes_no_nonsense() {
        let sound = speech_like(16_000, 1.0);
        let half = resample(&sound, 16_000, 8_000);
        assert!(half.len().abs_diff(8_000) < 64);
        assert!(power(&half) > power(&sound) * 8 / 10);
        assert!(resample(&sound, 0, 8_000).is_empty());
    }
}
