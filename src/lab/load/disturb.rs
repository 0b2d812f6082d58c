//! A caller who coughs, hums and sits on a bad line while the bot speaks: whether the bot goes on. Pure.

use std::sync::Arc;

use super::acts::{Acts, Found, MILLISECOND, PACKET};

/// A bot that pauses goes on within this time after the noise; one that does not has given way to it.
const GOES_ON_WITHIN: u64 = 2_000 * MILLISECOND;
/// How recently the bot must have been heard for a noise to fall into its words.
const JUST_NOW: u64 = 60 * MILLISECOND;
/// Silence after which the bot has stopped speaking.
const SILENCE: u64 = 450 * MILLISECOND;

/// One caller.
pub(super) struct Disturber {
    noises: Arc<[Arc<[u8]>]>,
    /// How long the bot may speak before the next noise.
    patience: u64,
    next: usize,
    bot_since: Option<u64>,
    bot_last: u64,
    state: State,
    found: Found,
}

#[derive(Clone, Copy)]
enum State {
    Listens,
    Makes { at: usize },
    Watches { since: u64 },
}

impl Disturber {
    /// A caller with these noises.
    pub(super) fn new(noises: Arc<[Arc<[u8]>]>, patience_ms: u64) -> Self {
        let patience = patience_ms * MILLISECOND;
        Self { noises, patience, next: 0, bot_since: None, bot_last: 0, state: State::Listens, found: Found::default() }
    }

    fn noise(&self) -> Option<&Arc<[u8]>> {
        self.noises.get(self.next % self.noises.len().max(1))
    }

    fn settle(&mut self, is_false: bool) {
        self.found.n_disturbances += 1;
        self.found.n_false += u32::from(is_false);
        self.next += 1;
        self.bot_since = None;
        self.state = State::Listens;
    }
}

impl Acts for Disturber {
    fn hear(&mut self, is_loud: bool, at: u64) {
        if is_loud {
            self.bot_last = at;
            self.bot_since.get_or_insert(at);
        } else if at.saturating_sub(self.bot_last) > SILENCE {
            self.bot_since = None;
        }
        let State::Watches { since } = self.state else { return };
        if is_loud && at > since {
            self.settle(false);
        } else if at.saturating_sub(since) > GOES_ON_WITHIN {
            self.settle(true);
        }
    }

    fn speak(&mut self, at: u64) -> Option<&[u8]> {
        if let State::Listens = self.state {
            let speaks = self.bot_since.is_some_and(|since| at.saturating_sub(since) >= self.patience);
            if !speaks || at.saturating_sub(self.bot_last) > JUST_NOW {
                return None;
            }
            self.state = State::Makes { at: 0 };
        }
        let State::Makes { at: from } = self.state else { return None };
        let to = from + PACKET;
        let is_last = self.noise().is_none_or(|noise| to + PACKET > noise.len());
        // What the engine has on its way when the noise ends says nothing.
        self.state = if is_last { State::Watches { since: at + 200 * MILLISECOND } } else { State::Makes { at: to } };
        self.noise()?.get(from..to)
    }

    fn finish(self: Box<Self>) -> Found {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: u64 = 20 * MILLISECOND;

    /// A bot that always speaks, but for `silent_ms` after each noise.
    fn found(silent_ms: u64) -> Found {
        let noise: Arc<[u8]> = vec![0; 10 * PACKET].into();
        let mut caller = Box::new(Disturber::new([noise].into(), 500));
        let mut noise_ended = None;
        for tick in 0..500 {
            let at = tick * FRAME;
            if caller.speak(at).is_some() {
                noise_ended = Some(at + FRAME);
            }
            let is_silent = noise_ended.is_some_and(|end| at < end + silent_ms * MILLISECOND);
            caller.hear(!is_silent, at);
        }
        caller.finish()
    }

    #[test]
    fn a_bot_that_goes_on_was_not_interrupted_and_one_that_stops_was() {
        let (goes_on, pauses, stops) = (found(0), found(1_000), found(3_000));
        assert!(goes_on.n_disturbances > 5 && goes_on.n_false == 0, "{goes_on:?}");
        assert!(pauses.n_disturbances > 2 && pauses.n_false == 0, "{pauses:?}");
        assert!(stops.n_disturbances > 0 && stops.n_false == stops.n_disturbances, "{stops:?}");
    }
}
