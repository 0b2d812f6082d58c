//! WAV in memory: what speech programs and services send, and what a recogniser is sent.

use crate::engine::media::Clip;

/// Reads 16-bit PCM; of several channels the first. `None` if it is anything else. Lengths in the header may be wrong, as in a stream.
pub(super) fn read_wave(bytes: &[u8]) -> Option<Clip> {
    let ((rate, n_channels), body) = read_head(bytes)?;
    let length = u32::from_le_bytes(bytes.get(body - 4..body)?.try_into().ok()?) as usize;
    let data = &bytes[body..body.saturating_add(length).min(bytes.len())];
    let samples: Vec<i16> = data.chunks_exact(2 * n_channels).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    Some(Clip { rate, samples: samples.into() })
}

fn read_format(bytes: &[u8]) -> Option<(u32, usize)> {
    let number = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let rate = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    let n_channels = usize::from(number(2));
    let is_pcm_16 = matches!(number(0), 1 | 0xfffe) && number(14) == 16;
    (is_pcm_16 && n_channels > 0 && (4000..=192_000).contains(&rate)).then_some((rate, n_channels))
}

/// Longest head of a stream: some services put remarks before the sound.
const MOST_HEAD: usize = 64 << 10;

/// A WAV file that comes in pieces: the sound of each piece, once the head is known.
#[derive(Default)]
pub(super) struct WaveStream {
    head: Vec<u8>,
    format: Option<(u32, usize)>,
    rest: Vec<u8>,
}

impl WaveStream {
    /// Takes the next bytes. `None` if they are no sound; an empty clip while the head is not whole.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<Clip> {
        let Some((rate, n_channels)) = self.format else {
            self.head.extend_from_slice(bytes);
            let Some((format, at)) = read_head(&self.head) else {
                let is_wave = self.head.iter().zip(b"RIFF").all(|(byte, expected)| byte == expected);
                return (is_wave && self.head.len() <= MOST_HEAD).then(|| Clip { rate: 8000, samples: [].into() });
            };
            self.format = Some(format);
            let sound = self.head.split_off(at);
            return self.push(&sound);
        };
        self.rest.extend_from_slice(bytes);
        let frame = 2 * n_channels;
        let whole = self.rest.len() / frame * frame;
        let samples = self.rest[..whole].chunks_exact(frame).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        self.rest.drain(..whole);
        Some(Clip { rate, samples })
    }
}

/// Bare samples of 16 bits that come in pieces, which may end in the middle of one.
#[derive(Default)]
pub(super) struct Samples {
    rest: Option<u8>,
}

impl Samples {
    /// The samples that are whole.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<i16> {
        let all: Vec<u8> = self.rest.take().into_iter().chain(bytes.iter().copied()).collect();
        let pairs = all.chunks_exact(2);
        self.rest = pairs.remainder().first().copied();
        pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }
}

/// Format and beginning of the sound; `None` when the head is not whole or not one.
fn read_head(bytes: &[u8]) -> Option<((u32, usize), usize)> {
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut at = 12;
    let mut format = None;
    while let (Some(name), Some(length)) = (bytes.get(at..at + 4), bytes.get(at + 4..at + 8)) {
        let body = at + 8;
        match name {
            b"fmt " => format = Some(read_format(bytes.get(body..body + 16)?)?),
            b"data" => return Some((format?, body)),
            _ => {}
        }
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        at = body.saturating_add(length).saturating_add(length % 2);
    }
    None
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

    #[test]
    fn sound_in_pieces_is_the_same_sound_however_it_is_cut() {
        let clip = Clip { rate: 24_000, samples: (0..100).collect::<Vec<i16>>().into() };
        let mut wave = write_wave(&clip);
        wave[40..44].fill(0xff);
        for step in [1, 3, 43, 45, wave.len()] {
            let (mut stream, mut samples, mut rate) = (WaveStream::default(), Vec::new(), 0);
            for part in wave.chunks(step) {
                let part = stream.push(part).expect("is a wave");
                samples.extend_from_slice(&part.samples);
                rate = part.rate;
            }
            assert_eq!((rate, &samples[..]), (24_000, &clip.samples[..]), "{step} bytes at a time");
            let (mut bare, bytes) = (Samples::default(), &wave[44..]);
            assert_eq!(bytes.chunks(step).flat_map(|part| bare.push(part)).collect::<Vec<_>>(), clip.samples[..]);
        }
        assert!(WaveStream::default().push(b"ID3").is_none());
        let mut endless = WaveStream::default();
        endless.push(b"RIFF");
        assert!(endless.push(&vec![0; MOST_HEAD]).is_none());
    }
}
