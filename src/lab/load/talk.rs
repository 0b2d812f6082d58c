//! A caller who lets the bot finish, says something and waits for the answer: how long a conversation makes people wait. Pure.

use std::sync::Arc;

use super::acts::{Acts, Found, MILLISECOND, PACKET};

/// The bot has finished when it was silent for so long: pauses between its sentences are shorter.
const FINISHED: u64 = 900 * MILLISECOND;
/// An answer that takes longer is none.
const PATIENCE: u64 = 10_000 * MILLISECOND;
/// Between two packets.
const FRAME: u64 = 20 * MILLISECOND;

/// One caller.
pub(super) struct Talker {
    /// What is said, as payload of µ-law that begins and ends with sound.
    words: Arc<[u8]>,
    /// How much longer than [`FINISHED`] the caller waits before speaking.
    hesitation: u64,
    /// When the bot was last heard; `None` until it is heard anew.
    bot_last: Option<u64>,
    state: State,
    found: Found,
}

#[derive(Clone, Copy)]
enum State {
    Listens,
    Speaks { at: usize },
    Waits { since: u64 },
}

impl Talker {
    /// A caller with these words.
    pub(super) fn new(words: Arc<[u8]>, hesitation_ms: u64) -> Self {
        Self { words, hesitation: hesitation_ms * MILLISECOND, bot_last: None, state: State::Listens, found: Found::default() }
    }
}

impl Acts for Talker {
    fn hear(&mut self, is_loud: bool, at: u64) {
        if is_loud {
            self.bot_last = Some(at);
        }
        let State::Waits { since } = self.state else { return };
        if is_loud && at > since {
            self.found.answers_ms.push((at - since) as f64 / MILLISECOND as f64);
            self.state = State::Listens;
        } else if at.saturating_sub(since) > PATIENCE {
            self.found.n_unanswered += 1;
            self.state = State::Listens;
            // Whoever hears nothing asks again.
            self.bot_last = Some(at);
        }
    }

    fn speak(&mut self, at: u64) -> Option<&[u8]> {
        if let State::Listens = self.state {
            let is_my_turn = self.bot_last.is_some_and(|last| at.saturating_sub(last) >= FINISHED + self.hesitation);
            if !is_my_turn {
                return None;
            }
            self.state = State::Speaks { at: 0 };
        }
        let State::Speaks { at: from } = self.state else { return None };
        let to = from + PACKET;
        self.state = if to + PACKET > self.words.len() {
            // The last packet carries twenty milliseconds of sound.
            self.bot_last = None;
            State::Waits { since: at + FRAME }
        } else {
            State::Speaks { at: to }
        };
        self.words.get(from..to)
    }

    fn finish(self: Box<Self>) -> Found {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_between_the_last_word_and_the_first_sound_of_the_answer_is_measured() {
        let mut caller = Box::new(Talker::new(vec![0; 5 * PACKET].into(), 0));
        let (mut spoke_until, mut n_said) = (None, 0);
        for tick in 0..400 {
            let at = tick * FRAME;
            if caller.speak(at).is_some() {
                n_said += 1;
                spoke_until = Some(at + FRAME);
            }
            // A greeting of half a second, then answers of half a second that begin 700 ms after the caller.
            let is_answer = spoke_until.is_some_and(|end| (end + 700 * MILLISECOND..end + 1200 * MILLISECOND).contains(&at));
            caller.hear(at < 500 * MILLISECOND || is_answer, at);
        }
        let found = caller.finish();
        assert!(found.answers_ms.len() >= 2 && found.answers_ms.iter().all(|ms| (*ms - 700.0).abs() <= 20.0), "{found:?}");
        assert!(n_said >= 10 && found.n_unanswered == 0);
    }

    #[test]
    fn a_bot_that_never_answers_is_counted_and_asked_again() {
        let mut caller = Box::new(Talker::new(vec![0; 5 * PACKET].into(), 0));
        for tick in 0..1_500 {
            let at = tick * FRAME;
            caller.speak(at);
            caller.hear(at < 500 * MILLISECOND, at);
        }
        assert_eq!(caller.finish().n_unanswered, 2);
    }
}
