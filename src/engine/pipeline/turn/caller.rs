//! The caller's side of the conversation: voice, words, keys, silence.

use std::time::Duration;

use serde_json::Map;

use super::{Action, Caller, Consent, Conversation, LineKind, Question, Then, Timer, Why, detail};
use crate::base::Millis;
use crate::engine::providers::{Heard, ProviderError};

/// How long the next key of a code may take.
const KEY_GAP: Duration = Duration::from_millis(1500);

/// Failures in a row after which the bot gives up.
const MOST_FAILURES: u32 = 2;

impl Conversation {
    /// Voice silences the bot at once; whether it stays silent is decided when the words are known.
    pub(super) fn voice_started(&mut self, out: &mut Vec<Action>) {
        self.caller = Caller::Talking;
        out.push(Action::Forget(Timer::Silence));
        out.push(Action::Forget(Timer::Consent));
        if !self.paused && (self.answering || !self.lines.is_empty()) {
            self.paused = true;
            out.push(Action::Pause);
            if self.started {
                out.push(Action::Note("barge_in", Map::new()));
            }
        }
    }

    /// Words are known before the caller has stopped: with enough of them the bot gives up its turn at once.
    pub(super) fn heard_so_far(&mut self, words: &str, out: &mut Vec<Action>) {
        let is_protected = self.lines.front().is_some_and(|line| line.kind.is_protected());
        let is_enough = words.split_whitespace().count() >= self.rules.min_words.max(1);
        if self.paused && self.caller != Caller::Quiet && is_enough && !is_protected {
            self.interrupt(out);
        }
    }

    pub(super) fn heard(&mut self, heard: Heard, now: Millis, out: &mut Vec<Action>) {
        self.n_failures = 0;
        if self.caller == Caller::Talking {
            // The caller went on while the beginning was being understood: both are one utterance.
            self.heard_before.push(heard);
            return;
        }
        self.caller = Caller::Quiet;
        let heard = self.with_what_came_before(heard);
        let n_words = heard.text.split_whitespace().count();
        if self.consent == Consent::Asking && self.lines.is_empty() {
            return self.consent_heard(heard, now, out);
        }
        if self.paused {
            let is_protected = self.lines.front().is_some_and(|line| line.kind.is_protected());
            if is_protected || n_words < self.rules.min_words.max(1) {
                return self.resume(n_words, out);
            }
            self.interrupt(out);
        }
        if n_words == 0 && !(self.rules.asks_back && self.rules.understands_speech) {
            return self.quiet(out);
        }
        if n_words > 0 {
            let extra = detail("confidence", f64::from((heard.confidence * 100.0).round()) / 100.0);
            self.user_turn(heard.text.clone(), extra, now, out);
        }
        self.ask(Question { heard: Some(heard), keys: None }, out);
    }

    fn with_what_came_before(&mut self, last: Heard) -> Heard {
        let mut all = std::mem::take(&mut self.heard_before);
        all.push(last);
        let confidence = all.iter().filter(|h| !h.text.is_empty()).map(|h| h.confidence).reduce(f32::min).unwrap_or(0.0);
        let text = all.iter().map(|h| h.text.trim()).filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ");
        Heard { text, confidence }
    }

    fn resume(&mut self, n_words: usize, out: &mut Vec<Action>) {
        self.paused = false;
        out.push(Action::Resume);
        out.push(Action::Note("barge_in_resumed", detail("words", n_words)));
        self.quiet(out);
    }

    /// The caller has the word: what the bot was saying or thinking is dropped.
    fn interrupt(&mut self, out: &mut Vec<Action>) {
        if !self.lines.is_empty() {
            out.push(Action::StopSpeaking);
        }
        if std::mem::take(&mut self.paused) {
            out.push(Action::Resume);
        }
        if self.answering {
            self.answering = false;
            out.push(Action::StopThinking);
        }
        self.forget_tools(out);
        self.flush(true, out);
        self.lines.clear();
        self.then = Then::Listen;
    }

    /// The recogniser failed: said once, then keys may still help; the second time in a row the call ends with the reason.
    pub(super) fn heard_nothing(&mut self, error: &ProviderError, out: &mut Vec<Action>) {
        if self.caller == Caller::Talking {
            return;
        }
        self.caller = Caller::Quiet;
        self.heard_before.clear();
        out.push(Action::Note("provider_failed", failure("stt", error)));
        if self.paused {
            self.interrupt(out);
        }
        self.fail(&format!("speech recognition failed: {}", error.message), false, out);
    }

    /// Says the failure sentence; afterwards the call goes on, or ends when it happened too often or for good.
    pub(super) fn fail(&mut self, why: &str, for_good: bool, out: &mut Vec<Action>) {
        self.n_failures += 1;
        if for_good || self.n_failures >= MOST_FAILURES {
            self.then = Then::End(Why::Failed(why.to_owned()));
        }
        let text = self.rules.failure.clone();
        self.say(text, LineKind::Failure, out);
    }

    pub(super) fn key(&mut self, key: char, now: Millis, out: &mut Vec<Action>) {
        out.push(Action::Forget(Timer::Silence));
        if self.consent == Consent::Asking {
            let is_yes = key == '1';
            self.user_turn(key.to_string(), detail("digits", key.to_string()), now, out);
            return self.consent_given(is_yes, out);
        }
        if key == '#' && !self.keys.is_empty() && !self.rules.key_codes.iter().any(|c| c.ends_with('#')) {
            return self.keys_done(now, out);
        }
        self.keys.push(key);
        if self.rules.is_whole_code(&self.keys) {
            self.keys_done(now, out);
        } else {
            out.push(Action::Wake(Timer::Keys, KEY_GAP));
        }
    }

    pub(super) fn keys_done(&mut self, now: Millis, out: &mut Vec<Action>) {
        let keys = std::mem::take(&mut self.keys);
        out.push(Action::Forget(Timer::Keys));
        if keys.is_empty() {
            return;
        }
        let is_protected = self.lines.front().is_some_and(|line| line.kind.is_protected());
        if !is_protected {
            self.interrupt(out);
        }
        self.user_turn(keys.clone(), detail("digits", keys.clone()), now, out);
        self.ask(Question { heard: None, keys: Some(keys) }, out);
    }

    /// Nobody has said anything for as long as the bot declares.
    pub(super) fn silence(&mut self, out: &mut Vec<Action>) {
        if self.caller != Caller::Quiet || self.answering || !self.lines.is_empty() || !self.keys.is_empty() {
            return;
        }
        let Some((_, message, times)) = self.rules.nudge.clone() else { return };
        if self.n_nudges < times {
            self.n_nudges += 1;
            out.push(Action::Note("re_engagement", detail("n", self.n_nudges)));
            self.say(message, LineKind::Fixed, out);
        } else {
            let why = if self.n_user_turns == 0 { Why::NoReaction } else { Why::Finished };
            self.end(why, out);
        }
    }
}

impl LineKind {
    /// Whether the line must be heard to its end.
    pub(super) fn is_protected(self) -> bool {
        matches!(self, Self::Disclosure | Self::Notice)
    }
}

/// Details of `provider_failed`.
pub(super) fn failure(provider: &str, error: &ProviderError) -> Map<String, serde_json::Value> {
    let mut map = detail("provider", provider);
    map.insert("reason".to_owned(), error.message.clone().into());
    map
}
