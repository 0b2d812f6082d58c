//! What is heard where a packet was lost: the last period of the voice again, fading out, and a smooth way back (after the idea of
//! G.711 Appendix I, without its delay). Pure. Opus mends itself.

use super::codec::{Coder, MOST_SAMPLES, PACKET_BYTES};

/// Pieces of 20 ms that are remembered.
const PIECES: usize = 3;
/// Lowest and highest pitch that is looked for, in samples per second divided by these: 66 Hz and 250 Hz.
const LAGS: (usize, usize) = (250, 66);
/// Milliseconds that are repeated at full loudness.
const FULL_MS: usize = 10;
/// Milliseconds after which nothing is left.
const GONE_MS: usize = 60;
/// Milliseconds in which the made-up sound gives way to the real one.
const BLEND_MS: usize = 5;
/// One, for loudness.
const ONE: i32 = 1 << 12;

/// A remembered piece: samples, or the payload they come from while nobody has needed the samples.
#[expect(clippy::large_enum_variant, reason = "both lie in the ring: nothing is allocated where packets are played")]
#[derive(Clone, Copy)]
enum Remembered {
    Sound([i16; MOST_SAMPLES]),
    Coded([u8; PACKET_BYTES]),
}

/// Remembers what came and makes up what did not.
pub(super) struct Concealer {
    /// A ring; `next` is the oldest.
    pieces: [Remembered; PIECES],
    next: usize,
    /// Samples of a piece.
    n: usize,
    /// While something is made up.
    making_up: Option<MakingUp>,
}

/// The voice that goes on.
struct MakingUp {
    /// One period of it, in the first `lag` samples.
    period: [i16; MOST_SAMPLES],
    lag: usize,
    /// Samples made up so far.
    at: usize,
}

impl Concealer {
    /// For pieces of this many samples.
    pub(super) fn new(n: usize) -> Self {
        Self { pieces: [Remembered::Sound([0; MOST_SAMPLES]); PIECES], next: 0, n: n.min(MOST_SAMPLES), making_up: None }
    }

    /// Whether the last piece was lost; then the one that comes must be given as sound, to be blended.
    pub(super) fn is_making_up(&self) -> bool {
        self.making_up.is_some()
    }

    /// Remembers a piece that came, as payload of a codec without a state.
    pub(super) fn remember(&mut self, payload: &[u8; PACKET_BYTES]) {
        self.making_up = None;
        self.put(Remembered::Coded(*payload));
    }

    /// Remembers a piece that came. After a loss its beginning is blended with what was made up.
    pub(super) fn blend(&mut self, sound: &mut [i16; MOST_SAMPLES]) {
        if let Some(mut voice) = self.making_up.take() {
            let n = self.n * BLEND_MS / 20;
            for (i, sample) in sound[..n].iter_mut().enumerate() {
                let (real, made_up) = (i64::from(*sample), i64::from(voice.next(self.n)));
                let (i, n) = (i64::try_from(i).unwrap_or(0), i64::try_from(n).unwrap_or(1));
                *sample = i16::try_from((real * i + made_up * (n - i)) / n).unwrap_or(*sample);
            }
        }
        self.put(Remembered::Sound(*sound));
    }

    /// Makes up a lost piece.
    pub(super) fn make_up(&mut self, coder: &mut Coder, sound: &mut [i16; MOST_SAMPLES]) {
        let n = self.n;
        if self.making_up.is_none() {
            self.making_up = Some(MakingUp::after(&self.recent(coder)[..PIECES * n], n));
        }
        if let Some(voice) = &mut self.making_up {
            sound[..n].fill_with(|| voice.next(n));
        }
    }

    fn put(&mut self, piece: Remembered) {
        self.pieces[self.next] = piece;
        self.next = (self.next + 1) % PIECES;
    }

    /// All that is remembered, the oldest first.
    fn recent(&self, coder: &mut Coder) -> [i16; PIECES * MOST_SAMPLES] {
        let mut all = [0; PIECES * MOST_SAMPLES];
        for (i, to) in all.chunks_exact_mut(self.n).take(PIECES).enumerate() {
            match &self.pieces[(self.next + i) % PIECES] {
                Remembered::Sound(sound) => to.copy_from_slice(&sound[..self.n]),
                Remembered::Coded(payload) => coder.decode(payload, to),
            }
        }
        all
    }
}

impl MakingUp {
    /// Goes on after this sound, of pieces of `n` samples.
    fn after(recent: &[i16], n: usize) -> Self {
        let lag = pitch(recent, n);
        let mut period = [0; MOST_SAMPLES];
        period[..lag].copy_from_slice(&recent[recent.len() - lag..]);
        Self { period, lag, at: 0 }
    }

