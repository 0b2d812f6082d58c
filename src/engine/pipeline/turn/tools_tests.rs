//! Tools: what is used when, what the responder is asked again, what an interruption leaves.

use serde_json::json;

use super::tests::{Bench, rules};
use super::*;
use crate::contract::config::TurnTaking;
use crate::engine::pipeline::lexicon::Lexicon;

fn with_tools() -> Rules {
    let tool = |name: &str, filler: &str| ToolRule { name: name.to_owned(), filler: filler.to_owned() };
    Rules { tools: vec![tool("weather", "One moment."), tool("stock", "")], ..rules() }
}

fn used(name: &str, arguments: Value) -> Input {
    Input::Thought(Thought::Tool(ToolUse { id: format!("c-{name}"), name: name.to_owned(), arguments }))
}

fn gave(text: &str) -> Gave {
    Gave { text: text.to_owned(), is_error: false }
}

/// A conversation whose model wants these tools and has ended its answer.
fn asking(tools: &[&str]) -> Bench {
    let mut bench = Bench::greeted(with_tools());
    bench.hear("how is it");
    for name in tools {
        bench.step(used(name, json!({})));
    }
    bench.step(Input::Thought(Thought::Done));
    bench
}

fn n_questions(bench: &Bench) -> usize {
    bench.out.iter().filter(|action| matches!(action, Action::Think(_))).count()
}

#[test]
fn the_responder_goes_on_once_all_its_tools_gave_something() {
    let mut bench = asking(&["weather", "stock"]);
    assert!(bench.out.iter().any(|action| matches!(action, Action::Use(1, used) if used.name == "weather")));
    assert_eq!(n_questions(&bench), 1);
    bench.step(Input::Gave(1, gave("sunny")));
    assert_eq!(n_questions(&bench), 1, "the other one is still at work");
    bench.step(Input::Gave(2, gave("none left")));
    assert_eq!(n_questions(&bench), 2);
    assert_eq!(bench.turns()[1..], [(Role::Tool, "sunny"), (Role::Tool, "none left")]);
    bench.answer(&["It is sunny."]);
    bench.play_all();
    assert_eq!(bench.turns().last(), Some(&(Role::Assistant, "It is sunny.")));
    assert!(!bench.talk.is_answering() && bench.ended().is_none());
}

#[test]
fn a_slow_tool_is_covered_with_a_few_words_once() {
    let mut bench = asking(&["weather"]);
    assert!(bench.out.contains(&Action::Wake(Timer::Filler, std::time::Duration::from_millis(700))));
    bench.step(Input::Due(Timer::Filler));
    assert_eq!(bench.said(), ["One moment."]);
    bench.play_all();
    bench.step(Input::Gave(1, gave("sunny")));
    bench.step(used("weather", json!({})));
    bench.out.clear();
    bench.step(Input::Thought(Thought::Done));
    assert!(!bench.out.iter().any(|action| matches!(action, Action::Wake(Timer::Filler, _))));
}

#[test]
fn words_that_cover_a_tool_are_a_turn_of_their_own_and_no_part_of_the_answer() {
    let mut bench = asking(&["weather"]);
    bench.step(Input::Due(Timer::Filler));
    let filled = bench.out.iter().find_map(|action| if let Action::Note("thinking_filler", detail) = action { Some(detail) } else { None });
    assert_eq!(filled.map(|detail| json!(detail)), Some(json!({ "after_ms": 700, "tool": "weather" })));
    assert!(bench.talk.is_patience(bench.talk.lines[0].id), "its sound is not the answer's");
    bench.play_all();
    bench.step(Input::Gave(1, gave("sunny")));
    bench.answer(&["It is sunny."]);
    bench.play_all();
    let marks: Vec<(&str, bool)> = bench
        .out
        .iter()
        .filter_map(|action| if let Action::Turn(turn) = action { Some((turn.content.as_str(), turn.is_filler())) } else { None })
        .collect();
    assert_eq!(marks[1..], [("One moment.", true), ("sunny", false), ("It is sunny.", false)]);
}

#[test]
fn words_that_cover_a_tool_are_not_said_when_they_come_too_late() {
    let mut bench = asking(&["weather"]);
    bench.step(Input::Due(Timer::Filler));
    bench.step(Input::Gave(1, gave("sunny")));
    bench.out.clear();
    bench.answer(&["It is sunny."]);
    assert_eq!((bench.out.first(), bench.talk.lines.len()), (Some(&Action::StopSpeaking), 1), "nobody had heard them");
    let mut bench = asking(&["weather"]);
    bench.step(Input::VoiceStarted);
    bench.step(Input::Due(Timer::Filler));
    assert!(bench.said().is_empty(), "the caller is speaking");
}

