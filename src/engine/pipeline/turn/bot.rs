//! The bot's side of the conversation: greeting, lines, answers, tools, the end.

use std::time::Duration;

use serde_json::{Map, Value};

use super::caller::failure;
use super::consent::CONSENT_WITHIN;
use super::{Action, Caller, Consent, Conversation, Line, LineKind, Question, Then, Timer, Why, detail};
use crate::base::Millis;
use crate::contract::config::{Announcement, RecordingMode};
use crate::contract::turn::{FILLER, Role, Turn};
use crate::engine::media::ClipId;
use crate::engine::pipeline::think::Thought;
use crate::engine::providers::{ProviderError, Verdict};

/// Silence between two times an announcement is said.
const BETWEEN_REPEATS: Duration = Duration::from_millis(1_500);

impl Conversation {
    /// The call is up: its time runs, and the bot begins when its pause is over.
    pub(super) fn answered(&mut self, out: &mut Vec<Action>) {
        out.push(Action::Wake(Timer::MaxDuration, self.rules.max_duration));
        match self.rules.start_after {
            Duration::ZERO => self.begin(out),
            pause => out.push(Action::Wake(Timer::Start, pause)),
        }
    }

    /// Disclosure first, then what is said or asked about the recording, then the greeting.
    pub(super) fn begin(&mut self, out: &mut Vec<Action>) {
        self.begun = true;
        if self.rules.announcement.is_none() {
            out.push(Action::Listen(true));
        }
        let rules = self.rules.clone();
        self.say_if_any(&rules.disclosure, LineKind::Disclosure, out);
        match rules.recording {
            RecordingMode::Off => {}
            RecordingMode::Announce => {
                out.push(Action::Record);
                self.say_if_any(&rules.recording_notice, LineKind::Notice, out);
            }
            RecordingMode::Ask if rules.recording_notice.trim().is_empty() => {
                out.push(Action::Note("recording_consent", detail("given", false)));
            }
            RecordingMode::Ask => {
                self.consent = Consent::Asking;
                self.say_if_any(&rules.recording_notice, LineKind::Notice, out);
            }
        }
        if self.consent == Consent::Settled {
            self.say_if_any(&rules.opening, LineKind::Fixed, out);
        }
        self.quiet(out);
    }

    pub(super) fn say_if_any(&mut self, text: &str, kind: LineKind, out: &mut Vec<Action>) {
        if !text.trim().is_empty() {
            self.say(text.to_owned(), kind, out);
        }
    }

    pub(super) fn say(&mut self, text: String, kind: LineKind, out: &mut Vec<Action>) {
        self.n_lines += 1;
        let line = Line { id: ClipId(self.n_lines), text, kind };
        out.push(Action::Forget(Timer::Silence));
        out.push(Action::Say(line.clone()));
        self.lines.push_back(line);
    }

    pub(super) fn line_started(&mut self, id: ClipId, now: Millis, out: &mut Vec<Action>) {
        let Some(line) = self.lines.iter().find(|line| line.id == id).cloned() else { return };
        self.started = true;
        self.aloud_is_heard |= self.aloud == Some(id);
        if line.kind == LineKind::Disclosure {
            out.push(Action::Note("disclosure_spoken", detail("text", line.text.clone())));
        }
        if self.is_asking_for_patience() || line.kind == LineKind::Patience {
            self.flush(false, out);
        }
        match &mut self.spoken {
            // What is said again and again is one turn.
            _ if line.kind == LineKind::Again => {}
            Some(turn) => {
                turn.content.push(' ');
                turn.content.push_str(&line.text);
            }
            None => {
                let extra = if line.kind == LineKind::Patience { detail(FILLER, true) } else { Map::new() };
                self.spoken = Some(Turn { role: Role::Assistant, content: line.text, ts: now, extra });
            }
        }
        if line.kind == LineKind::Answer {
            self.keep_hits();
        }
    }

    /// The turn that is being spoken is made from these places.
    fn keep_hits(&mut self) {
        let Some(turn) = self.spoken.as_mut().filter(|_| !self.hits.is_empty()) else { return };
        let kept = turn.extra.entry("knowledge").or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(kept) = kept {
            for hit in self.hits.drain(..) {
                // Going on after a tool looks the same thing up again.
                if !kept.contains(&hit) {
                    kept.push(hit);
                }
            }
        }
    }

    pub(super) fn line_done(&mut self, id: ClipId, out: &mut Vec<Action>) {
        let Some(at) = self.lines.iter().position(|line| line.id == id) else { return };
        if self.lines.remove(at).is_some_and(|line| line.kind == LineKind::Message) {
            out.push(Action::Note("voicemail_message_left", Map::new()));
        }
        self.quiet(out);
    }

