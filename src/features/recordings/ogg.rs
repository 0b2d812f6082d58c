//! Reads the sound out of an Ogg file with Opus (RFC 7845) as it streams by: how loud each packet is. Pure.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opus_rs::OpusDecoder;

use super::wav::no_sound;
use crate::base::Result;

/// Samples per second it is decoded at: enough to see how loud it is.
const RATE: u32 = 16_000;
/// Samples of the longest packet (120 ms).
const MOST_SAMPLES: usize = 1920;
/// Bytes of a page's head before its table.
const PAGE_HEAD: usize = 27;
/// Longest packet that is kept; longer ones are no sound (a picture in the tags).
const MOST_PACKET: usize = 8192;

/// The first bytes of such a file.
pub(super) const MARK: &[u8; 4] = b"OggS";

/// What came so far.
#[derive(Default)]
pub(super) struct Ogg {
    kept: Vec<u8>,
    packet: Vec<u8>,
    n_packets: u64,
    /// Once the head was read.
    sound: Option<Sound>,
}

struct Sound {
    decoder: OpusDecoder,
    channels: u16,
    sample_rate: u32,
    /// Samples at the beginning that are not heard.
    skipped: u64,
    n_samples: u64,
    /// The loudest sample of each packet and side.
    loudness: Vec<[f32; 2]>,
}

/// What is known at the end.
pub(super) struct Read {
    pub(super) channels: u16,
    /// Of what was recorded.
    pub(super) sample_rate: u32,
    pub(super) duration_ms: u64,
    pub(super) loudness: Vec<[f32; 2]>,
}

impl Ogg {
    /// Takes the next bytes of the file. An error when it is no Opus.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.kept.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(length) = page_at(&self.kept[at..])? {
            let page = self.kept[at..at + length].to_vec();
            self.page(&page)?;
            at += length;
        }
        self.kept.drain(..at);
        Ok(())
    }

    fn page(&mut self, page: &[u8]) -> Result<()> {
        let n_parts = usize::from(page[PAGE_HEAD - 1]);
        let (table, mut data) = page[PAGE_HEAD..].split_at(n_parts);
        for part in table {
            let (now, rest) = data.split_at(usize::from(*part));
            data = rest;
            if self.packet.len() <= MOST_PACKET {
                self.packet.extend_from_slice(now);
            }
            if *part < 255 {
                let packet = std::mem::take(&mut self.packet);
                self.packet(&packet)?;
            }
        }
        Ok(())
    }

    fn packet(&mut self, packet: &[u8]) -> Result<()> {
        self.n_packets += 1;
        match (self.n_packets, &mut self.sound) {
            (1, _) => self.sound = Some(Sound::begin(packet)?),
            // The tags.
            (2, _) | (_, None) => {}
            (_, Some(sound)) => sound.take(packet),
        }
        Ok(())
    }

    /// All that came. An error when there was no sound.
    pub(super) fn finish(self) -> Result<Read> {
        let sound = self.sound.ok_or_else(no_sound)?;
        let n_samples = sound.n_samples.saturating_sub(sound.skipped);
        Ok(Read {
            channels: sound.channels,
            sample_rate: sound.sample_rate,
            duration_ms: n_samples * 1000 / u64::from(RATE),
            loudness: sound.loudness,
        })
    }
}

/// Length of the page that begins here, once all of it is there.
fn page_at(bytes: &[u8]) -> Result<Option<usize>> {
    if bytes.len() < PAGE_HEAD {
        return Ok(None);
    }
    if &bytes[..4] != MARK {
        return Err(no_sound());
    }
    let n_parts = usize::from(bytes[PAGE_HEAD - 1]);
    let Some(table) = bytes.get(PAGE_HEAD..PAGE_HEAD + n_parts) else { return Ok(None) };
    let length = PAGE_HEAD + n_parts + table.iter().map(|part| usize::from(*part)).sum::<usize>();
    Ok((bytes.len() >= length).then_some(length))
}

impl Sound {
    fn begin(head: &[u8]) -> Result<Self> {
        let head = head.get(..19).filter(|head| head.starts_with(b"OpusHead")).ok_or_else(no_sound)?;
        let channels = u16::from(head[9]);
        if !(1..=2).contains(&channels) {
            return Err(no_sound());
        }
        let sample_rate = u32::from_le_bytes([head[12], head[13], head[14], head[15]]);
        let skipped = u64::from(u16::from_le_bytes([head[10], head[11]])) / u64::from(48_000 / RATE);
        let decoder = OpusDecoder::new(RATE.cast_signed(), usize::from(channels)).map_err(|_| no_sound())?;
        Ok(Self { decoder, channels, sample_rate, skipped, n_samples: 0, loudness: Vec::new() })
    }

