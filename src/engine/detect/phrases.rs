//! What machines and people say when they answer, by language (`assets/turns/answering.json`). Pure.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Answerer;
use crate::base::words::{contains_run, normal_words};

/// The phrases of all languages.
const PHRASES: &str = include_str!("../../../assets/turns/answering.json");

/// The phrases of one language, as they are written down.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    voicemail: Vec<String>,
    ivr: Vec<String>,
    screening: Vec<String>,
    human: Vec<String>,
}

/// The phrases of one call: those of its language and the English ones, which machines speak everywhere.
#[derive(Debug, Default)]
pub(super) struct Phrases(Vec<(Answerer, Vec<String>)>);

impl Phrases {
    /// The phrases of a language such as `de-AT`.
    pub(super) fn of(language: &str) -> Self {
        let base = language.split(['-', '_']).next().unwrap_or_default().to_lowercase();
        // The data is part of the program; a test reads it.
        let mut all: BTreeMap<String, Written> = serde_json::from_str(PHRASES).unwrap_or_default();
        let mut found = Vec::new();
        for language in [base.as_str(), "en"] {
            let Some(written) = all.remove(language) else { continue };
            for (who, list) in [
                (Answerer::Screening, written.screening),
                (Answerer::Voicemail, written.voicemail),
                (Answerer::Ivr, written.ivr),
                (Answerer::Human, written.human),
            ] {
                found.extend(list.iter().map(|phrase| (who, normal_words(phrase))));
            }
        }
        Self(found)
    }

    /// Who says such a thing. A filter also speaks of tones and a mailbox also has keys: what is more particular counts.
    pub(super) fn who(&self, text: &str) -> Option<Answerer> {
        let said = normal_words(text);
        let found: Vec<Answerer> = self.0.iter().filter(|(_, phrase)| contains_run(&said, phrase)).map(|(who, _)| *who).collect();
        [Answerer::Screening, Answerer::Voicemail, Answerer::Ivr, Answerer::Human].into_iter().find(|who| found.contains(who))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_the_data_can_be_read() {
        let all: BTreeMap<String, Written> = serde_json::from_str(PHRASES).expect("the phrases");
        assert!(all.values().all(|w| [&w.voicemail, &w.ivr, &w.screening, &w.human].iter().all(|list| list.len() >= 3)));
    }

    #[test]
    fn words_tell_who_answered() {
        for (language, text, expected) in [
            ("en-US", "Hi, you've reached Bob. Please leave a message after the tone.", Some(Answerer::Voicemail)),
            ("en-US", "I can't take your call right now", Some(Answerer::Voicemail)),
            ("en-US", "For sales press 1, for support press 2", Some(Answerer::Ivr)),
            ("en-US", "Leave a message, or press one for more options", Some(Answerer::Voicemail)),
            ("en-US", "Please state your name and the reason for calling after the tone", Some(Answerer::Screening)),
            ("en-US", "Good morning, Julia speaking", Some(Answerer::Human)),
            ("en-US", "hello", None),
            ("de-AT", "Bitte hinterlassen Sie eine Nachricht nach dem Signalton", Some(Answerer::Voicemail)),
            ("de-DE", "please leave a message", Some(Answerer::Voicemail)),
            ("fr-FR", "Laissez un message après le bip", Some(Answerer::Voicemail)),
            ("pt-PT", "voicemail", Some(Answerer::Voicemail)),
        ] {
            assert_eq!(Phrases::of(language).who(text), expected, "{text}");
        }
    }
}
