//! A grammar from a bot's phrases: what the words are, and the text the recogniser reads.

use std::collections::BTreeSet;

/// Most phrases one grammar is made of; more would only confuse the recogniser.
const MOST_PHRASES: usize = 500;

/// Words of one phrase as they are spoken: small letters, digits spelled out, punctuation gone. Empty if nothing is left.
pub(super) fn spoken_words(phrase: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(phrase.len());
    for c in phrase.to_lowercase().chars() {
        match c {
            'a'..='z' => spaced.push(c),
            '\'' | '’' => spaced.push('\''),
            '&' => spaced.push_str(" and "),
            '+' => spaced.push_str(" plus "),
            '0'..='9' => spaced.push_str(&format!(" {} ", digit(c))),
            other => spaced.push(plain_letter(other)),
        }
    }
    spaced.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).filter(|word| !word.is_empty()).collect()
}

/// Phrases as words, each once, in order.
pub(super) fn sentences(phrases: &[String]) -> Vec<Vec<String>> {
    let mut seen = BTreeSet::new();
    phrases
        .iter()
        .map(|phrase| spoken_words(phrase))
        .filter(|words| !words.is_empty() && seen.insert(words.clone()))
        .take(MOST_PHRASES)
        .collect()
}

/// The grammar in JSGF: one of the sentences, politely or not.
pub(super) fn jsgf(sentences: &[Vec<String>]) -> String {
    let alternatives: Vec<String> = sentences.iter().map(|words| format!("( {} )", words.join(" "))).collect();
    format!("#JSGF V1.0;\ngrammar phrases;\npublic <said> = [ please ] ( {} ) [ please ];\n", alternatives.join(" | "))
}

/// A grammar of any sequence of the given words.
pub(super) fn any_sequence(words: &[String]) -> String {
    format!("#JSGF V1.0;\ngrammar anything;\npublic <said> = ( {} )+;\n", words.join(" | "))
}

fn digit(c: char) -> &'static str {
    const NAMES: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    c.to_digit(10).and_then(|value| NAMES.get(value as usize)).copied().unwrap_or("")
}

fn plain_letter(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ä' | 'ã' | 'å' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ò' | 'ó' | 'ô' | 'ö' | 'õ' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        _ => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_become_spoken_words() {
        for (phrase, words) in [
            ("What are your opening hours?", "what are your opening hours"),
            ("I'd like R&D, line 42", "i'd like r and d line four two"),
            ("café 'menu'", "cafe menu"),
            ("; grammar evil = <x>;", "grammar evil x"),
            ("???", ""),
        ] {
            assert_eq!(spoken_words(phrase).join(" "), words, "{phrase}");
        }
    }

    #[test]
    fn each_sentence_stands_once_and_empty_ones_are_left_out() {
        let phrases: Vec<String> = ["Yes", "yes.", "", "no thank you"].map(str::to_owned).to_vec();
        let sentences = sentences(&phrases);
        assert_eq!(sentences.len(), 2);
        assert!(jsgf(&sentences).contains("( ( yes ) | ( no thank you ) )"));
    }
}
