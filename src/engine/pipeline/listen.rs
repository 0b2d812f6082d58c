//! Collects what the caller says into utterances: from a little before the voice begins until a pause ends it.

use std::collections::VecDeque;

use crate::engine::media::{Clip, Frame};

/// Length of a frame.
const FRAME_MS: usize = 20;
/// What is kept from before the voice began: the detector needs a moment, and first sounds are soft.
const BEFORE_MS: usize = 300;
/// Voice in a row that counts as speech.
const VOICE_MS: usize = 60;
/// Silence that ends an utterance.
const PAUSE_MS: usize = 600;
/// Longest utterance; what follows begins another.
const LONGEST_MS: usize = 30_000;

/// Tells voice from everything else, frame by frame.
pub trait Detector: Send {
    /// Whether this frame has a voice in it.
    fn is_voice(&mut self, frame: &Frame) -> bool;
}

/// What the listener found.
#[derive(Debug)]
pub enum Speech {
    /// A voice began.
    Started,
    /// It ended; this is the utterance.
    Ended(Clip),
}

/// Listens to one caller.
pub struct Listener {
    detector: Box<dyn Detector>,
    before: VecDeque<Frame>,
    utterance: Vec<i16>,
    rate: u32,
    is_speaking: bool,
    voice_ms: usize,
    pause_ms: usize,
}

impl Listener {
    /// A listener that has heard nothing.
    pub fn new(detector: Box<dyn Detector>) -> Self {
        let before = VecDeque::with_capacity(BEFORE_MS / FRAME_MS + 1);
        Self { detector, before, utterance: Vec::new(), rate: 8000, is_speaking: false, voice_ms: 0, pause_ms: 0 }
    }

    /// Takes the next 20 ms.
    pub fn push(&mut self, frame: Frame) -> Option<Speech> {
        let is_voice = self.detector.is_voice(&frame);
        self.rate = frame.rate;
        if self.is_speaking { self.go_on(&frame, is_voice) } else { self.wait(frame, is_voice) }
    }

    /// Forgets what it collects: the call is over or listening is off.
    pub fn reset(&mut self) {
        self.before.clear();
        self.utterance.clear();
        self.is_speaking = false;
        self.voice_ms = 0;
    }

    fn wait(&mut self, frame: Frame, is_voice: bool) -> Option<Speech> {
        self.voice_ms = if is_voice { self.voice_ms + FRAME_MS } else { 0 };
        if self.before.len() >= BEFORE_MS / FRAME_MS {
            self.before.pop_front();
        }
        self.before.push_back(frame);
        if self.voice_ms < VOICE_MS {
            return None;
        }
        self.is_speaking = true;
        self.pause_ms = 0;
        for frame in self.before.drain(..) {
            self.utterance.extend_from_slice(&frame.samples);
        }
        Some(Speech::Started)
    }

    fn go_on(&mut self, frame: &Frame, is_voice: bool) -> Option<Speech> {
        self.utterance.extend_from_slice(&frame.samples);
        self.pause_ms = if is_voice { 0 } else { self.pause_ms + FRAME_MS };
        let is_too_long = self.utterance.len() >= LONGEST_MS * self.rate as usize / 1000;
        if self.pause_ms < PAUSE_MS && !is_too_long {
            return None;
        }
        self.is_speaking = false;
        self.voice_ms = 0;
        let samples = std::mem::take(&mut self.utterance).into();
        Some(Speech::Ended(Clip { rate: self.rate, samples }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Loud;

    impl Detector for Loud {
        fn is_voice(&mut self, frame: &Frame) -> bool {
            frame.samples[0] > 1000
        }
    }

    fn frame(level: i16) -> Frame {
        Frame { rate: 8000, samples: vec![level; 160] }
    }

    #[test]
    fn an_utterance_has_what_came_just_before_it_and_ends_with_a_pause() {
        let mut listener = Listener::new(Box::new(Loud));
        for _ in 0..50 {
            assert!(listener.push(frame(0)).is_none());
        }
        let started = (1..=10).find(|_| matches!(listener.push(frame(9000)), Some(Speech::Started)));
        assert_eq!(started, Some(3), "speech counts after 60 ms");
        let mut ended = None;
        for n in 1..=40 {
            if let Some(Speech::Ended(clip)) = listener.push(frame(0)) {
                ended = Some((n, clip.samples.len()));
                break;
            }
        }
        assert_eq!(ended, Some((PAUSE_MS / FRAME_MS, (BEFORE_MS + PAUSE_MS) / FRAME_MS * 160)));
    }

    #[test]
    fn a_click_is_not_speech() {
        let mut listener = Listener::new(Box::new(Loud));
        for level in [0, 9000, 9000, 0, 0, 9000, 0] {
            assert!(listener.push(frame(level)).is_none());
        }
    }

    #[test]
    fn endless_noise_is_cut() {
        let mut listener = Listener::new(Box::new(Loud));
        let ended = (0..2000).filter(|_| matches!(listener.push(frame(9000)), Some(Speech::Ended(_)))).count();
        assert_eq!(ended, 1);
    }
}
