//! An answer that takes a while, because a model thinks or a tool works: the caller hears that the bot is still there. Once per turn, never
//! when the answer is there, and no part of it: the words are a turn of their own, which no model is told.

use std::time::Duration;

use super::{Action, Conversation, LineKind, Timer, detail};
use crate::engine::media::ClipId;

/// Notes that the caller was asked for patience.
pub(super) const FILLED: &str = "thinking_filler";

impl Conversation {
    /// The responder was asked.
    pub(super) fn may_take_long(&mut self, out: &mut Vec<Action>) {
        if let Some((after, _)) = self.rules.patience.as_ref().filter(|_| !self.tools.has_filled) {
            out.push(Action::Wake(Timer::Patience, *after));
        }
    }

    /// It has taken long.
    pub(super) fn asks_for_patience(&mut self, out: &mut Vec<Action>) {
        let Some((after, words)) = &self.rules.patience else { return };
        let is_waited_for = self.answering && !self.said_in_answer && self.aloud.is_none() && self.lines.is_empty() && !self.paused;
        // A tool at work has words of its own.
        if !is_waited_for || self.tools.has_filled || self.tools.is_busy() {
            return;
        }
        let text = words[self.n_patience % words.len()].clone();
        let filled = detail("after_ms", millis(*after));
        self.n_patience += 1;
        self.tools.has_filled = true;
        out.push(Action::Note(FILLED, filled));
        self.say(text, LineKind::Patience, out);
    }

    /// The answer comes: words that ask for patience and are not heard yet are not said any more.
    pub(super) fn needs_no_patience(&mut self, out: &mut Vec<Action>) {
        let is_unheard = self.lines.iter().all(|line| line.kind == LineKind::Patience) && !self.is_asking_for_patience();
        if is_unheard && !self.lines.is_empty() {
            out.push(Action::StopSpeaking);
            self.lines.clear();
        }
    }

    /// Whether what is being said asks for patience.
    pub(super) fn is_asking_for_patience(&self) -> bool {
        self.spoken.as_ref().is_some_and(|turn| turn.is_filler())
    }

    /// Whether this line only asks for patience.
    pub fn is_patience(&self, id: ClipId) -> bool {
        self.lines.iter().any(|line| line.id == id && line.kind == LineKind::Patience)
    }
}

pub(super) fn millis(after: Duration) -> u64 {
    u64::try_from(after.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{Input, Question, Rules};
    use super::*;
    use crate::base::Millis;
    use crate::engine::pipeline::think::Thought;
    use crate::engine::providers::Heard;

    const NOW: Millis = Millis(0);

    /// A conversation whose responder has just been asked.
    fn asked(words: &[&str]) -> (Conversation, Vec<Action>) {
        let patience = Some((Duration::from_secs(2), words.iter().map(|text| (*text).to_owned()).collect()));
        let mut talk = Conversation::new(Rules { answers: true, understands_speech: true, patience, ..Rules::default() });
        talk.step(Input::Begin, NOW);
        let mut out = Vec::new();
        talk.ask(Question { heard: Some(Heard { text: "when".to_owned(), confidence: 1.0 }), keys: None }, &mut out);
        (talk, out)
    }

    fn said(out: &[Action]) -> Vec<(ClipId, String)> {
        out.iter().filter_map(|action| if let Action::Say(line) = action { Some((line.id, line.text.clone())) } else { None }).collect()
    }

    fn turns(out: &[Action]) -> Vec<(String, bool)> {
        out.iter()
            .filter_map(|action| if let Action::Turn(turn) = action { Some((turn.content.clone(), turn.is_filler())) } else { None })
            .collect()
    }

    #[test]
    fn a_slow_answer_is_announced_once_and_is_a_turn_of_its_own() {
        let (mut talk, out) = asked(&["A moment.", "Still here."]);
        assert!(out.contains(&Action::Wake(Timer::Patience, Duration::from_secs(2))));
        let out = talk.step(Input::Due(Timer::Patience), NOW);
        assert!(out.iter().any(|action| matches!(action, Action::Note("thinking_filler", _))));
        let (filler, text) = said(&out).remove(0);
        assert_eq!(text, "A moment.");
        assert!(talk.is_patience(filler));
        assert!(said(&talk.step(Input::Due(Timer::Patience), NOW)).is_empty(), "once");
        talk.step(Input::LineStarted(filler), NOW);
        let out = talk.step(Input::Thought(Thought::Sentence("At nine.".to_owned())), NOW);
        assert!(!out.contains(&Action::StopSpeaking), "what is being said is said to its end");
        let (answer, _) = said(&out).remove(0);
        talk.step(Input::LineDone(filler), NOW);
        let mut all = talk.step(Input::LineStarted(answer), NOW);
        talk.step(Input::Thought(Thought::Done), NOW);
        all.extend(talk.step(Input::LineDone(answer), NOW));
        assert_eq!(turns(&all), [("A moment.".to_owned(), true), ("At nine.".to_owned(), false)]);
        let mut out = Vec::new();
        talk.ask(Question { heard: None, keys: Some("1".to_owned()) }, &mut out);
        assert_eq!(said(&talk.step(Input::Due(Timer::Patience), NOW))[0].1, "Still here.", "the next time in other words");
    }

    #[test]
    fn an_answer_that_is_there_is_never_announced_and_overtakes_what_was_not_heard_yet() {
        let (mut talk, _) = asked(&["A moment."]);
        talk.step(Input::Thought(Thought::Sentence("At nine.".to_owned())), NOW);
        assert!(said(&talk.step(Input::Due(Timer::Patience), NOW)).is_empty());
        let (mut talk, _) = asked(&["A moment."]);
        let (filler, _) = said(&talk.step(Input::Due(Timer::Patience), NOW)).remove(0);
        let out = talk.step(Input::Thought(Thought::Sentence("At nine.".to_owned())), NOW);
        assert_eq!((out.first(), said(&out).len()), (Some(&Action::StopSpeaking), 1));
        assert!(turns(&talk.step(Input::LineStarted(filler), NOW)).is_empty(), "it was taken back");
    }

    #[test]
    fn a_caller_who_speaks_meanwhile_is_not_told_to_wait_and_may_interrupt_who_does() {
        let (mut talk, _) = asked(&["A moment."]);
        talk.step(Input::VoiceStarted, NOW);
        assert!(said(&talk.step(Input::Due(Timer::Patience), NOW)).is_empty());
        let (mut talk, _) = asked(&["A moment."]);
        let (filler, _) = said(&talk.step(Input::Due(Timer::Patience), NOW)).remove(0);
        talk.step(Input::LineStarted(filler), NOW);
        let out = talk.step(Input::VoiceStarted, NOW);
        assert!(out.contains(&Action::Pause));
    }
}
