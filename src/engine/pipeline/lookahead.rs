//! When in a pause the caller's words are looked for: so early that they are known when the pause has lasted long enough to end the turn,
//! and no earlier, because whoever goes on makes the look void. Pure.

use std::time::Duration;

/// What a recogniser is believed to take before it was ever asked.
const AT_FIRST: Duration = Duration::from_millis(200);
/// On top of what the recogniser took: pauses are counted in frames of 20 ms, and no two requests take the same.
const RESERVE: Duration = Duration::from_millis(50);
/// A shorter silence is part of a word.
const LEAST_PAUSE: Duration = Duration::from_millis(200);

/// What is known of the recogniser of one call.
#[derive(Debug, Clone, Copy)]
pub struct Lookahead {
    takes: Duration,
}

impl Default for Lookahead {
    fn default() -> Self {
        Self { takes: AT_FIRST }
    }
}

impl Lookahead {
    /// The recogniser took so long. A slower one is believed at once, a faster one little by little.
    pub fn took(&mut self, took: Duration) {
        self.takes = if took > self.takes { took } else { (self.takes * 3 + took) / 4 };
    }

    /// The silence after which to look, when a turn may end after `shortest`.
    pub fn pause(&self, shortest: Duration) -> Duration {
        shortest.saturating_sub(self.takes + RESERVE).max(LEAST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_look_is_as_early_as_the_recogniser_is_slow_but_never_within_a_word() {
        let mut look = Lookahead::default();
        assert_eq!(look.pause(ms(700)), ms(450));
        look.took(ms(400));
        assert_eq!((look.pause(ms(700)), look.pause(ms(400))), (ms(250), ms(200)));
        for _ in 0..20 {
            look.took(ms(50));
        }
        assert!((595..=600).contains(&look.pause(ms(700)).as_millis()), "{look:?}");
        look.took(ms(9_000));
        assert_eq!(look.pause(ms(700)), ms(200));
    }
}
