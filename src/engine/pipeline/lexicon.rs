//! What short words mean in a conversation, by language: a sound that only says "I am listening", a nod, a call to stop, a sentence that
//! is not over. The words are data (`assets/turns/lexicon.json`); this file knows none of them. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::base::words::{contains_run, normal_words};

/// The words of all languages.
const WORDS: &str = include_str!("../../../assets/turns/lexicon.json");
/// Digits in a row that are probably part of a number somebody reads out.
const DICTATED: std::ops::RangeInclusive<usize> = 3..=9;

/// The words of one language, as they are written down.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    /// Says that an answer takes a while.
    moment: String,
    /// No words at all: "mhm".
    sounds: Vec<String>,
    /// Agreement and greetings that leave the word to the other: "yes", "I see", "hello".
    nods: Vec<String>,
    /// Wants the other to be silent.
    halts: Vec<String>,
    /// Said while looking for words.
    hesitations: Vec<String>,
    /// Something must follow, even behind a full stop that a recogniser has made up.
    conjunctions: Vec<String>,
    /// Something must follow, unless the sentence is marked as finished.
    openings: Vec<String>,
}

/// Phrases, each as its words.
type Phrases = Vec<Vec<String>>;

/// The lexicon of one call. A language that is not in the data has an empty one: every word then counts as a word.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    sounds: Phrases,
    nods: Phrases,
    halts: Phrases,
    hesitations: Phrases,
    conjunctions: Phrases,
    openings: Phrases,
    /// Sentences that the responder knows whole.
    known: Phrases,
}

/// What somebody meant who spoke while the bot did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// Nothing: a cough, a noise.
    Noise,
    /// That they are listening.
    Filler,
    /// Something, but in fewer words than the bot falls silent for.
    Few,
    /// That the bot should be silent.
    Halt,
    /// An answer to what the bot has just asked.
    Answer,
    /// What they said.
    Speech,
}

impl Meant {
    /// The word for it in a call's events.
    pub fn word(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Filler => "filler",
            Self::Few => "few_words",
            Self::Halt => "halt",
            Self::Answer => "answer",
            Self::Speech => "speech",
        }
    }

    /// Whether the bot goes on speaking.
    pub fn lets_go_on(self) -> bool {
        matches!(self, Self::Noise | Self::Filler | Self::Few)
    }
}

/// How what was said ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With the end of a sentence.
    Finished,
    /// In the middle of one.
    Open,
    /// It cannot be told.
    Unclear,
}

/// What a bot says whose answer takes a while; `None` in a language that is not in the data.
pub fn moment(language: &str) -> Option<String> {
    words_of(language).map(|words| words.moment)
}

fn words_of(language: &str) -> Option<Words> {
    let base = language.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    // The data is part of the program; a test reads it.
    serde_json::from_str::<BTreeMap<String, Words>>(WORDS).unwrap_or_default().remove(&base)
}

impl Lexicon {
    /// The lexicon of a language (`de-AT` has that of `de`). `own` are further words that only say "I am listening"; `known` are sentences
    /// that the responder waits for: they always count as said.
    pub fn of(language: &str, own: &[String], known: &[String]) -> Self {
        let words = words_of(language).unwrap_or_default();
        let known = phrases(known);
        let unless_known = |list: &[String]| phrases(list).into_iter().filter(|phrase| !known.contains(phrase)).collect::<Phrases>();
        let mut sounds = unless_known(&words.sounds);
        sounds.extend(unless_known(own));
        Self {
            sounds,
            nods: unless_known(&words.nods),
            halts: phrases(&words.halts),
            hesitations: phrases(&words.hesitations),
            conjunctions: phrases(&words.conjunctions),
            openings: phrases(&words.openings),
            known,
        }
    }

    /// What the words mean that came while the bot spoke. `is_asked`: the bot has just asked something, so that a nod is an answer.
    /// `min_words` fewer words leave the bot the word.
    pub fn meant(&self, text: &str, min_words: usize, is_asked: bool) -> Meant {
        let words = normal_words(text);
        if words.is_empty() {
            return Meant::Noise;
        }
        if self.known.contains(&words) {
            return Meant::Speech;
        }
        if self.halts.iter().any(|halt| contains_run(&words, halt)) {
            return Meant::Halt;
        }
        if is_made_of(&words, &[&self.sounds]) {
            return Meant::Filler;
        }
        if is_asked {
            return Meant::Answer;
        }
        if is_made_of(&words, &[&self.sounds, &self.nods]) {
            return Meant::Filler;
        }
        if words.len() < min_words { Meant::Few } else { Meant::Speech }
    }

    /// Whether what was said so far sounds finished.
    pub fn ending(&self, text: &str) -> Ending {
        let trimmed = text.trim_end();
        let words = normal_words(trimmed);
        if words.is_empty() {
            return Ending::Unclear;
        }
        if self.known.contains(&words) {
            return Ending::Finished;
        }
        let ends_in = |list: &Phrases| list.iter().any(|phrase| words.ends_with(phrase));
        let is_asked = trimmed.ends_with(['?', '!', '？', '！']);
        let is_cut = trimmed.ends_with(['…', ',', '-', '–', ':']) || trimmed.ends_with("...");
        if is_cut || ends_in(&self.hesitations) || (!is_asked && ends_in(&self.conjunctions)) {
            return Ending::Open;
        }
        if is_asked || trimmed.ends_with(['.', '。', '؟', '।']) {
            return Ending::Finished;
        }
        let n_digits = trimmed.chars().rev().take_while(|c| c.is_ascii_digit() || c.is_whitespace()).filter(char::is_ascii_digit).count();
        if ends_in(&self.openings) || DICTATED.contains(&n_digits) { Ending::Open } else { Ending::Unclear }
    }
}

