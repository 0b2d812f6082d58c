//! When the caller speaks: voice detection over 20 ms frames, and the whole utterance with what came just before it.
//!
//! The detector (`earshot`) says how likely each 16 ms are voice; `edges` decides, without sound, when speech begins and ends.

use std::collections::VecDeque;

use earshot::Detector;

use super::edges::{Edge, Turns};
use super::heard::is_quiet;

pub use super::edges::Hearing;

/// Samples the detector takes at a time: 16 ms at 16 kHz.
const WINDOW: usize = 256;
/// From this score on a window is voice.
const VOICE: f32 = 0.5;

/// What the caller said in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// 8000 or 16000.
    pub rate: u32,
    /// With pre-roll, without the silence that ended it (but for a little).
    pub samples: Vec<i16>,
    /// How much of it was voice.
    pub voiced_ms: u32,
    /// How long the caller has been silent since.
    pub silence_ms: u32,
}

/// What a frame changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speech {
    /// The caller began to speak: barge-in.
    Started,
    /// The caller is silent for a moment. What was said so far; [`Speech::Resumed`] or [`Speech::Ended`] follows.
    Paused(Utterance),
    /// The caller goes on after a pause.
    Resumed,
    /// The caller stopped.
    Ended(Utterance),
}

/// Listens to a caller. One per call; only fed while the bot wants to hear.
pub struct Listener {
    detector: Box<Detector>,
    turns: Turns,
    hearing: Hearing,
    /// Samples at 16 kHz that do not fill a window yet.
    window: Vec<i16>,
    last: i16,
    is_voice: bool,
    rate: u32,
    /// Before speech the pre-roll, during speech the utterance.
    kept: VecDeque<i16>,
    voiced_ms: u32,
}

impl Listener {
    /// A listener that has heard nothing yet.
    pub fn new(hearing: Hearing) -> Self {
        Self {
            detector: Detector::default_boxed(),
            turns: Turns::new(hearing),
            hearing,
            window: Vec::with_capacity(2 * WINDOW),
            last: 0,
            is_voice: false,
            rate: 8000,
            kept: VecDeque::new(),
            voiced_ms: 0,
        }
    }

    /// Whether the caller is speaking.
    pub fn is_speaking(&self) -> bool {
        self.turns.is_speaking
    }

    /// What is kept of the utterance so far, with what came just before it.
    pub fn kept(&self) -> Vec<i16> {
        self.kept.iter().copied().collect()
    }

    /// Whether the last 20 ms were voice.
    pub fn is_voice(&self) -> bool {
        self.is_voice
    }

    /// From the next pause on, [`Speech::Paused`] comes after this much silence.
    pub fn look_after(&mut self, ms: u32) {
        self.hearing.pause_ms = ms;
        self.turns.look_after(ms);
    }

    /// The pause that is going on ends the speech after this much silence, all in all. Holds until the caller goes on.
    pub fn end_after(&mut self, ms: u32) {
        self.turns.end_after(ms);
    }

    /// Forgets everything, as after a pause in listening.
    pub fn reset(&mut self) {
        self.detector.reset();
        self.turns = Turns::new(self.hearing);
        self.window.clear();
        self.kept.clear();
        self.voiced_ms = 0;
        self.is_voice = false;
    }

    /// 20 ms. Sound of another rate than the last starts anew.
    pub fn hear(&mut self, rate: u32, samples: &[i16]) -> Option<Speech> {
        if rate != self.rate {
            self.reset();
            self.rate = rate;
        }
        let ms = u32::try_from(samples.len()).unwrap_or(0) * 1000 / self.rate.max(1);
        self.detect(samples);
        self.kept.extend(samples);
        if self.is_voice {
            self.voiced_ms += ms;
        }
        let edge = self.turns.hear(self.is_voice, ms);
        match edge {
            Some(Edge::Start) => {
                let pre_roll = self.samples(self.hearing.pre_roll_ms + self.hearing.start_ms);
                self.keep_last(pre_roll);
                Some(Speech::Started)
            }
            Some(Edge::Pause) => Some(Speech::Paused(self.so_far(self.turns.silence_ms))),
            Some(Edge::Resume) => Some(Speech::Resumed),
            Some(Edge::End(silence_ms)) => Some(Speech::Ended(self.utterance(silence_ms))),
            None if !self.turns.is_speaking => {
                let most = self.samples(self.hearing.pre_roll_ms + 4 * self.hearing.start_ms);
                self.keep_last(most);
                self.voiced_ms = self.turns.voice_ms;
                None
            }
            None if self.kept.len() >= self.samples(self.hearing.most_ms) => {
                self.turns.end();
                Some(Speech::Ended(self.utterance(0)))
            }
            None => None,
        }
    }

    /// Takes what was said so far, as when a key ends the turn. `None` when the caller is not speaking.
    pub fn finish(&mut self) -> Option<Utterance> {
        let (is_speaking, silence_ms) = (self.turns.is_speaking, self.turns.silence_ms);
        self.turns.end();
        is_speaking.then(|| self.utterance(silence_ms))
    }

    fn utterance(&mut self, silence_ms: u32) -> Utterance {
        let whole = self.so_far(silence_ms);
        self.kept.clear();
        self.voiced_ms = 0;
        whole
    }

