//! Reads the sound out of a WAV file as it streams by: PCM of 8, 16 and 24 bits, µ-law and A-law. Pure.

use audio_codec::Decoder;
use audio_codec::pcma::PcmaDecoder;
use audio_codec::pcmu::PcmuDecoder;

use crate::base::{Error, Result};

/// Most bytes in front of the sound that are looked through.
const MOST_HEAD: usize = 256 * 1024;

/// How the sound is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) coding: Coding,
    pub(super) channels: u16,
    pub(super) sample_rate: u32,
}

/// How one sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Pcm8,
    Pcm16,
    Pcm24,
    MuLaw,
    ALaw,
}

impl Coding {
    /// Bytes of one sample.
    pub(super) fn width(self) -> usize {
        match self {
            Self::Pcm8 | Self::MuLaw | Self::ALaw => 1,
            Self::Pcm16 => 2,
            Self::Pcm24 => 3,
        }
    }

    /// How loud a sample is, 0 to 1. `bytes` has [`Coding::width`] bytes.
    pub(super) fn loudness(self, bytes: &[u8]) -> f32 {
        let at = |n: usize| bytes.get(n).copied().unwrap_or_default();
        match self {
            Self::Pcm8 => (f32::from(at(0)) - 128.0).abs() / 128.0,
            Self::Pcm16 => f32::from(i16::from_le_bytes([at(0), at(1)])).abs() / 32768.0,
            Self::Pcm24 => f32::from(i16::from_le_bytes([at(1), at(2)])).abs() / 32768.0,
            Self::MuLaw => of_telephone(&mut PcmuDecoder::new(), at(0)),
            Self::ALaw => of_telephone(&mut PcmaDecoder::new(), at(0)),
        }
    }
}

fn of_telephone(decoder: &mut dyn Decoder, byte: u8) -> f32 {
    let mut sample = [0];
    match decoder.decode_into(&[byte], &mut sample) {
        Ok(_) => f32::from(sample[0]).abs() / 32768.0,
        Err(_) => 0.0,
    }
}

/// Where the sound begins and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) format: Format,
    /// The first byte of the sound.
    pub(super) start: usize,
    /// Bytes of sound, as the file claims.
    pub(super) length: u64,
}

/// Reads the head of a file from its first bytes. `None` when more of it is needed; an error when it is no sound that can be read.
pub(super) fn head(bytes: &[u8]) -> Result<Option<Head>> {
    if bytes.len() < 12 {
        return Ok(None);
    }
    if &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
        return Err(no_sound());
    }
    let (mut at, mut format) = (12, None);
    loop {
        let Some(chunk) = bytes.get(at..at + 8) else { return if at > MOST_HEAD { Err(no_sound()) } else { Ok(None) } };
        let length = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        if &chunk[..4] == b"data" {
            let format = format.ok_or_else(no_sound)?;
            return Ok(Some(Head { format, start: at + 8, length: u64::from(length) }));
        }
        let body = at + 8;
        if &chunk[..4] == b"fmt " {
            let Some(body) = bytes.get(body..body + 16) else { return Ok(None) };
            format = Some(format_of(body)?);
        }
        at = body.saturating_add(length as usize).saturating_add(length as usize % 2);
    }
}

fn format_of(body: &[u8]) -> Result<Format> {
    let number = |n: usize| u16::from_le_bytes([body[n], body[n + 1]]);
    let (tag, channels, bits) = (number(0), number(2), number(14));
    let sample_rate = u32::from_le_bytes([body[4], body[5], body[6], body[7]]);
    let coding = match (tag, bits) {
        (1 | 0xfffe, 8) => Coding::Pcm8,
        (1 | 0xfffe, 16) => Coding::Pcm16,
        (1 | 0xfffe, 24) => Coding::Pcm24,
        (6, 8) => Coding::ALaw,
        (7, 8) => Coding::MuLaw,
        _ => return Err(no_sound()),
    };
    if !(1..=8).contains(&channels) || sample_rate == 0 {
        return Err(no_sound());
    }
    Ok(Format { coding, channels, sample_rate })
}

pub(super) fn no_sound() -> Error {
    Error::invalid("a waveform can be made of WAV and Opus (Ogg) recordings only")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tag: u16, channels: u16, bits: u16) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend(tag.to_le_bytes());
        bytes.extend(channels.to_le_bytes());
        bytes.extend(8000u32.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"data\x08\0\0\0");
        bytes
    }

    #[test]
    fn heads_are_read_with_other_chunks_between() {
        let whole = file(1, 2, 16);
        let found = head(&whole).expect("a head").expect("whole");
        assert_eq!(found.format, Format { coding: Coding::Pcm16, channels: 2, sample_rate: 8000 });
        assert_eq!((found.start, found.length), (whole.len(), 8));
        for n in 0..whole.len() {
            assert_eq!(head(&whole[..n]).expect("not wrong yet"), None, "{n} bytes");
        }
    }

    #[test]
    fn what_is_no_sound_is_told() {
        for bytes in [b"ID3\x04\0\0\0\0\0\0\0\0\0".to_vec(), file(3, 1, 32), file(1, 0, 16), file(1, 9, 16), file(1, 1, 12)] {
            assert!(head(&bytes).is_err());
        }
    }

    #[test]
    fn loudness_is_between_zero_and_one() {
        for (coding, silent, loud) in [
            (Coding::Pcm8, vec![128], vec![0]),
            (Coding::Pcm16, vec![0, 0], vec![0, 128]),
            (Coding::Pcm24, vec![0, 0, 0], vec![0, 0, 128]),
            (Coding::MuLaw, vec![255], vec![0]),
            (Coding::ALaw, vec![0xd5], vec![0x2a]),
        ] {
            assert!(coding.loudness(&silent) < 0.01, "{coding:?}");
            assert!((0.9..=1.0).contains(&coding.loudness(&loud)), "{coding:?} {}", coding.loudness(&loud));
        }
    }
}
