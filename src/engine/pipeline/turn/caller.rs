//! The caller's side of the conversation: voice, words, keys, silence.

use std::time::Duration;

use serde_json::Map;

use super::{Action, Caller, Consent, Conversation, LineKind, Question, Then, Timer, Why, detail};
use crate::base::Millis;
use crate::contract::turn::Turn;
use crate::engine::pipeline::lexicon::{Ending, Meant};
use crate::engine::providers::{Heard, ProviderError};

/// How long the next key of a code may take.
const KEY_GAP: Duration = Duration::from_millis(1500);

/// From here on words that the bot did not fall silent for are answered later.
const SURE: f32 = 0.5;

/// Failures in a row after which the bot gives up.
const MOST_FAILURES: u32 = 2;

impl Conversation {
    /// Voice silences the bot at once; whether it stays silent is decided when the words are known.
    pub(super) fn voice_started(&mut self, out: &mut Vec<Action>) {
        if self.caller == Caller::Hesitating {
            out.push(Action::Forget(Timer::EndOfTurn));
        }
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

    pub(super) fn voice_ended(&mut self, silence: Duration, now: Millis) {
        self.caller = Caller::Understanding;
        self.silent_since = now.minus(silence);
    }

    /// Words are known before the caller has stopped: if they are no nod, the bot gives up its turn at once.
    pub(super) fn heard_so_far(&mut self, words: &str, out: &mut Vec<Action>) {
        if !self.paused || self.caller == Caller::Quiet || self.is_protected() {
            return;
        }
        let heard = Heard { text: words.to_owned(), confidence: 1.0 };
        let meant = self.meant(&heard);
        if !meant.lets_go_on() {
            self.interrupt(out);
            out.push(Action::Note("barge_in_stopped", weighed(meant.word(), &heard)));
        }
    }

    pub(super) fn heard(&mut self, heard: Heard, now: Millis, out: &mut Vec<Action>) {
        self.n_failures = 0;
        self.heard_before.push(heard);
        if self.caller == Caller::Talking {
            // The caller went on while the beginning was being understood: both are one utterance.
            return;
        }
        let heard = joined(&self.heard_before);
        let left = self.rules.pace.wait(&heard.text).saturating_sub(now.since(self.silent_since));
        if !left.is_zero() && self.may_go_on(&heard) {
            self.caller = Caller::Hesitating;
            return out.push(Action::Wake(Timer::EndOfTurn, left));
        }
        self.turn_ended(now, out);
    }

    /// Whether the caller may be in the middle of a sentence that is worth waiting for.
    fn may_go_on(&self, heard: &Heard) -> bool {
        let is_open = self.rules.pace.lexicon.ending(&heard.text) == Ending::Open;
        is_open && self.consent == Consent::Settled && !(self.paused && self.meant(heard).lets_go_on())
    }

    /// The caller has said all of it: it is weighed and answered.
    pub(super) fn turn_ended(&mut self, now: Millis, out: &mut Vec<Action>) {
        self.caller = Caller::Quiet;
        let heard = joined(&std::mem::take(&mut self.heard_before));
        if self.consent == Consent::Asking && self.lines.is_empty() {
            return self.consent_heard(heard, now, out);
        }
        if self.paused {
            let meant = self.meant(&heard);
            if self.is_protected() || meant.lets_go_on() {
                return self.resume(meant, heard, out);
            }
            out.push(Action::Note("barge_in_stopped", weighed(meant.word(), &heard)));
            self.interrupt(out);
        }
        self.answer(heard, now, out);
    }

    fn answer(&mut self, heard: Heard, now: Millis, out: &mut Vec<Action>) {
        self.waiting.push(heard);
        let heard = joined(&std::mem::take(&mut self.waiting));
        if heard.text.is_empty() && !(self.rules.asks_back && self.rules.understands_speech) {
            return self.quiet(out);
        }
        if !heard.text.is_empty() {
            let extra = detail("confidence", f64::from((heard.confidence * 100.0).round()) / 100.0);
            self.user_turn(heard.text.clone(), extra, now, out);
        }
        self.ask(Question { heard: Some(heard), keys: None }, out);
    }

    /// What was said while the bot spoke on is answered as soon as nobody speaks any more. When the bot has no more to say at all, it is
    /// kept on the call.
    pub(super) fn answer_what_waits(&mut self, now: Millis, out: &mut Vec<Action>) {
        if self.over || out.iter().any(|action| matches!(action, Action::Transfer(_))) {
            self.unfinished(now, out);
        }
        let is_idle = self.caller == Caller::Quiet && !self.answering && self.lines.is_empty() && self.consent == Consent::Settled;
        if is_idle && !self.waiting.is_empty() {
            self.answer(Heard::default(), now, out);
        }
    }

    /// What words mean that came while the bot was speaking, or about to. Before the first sound of an answer they belong to the question;
    /// to somebody who was asked for patience, "okay" is a nod, however that was put.
    fn meant(&self, heard: &Heard) -> Meant {
        let is_question = |turn: &Turn| turn.content.trim_end().ends_with('?') && !turn.is_filler();
        let is_asked = self.spoken.as_ref().map_or(self.n_user_turns > 0, is_question);
        self.rules.pace.lexicon.meant(&heard.text, self.rules.min_words, is_asked)
    }

    fn is_protected(&self) -> bool {
        self.lines.front().is_some_and(|line| line.kind.is_protected())
    }

    /// The bot goes on where it was. Real words are kept for later, unless the recogniser is not sure of them.
    fn resume(&mut self, meant: Meant, heard: Heard, out: &mut Vec<Action>) {
        self.paused = false;
        out.push(Action::Resume);
        let why = if meant.lets_go_on() { meant.word() } else { "protected" };
        out.push(Action::Note("barge_in_resumed", weighed(why, &heard)));
        let are_words = !matches!(meant, Meant::Noise | Meant::Filler);
        if are_words && heard.confidence >= SURE && self.consent == Consent::Settled {
            self.waiting.push(heard);
        }
        self.quiet(out);
    }

    /// What the caller was in the middle of becomes a turn, although nobody will answer it.
    pub(super) fn unfinished(&mut self, now: Millis, out: &mut Vec<Action>) {
        let mut all = std::mem::take(&mut self.waiting);
        all.append(&mut self.heard_before);
        let heard = joined(&all);
        if !heard.text.is_empty() {
            let extra = detail("confidence", f64::from((heard.confidence * 100.0).round()) / 100.0);
            self.user_turn(heard.text, extra, now, out);
        }
    }

    /// The caller has the word: what the bot was saying or thinking is dropped.
    pub(super) fn interrupt(&mut self, out: &mut Vec<Action>) {
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
        self.aloud = None;
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
        if self.caller == Caller::Hesitating {
            // The key is the rest of the sentence.
            out.push(Action::Forget(Timer::EndOfTurn));
            self.caller = Caller::Quiet;
            self.unfinished(now, out);
        }
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
        if !self.is_protected() {
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

/// Several utterances as one; as sure as the least sure of those that have words.
fn joined(all: &[Heard]) -> Heard {
    let confidence = all.iter().filter(|h| !h.text.trim().is_empty()).map(|h| h.confidence).reduce(f32::min).unwrap_or(0.0);
    let text = all.iter().map(|h| h.text.trim()).filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ");
    Heard { text, confidence }
}

/// Details of a decision about an interruption.
fn weighed(reason: &str, heard: &Heard) -> Map<String, serde_json::Value> {
    let mut map = detail("reason", reason);
    map.insert("words".to_owned(), heard.text.split_whitespace().count().into());
    if !heard.text.is_empty() {
        map.insert("text".to_owned(), heard.text.as_str().into());
    }
    map
}

/// Details of `provider_failed`.
pub(super) fn failure(provider: &str, error: &ProviderError) -> Map<String, serde_json::Value> {
    let mut map = detail("provider", provider);
    map.insert("reason".to_owned(), error.message.clone().into());
    map
}
