//! When the caller has finished, and what was an interruption: by tables.

use super::tests::{Bench, SILENCE, rules};
use super::*;
use crate::contract::config::{RecordingMode, TurnTaking};
use crate::engine::pipeline::lexicon::Lexicon;

fn english() -> Rules {
    let pace = Pace::of(&TurnTaking::default(), Lexicon::of("en-US", &[], &[]));
    Rules { pace, min_words: 3, asks_back: false, ..rules() }
}

/// A bot that has been asked something and is heard saying these sentences, the first of which is under way.
fn speaking(rules: Rules, sentences: &[&str]) -> Bench {
    let mut bench = Bench::greeted(rules);
    bench.hear("when are you open");
    bench.answer(sentences);
    let line = bench.talk.lines[0].id;
    bench.step(Input::LineStarted(line));
    bench.out.clear();
    bench
}

fn reason(bench: &Bench, name: &str) -> Option<String> {
    let found = bench.out.iter().find_map(|action| match action {
        Action::Note(is, detail) if *is == name => detail.get("reason").cloned(),
        _ => None,
    });
    found.and_then(|reason| reason.as_str().map(str::to_owned))
}

#[test]
fn a_cough_and_a_nod_do_not_stop_the_bot_and_speech_does() {
    let table = [
        ("", "At nine.", Some("noise"), None),
        ("Mhm.", "At nine.", Some("filler"), None),
        ("okay, I see", "At nine.", Some("filler"), None),
        ("to Sliema", "At nine.", Some("few_words"), None),
        ("stop", "At nine.", None, Some("halt")),
        ("yes", "Do you want a ticket?", None, Some("answer")),
        ("mhm", "Do you want a ticket?", Some("filler"), None),
        ("no I want another day", "At nine.", None, Some("speech")),
    ];
    for (text, bot, resumed, stopped) in table {
        let mut bench = speaking(english(), &[bot, "Every day."]);
        bench.hear(text);
        assert_eq!(reason(&bench, "barge_in_resumed").as_deref(), resumed, "{text:?} while {bot:?}");
        assert_eq!(reason(&bench, "barge_in_stopped").as_deref(), stopped, "{text:?} while {bot:?}");
        assert_eq!(bench.out.contains(&Action::StopSpeaking), stopped.is_some(), "{text:?} while {bot:?}");
        assert!(bench.out.contains(&Action::Pause) && bench.notes().contains(&"barge_in"));
    }
}

#[test]
fn a_few_words_are_answered_when_the_bot_has_finished_and_a_nod_is_not() {
    for (text, answered) in [("to Sliema", true), ("mhm", false)] {
        let mut bench = speaking(english(), &["At nine.", "Every day."]);
        bench.hear(text);
        assert!(!bench.talk.is_answering());
        bench.play_all();
        assert_eq!(bench.talk.is_answering(), answered, "{text}");
        assert_eq!(bench.turns().contains(&(Role::User, text)), answered, "{text}");
    }
}

#[test]
fn words_said_during_the_last_words_stay_on_the_call() {
    let mut bench = Bench::greeted(english());
    bench.hear("that was all thanks");
    bench.tool("end_call", serde_json::json!({}));
    bench.answer(&["Goodbye."]);
    let line = bench.talk.lines[0].id;
    bench.step(Input::LineStarted(line));
    bench.hear("bye then");
    bench.play_all();
    assert_eq!(bench.ended(), Some(Why::Finished));
    assert_eq!(bench.turns().last(), Some(&(Role::User, "bye then")));
}

#[test]
fn a_caller_who_goes_on_before_the_answer_is_heard_is_never_a_nod() {
    let mut bench = Bench::greeted(english());
    bench.hear("I want two tickets");
    assert!(bench.talk.is_answering());
    bench.hear("to Sliema");
    assert!(bench.out.contains(&Action::StopThinking) && bench.talk.is_answering());
    assert_eq!(bench.turns(), [(Role::User, "I want two tickets"), (Role::User, "to Sliema")]);
}

#[test]
fn what_is_said_into_a_protected_line_is_answered_after_it() {
    let mut bench = Bench::new(Rules { recording: RecordingMode::Off, ..english() });
    let line = bench.talk.lines[0].id;
    bench.step(Input::LineStarted(line));
    bench.hear("I need a new ticket");
    assert_eq!(reason(&bench, "barge_in_resumed").as_deref(), Some("protected"));
    assert!(!bench.out.contains(&Action::StopSpeaking));
    bench.play_all();
    assert!(bench.talk.is_answering());
    assert_eq!(bench.turns().last(), Some(&(Role::User, "I need a new ticket")));
}

#[test]
fn a_hesitation_is_waited_for_and_what_follows_belongs_to_it() {
    let mut bench = Bench::greeted(english());
    bench.hear("I would like to, um");
    assert!(!bench.talk.is_answering());
    assert!(bench.out.contains(&Action::Wake(Timer::EndOfTurn, Duration::from_millis(800))), "{:?}", bench.out);
    bench.step(Input::VoiceStarted);
    assert!(bench.out.contains(&Action::Forget(Timer::EndOfTurn)));
    bench.step(Input::VoiceEnded(SILENCE));
    bench.step(Input::Heard(Heard { text: "book a table.".to_owned(), confidence: 0.9 }));
    assert!(bench.talk.is_answering());
    assert_eq!(bench.turns(), [(Role::User, "I would like to, um book a table.")]);
}

#[test]
fn a_hesitation_that_nothing_follows_is_answered_at_last() {
    let mut bench = Bench::greeted(english());
    bench.hear("I want a ticket and");
    assert!(!bench.talk.is_answering());
    bench.step(Input::Due(Timer::EndOfTurn));
    assert!(bench.talk.is_answering());
    assert!(bench.step(Input::Due(Timer::EndOfTurn)).is_empty(), "once");
}

#[test]
fn a_hesitation_is_kept_when_the_caller_hangs_up_or_presses_a_key() {
    let mut bench = Bench::greeted(english());
    bench.hear("my number is");
    bench.step(Input::Stop);
    assert_eq!(bench.turns(), [(Role::User, "my number is")]);
    let mut bench = Bench::greeted(english());
    bench.hear("my number is");
    bench.step(Input::Key('1'));
    assert_eq!(bench.turns(), [(Role::User, "my number is"), (Role::User, "1")]);
    assert!(bench.talk.is_answering());
}

#[test]
fn a_nod_that_sounds_unfinished_does_not_keep_the_bot_silent() {
    let mut bench = speaking(english(), &["At nine.", "Every day."]);
    bench.hear("um");
    assert!(bench.out.contains(&Action::Resume));
    assert!(!bench.out.iter().any(|action| matches!(action, Action::Wake(Timer::EndOfTurn, _))));
}