    fn so_far(&self, silence_ms: u32) -> Utterance {
        // Half of the silence at the end is of no use to anybody.
        let n = self.kept.len().saturating_sub(self.samples(silence_ms / 2));
        let samples = self.kept.iter().take(n).copied().collect();
        Utterance { rate: self.rate, samples, voiced_ms: self.voiced_ms, silence_ms }
    }

    fn samples(&self, ms: u32) -> usize {
        self.rate as usize * ms as usize / 1000
    }

    fn keep_last(&mut self, n: usize) {
        let spare = self.kept.len().saturating_sub(n);
        self.kept.drain(..spare);
    }

    /// Asks the detector about every full window and keeps its last word.
    fn detect(&mut self, samples: &[i16]) {
        let may_be_voice = self.turns.is_speaking || self.turns.voice_ms > 0 || !is_quiet(samples);
        if !may_be_voice {
            self.window.clear();
            self.is_voice = false;
            return;
        }
        if self.rate >= 16_000 {
            self.window.extend(samples);
        } else {
            for sample in samples {
                self.window.extend([i16::midpoint(self.last, *sample), *sample]);
                self.last = *sample;
            }
        }
        let mut used = 0;
        for window in self.window.chunks_exact(WINDOW) {
            self.is_voice = self.detector.predict_i16(window) >= VOICE;
            used += WINDOW;
        }
        self.window.drain(..used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something the detector takes for a voice: a glottal pulse train through two formants, rising and falling in pitch.
    fn voice(ms: u32, rate: u32) -> Vec<i16> {
        let n = rate as usize * ms as usize / 1000;
        let (mut phase, mut f1, mut f2) = (0.0f64, [0.0f64; 2], [0.0f64; 2]);
        let resonate = |state: &mut [f64; 2], input: f64, hz: f64| {
            let (r, w) = (0.97, std::f64::consts::TAU * hz / f64::from(rate));
            let out = input + 2.0 * r * w.cos() * state[0] - r * r * state[1];
            *state = [out, state[0]];
            out
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a test sound")]
        (0..n)
            .map(|i| {
                let at = i as f64 / f64::from(rate);
                phase += (120.0 + 30.0 * (at * 9.0).sin()) / f64::from(rate);
                let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
                phase %= 1.0;
                let loud = 0.6 + 0.4 * (at * 25.0).sin();
                let out = resonate(&mut f1, pulse, 600.0 + 200.0 * (at * 13.0).sin()) + resonate(&mut f2, pulse, 1400.0);
                (out * loud * 2500.0).clamp(-32_000.0, 32_000.0) as i16
            })
            .collect()
    }

    fn noise(ms: u32, rate: u32) -> Vec<i16> {
        let mut state = 1u32;
        (0..rate * ms / 1000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                i16::try_from(state >> 26).unwrap() - 32
            })
            .collect()
    }

    /// Plays sounds to a listener and says what it heard, with the time in milliseconds.
    fn listen(rate: u32, sounds: &[Vec<i16>]) -> Vec<(usize, Speech)> {
        let mut listener = Listener::new(Hearing::default());
        let all: Vec<i16> = sounds.concat();
        let n = rate as usize / 50;
        let frames = all.chunks_exact(n).enumerate();
        frames.filter_map(|(i, samples)| Some(((i + 1) * 20, listener.hear(rate, samples)?))).collect()
    }

    #[test]
    fn a_voice_is_heard_within_150_ms_and_the_utterance_is_whole() {
        for rate in [8000, 16_000] {
            let heard = listen(rate, &[noise(1000, rate), voice(1500, rate), noise(1500, rate)]);
            let [(began, Speech::Started), (_, Speech::Paused(_)), (ended, Speech::Ended(utterance))] = &heard[..] else {
                panic!("{rate}: {heard:?}")
            };
            assert!((1060..=1150).contains(began), "{rate}: began at {began}");
            assert!((3000..=3500).contains(ended), "{rate}: ended at {ended}");
            let ms = utterance.samples.len() * 1000 / rate as usize;
            assert!((1800..=2600).contains(&ms), "{rate}: {ms} ms");
        }
    }

    #[test]
    fn light_noise_and_silence_are_no_speech() {
        assert_eq!(listen(8000, &[noise(4000, 8000), vec![0; 16_000]]), []);
    }

    #[test]
    fn an_endless_speaker_is_cut() {
        let mut listener = Listener::new(Hearing { most_ms: 1000, ..Hearing::default() });
        let sound = voice(4000, 8000);
        let ends = sound.chunks_exact(160).filter(|samples| matches!(listener.hear(8000, samples), Some(Speech::Ended(_))));
        assert!(ends.count() >= 2);
    }

    #[test]
    fn a_turn_can_be_ended_from_outside() {
        let mut listener = Listener::new(Hearing::default());
        assert_eq!(listener.finish(), None);
        voice(500, 8000).chunks_exact(160).for_each(|samples| {
            listener.hear(8000, samples);
        });
        assert!(listener.finish().is_some_and(|utterance| utterance.voiced_ms > 200));
        assert!(!listener.is_speaking());
    }
}
