//! The conversation by tables: inputs in, actions out.

use super::*;
use crate::contract::config::{Announcement, RecordingMode};
use crate::engine::providers::Verdict;

const NOW: Millis = Millis(1_000_000);
/// What ends a turn.
pub(super) const SILENCE: Duration = Duration::from_millis(700);

pub(super) fn rules() -> Rules {
    Rules {
        disclosure: "You speak with a machine.".to_owned(),
        opening: "Hello.".to_owned(),
        failure: "Something broke.".to_owned(),
        before_transfer: "One moment.".to_owned(),
        transfer_failed: "Nobody there.".to_owned(),
        understands_speech: true,
        answers: true,
        asks_back: true,
        nudge: Some((Duration::from_secs(5), "Still there?".to_owned(), 1)),
        max_duration: Duration::from_secs(60),
        key_codes: vec!["1".to_owned(), "2".to_owned(), "21".to_owned()],
        ..Rules::default()
    }
}

/// A conversation that is driven by hand; what comes out is kept.
pub(super) struct Bench {
    pub(super) talk: Conversation,
    pub(super) out: Vec<Action>,
}

impl Bench {
    pub(super) fn new(rules: Rules) -> Self {
        let mut bench = Self { talk: Conversation::new(rules), out: Vec::new() };
        bench.step(Input::Begin);
        bench
    }

    /// A conversation whose greeting has been spoken.
    pub(super) fn greeted(rules: Rules) -> Self {
        let mut bench = Self::new(rules);
        bench.play_all();
        bench.out.clear();
        bench
    }

    pub(super) fn step(&mut self, input: Input) -> &[Action] {
        let from = self.out.len();
        self.out.extend(self.talk.step(input, NOW));
        &self.out[from..]
    }

    pub(super) fn play_all(&mut self) {
        while let Some(line) = self.talk.lines.front().map(|l| l.id) {
            self.step(Input::LineStarted(line));
            self.step(Input::LineDone(line));
        }
    }

    pub(super) fn said(&self) -> Vec<&str> {
        self.out.iter().filter_map(|a| if let Action::Say(line) = a { Some(line.text.as_str()) } else { None }).collect()
    }

    pub(super) fn turns(&self) -> Vec<(Role, &str)> {
        self.out.iter().filter_map(|a| if let Action::Turn(t) = a { Some((t.role, t.content.as_str())) } else { None }).collect()
    }

    pub(super) fn notes(&self) -> Vec<&str> {
        self.out.iter().filter_map(|a| if let Action::Note(name, _) = a { Some(*name) } else { None }).collect()
    }

    pub(super) fn ended(&self) -> Option<Why> {
        self.out.iter().find_map(|a| if let Action::End(why) = a { Some(why.clone()) } else { None })
    }

    pub(super) fn hear(&mut self, text: &str) {
        self.step(Input::VoiceStarted);
        self.step(Input::VoiceEnded(SILENCE));
        self.step(Input::Heard(Heard { text: text.to_owned(), confidence: 0.9 }));
    }

    pub(super) fn answer(&mut self, sentences: &[&str]) {
        for sentence in sentences {
            self.step(Input::Thought(Thought::Sentence((*sentence).to_owned())));
        }
        self.step(Input::Thought(Thought::Done));
    }

    pub(super) fn tool(&mut self, name: &str, arguments: serde_json::Value) {
        self.step(Input::Thought(Thought::Tool(ToolUse { id: String::new(), name: name.to_owned(), arguments })));
    }
}

fn dead(verdict: Verdict) -> ProviderError {
    ProviderError { verdict, message: "dead".to_owned() }
}

#[test]
fn the_disclosure_comes_first_and_both_lines_are_one_turn() {
    let mut bench = Bench::new(Rules { recording: RecordingMode::Off, ..rules() });
    bench.play_all();
    assert_eq!(bench.said(), ["You speak with a machine.", "Hello."]);
    assert_eq!(bench.turns(), [(Role::Assistant, "You speak with a machine. Hello.")]);
    assert_eq!(bench.notes(), ["disclosure_spoken"]);
    assert!(bench.out.contains(&Action::Wake(Timer::Silence, Duration::from_secs(5))));
}