/// Whether these words are nothing but phrases of the lists, one after the other.
fn is_made_of(words: &[String], lists: &[&Phrases]) -> bool {
    let mut reachable = vec![false; words.len() + 1];
    reachable[0] = true;
    for at in 0..words.len() {
        if reachable[at] {
            for phrase in lists.iter().flat_map(|list| list.iter()) {
                if words[at..].starts_with(phrase) {
                    reachable[at + phrase.len()] = true;
                }
            }
        }
    }
    reachable[words.len()]
}

fn phrases(list: &[String]) -> Phrases {
    list.iter().map(|phrase| normal_words(phrase)).filter(|words| !words.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_the_data_can_be_read() {
        let all: BTreeMap<String, Words> = serde_json::from_str(WORDS).expect("the lexicon");
        for (language, words) in &all {
            for (list, name) in [
                (&words.sounds, "sounds"),
                (&words.nods, "nods"),
                (&words.halts, "halts"),
                (&words.hesitations, "hesitations"),
                (&words.conjunctions, "conjunctions"),
                (&words.openings, "openings"),
            ] {
                assert!(list.len() >= 5, "{language}: {name}");
                assert!(list.iter().all(|phrase| !normal_words(phrase).is_empty()), "{language}: {name}");
            }
        }
        assert_eq!(all.keys().collect::<Vec<_>>(), ["de", "en", "es", "fr", "it", "nl", "pl", "pt"]);
    }

    #[test]
    fn what_comes_while_the_bot_speaks_is_a_cough_a_nod_or_speech() {
        let table = [
            ("en-US", "", 3, false, Meant::Noise),
            ("en-US", " ... ", 3, false, Meant::Noise),
            ("en-US", "Mhm.", 0, false, Meant::Filler),
            ("en-GB", "Uh-huh, mm-hmm", 3, false, Meant::Filler),
            ("en-US", "okay, right, I see", 3, false, Meant::Filler),
            ("en-US", "Yes", 3, true, Meant::Answer),
            ("en-US", "mhm", 3, true, Meant::Filler),
            ("en-US", "stop", 3, false, Meant::Halt),
            ("en-US", "okay hold on", 9, false, Meant::Halt),
            ("en-US", "Valletta", 3, false, Meant::Few),
            ("en-US", "Valletta", 3, true, Meant::Answer),
            ("en-US", "Valletta", 0, false, Meant::Speech),
            ("en-US", "I want a ticket", 3, false, Meant::Speech),
            ("en-US", "yes I want one", 3, false, Meant::Speech),
            ("de-AT", "genau, ähm, verstehe", 3, false, Meant::Filler),
            ("de-DE", "Moment mal bitte", 5, false, Meant::Halt),
            ("fr-FR", "d’accord", 3, false, Meant::Filler),
            ("es-ES", "sí, claro", 3, false, Meant::Filler),
            ("ja-JP", "はい", 3, false, Meant::Few),
        ];
        for (language, text, min_words, is_asked, expected) in table {
            assert_eq!(
                Lexicon::of(language, &[], &[]).meant(text, min_words, is_asked),
                expected,
                "{language} {text:?} {min_words} {is_asked}"
            );
        }
    }

    #[test]
    fn every_language_of_the_data_can_ask_for_a_moment() {
        assert_eq!(moment("en-GB").as_deref(), Some("One moment, please."));
        assert_eq!(moment("de_AT").as_deref(), Some("Einen Moment, bitte."));
        assert_eq!(moment("ja-JP"), None);
    }

    #[test]
    fn a_bot_s_own_words_count_and_its_known_sentences_are_never_fillers() {
        let own = Lexicon::of("en", &["copy that".to_owned()], &["yes".to_owned(), "opening hours".to_owned()]);
        assert_eq!(own.meant("Copy that", 3, false), Meant::Filler);
        assert_eq!(own.meant("yes", 3, false), Meant::Speech);
        assert_eq!(own.meant("opening hours", 3, false), Meant::Speech);
        assert_eq!(own.ending("opening hours"), Ending::Finished);
    }

    #[test]
    fn a_sentence_is_finished_open_or_unclear() {
        let table = [
            ("en-US", "When are you open?", Ending::Finished),
            ("en-US", "I want a ticket.", Ending::Finished),
            ("en-US", "I want a ticket and.", Ending::Open),
            ("en-US", "I want a ticket and", Ending::Open),
            ("en-US", "I would like to, um.", Ending::Open),
            ("en-US", "I would like to", Ending::Open),
            ("en-US", "What is it for?", Ending::Finished),
            ("en-US", "my number is 0 7 9", Ending::Open),
            ("en-US", "for 2", Ending::Unclear),
            ("en-US", "two tickets for monday", Ending::Unclear),
            ("en-US", "well...", Ending::Open),
            ("de-DE", "ich hätte gerne ein", Ending::Open),
            ("de-DE", "Ich komme morgen.", Ending::Finished),
            ("ja-JP", "はい。", Ending::Finished),
            ("en-US", "", Ending::Unclear),
        ];
        for (language, text, expected) in table {
            assert_eq!(Lexicon::of(language, &[], &[]).ending(text), expected, "{language} {text:?}");
        }
    }
}
