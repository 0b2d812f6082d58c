//! The waveform of a recording: how loud each piece of each channel is at most. Computed once and kept beside the recording.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ogg::{MARK, Ogg, Read};
use super::service::{Recordings, key_of, missing};
use super::wav::{self, Head};
use crate::base::id::SessionId;
use crate::base::{Error, Result};

/// Pieces of each channel.
const PIECES: u64 = 1000;

/// The waveform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(super) struct Peaks {
    /// Length of the sound.
    pub(super) duration_ms: u64,
    /// Samples per second.
    pub(super) sample_rate: u32,
    /// Channels: the caller's first, then ours.
    pub(super) channels: u16,
    /// For each channel the loudest sample of each of about 1,000 pieces, 0 to 1.
    pub(super) peaks: Vec<Vec<f32>>,
}

/// Measures sound as it streams by.
pub(super) struct Meter {
    head: Option<Head>,
    /// Of an Ogg file.
    ogg: Option<Box<Ogg>>,
    /// Bytes of the head so far, or of a frame that is not whole yet.
    kept: Vec<u8>,
    n_frames: u64,
    frames_seen: u64,
    peaks: Vec<Vec<f32>>,
    /// Length of the whole file.
    size: u64,
}

impl Meter {
    /// For a file of this length.
    pub(super) fn new(size: u64) -> Self {
        Self { head: None, ogg: None, kept: Vec::new(), n_frames: 0, frames_seen: 0, peaks: Vec::new(), size }
    }

    /// Takes the next bytes of the file. An error when it is no sound that can be read.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(ogg) = &mut self.ogg {
            return ogg.take(bytes);
        }
        self.kept.extend_from_slice(bytes);
        if self.head.is_none() && self.kept.starts_with(MARK) {
            let mut ogg = Box::new(Ogg::default());
            ogg.take(&std::mem::take(&mut self.kept))?;
            self.ogg = Some(ogg);
            return Ok(());
        }
        let head = match self.head {
            Some(head) => head,
            None => match wav::head(&self.kept)? {
                None => return Ok(()),
                Some(head) => {
                    self.begin(head);
                    head
                }
            },
        };
        let width = head.format.coding.width();
        let frame = width * usize::from(head.format.channels);
        let whole = self.kept.len() / frame * frame;
        for samples in self.kept[..whole].chunks_exact(frame) {
            if self.frames_seen >= self.n_frames {
                break;
            }
            let piece = piece_of(self.frames_seen, self.n_frames);
            for (peaks, sample) in self.peaks.iter_mut().zip(samples.chunks_exact(width)) {
                let loudness = head.format.coding.loudness(sample);
                if let Some(peak) = peaks.get_mut(piece) {
                    *peak = peak.max(loudness);
                }
            }
            self.frames_seen += 1;
        }
        self.kept.drain(..whole);
        Ok(())
    }

    fn begin(&mut self, head: Head) {
        let frame = head.format.coding.width() as u64 * u64::from(head.format.channels);
        // A recording that broke off claims more, or nothing; the file itself knows better.
        let there = self.size.saturating_sub(head.start as u64);
        let length = if head.length == 0 { there } else { head.length.min(there) };
        self.n_frames = length / frame;
        let n_pieces = usize::try_from(self.n_frames.min(PIECES)).unwrap_or_default();
        self.peaks = vec![vec![0.0; n_pieces]; usize::from(head.format.channels)];
        self.kept.drain(..head.start);
        self.head = Some(head);
    }

    /// The waveform of all that came.
    pub(super) fn finish(self) -> Result<Peaks> {
        if let Some(ogg) = self.ogg {
            return Ok(of_ogg(&ogg.finish()?));
        }
        let format = self.head.ok_or_else(wav::no_sound)?.format;
        Ok(Peaks {
            duration_ms: self.n_frames * 1000 / u64::from(format.sample_rate),
            sample_rate: format.sample_rate,
            channels: format.channels,
            peaks: self.peaks.into_iter().map(|peaks| peaks.into_iter().map(rounded).collect()).collect(),
        })
    }
}

fn rounded(peak: f32) -> f32 {
    (peak * 1000.0).round() / 1000.0
}