#[test]
fn a_nod_to_words_that_cover_a_tool_leaves_it_at_work_even_where_they_ask() {
    for (words, is_nod) in [("okay", true), ("stop", false)] {
        let mut with_tools = with_tools();
        with_tools.tools[0].filler = "Let me look, okay?".to_owned();
        with_tools.pace = Pace::of(&TurnTaking::default(), Lexicon::of("en-US", &[], &[]));
        let mut bench = Bench::greeted(with_tools);
        bench.hear("how is it");
        bench.step(used("weather", json!({})));
        bench.step(Input::Thought(Thought::Done));
        bench.step(Input::Due(Timer::Filler));
        let line = bench.talk.lines[0].id;
        bench.step(Input::LineStarted(line));
        bench.hear(words);
        assert_eq!(bench.notes().contains(&"barge_in_resumed"), is_nod, "{words}");
        bench.step(Input::LineDone(line));
        let n_before = n_questions(&bench);
        bench.step(Input::Gave(1, gave("sunny")));
        assert_eq!(n_questions(&bench) - n_before, usize::from(is_nod), "{words}");
    }
}

#[test]
fn a_model_that_only_uses_tools_is_stopped() {
    let mut bench = asking(&["weather"]);
    for n in 1..=6 {
        bench.step(Input::Gave(n, gave("sunny")));
        bench.step(used("weather", json!({})));
        bench.step(Input::Thought(Thought::Done));
    }
    assert_eq!(bench.notes(), ["tool_refused"]);
    assert!(bench.turns().contains(&(Role::Tool, "weather was asked for too often")));
}

#[test]
fn wrong_uses_are_told_to_the_model_in_words() {
    let table = [
        ("magic", json!({}), "there is no tool magic"),
        ("transfer_to_user", json!({}), "transfer without a target"),
        ("transfer_to_user", json!({ "target": 7 }), "transfer without a target"),
        ("send_dtmf", json!({ "digits": "12w" }), "digits must be 1 to 32 of 0-9, * and #"),
    ];
    for (name, arguments, expected) in table {
        let mut bench = Bench::greeted(with_tools());
        bench.hear("please");
        bench.step(used(name, arguments));
        bench.step(Input::Thought(Thought::Done));
        assert_eq!(bench.turns().last(), Some(&(Role::Tool, expected)), "{name}");
        assert_eq!((n_questions(&bench), bench.notes()), (2, vec!["tool_refused"]), "{name}: the model is asked what now");
    }
}

#[test]
fn keys_are_sent_and_the_model_knows() {
    let mut bench = Bench::greeted(with_tools());
    bench.hear("press one");
    bench.step(used("send_dtmf", json!({ "digits": "1#" })));
    bench.step(Input::Thought(Thought::Done));
    assert!(bench.out.contains(&Action::SendKeys("1#".to_owned())));
    assert_eq!(n_questions(&bench), 2);
}

#[test]
fn an_interruption_keeps_what_a_tool_gave_and_asks_nothing() {
    let mut bench = asking(&["weather"]);
    bench.hear("never mind the weather");
    let n_before = n_questions(&bench);
    bench.answer(&["All right."]);
    bench.step(Input::Gave(1, gave("sunny")));
    assert_eq!(n_questions(&bench), n_before);
    assert_eq!(bench.turns().last(), Some(&(Role::Tool, "sunny")), "a model knows it the next time");
}

#[test]
fn what_ends_or_hands_on_the_call_is_not_asked_about_again() {
    let mut bench = asking(&["end_call"]);
    bench.play_all();
    assert_eq!((n_questions(&bench), bench.ended()), (1, Some(Why::Finished)));
    let mut bench = Bench::greeted(with_tools());
    bench.hear("a human please");
    bench.step(used("transfer_to_user", json!({ "target": "desk" })));
    bench.step(Input::Thought(Thought::Done));
    bench.play_all();
    assert!(
        bench.out.iter().any(|action| matches!(action, Action::Transfer(handover) if handover.target == "desk"))
            && n_questions(&bench) == 1
    );
}
