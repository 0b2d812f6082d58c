//! Recordings as Opus in Ogg (RFC 7845), written page by page as the call goes: whoever dies leaves whole pages, which every player takes.

use std::fs::File;
use std::io::{Error, Result, Write as _};
use std::path::Path;

use audio_codec::Decoder as _;
use audio_codec::pcmu::PcmuDecoder;
use opus_rs::{Application, OpusEncoder};

use super::wav::Format;

/// Ticks per second of positions in the file, whatever the sound's rate.
const CLOCK: u64 = 48_000;
/// Ticks at the beginning that a player leaves out: what the encoder looks ahead.
const SKIP: u16 = 312;
/// Packets of 20 ms in a page: a second, which is what a crash costs besides the piece that waits.
const PER_PAGE: usize = 50;
/// Pages after which the file is synced, as WAV files are.
const SYNC_EVERY: u32 = 5;
/// Largest packet; at these rates they have about a hundred bytes.
const MOST_PACKET: usize = 1275;
/// Bits per second of both sides: speech without audible loss.
const BITRATE: i32 = 40_000;
/// How hard the encoder thinks (0 to 10).
const COMPLEXITY: i32 = 3;
/// Flags of a page.
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// A file that is being written.
pub(super) struct OggFile {
    file: File,
    format: Format,
    encoder: OpusEncoder,
    decoder: PcmuDecoder,
    pages: Pages,
    /// Sound that does not fill a packet yet.
    rest: Vec<u8>,
    /// Samples of a packet, both sides in turn.
    samples: Vec<i16>,
}

impl OggFile {
    /// Makes the file with the two heads that every such file has.
    pub(super) fn create(path: &Path, format: Format) -> Result<Self> {
        let mut encoder = OpusEncoder::new(format.rate().cast_signed(), 2, Application::Audio).map_err(Error::other)?;
        encoder.bitrate_bps = BITRATE;
        encoder.complexity = COMPLEXITY;
        let mut file = File::create(path)?;
        let mut pages = Pages::default();
        file.write_all(&pages.heads(format.rate()))?;
        let samples = vec![0; format.rate() as usize / 50 * 2];
        Ok(Self { file, format, encoder, decoder: PcmuDecoder::new(), pages, rest: Vec::new(), samples })
    }

    /// Adds sound of both sides, in the format the file was made with.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.rest.extend_from_slice(bytes);
        let n = self.packet_bytes();
        let rest = std::mem::take(&mut self.rest);
        let (whole, part) = rest.split_at(rest.len() / n * n);
        for packet in whole.chunks_exact(n) {
            self.packet(packet)?;
        }
        self.rest.extend_from_slice(part);
        Ok(())
    }

    /// Adds what waits, and marks the end. All of it is on disk when this returns.
    pub(super) fn complete(&mut self) -> Result<()> {
        if !self.rest.is_empty() {
            let mut packet = std::mem::take(&mut self.rest);
            packet.resize(self.packet_bytes(), if self.format == Format::MuLaw8k { 0xff } else { 0 });
            self.packet(&packet)?;
        }
        self.file.write_all(&self.pages.take(LAST))?;
        self.file.sync_data()
    }

    /// Bytes of 20 ms of both sides.
    fn packet_bytes(&self) -> usize {
        self.samples.len() / 2 * usize::from(self.format.pair_bytes())
    }

    fn packet(&mut self, bytes: &[u8]) -> Result<()> {
        match self.format {
            Format::MuLaw8k => drop(self.decoder.decode_into(bytes, &mut self.samples)),
            Format::Pcm16k => {
                self.samples.iter_mut().zip(bytes.as_chunks::<2>().0).for_each(|(sample, two)| *sample = i16::from_le_bytes(*two));
            }
        }
        let mut packet = [0; MOST_PACKET];
        let n = self.encoder.encode_i16(&self.samples, self.samples.len() / 2, &mut packet).map_err(Error::other)?;
        // The last page must be marked, so a full one is written when the next packet comes.
        if self.pages.is_full() {
            self.file.write_all(&self.pages.take(0))?;
            if self.pages.number.is_multiple_of(SYNC_EVERY) {
                self.file.sync_data()?;
            }
        }
        self.pages.add(&packet[..n]);
        self.pages.position += CLOCK / 50;
        Ok(())
    }
}

/// The pages of a file (RFC 3533), one after the other.
#[derive(Default)]
struct Pages {
    /// Of the next page.
    number: u32,
    /// Ticks of sound up to the end of the packets so far.
    position: u64,
    /// The table of the next page.
    lengths: Vec<u8>,
    data: Vec<u8>,
    n_packets: usize,
}

impl Pages {
    /// What kind of sound it is, and who wrote it: two pages.
    fn heads(&mut self, rate: u32) -> Vec<u8> {
        let mut head = b"OpusHead\x01\x02".to_vec();
        head.extend(SKIP.to_le_bytes());
        head.extend(rate.to_le_bytes());
        head.extend([0; 3]);
        self.add(&head);
        let mut both = self.take(FIRST);
        let mut tags = b"OpusTags\x05\0\0\0cxbox".to_vec();
        tags.extend([0; 4]);
        self.add(&tags);
        both.extend(self.take(0));
        both
    }

    fn is_full(&self) -> bool {
        // A table has room for 255 entries; a packet takes at most six.
        self.n_packets == PER_PAGE || self.lengths.len() > 240
    }

    fn add(&mut self, packet: &[u8]) {
        self.lengths.extend(std::iter::repeat_n(255, packet.len() / 255));
        self.lengths.push((packet.len() % 255) as u8);
        self.data.extend_from_slice(packet);
        self.n_packets += 1;
    }

