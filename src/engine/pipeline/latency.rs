//! How long the bot took to answer, turn by turn: end of speech → long enough silent → words → first of the answer → its first sound made →
//! the first packet out.

use serde_json::{Map, Value, json};

use crate::base::Millis;

/// The figures of one turn, in milliseconds after the end of the caller's speech (or the last key).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Which answer of the call, from 1.
    pub turn: u32,
    /// When the silence had lasted long enough to end the turn. What is waited for is the caller, not the recogniser.
    pub endpoint_ms: u64,
    /// When the words were known as well.
    pub stt_ms: u64,
    /// When the first of the answer was there.
    pub first_token_ms: u64,
    /// When the first sound of it was made.
    pub first_sound_ms: u64,
    /// When the first packet of it left.
    pub first_audio_ms: u64,
}

/// Collects the marks of the turn that runs, and the samples of those that are done.
#[derive(Debug, Default)]
pub struct Latency {
    speech_end: Option<Millis>,
    endpoint: Option<Millis>,
    heard: Option<Millis>,
    first_token: Option<Millis>,
    first_sound: Option<Millis>,
    samples: Vec<Sample>,
}

impl Latency {
    /// The caller stopped speaking, or pressed the last key.
    pub fn speech_ended(&mut self, at: Millis) {
        *self = Self { speech_end: Some(at), samples: std::mem::take(&mut self.samples), ..Self::default() };
    }

    /// The silence has lasted long enough. Said again where the caller was given more time.
    pub fn turn_ended(&mut self, at: Millis) {
        self.endpoint = Some(at);
    }

    /// What was said is known.
    pub fn heard(&mut self, at: Millis) {
        self.heard = Some(at);
        (self.first_token, self.first_sound) = (None, None);
    }

    /// The first of the answer is there. Later pieces change nothing.
    pub fn token(&mut self, at: Millis) {
        self.first_token.get_or_insert(at);
    }

    /// Sound of a line was made. What comes before the first of the answer belongs to something else; later sounds change nothing.
    pub fn sound(&mut self, at: Millis) {
        if self.first_token.is_some() {
            self.first_sound.get_or_insert(at);
        }
    }

    /// The first sound of the answer left. Closes the turn; later sounds change nothing.
    pub fn audio(&mut self, at: Millis) {
        let (Some(end), Some(heard), Some(token)) = (self.speech_end, self.heard, self.first_token) else { return };
        self.speech_end = None;
        let since = |mark: Millis| u64::try_from(mark.since(end).as_millis()).unwrap_or(u64::MAX);
        let turn = u32::try_from(self.samples.len() + 1).unwrap_or(u32::MAX);
        // Keys end their turn themselves. Words that are known before the turn is over are waited for no longer.
        let endpoint = self.endpoint.map_or(end, |endpoint| endpoint.min(heard));
        self.samples.push(Sample {
            turn,
            endpoint_ms: since(endpoint),
            stt_ms: since(heard),
            first_token_ms: since(token),
            first_sound_ms: since(self.first_sound.unwrap_or(at).min(at)),
            first_audio_ms: since(at),
        });
    }

    /// The samples so far.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The result's `latency_samples`.
    pub fn samples_json(&self) -> Vec<Value> {
        self.samples
            .iter()
            .map(|s| {
                json!({
                    "turn": s.turn, "endpoint_ms": s.endpoint_ms, "stt_ms": s.stt_ms, "first_token_ms": s.first_token_ms,
                    "first_sound_ms": s.first_sound_ms, "first_audio_ms": s.first_audio_ms,
                })
            })
            .collect()
    }

    /// The result's `latency`: mean, median and worst time to the first sound, and the means of its parts.
    pub fn summary(&self) -> Option<Map<String, Value>> {
        let mut totals: Vec<u64> = self.samples.iter().map(|s| s.first_audio_ms).collect();
        totals.sort_unstable();
        let worst = *totals.last()?;
        let n = totals.len() as u64;
        let mean = |part: fn(&Sample) -> u64| self.samples.iter().map(part).sum::<u64>() / n;
        let mut map = Map::new();
        for (name, value) in [
            ("n_turns", n),
            ("endpoint_ms", mean(|s| s.endpoint_ms)),
            ("stt_ms", mean(|s| s.stt_ms)),
            ("first_token_ms", mean(|s| s.first_token_ms)),
            ("first_sound_ms", mean(|s| s.first_sound_ms)),
            ("first_audio_ms", mean(|s| s.first_audio_ms)),
            ("first_audio_p50_ms", totals[(totals.len() - 1) / 2]),
            ("first_audio_max_ms", worst),
        ] {
            map.insert(name.to_owned(), value.into());
        }
        Some(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_measured_from_the_end_of_speech_to_the_first_sound() {
        let mut latency = Latency::default();
        latency.audio(Millis(5)); // the greeting: nobody has spoken yet
        latency.speech_ended(Millis(100));
        latency.turn_ended(Millis(200));
        latency.turn_ended(Millis(260));
        latency.heard(Millis(300));
        latency.sound(Millis(305)); // of something that was said before
        latency.token(Millis(310));
        latency.token(Millis(390));
        latency.sound(Millis(340));
        latency.sound(Millis(345));
        latency.audio(Millis(350));
        latency.audio(Millis(900));
        let sample = Sample { turn: 1, endpoint_ms: 160, stt_ms: 200, first_token_ms: 210, first_sound_ms: 240, first_audio_ms: 250 };
        assert_eq!(latency.samples(), [sample]);
        assert_eq!(latency.summary().expect("one turn")["first_audio_max_ms"], 250);
    }

    #[test]
    fn keys_are_not_waited_for_and_words_never_longer_than_their_turn() {
        let mut latency = Latency::default();
        latency.speech_ended(Millis(100));
        latency.heard(Millis(100));
        latency.token(Millis(110));
        latency.audio(Millis(120));
        latency.speech_ended(Millis(200));
        latency.heard(Millis(250));
        latency.turn_ended(Millis(300)); // a key was pressed before
        latency.token(Millis(310));
        latency.audio(Millis(320));
        let parts: Vec<_> = latency.samples().iter().map(|s| (s.endpoint_ms, s.stt_ms, s.first_sound_ms)).collect();
        assert_eq!(parts, [(0, 0, 20), (50, 50, 120)]);
    }

    #[test]
    fn a_call_without_answers_has_no_summary() {
        assert!(Latency::default().summary().is_none());
    }
}