#[test]
fn recording_begins_by_its_mode() {
    let cases = [
        (RecordingMode::Off, "Recorded.", None, false),
        (RecordingMode::Announce, "Recorded.", None, true),
        (RecordingMode::Ask, "May I record?", Some("yes please"), true),
        (RecordingMode::Ask, "May I record?", Some("no not okay"), false),
        (RecordingMode::Ask, "May I record?", Some("what"), false),
        (RecordingMode::Ask, "", None, false),
    ];
    for (recording, notice, reply, recorded) in cases {
        let mut bench = Bench::new(Rules { recording, recording_notice: notice.to_owned(), ..rules() });
        bench.play_all();
        assert!(recording == RecordingMode::Announce || !bench.out.contains(&Action::Record), "{recording:?}: nothing before a yes");
        if let Some(reply) = reply {
            assert!(!bench.said().contains(&"Hello."), "the greeting waits for the answer");
            bench.hear(reply);
        }
        assert_eq!(bench.out.contains(&Action::Record), recorded, "{recording:?} {reply:?}");
        assert!(bench.said().contains(&"Hello."));
    }
}

#[test]
fn a_key_or_silence_settles_the_recording_too() {
    for (input, recorded) in [(Input::Key('1'), true), (Input::Key('2'), false), (Input::Due(Timer::Consent), false)] {
        let mut bench = Bench::new(Rules { recording: RecordingMode::Ask, recording_notice: "May I?".to_owned(), ..rules() });
        bench.play_all();
        bench.step(input);
        assert_eq!(bench.out.contains(&Action::Record), recorded);
        assert_eq!(bench.said().last(), Some(&"Hello."));
    }
}

#[test]
fn what_the_caller_says_is_answered() {
    let mut bench = Bench::greeted(rules());
    bench.hear("when are you open");
    assert!(bench.talk.is_answering());
    bench.answer(&["At nine.", "Every day."]);
    bench.play_all();
    assert_eq!(bench.turns(), [(Role::User, "when are you open"), (Role::Assistant, "At nine. Every day.")]);
}

#[test]
fn voice_pauses_the_bot_at_once_and_words_keep_it_silent() {
    let mut bench = Bench::greeted(rules());
    bench.hear("hours");
    bench.answer(&["At nine.", "Every day."]);
    let first = bench.talk.lines[0].id;
    bench.step(Input::LineStarted(first));
    assert!(bench.step(Input::VoiceStarted).contains(&Action::Pause));
    bench.step(Input::VoiceEnded(SILENCE));
    let after = bench.step(Input::Heard(Heard { text: "stop".to_owned(), confidence: 0.9 })).to_vec();
    assert!(after.contains(&Action::StopSpeaking));
    assert!(bench.talk.is_answering());
    let Some(Action::Turn(cut)) = after.iter().find(|a| matches!(a, Action::Turn(t) if t.role == Role::Assistant)) else {
        panic!("a turn")
    };
    assert_eq!((cut.content.as_str(), cut.extra.get("interrupted")), ("At nine.", Some(&true.into())));
}

#[test]
fn the_bot_goes_on_after_noise_or_too_few_words() {
    for (min_words, text, resumes) in [(0, "", true), (0, "stop", false), (3, "mhm okay", true), (3, "wait a moment", false)] {
        let mut bench = Bench::greeted(Rules { min_words, ..rules() });
        bench.hear("one two three");
        bench.answer(&["At nine."]);
        let line = bench.talk.lines[0].id;
        bench.step(Input::LineStarted(line));
        bench.step(Input::VoiceStarted);
        bench.step(Input::VoiceEnded(SILENCE));
        let out = bench.step(Input::Heard(Heard { text: text.to_owned(), confidence: 0.9 })).to_vec();
        assert_eq!(out.contains(&Action::Resume) && !out.contains(&Action::StopSpeaking), resumes, "{min_words} {text:?}");
    }
}

#[test]
fn nothing_skips_the_disclosure() {
    let mut bench = Bench::new(rules());
    let disclosure = bench.talk.lines[0].id;
    bench.step(Input::LineStarted(disclosure));
    bench.hear("stop talking now please");
    assert!(bench.out.contains(&Action::Pause) && bench.out.contains(&Action::Resume));
    assert!(!bench.out.contains(&Action::StopSpeaking));
}

#[test]
fn words_in_two_breaths_are_one_utterance() {
    let mut bench = Bench::greeted(rules());
    bench.step(Input::VoiceStarted);
    bench.step(Input::VoiceEnded(SILENCE));
    bench.step(Input::VoiceStarted);
    bench.step(Input::Heard(Heard { text: "i want".to_owned(), confidence: 0.8 }));
    bench.step(Input::VoiceEnded(SILENCE));
    bench.step(Input::Heard(Heard { text: "a ticket".to_owned(), confidence: 0.6 }));
    assert_eq!(bench.turns(), [(Role::User, "i want a ticket")]);
}

