//! Sound files of the lab: stereo recordings as the engine writes them, mono files as other programs do.

use crate::engine::media::Clip;

const PCM: u16 = 1;
const MU_LAW: u16 = 7;

/// The two sides of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stereo {
    /// Samples per second.
    pub rate: u32,
    /// The left side: the caller.
    pub left: Vec<i16>,
    /// The right side: the bot. The same as the left one when the file has one side.
    pub right: Vec<i16>,
}

impl Stereo {
    /// Reads RIFF/WAVE with one or two channels of 16-bit PCM or µ-law. `None` for anything else.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
            return None;
        }
        let format = chunk(bytes, b"fmt ")?;
        let (tag, n_channels, rate) = (u16_at(format, 0)?, u16_at(format, 2)?, u32_at(format, 4)?);
        if !(1..=2).contains(&n_channels) || rate == 0 {
            return None;
        }
        let data = chunk(bytes, b"data")?;
        let samples: Vec<i16> = match tag {
            PCM => data.chunks_exact(2).map(|s| i16::from_le_bytes([s[0], s[1]])).collect(),
            MU_LAW => data.iter().map(|byte| mu_law(*byte)).collect(),
            _ => return None,
        };
        let side = |n: usize| samples.iter().skip(n).step_by(n_channels.into()).copied().collect();
        Some(Self { rate, left: side(0), right: side(usize::from(n_channels) - 1) })
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.left.len() as f64 / f64::from(self.rate)
    }

    /// The left side as a clip.
    pub fn left_clip(&self) -> Clip {
        Clip { rate: self.rate, samples: self.left.clone().into() }
    }
}

/// Loudest sample, 0 to 32767.
pub fn peak(samples: &[i16]) -> u16 {
    samples.iter().map(|sample| sample.unsigned_abs().min(i16::MAX.unsigned_abs())).max().unwrap_or(0)
}

/// The body of a chunk; one that claims more than there is (a recording cut short) ends with the file.
fn chunk<'a>(bytes: &'a [u8], id: &[u8; 4]) -> Option<&'a [u8]> {
    let mut at = 12;
    loop {
        let size = u32_at(bytes, at + 4)? as usize;
        let body = bytes.get(at + 8..)?;
        if bytes.get(at..at + 4)? == id {
            return Some(&body[..size.min(body.len())]);
        }
        at += 8 + size + size % 2;
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// One µ-law byte as a sample (ITU-T G.711).
fn mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = (((i16::from(byte & 0x0f) << 3) + 0x84) << ((byte & 0x70) >> 4)) - 0x84;
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tag: u16, n_channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        let block = bits / 8 * n_channels;
        for part in [
            &tag.to_le_bytes()[..],
            &n_channels.to_le_bytes(),
            &8000u32.to_le_bytes(),
            &(8000 * u32::from(block)).to_le_bytes(),
            &block.to_le_bytes(),
            &bits.to_le_bytes(),
        ] {
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(b"data");
        bytes.extend_from_slice(&(data.len() as u32).to_le_bytes());
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn length_and_loudness_of_each_side_are_read() {
        let pcm: Vec<u8> = [[100i16, -200]; 8000].iter().flatten().flat_map(|s| s.to_le_bytes()).collect();
        let read = Stereo::read(&file(PCM, 2, 16, &pcm)).expect("a recording");
        assert_eq!((read.seconds(), peak(&read.left), peak(&read.right)), (1.0, 100, 200));
        let silence_and_tone: Vec<u8> = [[0xff, 0x80]; 4000].concat();
        let read = Stereo::read(&file(MU_LAW, 2, 8, &silence_and_tone)).expect("a recording");
        assert_eq!((read.seconds(), peak(&read.left), peak(&read.right)), (0.5, 0, 32124));
        let mono = Stereo::read(&file(PCM, 1, 16, &pcm[..8])).expect("one side");
        assert_eq!((mono.left.as_slice(), mono.right.as_slice()), (&[100, -200, 100, -200][..], &[100, -200, 100, -200][..]));
    }

    #[test]
    fn anything_else_is_not_a_recording() {
        assert_eq!(Stereo::read(b"<html>"), None);
        assert_eq!(Stereo::read(&file(99, 2, 16, &[])), None);
        assert_eq!(Stereo::read(&file(PCM, 2, 16, &[])[..30]), None);
    }
}
