//! Opus (RFC 6716, RFC 7587) as we speak it: mono at 16 kHz, 20 ms a packet. What comes may be of any rate, length and number of channels.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opus_rs::{Application, OpusDecoder, OpusEncoder};

/// Samples per second we encode and decode at; the RTP clock is [`CLOCK`] all the same.
pub(super) const RATE: u32 = 16_000;
/// Ticks per second of the RTP clock, whatever the sound's rate.
pub(super) const CLOCK: u32 = 48_000;
/// Samples of the longest packet there is (120 ms).
pub(super) const MOST_SAMPLES: usize = RATE as usize * 120 / 1000;
/// Bytes of a packet of ours at most. At our bitrates 20 ms take about 60.
pub(super) const MOST_BYTES: usize = 400;

/// Bits per second unless the far end wants fewer: wideband speech without audible loss.
pub(super) const BITRATE: u32 = 24_000;
/// Fewer bits than these would not be wideband any more.
const LEAST_BITRATE: u32 = 10_000;
/// How hard the encoder thinks (0 to 10). More costs much and is hardly heard in speech.
const COMPLEXITY: i32 = 4;
/// Encoded pieces of silence after which the last one is sent again instead of a new one.
const SILENCE_SETTLES: u32 = 10;

/// What the far end wants to get (`a=fmtp`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wishes {
    /// Most bits per second.
    pub(super) bitrate: u32,
    /// Whether it can use redundancy in the packets (`useinbandfec=1`).
    pub(super) takes_redundancy: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { bitrate: BITRATE, takes_redundancy: false }
    }
}

impl Wishes {
    /// Reads the parameters of the far end's `fmtp` line.
    pub(super) fn read(parameters: &str) -> Self {
        let mut wishes = Self::default();
        for (name, value) in parameters.split(';').filter_map(|part| part.split_once('=')) {
            match (name.trim().to_ascii_lowercase().as_str(), value.trim()) {
                ("maxaveragebitrate", value) => {
                    wishes.bitrate = value.parse().unwrap_or(BITRATE).clamp(LEAST_BITRATE, BITRATE);
                }
                ("useinbandfec", value) => wishes.takes_redundancy = value == "1",
                _ => {}
            }
        }
        wishes
    }
}

/// Both directions, with the state they keep. A packet that breaks the decoder costs its sound, nothing else.
pub(super) struct Coder {
    encoder: Option<OpusEncoder>,
    decoder: Option<OpusDecoder>,
    /// Pieces of silence in a row that were encoded.
    n_silent: u32,
    silence: ([u8; MOST_BYTES], usize),
    wide: Box<[f32; MOST_SAMPLES]>,
}

impl Coder {
    pub(super) fn new(wishes: Wishes) -> Self {
        // Not `Voip`: that takes everything below 60 to 100 Hz out and turns the phase of the lowest tones of a voice, which cleans up
        // microphones. What we send is made by a synthesiser or was cleaned by whoever spoke.
        let mut encoder = OpusEncoder::new(RATE.cast_signed(), 1, Application::Audio).ok();
        if let Some(encoder) = &mut encoder {
            encoder.bitrate_bps = wishes.bitrate.cast_signed();
            encoder.complexity = COMPLEXITY;
            encoder.use_inband_fec = wishes.takes_redundancy;
        }
        Self { encoder, decoder: decoder(), n_silent: 0, silence: ([0; MOST_BYTES], 0), wide: Box::new([0.0; MOST_SAMPLES]) }
    }

    /// Says how many of a hundred packets get lost on the way to the far end, so that redundancy pays.
    pub(super) fn expect_loss(&mut self, percent: u8) {
        if let Some(encoder) = &mut self.encoder {
            encoder.packet_loss_perc = i32::from(percent.min(30));
        }
    }

    /// Encodes 20 ms of sound and says how many bytes they are; 0 when it cannot.
    pub(super) fn encode(&mut self, samples: &[i16], payload: &mut [u8; MOST_BYTES]) -> usize {
        self.n_silent = 0;
        self.encode_piece(samples, payload)
    }

    /// Encodes 20 ms of silence. One like the other after a while: most of what a bot says is silence, and it should cost nothing.
    pub(super) fn encode_silence(&mut self, payload: &mut [u8; MOST_BYTES]) -> usize {
        if self.n_silent >= SILENCE_SETTLES && self.silence.1 > 0 {
            *payload = self.silence.0;
            return self.silence.1;
        }
        let n = self.encode_piece(&[0; RATE as usize / 50], payload);
        self.n_silent += 1;
        self.silence = (*payload, n);
        n
    }