#[test]
fn keys_are_taken_as_soon_as_they_are_a_whole_code() {
    let cases: &[(&str, bool)] = &[("1", true), ("2", false), ("21", true), ("9", false), ("9#", true)];
    for (keys, at_once) in cases {
        let mut bench = Bench::greeted(rules());
        for key in keys.chars() {
            bench.step(Input::Key(key));
        }
        assert_eq!(bench.talk.is_answering(), *at_once, "{keys}");
        bench.step(Input::Due(Timer::Keys));
        assert!(bench.talk.is_answering(), "{keys} after the pause");
        assert_eq!(bench.turns()[0], (Role::User, keys.trim_end_matches('#')));
    }
}

#[test]
fn the_bot_hangs_up_after_its_last_words() {
    let mut bench = Bench::greeted(rules());
    bench.hear("bye");
    bench.tool("end_call", serde_json::json!({}));
    bench.answer(&["Goodbye."]);
    assert_eq!(bench.ended(), None, "the words come first");
    bench.play_all();
    assert_eq!(bench.ended(), Some(Why::Finished));
    assert!(bench.step(Input::Key('1')).is_empty(), "nothing after the end");
}

#[test]
fn a_transfer_is_announced_and_a_failed_one_comes_back() {
    let mut bench = Bench::greeted(rules());
    bench.hear("human");
    bench.tool("transfer", serde_json::json!({ "target": "sip:desk@example.org" }));
    bench.answer(&[]);
    assert_eq!(bench.said(), ["One moment."]);
    bench.play_all();
    assert!(bench.out.contains(&Action::Transfer(Handover { target: "sip:desk@example.org".to_owned(), reason: String::new() })));
    bench.step(Input::TransferFailed("486 Busy Here".to_owned()));
    assert_eq!(bench.said().last(), Some(&"Nobody there."));
    assert!(bench.turns().contains(&(Role::Tool, "transfer failed: 486 Busy Here")));
}

#[test]
fn a_silent_caller_is_asked_again_and_then_let_go() {
    let mut bench = Bench::greeted(rules());
    bench.step(Input::Due(Timer::Silence));
    assert_eq!(bench.said(), ["Still there?"]);
    bench.play_all();
    bench.step(Input::Due(Timer::Silence));
    assert_eq!(bench.ended(), Some(Why::NoReaction));
}

#[test]
fn a_responder_that_fails_is_never_silence() {
    for (verdict, n_until_end) in [(Verdict::GiveUp, 1), (Verdict::Retry, 2)] {
        let mut bench = Bench::greeted(rules());
        for n in 1..=n_until_end {
            bench.step(Input::Key('1'));
            bench.step(Input::Thought(Thought::Failed(dead(verdict))));
            assert_eq!(bench.said().last(), Some(&"Something broke."));
            bench.play_all();
            assert_eq!(bench.ended().is_some(), n == n_until_end, "{verdict:?} {n}");
        }
        assert_eq!(bench.ended(), Some(Why::Failed("the responder failed: dead".to_owned())));
        assert!(bench.notes().contains(&"provider_failed"));
    }
}

#[test]
fn a_recogniser_that_fails_leaves_the_keys() {
    let mut bench = Bench::greeted(rules());
    bench.step(Input::VoiceStarted);
    bench.step(Input::VoiceEnded(SILENCE));
    bench.step(Input::HeardNothing(dead(Verdict::GiveUp)));
    bench.play_all();
    assert_eq!((bench.said().last(), bench.ended()), (Some(&"Something broke."), None));
    bench.step(Input::Key('1'));
    assert!(bench.talk.is_answering());
}

#[test]
fn a_mute_bot_plays_a_tone_and_ends_with_the_reason() {
    let mut bench = Bench::new(rules());
    let first = bench.talk.lines[0].id;
    let out = bench.step(Input::LineMute(first, dead(Verdict::GiveUp))).to_vec();
    let Some(Action::Tone(tone)) = out.iter().find(|a| matches!(a, Action::Tone(_))).cloned() else { panic!("a tone") };
    bench.step(Input::LineStarted(tone));
    bench.step(Input::LineDone(tone));
    assert_eq!(bench.ended(), Some(Why::Failed("text to speech failed: dead".to_owned())));
}

#[test]
fn a_bot_without_a_responder_only_listens() {
    let mut bench = Bench::greeted(Rules { answers: false, ..rules() });
    bench.hear("hello there");
    assert!(!bench.talk.is_answering());
    assert_eq!((bench.turns(), bench.notes()), (vec![(Role::User, "hello there")], vec![]));
}