    /// No provider speaks: a tone says that something is wrong, and the call ends with the reason.
    pub(super) fn line_mute(&mut self, id: ClipId, error: &ProviderError, out: &mut Vec<Action>) {
        if !self.lines.iter().any(|line| line.id == id) {
            return;
        }
        out.push(Action::Note("provider_failed", failure("tts", error)));
        if self.answering {
            self.answering = false;
            out.push(Action::StopThinking);
        }
        out.push(Action::StopSpeaking);
        if std::mem::take(&mut self.paused) {
            out.push(Action::Resume);
        }
        self.flush(true, out);
        self.lines.clear();
        self.n_lines += 1;
        let id = ClipId(self.n_lines);
        self.lines.push_back(Line { id, text: "(tone)".to_owned(), kind: LineKind::Failure });
        out.push(Action::Tone(id));
        self.then = Then::End(Why::Failed(format!("text to speech failed: {}", error.message)));
    }

    pub(super) fn ask(&mut self, question: Question, out: &mut Vec<Action>) {
        if self.answering {
            out.push(Action::StopThinking);
        }
        if !self.rules.answers {
            return self.quiet(out);
        }
        self.answering = true;
        self.said_in_answer = false;
        self.forget_tools(out);
        self.hits.clear();
        out.push(Action::Forget(Timer::Silence));
        out.push(Action::Think(question));
        self.may_take_long(out);
    }

    pub(super) fn thought(&mut self, thought: Thought, now: Millis, out: &mut Vec<Action>) {
        if !self.answering {
            return;
        }
        match thought {
            Thought::Sentence(text) => {
                self.needs_no_patience(out);
                self.said_in_answer = true;
                self.say(text, LineKind::Answer, out);
            }
            Thought::Sound(clip) => self.sounds(clip, out),
            Thought::Said(words) => self.said_aloud(&words, out),
            Thought::Intent { id, confidence } => out.push(Action::Intent(id, confidence)),
            Thought::Tool(used) => self.tool(used, now, out),
            Thought::Usage { .. } => {}
            Thought::Hits(hits) => self.hits.extend(hits),
            Thought::Done => self.answer_done(out),
            Thought::Failed(error) => self.answer_failed(&error, out),
        }
    }

    fn answer_done(&mut self, out: &mut Vec<Action>) {
        self.aloud_ends(out);
        if self.wants_to_go_on() {
            return self.go_on(out);
        }
        self.answering = false;
        self.n_failures = 0;
        if matches!(self.then, Then::Transfer(_)) && !self.said_in_answer {
            let text = self.rules.before_transfer.clone();
            self.say_if_any(&text, LineKind::Fixed, out);
        }
        if self.then == Then::Listen && !self.said_in_answer && self.lines.is_empty() {
            out.push(Action::Note("provider_failed", failure("llm", &empty_answer())));
            return self.fail("the responder gave an empty answer", false, out);
        }
        self.quiet(out);
    }

    fn answer_failed(&mut self, error: &ProviderError, out: &mut Vec<Action>) {
        self.answering = false;
        self.aloud_ends(out);
        self.then = Then::Listen;
        self.forget_tools(out);
        out.push(Action::Note("provider_failed", failure("llm", error)));
        self.fail(&format!("the responder failed: {}", error.message), error.verdict == Verdict::GiveUp, out);
    }

    /// When the bot has nothing more to say, what was decided follows, else the caller has the word.
    pub(super) fn quiet(&mut self, out: &mut Vec<Action>) {
        if self.answering || !self.lines.is_empty() {
            return;
        }
        self.flush(false, out);
        match std::mem::replace(&mut self.then, Then::Listen) {
            Then::End(why) => out.push(Action::End(why)),
            Then::Transfer(handover) => out.push(Action::Transfer(handover)),
            Then::Listen if self.rules.announcement == Some(Announcement { is_looped: true }) => {
                out.push(Action::Wake(Timer::Repeat, BETWEEN_REPEATS));
            }
            Then::Listen if self.rules.announcement.is_some() => out.push(Action::End(Why::Finished)),
            Then::Listen if self.consent == Consent::Asking => {
                if self.caller == Caller::Quiet {
                    out.push(Action::Wake(Timer::Consent, CONSENT_WITHIN));
                }
            }
            Then::Listen => {
                if let (Some((after, _, _)), Caller::Quiet) = (&self.rules.nudge, self.caller) {
                    out.push(Action::Wake(Timer::Silence, *after));
                }
            }
        }
    }

    /// What was spoken becomes a turn, once.
    pub(super) fn flush(&mut self, interrupted: bool, out: &mut Vec<Action>) {
        if let Some(mut turn) = self.spoken.take() {
            turn.content = turn.content.trim().to_owned();
            if interrupted {
                turn.extra.insert("interrupted".to_owned(), true.into());
            }
            out.push(Action::Turn(turn));
        }
    }

    /// The caller is back. The reason is a turn, so that a language model knows it on the next answer.
    pub(super) fn transfer_failed(&mut self, reason: &str, now: Millis, out: &mut Vec<Action>) {
        let mut extra = detail("tool", "transfer");
        extra.insert("failed".to_owned(), reason.into());
        out.push(Action::Turn(Turn { role: Role::Tool, content: format!("transfer failed: {reason}"), ts: now, extra }));
        let text = self.rules.transfer_failed.clone();
        self.say(text, LineKind::Fixed, out);
    }
}

fn empty_answer() -> ProviderError {
    ProviderError { verdict: Verdict::Retry, message: "the answer was empty".to_owned() }
}
