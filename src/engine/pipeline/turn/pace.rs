//! How long a caller is waited for: by how their words end. Pure.

use std::time::Duration;

use crate::contract::config::TurnTaking;
use crate::engine::pipeline::lexicon::{Ending, Lexicon};

/// The pace of one conversation.
#[derive(Debug, Clone)]
pub struct Pace {
    /// What short words mean.
    pub lexicon: Lexicon,
    /// Silence that ends what the caller says.
    pub usual: Duration,
    /// The same after a finished sentence.
    pub after_sentence: Duration,
    /// The same after a hesitation.
    pub after_hesitation: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self::of(&TurnTaking::default(), Lexicon::default())
    }
}

impl Pace {
    /// The pace a bot declares. Whatever it says, a sentence never waits longer than usual, a hesitation never less.
    pub fn of(declared: &TurnTaking, lexicon: Lexicon) -> Self {
        let ms = |ms: u32| Duration::from_millis(u64::from(ms));
        let usual = ms(declared.end_of_turn_ms);
        Self {
            lexicon,
            usual,
            after_sentence: ms(declared.after_sentence_ms).min(usual),
            after_hesitation: ms(declared.after_hesitation_ms).max(usual),
        }
    }

    /// The silence after which somebody has finished who said this.
    pub fn wait(&self, text: &str) -> Duration {
        match self.lexicon.ending(text) {
            Ending::Finished => self.after_sentence,
            Ending::Open => self.after_hesitation,
            Ending::Unclear => self.usual,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_decide_how_long_the_caller_is_waited_for() {
        let declared = TurnTaking { end_of_turn_ms: 800, after_sentence_ms: 300, after_hesitation_ms: 2000, ..TurnTaking::default() };
        let pace = Pace::of(&declared, Lexicon::of("en-US", &[], &[]));
        for (text, ms) in [("When are you open?", 300), ("two tickets", 800), ("two tickets and", 2000), ("", 800)] {
            assert_eq!(pace.wait(text), Duration::from_millis(ms), "{text:?}");
        }
        let odd = TurnTaking { end_of_turn_ms: 500, after_sentence_ms: 900, after_hesitation_ms: 100, ..TurnTaking::default() };
        let pace = Pace::of(&odd, Lexicon::of("en", &[], &[]));
        assert_eq!((pace.wait("Yes."), pace.wait("and")), (Duration::from_millis(500), Duration::from_millis(500)));
    }
}
