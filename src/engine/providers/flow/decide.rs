//! The decision: what was said or pressed, and what was asked back before, in; the next answer out. No I/O.

use super::matching::likeness;
use super::words;
use crate::base::words::normal_words;
use crate::contract::flow::Flow;

/// From here on the bot answers without asking back.
const SURE: f32 = 0.5;

/// Below this it does not even guess.
const GUESS: f32 = 0.2;

/// Likeness of words below which a phrase is not meant, however clearly it was heard.
const ALIKE: f32 = 0.45;

/// What came from the caller.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Words, and how sure the recogniser is of them.
    Said {
        /// The words; empty when nothing was understood.
        text: &'a str,
        /// 0 to 1.
        confidence: f32,
    },
    /// Keys.
    Keys(&'a str),
}

/// An intent that was asked back about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pending {
    /// Its place in the flow.
    pub index: usize,
    /// How sure the first hearing was.
    pub confidence: f32,
}

/// What the bot does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Gives an intent's reply and uses its tool.
    Intent {
        /// Its place in the flow.
        index: usize,
        /// 0 to 1.
        confidence: f32,
    },
    /// Asks back.
    Confirm {
        /// The question.
        question: String,
    },
    /// Says that it did not understand.
    Fallback,
}

/// The next answer, and what it asks back about.
pub fn decide(flow: &Flow, language: &str, pending: Option<Pending>, input: Input<'_>) -> (Decision, Option<Pending>) {
    match input {
        Input::Keys(keys) => (by_keys(flow, pending, keys), None),
        Input::Said { text, confidence } => by_words(flow, language, pending, text, confidence),
    }
}

fn by_keys(flow: &Flow, pending: Option<Pending>, keys: &str) -> Decision {
    match (pending, keys) {
        (Some(pending), "1") => return Decision::Intent { index: pending.index, confidence: 1.0 },
        (Some(_), "2") => return Decision::Fallback,
        _ => {}
    }
    let meant = flow.intents.iter().position(|intent| intent.digits.as_deref() == Some(keys));
    meant.map_or(Decision::Fallback, |index| Decision::Intent { index, confidence: 1.0 })
}

fn by_words(flow: &Flow, language: &str, pending: Option<Pending>, text: &str, confidence: f32) -> (Decision, Option<Pending>) {
    let words = words::of(language);
    let said = normal_words(text);
    if said.is_empty() || confidence < GUESS {
        return (Decision::Fallback, None);
    }
    if let Some(pending) = pending {
        let is_one_of = |list: &[&str]| list.iter().any(|phrase| normal_words(phrase) == said);
        if is_one_of(words.yes) {
            return (Decision::Intent { index: pending.index, confidence: pending.confidence.max(SURE) }, None);
        }
        if is_one_of(words.no) {
            return (Decision::Fallback, None);
        }
    }
    let Some((index, phrase, alike)) = best(flow, &said, words).filter(|(_, _, alike)| *alike >= ALIKE) else {
        return (Decision::Fallback, None);
    };
    let sure = alike * confidence;
    if sure >= SURE {
        return (Decision::Intent { index, confidence: sure }, None);
    }
    (Decision::Confirm { question: words.ask(phrase) }, Some(Pending { index, confidence: sure }))
}

/// The intent with the phrase most like what was said; the earlier of equals.
fn best<'f>(flow: &'f Flow, said: &[String], words: &words::Words) -> Option<(usize, &'f str, f32)> {
    let mut best: Option<(usize, &str, f32)> = None;
    for (index, intent) in flow.intents.iter().enumerate() {
        let digits = intent.digits.as_deref().map(|keys| (keys, digit_likeness(said, keys)));
        let phrases = intent.phrases.iter().map(|phrase| (phrase.as_str(), likeness(said, &normal_words(phrase), words)));
        for (phrase, alike) in phrases.chain(digits) {
            if alike > 0.0 && best.is_none_or(|(_, _, most)| alike > most) {
                best = Some((index, phrase, alike));
            }
        }
    }
    best
}

/// Keys that were spoken: all of them in order or not at all.
fn digit_likeness(said: &[String], keys: &str) -> f32 {
    let spoken = words::spoken_digits(keys).map(|words| normal_words(&words));
    let is_same = said.concat() == keys || spoken.is_some_and(|words| words == said);
    if is_same { 1.0 } else { 0.0 }
}