    fn next(&mut self, n: usize) -> i16 {
        let per_ms = n / 20;
        let (full, gone) = (FULL_MS * per_ms, GONE_MS * per_ms);
        let left = gone.saturating_sub(self.at.max(full));
        let loudness = i32::try_from(left).unwrap_or(0) * ONE / i32::try_from(gone - full).unwrap_or(ONE);
        let sample = self.period[self.at % self.lag];
        self.at += 1;
        i16::try_from(i32::from(sample) * loudness / ONE).unwrap_or(0)
    }
}

/// The period of the voice at the end of this sound: the lag at which the last piece is most like what was before it.
fn pitch(recent: &[i16], n: usize) -> usize {
    let per_second = n * 50;
    let last = &recent[recent.len() - n..];
    let alike = |lag: usize| {
        let before = &recent[recent.len() - n - lag..recent.len() - lag];
        let (mut both, mut energy) = (0i64, 1i64);
        for (a, b) in last.iter().zip(before) {
            both += i64::from(*a) * i64::from(*b);
            energy += i64::from(*b) * i64::from(*b);
        }
        #[expect(clippy::cast_precision_loss, reason = "only compared")]
        let alike = both.max(0) as f64 * both.max(0) as f64 / energy as f64;
        alike
    };
    let lags = per_second / LAGS.0..=per_second / LAGS.1;
    lags.map(|lag| (lag, alike(lag))).max_by(|one, other| one.1.total_cmp(&other.1)).map_or(n, |(lag, _)| lag)
}

#[cfg(test)]
mod tests {
    use super::super::codec::Codec;
    use super::super::correlation::{alike, speech_like, tracked};
    use super::super::opus::Wishes;
    use super::*;

    /// The sound with these pieces lost, and the same with silence in their place.
    fn with_losses(rate: u32, is_lost: impl Fn(usize) -> bool) -> (Vec<i16>, Vec<i16>, Vec<i16>) {
        let codec = if rate == 8000 { Codec::Pcmu } else { Codec::G722 };
        let n = codec.frame_samples();
        let (mut concealer, mut coder) = (Concealer::new(n), Coder::new(codec, Wishes::default()));
        let sound = speech_like(rate, 6.0);
        let (mut heard, mut silenced) = (Vec::new(), Vec::new());
        for (at, piece) in sound.chunks_exact(n).enumerate() {
            let mut out = [0; MOST_SAMPLES];
            if is_lost(at) {
                concealer.make_up(&mut coder, &mut out);
                silenced.extend(vec![0; n]);
            } else {
                out[..n].copy_from_slice(piece);
                concealer.blend(&mut out);
                silenced.extend(piece);
            }
            heard.extend_from_slice(&out[..n]);
        }
        (sound, heard, silenced)
    }

    #[test]
    fn a_voice_goes_on_across_a_loss_better_than_silence_does() {
        for rate in [8000, 16_000] {
            let (sound, heard, silenced) = with_losses(rate, |at| at % 8 == 5);
            let (made_up, silent) = (tracked(&sound, &heard), tracked(&sound, &silenced));
            assert!(made_up > silent + 0.02 && made_up > 0.95, "{rate}: made up {made_up}, silent {silent}");
        }
    }

    #[test]
    fn after_60_ms_nothing_is_left_and_the_way_back_is_smooth() {
        let (sound, heard, _) = with_losses(8000, |at| (20..30).contains(&at));
        assert!(heard[20 * 160..23 * 160].iter().any(|sample| *sample != 0));
        assert!(heard[23 * 160..30 * 160].iter().all(|sample| *sample == 0));
        assert_eq!(heard[30 * 160], 0);
        assert_eq!(heard[30 * 160 + 40..31 * 160], sound[30 * 160 + 40..31 * 160]);
    }

    #[test]
    fn payload_is_as_good_as_sound() {
        let mut coder = Coder::new(Codec::Pcma, Wishes::default());
        let mut concealer = Concealer::new(160);
        let mut payload = [0; super::super::codec::MOST_PAYLOAD];
        let sound = speech_like(8000, 0.5);
        for piece in sound.chunks_exact(160).skip(5).take(4) {
            coder.encode(piece, &mut payload);
            concealer.remember(payload[..PACKET_BYTES].try_into().unwrap());
        }
        let mut out = [0; MOST_SAMPLES];
        concealer.make_up(&mut coder, &mut out);
        assert!(concealer.is_making_up());
        let alike = alike(&sound[9 * 160..10 * 160], &out[..160]);
        assert!(alike > 0.8, "{alike}");
    }

    #[test]
    fn nothing_heard_yet_is_silence() {
        let mut out = [7; MOST_SAMPLES];
        Concealer::new(160).make_up(&mut Coder::new(Codec::Pcmu, Wishes::default()), &mut out);
        assert!(out[..160].iter().all(|sample| *sample == 0));
    }
}
