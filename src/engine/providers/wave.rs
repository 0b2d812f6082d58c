//! WAV in memory: what speech programs and services send, and what a recogniser is sent.

use crate::engine::media::Clip;

/// Reads 16-bit PCM; of several channels the first. `None` if it is anything else. Lengths in the header may be wrong, as in a stream.
pub(super) fn read_wave(bytes: &[u8]) -> Option<Clip> {
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut at = 12;
    let mut format = None;
    while let (Some(name), Some(length)) = (bytes.get(at..at + 4), bytes.get(at + 4..at + 8)) {
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let body = at + 8;
        match name {
            b"fmt " => format = Some(read_format(bytes.get(body..body + 16)?)?),
            b"data" => {
                let (rate, n_channels) = format?;
                let data = &bytes[body..body.saturating_add(length).min(bytes.len())];
                let samples: Vec<i16> = data.chunks_exact(2 * n_channels).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
                return Some(Clip { rate, samples: samples.into() });
            }
            _ => {}
        }
        at = body.saturating_add(length).saturating_add(length % 2);
    }
    None
}

fn read_format(bytes: &[u8]) -> Option<(u32, usize)> {
    let number = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let rate = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    let n_channels = usize::from(number(2));
    let is_pcm_16 = matches!(number(0), 1 | 0xfffe) && number(14) == 16;
    (is_pcm_16 && n_channels > 0 && (4000..=192_000).contains(&rate)).then_some((rate, n_channels))
}

/// A mono clip as a WAV file.
pub(super) fn write_wave(clip: &Clip) -> Vec<u8> {
    let n_bytes = u32::try_from(clip.samples.len() * 2).unwrap_or(u32::MAX - 36);
    let mut wave = Vec::with_capacity(44 + clip.samples.len() * 2);
    wave.extend(b"RIFF");
    wave.extend((36 + n_bytes).to_le_bytes());
    wave.extend(b"WAVEfmt ");
    wave.extend(16u32.to_le_bytes());
    wave.extend([1, 0, 1, 0]);
    wave.extend(clip.rate.to_le_bytes());
    wave.extend((clip.rate * 2).to_le_bytes());
    wave.extend([2, 0, 16, 0]);
    wave.extend(b"data");
    wave.extend(n_bytes.to_le_bytes());
    wave.extend(clip.samples.iter().flat_map(|sample| sample.to_le_bytes()));
    wave
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let clip = Clip { rate: 8000, samples: vec![1, -2, 300].into() };
        let read = read_wave(&write_wave(&clip)).expect("is a wave");
        assert_eq!((read.rate, read.samples), (8000, clip.samples));
    }

    #[test]
    fn a_stream_with_an_endless_length_is_read_and_nonsense_is_not() {
        let mut wave = write_wave(&Clip { rate: 22_050, samples: vec![7; 10].into() });
        wave[40..44].fill(0xff);
        assert_eq!(read_wave(&wave).expect("is a wave").samples.len(), 10);
        for length in 0..44 {
            assert!(read_wave(&wave[..length]).is_none(), "{length} bytes");
        }
        assert!(read_wave(b"<html>").is_none());
    }
}
