//! The question whether the call may be recorded, and what counts as a yes.

use std::time::Duration;

use super::{Action, Consent, Conversation, LineKind, Timer, detail};
use crate::base::Millis;
use crate::engine::providers::Heard;

/// How long the caller may think about it; silence is a no.
pub(super) const CONSENT_WITHIN: Duration = Duration::from_secs(8);

/// Words that mean yes, in the languages the offline voices speak.
const YES: &[&str] = &["yes", "yeah", "yep", "sure", "okay", "ok", "correct", "ja", "gerne", "klar", "oui", "si", "sí", "sì", "sim", "tak"];

/// Words that mean no, and win over a yes beside them.
const NO: &[&str] = &["no", "not", "don't", "nein", "nicht", "non", "não", "nie"];

/// Whether these words allow it. Anything that is not clearly a yes is a no.
pub fn is_yes(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|w| !w.is_empty());
    let has = |list: &[&str], word: &str| list.contains(&word);
    let words: Vec<&str> = words.by_ref().collect();
    words.iter().any(|w| has(YES, w)) && !words.iter().any(|w| has(NO, w))
}

impl Conversation {
    pub(super) fn consent_heard(&mut self, heard: Heard, now: Millis, out: &mut Vec<Action>) {
        if heard.text.is_empty() {
            out.push(Action::Wake(Timer::Consent, CONSENT_WITHIN));
            return;
        }
        let allowed = is_yes(&heard.text) && heard.confidence >= 0.5;
        self.user_turn(heard.text, detail("confidence", f64::from(heard.confidence)), now, out);
        self.consent_given(allowed, out);
    }

    /// The question is settled: the recording begins or never does, and the greeting follows.
    pub(super) fn consent_given(&mut self, allowed: bool, out: &mut Vec<Action>) {
        if self.consent != Consent::Asking {
            return;
        }
        self.consent = Consent::Settled;
        out.push(Action::Forget(Timer::Consent));
        out.push(Action::Note("recording_consent", detail("given", allowed)));
        if allowed {
            out.push(Action::Record);
        }
        let opening = self.rules.opening.clone();
        if opening.trim().is_empty() {
            self.quiet(out);
        } else {
            self.say(opening, LineKind::Fixed, out);
        }
    }
}
