//! How well what was said fits a phrase: the same words, the phrase inside a longer sentence, or most of its telling words.

use super::words::Words;
use crate::base::words::{contains_run, normal_words};

/// Whether two texts are the same words.
pub(super) fn same_words(a: &str, b: &str) -> bool {
    normal_words(a) == normal_words(b)
}

/// 0 (nothing in common) to 1 (the same words).
pub(super) fn likeness(said: &[String], phrase: &[String], words: &Words) -> f32 {
    if said.is_empty() || phrase.is_empty() {
        return 0.0;
    }
    if said == phrase {
        return 1.0;
    }
    let telling = |text: &[String]| text.iter().filter(|word| !words.filler.contains(&word.as_str())).cloned().collect::<Vec<_>>();
    let (said_telling, phrase_telling) = (telling(said), telling(phrase));
    if phrase_telling.is_empty() {
        // A phrase of small words only ("is it on") is known by all of them or not at all.
        return if contains_run(said, phrase) { 0.8 } else { 0.0 };
    }
    if contains_run(said, phrase) {
        return 0.95;
    }
    overlap(&said_telling, &phrase_telling)
}

/// Shared telling words against all of them, the phrase's counting more: a caller adds words more readily than leaving some out.
fn overlap(said: &[String], phrase: &[String]) -> f32 {
    let n_shared = phrase.iter().filter(|word| said.iter().any(|other| same_word(word, other))).count() as f32;
    if n_shared == 0.0 {
        return 0.0;
    }
    let of_phrase = n_shared / phrase.len() as f32;
    let of_said = (n_shared / said.len() as f32).min(1.0);
    0.9 * (0.7 * of_phrase + 0.3 * of_said)
}

/// The same word, give or take a letter in a long one: plurals, misspelt transcripts.
fn same_word(a: &str, b: &str) -> bool {
    let most = match a.chars().count().min(b.chars().count()) {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    // Numbers are never nearly the same.
    let is_number = |word: &str| word.chars().any(|c| c.is_ascii_digit());
    a == b || (!is_number(a) && !is_number(b) && most > 0 && strsim::levenshtein(a, b) <= most)
}