#[test]
fn the_longest_call_ends_in_the_middle_of_a_word() {
    let mut bench = Bench::new(rules());
    let first = bench.talk.lines[0].id;
    bench.step(Input::LineStarted(first));
    bench.step(Input::Due(Timer::MaxDuration));
    assert_eq!(bench.ended(), Some(Why::MaxDuration));
    assert_eq!(bench.turns(), [(Role::Assistant, "You speak with a machine.")]);
}

#[test]
fn an_announcement_is_said_after_its_pause_and_ends_the_call() {
    let announcement = Some(Announcement { is_looped: false });
    let mut bench = Bench::new(Rules { announcement, start_after: Duration::from_millis(700), recording: RecordingMode::Off, ..rules() });
    assert!(bench.out.contains(&Action::Wake(Timer::Start, Duration::from_millis(700))) && bench.said().is_empty());
    for ignored in [Input::Key('9'), Input::VoiceStarted] {
        assert!(bench.step(ignored).is_empty(), "nobody listens");
    }
    bench.step(Input::Due(Timer::Start));
    assert!(bench.step(Input::Key('9')).is_empty());
    bench.play_all();
    assert_eq!(bench.ended(), Some(Why::Finished));
    assert_eq!(bench.turns().len(), 1);
}

#[test]
fn an_announcement_that_is_looped_is_said_until_the_time_is_over_and_is_one_turn() {
    let announcement = Some(Announcement { is_looped: true });
    let mut bench = Bench::new(Rules { announcement, recording: RecordingMode::Off, disclosure: String::new(), ..rules() });
    bench.play_all();
    for _ in 0..3 {
        assert!(bench.ended().is_none());
        let said = bench.step(Input::Due(Timer::Repeat)).iter().any(|a| matches!(a, Action::Say(line) if line.kind == LineKind::Again));
        assert!(said);
        bench.play_all();
    }
    bench.step(Input::Due(Timer::MaxDuration));
    assert_eq!(bench.ended(), Some(Why::MaxDuration));
    assert_eq!(bench.turns().len(), 1);
}

#[test]
fn without_a_recogniser_a_voice_pauses_the_bot_and_nothing_is_asked_back() {
    let deaf = || Rules { understands_speech: false, ..rules() };
    let mut bench = Bench::new(deaf());
    assert!(bench.out.contains(&Action::Listen(true)));
    let first = bench.talk.lines.front().unwrap().id;
    bench.step(Input::LineStarted(first));
    assert!(bench.step(Input::VoiceStarted).contains(&Action::Pause));
    bench.step(Input::VoiceEnded(SILENCE));
    assert!(bench.step(Input::Heard(Heard { text: String::new(), confidence: 0.0 })).contains(&Action::Resume));
    let mut bench = Bench::greeted(deaf());
    bench.hear("");
    assert!(!bench.out.iter().any(|action| matches!(action, Action::Think(_))), "{:?}", bench.out);
    assert!(bench.out.contains(&Action::Wake(Timer::Silence, Duration::from_secs(5))));
}

#[test]
fn words_that_are_known_early_end_the_bot_s_turn_before_the_caller_stops() {
    let mut bench = Bench::new(Rules { min_words: 2, disclosure: String::new(), ..rules() });
    let greeting = bench.talk.lines[0].id;
    bench.step(Input::LineStarted(greeting));
    assert!(bench.step(Input::Partial("excuse me".to_owned())).is_empty(), "nobody speaks: a word that came too late");
    bench.step(Input::VoiceStarted);
    assert!(bench.step(Input::Partial("excuse".to_owned())).is_empty(), "one word may be a cough");
    let stops = bench.step(Input::Partial("excuse me".to_owned()));
    assert_eq!((&stops[0], stops.contains(&Action::Resume)), (&Action::StopSpeaking, true));
    assert_eq!(bench.turns(), [(Role::Assistant, "Hello.")]);
    bench.step(Input::VoiceEnded(SILENCE));
    bench.step(Input::Heard(Heard { text: "excuse me".to_owned(), confidence: 0.9 }));
    assert!(matches!(bench.out.last(), Some(Action::Think(_))), "{:?}", bench.out);
    let mut protected = Bench::new(Rules { min_words: 1, ..rules() });
    let disclosure = protected.talk.lines[0].id;
    protected.step(Input::LineStarted(disclosure));
    protected.step(Input::VoiceStarted);
    assert!(protected.step(Input::Partial("stop it please".to_owned())).is_empty(), "the disclosure is heard to its end");
}
