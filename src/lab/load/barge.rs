//! A caller who interrupts the bot again and again, and how long the bot takes to fall silent on the wire. Pure.

use std::sync::Arc;

use super::acts::{Acts, Found, MILLISECOND, PACKET};

/// A packet of the bot without sound for this long is silence: pauses between words are shorter.
const SILENCE: u64 = 450 * MILLISECOND;
/// How recently the bot must have been heard for an interruption to begin.
const JUST_NOW: u64 = 60 * MILLISECOND;
/// One caller.
pub(super) struct Caller {
    /// What is said, as payload of µ-law.
    words: Arc<[u8]>,
    /// How long the bot may speak before it is interrupted again.
    patience: u64,
    /// Since when the bot speaks, with short pauses.
    bot_since: Option<u64>,
    bot_last: u64,
    speaking: Option<Speaking>,
    found: Found,
}

struct Speaking {
    began: u64,
    at: usize,
    is_settled: bool,
}

impl Caller {
    /// A caller with these words. They must begin with sound.
    pub(super) fn new(words: Arc<[u8]>, patience_ms: u64) -> Self {
        let patience = patience_ms * MILLISECOND;
        Self { words, patience, bot_since: None, bot_last: 0, speaking: None, found: Found::default() }
    }

    /// The bot is silent: if the caller speaks, that is how long it took.
    fn settle(&mut self) {
        let Some(speaking) = self.speaking.as_mut().filter(|speaking| !speaking.is_settled) else { return };
        speaking.is_settled = true;
        // A bot that was between two words at the beginning says nothing about how fast it is.
        if self.bot_last > speaking.began {
            let took = self.bot_last + 20 * MILLISECOND - speaking.began;
            self.found.took_ms.push(took as f64 / MILLISECOND as f64);
        }
    }
}

impl Acts for Caller {
    fn hear(&mut self, is_loud: bool, at: u64) {
        if is_loud {
            self.bot_last = at;
            self.bot_since.get_or_insert(at);
        } else if at.saturating_sub(self.bot_last) > SILENCE {
            self.bot_since = None;
            self.settle();
        }
    }

    fn speak(&mut self, at: u64) -> Option<&[u8]> {
        if self.speaking.is_none() {
            let has_listened = self.bot_since.is_some_and(|since| at.saturating_sub(since) >= self.patience);
            if !has_listened || at.saturating_sub(self.bot_last) > JUST_NOW {
                return None;
            }
            self.speaking = Some(Speaking { began: at, at: 0, is_settled: false });
        }
        let speaking = self.speaking.as_mut()?;
        let from = speaking.at;
        if from + PACKET > self.words.len() {
            self.found.n_ignored += u32::from(!speaking.is_settled);
            self.speaking = None;
            self.bot_since = None;
            return None;
        }
        speaking.at += PACKET;
        Some(&self.words[from..from + PACKET])
    }

    fn finish(self: Box<Self>) -> Found {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bot that falls silent `after_ms` of the caller's first packet, and the caller's words of two seconds.
    fn measured(after_ms: u64) -> Found {
        let mut caller = Box::new(Caller::new(vec![0; 100 * PACKET].into(), 1000));
        let mut first = None;
        for tick in 0..300 {
            let at = tick * 20 * MILLISECOND;
            if caller.speak(at).is_some() {
                first.get_or_insert(at);
            }
            let is_loud = first.is_none_or(|first| at < first + after_ms * MILLISECOND);
            caller.hear(is_loud, at + MILLISECOND);
        }
        caller.finish()
    }

    #[test]
    fn the_time_from_the_callers_sound_to_the_bots_silence_is_measured() {
        let found = measured(120);
        assert_eq!((found.took_ms, found.n_ignored), (vec![121.0], 0));
    }

    #[test]
    fn a_bot_that_goes_on_is_counted() {
        let found = measured(100_000);
        assert_eq!((found.took_ms.len(), found.n_ignored), (0, 1));
    }

    #[test]
    fn nobody_is_interrupted_who_does_not_speak() {
        let mut caller = Caller::new(vec![0; 100 * PACKET].into(), 1000);
        for tick in 0..300 {
            caller.hear(false, tick * 20 * MILLISECOND);
            assert!(caller.speak(tick * 20 * MILLISECOND).is_none());
        }
    }
}
