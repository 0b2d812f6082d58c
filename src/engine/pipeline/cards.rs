//! When a card number is read out on a call: from the sentence that asks for it until the conversation is about something else. The words are
//! data (`assets/turns/cards.json`), of all languages at once. Pure.

use std::collections::HashSet;

use serde::Deserialize;

use crate::base::words::{contains_run, normal_words};

const WORDS: &str = include_str!("../../../assets/turns/cards.json");
/// Digits of a card number.
const NUMBER: std::ops::RangeInclusive<usize> = 12..=19;
/// Digits of a security code.
const CODE: usize = 3;
/// Turns of the caller after which nothing is waited for any more.
const MOST_TURNS: u32 = 8;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    /// What asks for a number.
    number: Vec<String>,
    /// What asks for a security code.
    code: Vec<String>,
    /// Digits as words.
    digits: Vec<String>,
}

/// What is being read out.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// Digits that make it whole.
    wanted: usize,
    so_far: usize,
    n_turns: u32,
    /// The caller has said all of it, or something else.
    is_over: bool,
}

/// Follows one conversation.
#[derive(Debug)]
pub struct Cards {
    number: Vec<Vec<String>>,
    code: Vec<Vec<String>>,
    digits: HashSet<String>,
    reading: Option<Reading>,
}

impl Default for Cards {
    fn default() -> Self {
        // The data is part of the program; a test reads it.
        let words: Words = serde_json::from_str(WORDS).unwrap_or_default();
        let phrases = |list: &[String]| list.iter().map(|phrase| normal_words(phrase)).collect();
        Self { number: phrases(&words.number), code: phrases(&words.code), digits: words.digits.into_iter().collect(), reading: None }
    }
}

impl Cards {
    /// Whether a card is being read out, or repeated.
    pub fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// The bot is about to say this. Only its own words begin and end a reading: what the caller says is known when it is too late.
    pub fn bot_says(&mut self, text: &str) {
        let words = normal_words(text);
        let asks = |phrases: &[Vec<String>]| phrases.iter().any(|phrase| contains_run(&words, phrase));
        // A number that the bot repeats is one, too.
        let wanted = match () {
            () if has_card_number(text) => Some(0),
            () if asks(&self.number) => Some(*NUMBER.start()),
            () if asks(&self.code) => Some(CODE),
            () => None,
        };
        match wanted {
            Some(wanted) => self.reading = Some(Reading { wanted, so_far: 0, n_turns: 0, is_over: false }),
            None => drop(self.reading.take_if(|reading| reading.is_over)),
        }
    }

    /// What was being read out is of no interest any more.
    pub fn forget(&mut self) {
        self.reading = None;
    }

    /// The caller has said this, or pressed these keys.
    pub fn caller_said(&mut self, text: &str) {
        let n_digits = self.n_digits(text);
        let Some(reading) = &mut self.reading else { return };
        reading.so_far += n_digits;
        reading.n_turns += 1;
        reading.is_over |= n_digits == 0 || reading.so_far >= reading.wanted || reading.n_turns >= MOST_TURNS;
    }

    fn n_digits(&self, text: &str) -> usize {
        let words = normal_words(text);
        let in_words = words.iter().filter(|word| self.digits.contains(*word)).count();
        // "One moment" is no digit.
        let in_words = if in_words >= 3 || in_words * 2 > words.len() { in_words } else { 0 };
        text.chars().filter(char::is_ascii_digit).count() + in_words
    }
}

/// Whether a text has a number that may be a card's: as long as one, with its check digit. Spaces and dashes may part it.
fn has_card_number(text: &str) -> bool {
    let mut runs = text.split(|c: char| !c.is_ascii_digit() && !c.is_whitespace() && c != '-');
    runs.any(|run| {
        let digits: Vec<u32> = run.chars().filter_map(|c| c.to_digit(10)).collect();
        let doubled = |n: u32| if n > 4 { 2 * n - 9 } else { 2 * n };
        let sum: u32 = digits.iter().rev().enumerate().map(|(n, digit)| if n % 2 == 1 { doubled(*digit) } else { *digit }).sum();
        NUMBER.contains(&digits.len()) && sum.is_multiple_of(10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_can_be_read() {
        let words: Words = serde_json::from_str(WORDS).expect("the words");
        for list in [&words.number, &words.code, &words.digits] {
            assert!(list.len() > 10 && list.iter().all(|phrase| normal_words(phrase).join(" ") == *phrase), "{list:?}");
        }
    }

    /// A conversation: `b:` the bot says, `c:` the caller said; after each whether a card is being read.
    #[test]
    fn a_reading_lasts_from_the_question_until_the_bot_goes_on() {
        for talk in [
            &[("b:Please read me your card number.", true), ("c:4111 1111 1111 1111", true), ("b:Thank you.", false)][..],
            &[
                ("b:Could I have your credit card, please? It is the number on the front.", true),
                ("c:Four one one one", true),
                ("b:Go on.", true),
                ("c:one one one one", true),
                ("b:Yes?", true),
                ("c:1111 1111", true),
                ("b:And the three digits on the back?", true),
                ("c:one two three", true),
                ("b:Thanks. When shall we come?", false),
            ],
            &[("b:What is your card number?", true), ("c:I do not have it with me", true), ("b:No problem.", false)],
            &[("b:Ihre Kartennummer, bitte?", true), ("c:vier eins eins eins", true), ("b:Weiter.", true)],
            &[("b:Le numéro de votre carte ?", true), ("c:Je ne l'ai pas.", true), ("b:D'accord.", false)],
            &[("b:Your card number?", true), ("c:One moment.", true), ("b:What was the matter?", false)],
            &[("b:I repeat: 4111-1111 1111 1111.", true), ("b:Is that right?", true), ("c:yes", true), ("b:Good.", false)],
            &[("b:Call us at +44 20 7183 8751, from 9 to 17.", false), ("c:1234 5678 9012 3456", false)],
            &[("c:my card number is 4111", false), ("b:How can I help?", false)],
        ] {
            let mut cards = Cards::default();
            for (said, expected) in talk {
                match said.split_once(':') {
                    Some(("b", text)) => cards.bot_says(text),
                    Some((_, text)) => cards.caller_said(text),
                    None => unreachable!("{said}"),
                }
                assert_eq!(cards.is_reading(), *expected, "{said} in {talk:?}");
            }
        }
    }

    #[test]
    fn a_caller_who_never_finishes_does_not_silence_the_recording_for_good() {
        let mut cards = Cards::default();
        cards.bot_says("Your card number?");
        for _ in 0..MOST_TURNS {
            cards.caller_said("4");
            assert!(cards.is_reading());
        }
        cards.bot_says("Let us leave that.");
        assert!(!cards.is_reading());
    }
}
