//! Whether what a bot declares about its conversations holds: when a caller has finished, what happens to machines, call backs.

use super::super::body::BotBody;
use super::Refusals;
use crate::contract::config::OnMachine;

/// Most words of its own a bot may count as fillers.
const MOST_FILLERS: usize = 100;
/// Most ways in which it asks for patience.
const MOST_WORDS: usize = 10;

pub(super) fn talk_holds(body: &BotBody, no: &mut Refusals) {
    let taking = &body.turn_taking;
    let is_pause = |ms: u32| (200..=3_000).contains(&ms);
    no.unless(is_pause(taking.end_of_turn_ms), "turn_taking.end_of_turn_ms", "must be 200 to 3000");
    let fine = is_pause(taking.after_sentence_ms) && taking.after_sentence_ms <= taking.end_of_turn_ms;
    no.unless(fine, "turn_taking.after_sentence_ms", "must be 200 to end_of_turn_ms");
    let fine = taking.after_hesitation_ms <= 5_000 && taking.after_hesitation_ms >= taking.end_of_turn_ms;
    no.unless(fine, "turn_taking.after_hesitation_ms", "must be end_of_turn_ms to 5000");
    no.unless(taking.fillers.len() <= MOST_FILLERS, "turn_taking.fillers", format!("must have at most {MOST_FILLERS} entries"));
    for (n, filler) in taking.fillers.iter().enumerate() {
        let fine = filler.len() <= 100 && filler.chars().any(char::is_alphanumeric);
        no.unless(fine, format!("turn_taking.fillers[{n}]"), "must have words, and at most 100 bytes");
    }
    let after = taking.thinking_after_ms;
    no.unless(after == 0 || (500..=15_000).contains(&after), "turn_taking.thinking_after_ms", "must be 500 to 15000, or 0 for never");
    let few = taking.thinking_words.len() <= MOST_WORDS;
    no.unless(few, "turn_taking.thinking_words", format!("must have at most {MOST_WORDS} entries"));
    for (n, words) in taking.thinking_words.iter().enumerate() {
        let fine = words.len() <= 200 && words.chars().any(char::is_alphanumeric);
        no.unless(fine, format!("turn_taking.thinking_words[{n}]"), "must have words, and at most 200 bytes");
    }
    machines_hold(body, no);
    callbacks_hold(body, no);
}

fn callbacks_hold(body: &BotBody, no: &mut Refusals) {
    let callbacks = &body.callbacks;
    no.unless((1..=90).contains(&callbacks.max_days), "callbacks.max_days", "must be 1 to 90");
    no.unless(callbacks.retries <= 10, "callbacks.retries", "must be 0 to 10");
    no.unless((1..=1_440).contains(&callbacks.retry_delay_minutes), "callbacks.retry_delay_minutes", "must be 1 to 1440");
}

fn machines_hold(body: &BotBody, no: &mut Refusals) {
    let machines = &body.answering_machines;
    for (field, value, range) in [
        ("initial_silence_ms", machines.initial_silence_ms, 500..=10_000),
        ("greeting_ms", machines.greeting_ms, 500..=5_000),
        ("total_analysis_ms", machines.total_analysis_ms, 250..=5_000),
        ("max_words", machines.max_words, 1..=20),
    ] {
        let sentence = format!("must be {} to {}", range.start(), range.end());
        no.unless(range.contains(&value), format!("answering_machines.{field}"), sentence);
    }
    let is_message = |what: OnMachine| what == OnMachine::LeaveMessage;
    let is_left = is_message(machines.on_voicemail);
    no.unless(!is_left || !body.voicemail_message.trim().is_empty(), "voicemail_message", "is needed to leave a message");
    for (field, what) in [("on_ivr", machines.on_ivr), ("on_screening", machines.on_screening), ("on_fax", machines.on_fax)] {
        no.unless(!is_message(what), format!("answering_machines.{field}"), "must be hang_up or continue: only voicemail records");
    }
}