/// The waveform of an Ogg file: its packets are the frames.
fn of_ogg(read: &Read) -> Peaks {
    let n_packets = read.loudness.len() as u64;
    let n_pieces = usize::try_from(n_packets.min(PIECES)).unwrap_or_default();
    let mut peaks = vec![vec![0.0f32; n_pieces]; usize::from(read.channels)];
    for (n, packet) in (0..).zip(&read.loudness) {
        for (peaks, loudness) in peaks.iter_mut().zip(packet) {
            if let Some(peak) = peaks.get_mut(piece_of(n, n_packets)) {
                *peak = peak.max(rounded(*loudness));
            }
        }
    }
    Peaks { duration_ms: read.duration_ms, sample_rate: read.sample_rate, channels: read.channels, peaks }
}

/// Which piece a frame belongs to.
fn piece_of(frame: u64, n_frames: u64) -> usize {
    let piece = u128::from(frame) * u128::from(n_frames.min(PIECES)) / u128::from(n_frames.max(1));
    usize::try_from(piece).unwrap_or(usize::MAX)
}

impl Recordings {
    /// The waveform of a call's recording: as it was kept, else computed now and kept.
    pub(super) async fn peaks(&self, session_id: SessionId) -> Result<Peaks> {
        let key = key_of(&self.call(&session_id).await?)?;
        if let Some(kept) = self.objects().derived(&key).await
            && let Ok(peaks) = serde_json::from_str(&kept)
        {
            return Ok(peaks);
        }
        let found = super::find::find(self, &key).await?;
        if found.size == 0 {
            return Err(wav::no_sound());
        }
        let mut stream = self.open(&found, 0, found.size).await?.ok_or_else(missing)?.into_data_stream();
        let mut meter = Meter::new(found.size);
        while let Some(chunk) = futures_util::StreamExt::next(&mut stream).await {
            let chunk = chunk.map_err(|cause| Error::unavailable("the recording broke off while it was read").caused_by(cause))?;
            meter.take(&chunk)?;
        }
        let peaks = meter.finish()?;
        if let Ok(text) = serde_json::to_string(&peaks)
            && let Err(failure) = self.objects().keep_derived(&key, &text).await
        {
            tracing::warn!("A waveform could not be kept, it will be computed again: {failure}");
        }
        Ok(peaks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(frames: &[[i16; 2]]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
        bytes.extend(8000u32.to_le_bytes());
        bytes.extend(32000u32.to_le_bytes());
        bytes.extend([4, 0, 16, 0]);
        bytes.extend(b"data");
        bytes.extend((frames.len() as u32 * 4).to_le_bytes());
        bytes.extend(frames.iter().flatten().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }

    fn measured(bytes: &[u8], step: usize) -> Peaks {
        let mut meter = Meter::new(bytes.len() as u64);
        bytes.chunks(step).for_each(|chunk| meter.take(chunk).expect("sound"));
        meter.finish().expect("a waveform")
    }

    #[test]
    fn each_channel_has_the_loudest_sample_of_each_piece_however_the_bytes_come() {
        let mut frames = vec![[0, 100]; 16_000];
        frames[8_000] = [-32768, 100];
        let bytes = file(&frames);
        let whole = measured(&bytes, bytes.len());
        assert_eq!((whole.duration_ms, whole.channels, whole.peaks[0].len()), (2000, 2, 1000));
        assert_eq!((whole.peaks[0][499], whole.peaks[0][500], whole.peaks[0][501]), (0.0, 1.0, 0.0));
        assert!(whole.peaks[1].iter().all(|peak| *peak == 0.003));
        for step in [1, 3, 7, 1000] {
            assert_eq!(measured(&bytes, step), whole, "{step} bytes at a time");
        }
    }

    #[test]
    fn short_empty_and_broken_off_recordings_have_a_waveform_too() {
        assert_eq!(measured(&file(&[[16384, 0]; 3]), 5).peaks, vec![vec![0.5; 3], vec![0.0; 3]]);
        assert_eq!(measured(&file(&[]), 5).peaks, vec![Vec::<f32>::new(); 2]);
        let mut broken = file(&[[16384, 0]; 10]);
        broken.truncate(broken.len() - 21);
        assert_eq!(measured(&broken, 4).peaks[0].len(), 4);
        assert!(Meter::new(3).finish().is_err());
    }
}