    /// The page that is ready; the next one begins.
    fn take(&mut self, flags: u8) -> Vec<u8> {
        let mut page = b"OggS\0".to_vec();
        page.push(flags);
        page.extend(self.position.to_le_bytes());
        page.extend(*b"cxbx");
        page.extend(self.number.to_le_bytes());
        page.extend([0; 4]);
        page.push(self.lengths.len() as u8);
        page.append(&mut self.lengths);
        page.append(&mut self.data);
        let sum = checksum(&page);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        self.number += 1;
        self.n_packets = 0;
        page
    }
}

/// The checksum of a page: CRC-32 with neither its bits turned round nor a start value.
fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| if sum & 1 << 31 == 0 { sum << 1 } else { sum << 1 ^ 0x04c1_1db7 })
    })
}

#[cfg(test)]
mod tests {
    use super::super::correlation::{speech_like, tracked};
    use super::super::recorder::mu_law;
    use super::*;

    /// The packets of a file after its two heads, the position of its last whole page, and whether that is marked as the end. Every whole
    /// page has the right checksum and number.
    fn packets(file: &[u8]) -> (Vec<Vec<u8>>, u64, bool) {
        let (mut at, mut found, mut packet) = (0, Vec::new(), Vec::new());
        let (mut position, mut is_ended, mut number) = (0, false, 0u32);
        while file.len() >= at + 27 {
            let n_parts = usize::from(file[at + 26]);
            let table = &file[at + 27..at + 27 + n_parts];
            let length = 27 + n_parts + table.iter().map(|part| usize::from(*part)).sum::<usize>();
            let Some(page) = file.get(at..at + length) else { break };
            assert_eq!((&page[..4], page[18..22].to_vec()), (b"OggS".as_slice(), number.to_le_bytes().to_vec()));
            let mut bare = page.to_vec();
            bare[22..26].fill(0);
            assert_eq!(checksum(&bare).to_le_bytes(), page[22..26]);
            let mut data = &page[27 + n_parts..];
            for part in table {
                let (now, rest) = data.split_at(usize::from(*part));
                packet.extend_from_slice(now);
                data = rest;
                if *part < 255 {
                    found.push(std::mem::take(&mut packet));
                }
            }
            position = u64::from_le_bytes(page[6..14].try_into().unwrap());
            is_ended = page[5] & LAST != 0;
            at += length;
            number += 1;
        }
        assert!(found[0].starts_with(b"OpusHead") && found[1].starts_with(b"OpusTags"));
        (found.split_off(2), position, is_ended)
    }

    /// A voice on the left, and another later one on the right; as they were and as the tap gives them.
    fn said(format: Format) -> (Vec<u8>, [Vec<i16>; 2]) {
        let rate = format.rate();
        let left = speech_like(rate, 4.0);
        let mut right = vec![0; left.len() / 4];
        right.extend(speech_like(rate, 3.0).iter().rev());
        let pairs = left.iter().zip(&right);
        let bytes = match format {
            Format::MuLaw8k => pairs.flat_map(|(one, other)| [mu_law(*one), mu_law(*other)]).collect(),
            Format::Pcm16k => pairs.flat_map(|(one, other)| [one.to_le_bytes(), other.to_le_bytes()].concat()).collect(),
        };
        (bytes, [left, right])
    }

    #[test]
    fn both_sides_are_in_the_file_as_they_were_said_in_a_fraction_of_the_bytes() {
        for format in [Format::MuLaw8k, Format::Pcm16k] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.ogg");
            let (bytes, sides) = said(format);
            let mut ogg = OggFile::create(&path, format).unwrap();
            bytes.chunks(1111).for_each(|piece| ogg.write(piece).unwrap());
            ogg.complete().unwrap();
            let file = std::fs::read(&path).unwrap();
            assert!(file.len() * 3 < bytes.len(), "{} became {}", bytes.len(), file.len());
            let (packets, position, is_ended) = packets(&file);
            assert_eq!((packets.len(), position, is_ended), (200, 4 * CLOCK, true));
            let mut decoder = opus_rs::OpusDecoder::new(format.rate().cast_signed(), 2).unwrap();
            let n = format.rate() as usize / 50;
            let mut heard = [Vec::new(), Vec::new()];
            for packet in packets {
                let mut samples = vec![0.0; n * 2];
                assert_eq!(decoder.decode(&packet, n, &mut samples), Ok(n));
                for (side, heard) in heard.iter_mut().enumerate() {
                    #[expect(clippy::cast_possible_truncation, reason = "a test")]
                    heard.extend(samples.chunks_exact(2).map(|two| (two[side] * 32_000.0) as i16));
                }
            }
            for (said, heard) in sides.iter().zip(&heard) {
                let alike = tracked(said, heard);
                assert!(alike > 0.93, "{format:?}: {alike}");
            }
        }
    }

    #[test]
    fn a_writer_that_dies_leaves_all_but_the_last_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ogg");
        let (bytes, _) = said(Format::MuLaw8k);
        let mut ogg = OggFile::create(&path, Format::MuLaw8k).unwrap();
        ogg.write(&bytes).unwrap();
        std::mem::forget(ogg);
        let mut file = std::fs::read(&path).unwrap();
        let (whole, position, is_ended) = packets(&file);
        assert_eq!((whole.len(), position, is_ended), (150, 3 * CLOCK, false));
        // A page that was half written when the power went.
        file.truncate(file.len() - 40);
        assert_eq!(packets(&file).0.len(), 100);
    }

    #[test]
    fn a_call_without_sound_is_a_file_without_packets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ogg");
        OggFile::create(&path, Format::Pcm16k).unwrap().complete().unwrap();
        assert_eq!(packets(&std::fs::read(&path).unwrap()), (Vec::new(), 0, true));
    }
}