    fn encode_piece(&mut self, samples: &[i16], payload: &mut [u8; MOST_BYTES]) -> usize {
        let Some(encoder) = &mut self.encoder else { return 0 };
        encoder.encode_i16(samples, samples.len(), payload).unwrap_or(0)
    }

    /// Decodes a packet and says how many samples it is; `None` for one that is broken.
    pub(super) fn decode(&mut self, packet: &[u8], sound: &mut [i16; MOST_SAMPLES]) -> Option<usize> {
        let n = samples(ticks(packet)?);
        self.guarded(n, sound, |decoder, wide| decoder.decode(packet, n, wide))
    }

    /// Makes up a lost piece from what was before and, where it is there, from the packet after it.
    pub(super) fn make_up(&mut self, n: usize, next: Option<&[u8]>, sound: &mut [i16; MOST_SAMPLES]) -> Option<usize> {
        self.guarded(n, sound, |decoder, wide| match next {
            Some(packet) => decoder.decode_fec(packet, n, wide),
            None => decoder.decode(&[], n, wide),
        })
    }

    /// Runs the decoder. Packets come from anybody who was called, and the thread serves all calls: a panic must stay here.
    fn guarded(
        &mut self,
        n: usize,
        sound: &mut [i16; MOST_SAMPLES],
        run: impl FnOnce(&mut OpusDecoder, &mut [f32]) -> Result<usize, &'static str>,
    ) -> Option<usize> {
        let decoder = self.decoder.as_mut()?;
        let wide = self.wide.get_mut(..n)?;
        let Ok(done) = catch_unwind(AssertUnwindSafe(|| run(decoder, wide))) else {
            tracing::warn!("A packet broke the Opus decoder; it was started anew");
            self.decoder = self::decoder();
            return None;
        };
        let n = done.ok()?.min(n);
        for (to, from) in sound.iter_mut().zip(&self.wide[..n]) {
            #[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
            let sample = (from * 32_768.0).clamp(-32_768.0, 32_767.0) as i16;
            *to = sample;
        }
        Some(n)
    }
}

fn decoder() -> Option<OpusDecoder> {
    OpusDecoder::new(RATE.cast_signed(), 1).ok()
}

/// Samples at our rate in this many ticks of the RTP clock.
pub(super) fn samples(ticks: u32) -> usize {
    ticks as usize / (CLOCK / RATE) as usize
}

/// Ticks of the RTP clock that a packet lasts (RFC 6716 §3.1); `None` for what cannot be a packet.
pub(super) fn ticks(packet: &[u8]) -> Option<u32> {
    /// Ticks of 2.5 ms.
    const UNIT: u32 = CLOCK / 400;
    let (toc, rest) = packet.split_first()?;
    let config = toc >> 3;
    let frame = match config {
        0..12 => UNIT * [4, 8, 16, 24][usize::from(config & 3)],
        12..16 => UNIT * [4, 8][usize::from(config & 1)],
        _ => UNIT << (config & 3),
    };
    let n_frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(rest.first()? & 0x3f),
    };
    Some(frame * n_frames).filter(|ticks| (1..=48 * UNIT).contains(ticks))
}

#[cfg(test)]
mod tests {
    use super::super::correlation::{speech_like, tracked};
    use super::*;

    const PIECE: usize = 320;

    /// What comes out when these packets are lost.
    fn through(sound: &[i16], wishes: Wishes, loss: u8, is_lost: impl Fn(usize) -> bool) -> Vec<i16> {
        let (mut ours, mut theirs) = (Coder::new(wishes), Coder::new(wishes));
        ours.expect_loss(loss);
        let packets: Vec<Vec<u8>> = sound
            .chunks_exact(PIECE)
            .map(|piece| {
                let mut payload = [0; MOST_BYTES];
                let n = ours.encode(piece, &mut payload);
                assert!(n > 1, "nothing was encoded");
                payload[..n].to_vec()
            })
            .collect();
        let (mut heard, mut piece) = (Vec::new(), [0; MOST_SAMPLES]);
        for (at, packet) in packets.iter().enumerate() {
            assert_eq!(ticks(packet), Some(960));
            let n = if is_lost(at) {
                theirs.make_up(PIECE, packets.get(at + 1).filter(|_| !is_lost(at + 1)).map(Vec::as_slice), &mut piece)
            } else {
                theirs.decode(packet, &mut piece)
            };
            assert_eq!(n, Some(PIECE));
            heard.extend_from_slice(&piece[..PIECE]);
        }
        heard
    }

