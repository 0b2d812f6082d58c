//! Reads a stereo WAV recording far enough to say how long it is and whether both sides were heard.

/// What a recording holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wave {
    /// Length in seconds.
    pub(super) seconds: f64,
    /// Loudest sample of the left channel (the caller), 0 to 32767.
    pub(super) left_peak: i32,
    /// Loudest sample of the right channel (the bot).
    pub(super) right_peak: i32,
}

const PCM: u16 = 1;
const MU_LAW: u16 = 7;

/// Reads RIFF/WAVE with two channels of 16-bit PCM or µ-law. `None` for anything else.
pub(super) fn read(bytes: &[u8]) -> Option<Wave> {
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let format = chunk(bytes, b"fmt ")?;
    let (tag, n_channels, rate) = (u16_at(format, 0)?, u16_at(format, 2)?, u32_at(format, 4)?);
    if n_channels != 2 || rate == 0 {
        return None;
    }
    let data = chunk(bytes, b"data")?;
    let samples: Vec<i32> = match tag {
        PCM => data.chunks_exact(2).map(|s| i32::from(i16::from_le_bytes([s[0], s[1]]))).collect(),
        MU_LAW => data.iter().map(|byte| mu_law(*byte)).collect(),
        _ => return None,
    };
    let peak = |side: usize| samples.iter().skip(side).step_by(2).map(|s| s.abs()).max().unwrap_or(0);
    Some(Wave { seconds: samples.len() as f64 / 2.0 / f64::from(rate), left_peak: peak(0), right_peak: peak(1) })
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
fn mu_law(byte: u8) -> i32 {
    let byte = !byte;
    let magnitude = (((i32::from(byte & 0x0f) << 3) + 0x84) << ((byte & 0x70) >> 4)) - 0x84;
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tag: u16, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        let block = bits / 8 * 2;
        for part in [
            &tag.to_le_bytes()[..],
            &2u16.to_le_bytes(),
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
        assert_eq!(read(&file(PCM, 16, &pcm)), Some(Wave { seconds: 1.0, left_peak: 100, right_peak: 200 }));
        let silence_and_tone: Vec<u8> = [[0xff, 0x80]; 4000].concat();
        assert_eq!(read(&file(MU_LAW, 8, &silence_and_tone)), Some(Wave { seconds: 0.5, left_peak: 0, right_peak: 32124 }));
    }

    #[test]
    fn anything_else_is_not_a_recording() {
        assert_eq!(read(b"<html>"), None);
        assert_eq!(read(&file(99, 16, &[])), None);
        assert_eq!(read(&file(PCM, 16, &[])[..30]), None);
    }
}