    /// A packet that cannot be decoded counts as 20 ms of silence: recordings come from engines of any make.
    fn take(&mut self, packet: &[u8]) {
        let n_sides = usize::from(self.channels);
        let mut samples = vec![0.0; MOST_SAMPLES * n_sides];
        let decoder = &mut self.decoder;
        let done = catch_unwind(AssertUnwindSafe(|| decoder.decode(packet, MOST_SAMPLES, &mut samples)));
        let n = done.ok().and_then(|done| done.ok()).unwrap_or(RATE as usize / 50);
        let mut loudest = [0.0f32; 2];
        for sides in samples.chunks_exact(n_sides).take(n) {
            loudest.iter_mut().zip(sides).for_each(|(loudest, sample)| *loudest = loudest.max(sample.abs()));
        }
        self.n_samples += n as u64;
        self.loudness.push(loudest);
    }
}

#[cfg(test)]
mod tests {
    use opus_rs::{Application, OpusEncoder};

    use super::*;

    fn page(packets: &[Vec<u8>]) -> Vec<u8> {
        let table: Vec<u8> = packets
            .iter()
            .flat_map(|packet| {
                let whole = std::iter::repeat_n(255, packet.len() / 255);
                whole.chain([u8::try_from(packet.len() % 255).expect("small")]).collect::<Vec<u8>>()
            })
            .collect();
        let mut page = [b"OggS".as_slice(), &[0; 22], &[u8::try_from(table.len()).expect("small")], &table].concat();
        packets.iter().for_each(|packet| page.extend(packet));
        page
    }

    /// Two seconds of a tone on the right, in its second half only.
    fn file() -> Vec<u8> {
        let mut head = b"OpusHead\x01\x02\x38\x01".to_vec();
        head.extend(8000u32.to_le_bytes());
        head.extend([0; 3]);
        let mut file = [page(&[head]), page(&[[b"OpusTags".as_slice(), &[7; 600]].concat()])].concat();
        let mut encoder = OpusEncoder::new(8000, 2, Application::Audio).expect("an encoder");
        encoder.bitrate_bps = 40_000;
        for second in 0..2 {
            let packets: Vec<Vec<u8>> = (0..50)
                .map(|n| {
                    let tone = |i: i32| (f64::from(n * 160 + i) * 0.3).sin() * 16_000.0 * f64::from(second);
                    let samples: Vec<i16> = (0..160).flat_map(|i| [0, tone(i) as i16]).collect();
                    let mut packet = [0; 1275];
                    let n = encoder.encode_i16(&samples, 160, &mut packet).expect("encoded");
                    packet[..n].to_vec()
                })
                .collect();
            file.extend(page(&packets));
        }
        file
    }

    fn read(bytes: &[u8], step: usize) -> Result<Read> {
        let mut ogg = Ogg::default();
        for chunk in bytes.chunks(step) {
            ogg.take(chunk)?;
        }
        ogg.finish()
    }

    #[test]
    fn each_packet_is_as_loud_as_it_was_made_however_the_bytes_come() {
        let file = file();
        for step in [1, 100, file.len()] {
            let read = read(&file, step).expect("sound");
            assert_eq!((read.channels, read.sample_rate, read.duration_ms, read.loudness.len()), (2, 8000, 1993, 100));
            assert!(read.loudness[..49].iter().all(|[left, right]| left.max(*right) < 0.05), "{:?}", &read.loudness[..49]);
            assert!(
                read.loudness[55..].iter().all(|[left, right]| *left < 0.1 && (0.35..0.65).contains(right)),
                "{:?}",
                &read.loudness[55..]
            );
        }
    }

    #[test]
    fn a_file_that_broke_off_has_what_is_whole_and_what_is_no_opus_is_told() {
        let file = file();
        assert_eq!(read(&file[..file.len() - 10], 77).expect("sound").loudness.len(), 50);
        for bytes in [page(&[b"\x01vorbis".to_vec()]), b"OggS".to_vec(), [b"RIFF".as_slice(), &[0; 40]].concat()] {
            assert!(read(&bytes, 9).is_err());
        }
        let mut odd = file.clone();
        let n = odd.len();
        odd[n - 300..].fill(0xff);
        assert!(read(&odd, 1000).is_ok_and(|read| read.loudness.len() == 100), "broken packets are silence");
    }
}