    #[test]
    fn what_is_said_comes_out_alike() {
        let sound = speech_like(RATE, 3.0);
        let alike = tracked(&sound, &through(&sound, Wishes::default(), 0, |_| false));
        assert!(alike > 0.97, "{alike}");
    }

    #[test]
    fn redundancy_mends_what_was_lost() {
        let sound = speech_like(RATE, 4.0);
        let lost = |at: usize| at % 10 == 6;
        let wishes = |fec| Wishes { takes_redundancy: fec, ..Wishes::default() };
        let (mended, guessed) =
            (tracked(&sound, &through(&sound, wishes(true), 15, lost)), tracked(&sound, &through(&sound, wishes(false), 15, lost)));
        assert!(mended > 0.9 && mended > guessed, "with redundancy {mended}, without {guessed}");
    }

    #[test]
    fn silence_is_encoded_a_few_times_and_then_repeated() {
        let (mut ours, mut theirs) = (Coder::new(Wishes::default()), Coder::new(Wishes::default()));
        let (mut payload, mut sound) = ([0; MOST_BYTES], [0; MOST_SAMPLES]);
        for piece in speech_like(RATE, 1.0).chunks_exact(PIECE) {
            let n = ours.encode(piece, &mut payload);
            theirs.decode(&payload[..n], &mut sound).unwrap();
        }
        let mut loudest = 0;
        for number in 0..200 {
            let n = ours.encode_silence(&mut payload);
            theirs.decode(&payload[..n], &mut sound).unwrap();
            if number > 5 {
                loudest = sound[..PIECE].iter().map(|sample| sample.unsigned_abs()).max().unwrap().max(loudest);
            }
        }
        assert!(loudest < 60, "silence is {loudest} loud");
        let again = speech_like(RATE, 1.0);
        let heard: Vec<i16> = again
            .chunks_exact(PIECE)
            .flat_map(|piece| {
                let n = ours.encode(piece, &mut payload);
                theirs.decode(&payload[..n], &mut sound).unwrap();
                sound[..PIECE].to_vec()
            })
            .collect();
        assert!(tracked(&again, &heard) > 0.9);
    }

    #[test]
    fn the_length_of_a_packet_is_read_from_its_first_bytes() {
        let cases: [(&[u8], Option<u32>); 9] = [
            (&[], None),
            (&[1 << 3, 0], Some(960)),
            (&[3 << 3, 0], Some(2880)),
            (&[8 << 3, 0], Some(480)),
            (&[13 << 3 | 1, 0], Some(1920)),
            (&[16 << 3, 0], Some(120)),
            (&[31 << 3 | 3, 6], Some(5760)),
            (&[31 << 3 | 3, 7], None),
            (&[31 << 3 | 3], None),
        ];
        for (packet, expected) in cases {
            assert_eq!(ticks(packet), expected, "{packet:?}");
        }
    }

    #[test]
    fn wishes_are_read_and_nonsense_is_not() {
        let read = |text| Wishes::read(text);
        assert_eq!(read("minptime=10;useinbandfec=1"), Wishes { takes_redundancy: true, ..Wishes::default() });
        assert_eq!(read("maxaveragebitrate=12000; useinbandfec=0").bitrate, 12_000);
        assert_eq!(read("maxaveragebitrate=510000").bitrate, BITRATE);
        assert_eq!(read("maxaveragebitrate=1"), Wishes { bitrate: LEAST_BITRATE, takes_redundancy: false });
        assert_eq!(read("maxaveragebitrate=many;;=;x"), Wishes::default());
    }

    proptest::proptest! {
        #[test]
        fn no_packet_ends_more_than_itself(packets in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..300), 1..8)) {
            let mut coder = Coder::new(Wishes::default());
            let mut sound = [0; MOST_SAMPLES];
            for packet in packets {
                coder.decode(&packet, &mut sound);
                coder.make_up(PIECE, Some(&packet), &mut sound);
            }
            let mut payload = [0; MOST_BYTES];
            let n = Coder::new(Wishes::default()).encode(&[500; PIECE], &mut payload);
            proptest::prop_assert_eq!(coder.decode(&payload[..n], &mut sound), Some(PIECE));
        }
    }
}
