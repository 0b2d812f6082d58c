//! What the full-text index is given and asked: words of a conversation, pieces of numbers, a word for each thing a filter knows. Pure.

use crate::base::secret::sha256;

/// Longest number that is taken apart, in letters and digits.
const LONGEST_NUMBER: usize = 64;
/// Stands between two numbers, so that no piece of a search spans them.
const BETWEEN: &str = "between";

/// Letters and digits of a number, in lower case.
pub(super) fn number_letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(LONGEST_NUMBER).map(|c| c.to_ascii_lowercase()).collect()
}

/// All pieces of three letters, in order.
fn pieces(letters: &str) -> impl Iterator<Item = &str> {
    (0..(letters.len() + 1).saturating_sub(3)).filter_map(|at| letters.get(at..at + 3))
}

/// What is indexed of the numbers of a call; each number once.
pub(super) fn indexed_numbers<'a>(numbers: impl IntoIterator<Item = &'a str>) -> String {
    let mut seen: Vec<String> = Vec::new();
    let mut text = String::new();
    for letters in numbers.into_iter().map(number_letters) {
        if letters.len() < 3 || seen.contains(&letters) {
            continue;
        }
        pieces(&letters).chain([BETWEEN]).for_each(|piece| {
            text.push_str(piece);
            text.push(' ');
        });
        seen.push(letters);
    }
    text
}

/// A word for one thing a filter knows, such as `s` for the status: short, and the same for the same value.
pub(super) fn facet(of: char, value: &str) -> String {
    format!("{of}{}", hex::encode(&sha256(value)[..6]))
}

/// A word for a class of lengths.
pub(super) fn span_facet(span: u32) -> String {
    format!("l{span}")
}

/// Puts a question to the index together; everything in it must match.
#[derive(Debug, Default)]
pub(super) struct Question(Vec<String>);

impl Question {
    /// Part of a number, as [`number_letters`] gives it; at least three letters.
    pub(super) fn number(&mut self, letters: &str) {
        let pieces: Vec<&str> = pieces(letters).collect();
        self.0.push(format!("phones : \"{}\"", pieces.join(" ")));
    }

    /// One of these words must stand among the facets.
    pub(super) fn facet(&mut self, any_of: &[String]) {
        self.0.push(format!("facets : ({})", any_of.join(" OR ")));
    }

    /// What was said, as [`spoken`] gives it.
    pub(super) fn spoken(&mut self, expression: &str) {
        self.0.push(format!("words : ({expression})"));
    }

    pub(super) fn text(&self) -> String {
        self.0.join(" AND ")
    }
}

/// Reads a search for what was said: all words must occur, "several words" in quotes in that order, `word*` by its beginning. Nothing in it
/// is a command to the index. None when it holds no letter or digit.
pub(super) fn spoken(q: &str) -> Option<String> {
    let mut terms: Vec<String> = Vec::new();
    for (n, part) in q.split('"').enumerate() {
        // Every second part stands in quotes.
        if n % 2 == 1 {
            terms.extend(term(part));
        } else {
            terms.extend(part.split_whitespace().filter_map(term));
        }
    }
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

fn term(text: &str) -> Option<String> {
    let clean: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    let star = if text.trim_end().ends_with('*') { " *" } else { "" };
    (!words.is_empty()).then(|| format!("\"{words}\"{star}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_words_phrases_and_beginnings_and_never_a_command() {
        for (q, expected) in [
            ("refund", Some("\"refund\"")),
            ("refund order", Some("\"refund\" AND \"order\"")),
            ("\"my order\" late", Some("\"my order\" AND \"late\"")),
            ("canc*", Some("\"canc\" *")),
            ("don't", Some("\"don t\"")),
            ("a OR b", Some("\"a\" AND \"OR\" AND \"b\"")),
            ("words : x) NEAR(", Some("\"words\" AND \"x\" AND \"NEAR\"")),
            ("\"", None),
            ("* - (", None),
            ("", None),
            ("Grüße 12", Some("\"Grüße\" AND \"12\"")),
        ] {
            assert_eq!(spoken(q).as_deref(), expected, "{q}");
        }
    }

    #[test]
    fn numbers_are_found_by_any_part_and_none_spans_two() {
        let text = indexed_numbers(["+1555", "1555", "12", "sip:Ada"]);
        assert_eq!(text, "155 555 between sip ipa pad ada between ");
        let mut question = Question::default();
        question.number("1555");
        question.facet(&[span_facet(1), span_facet(2)]);
        assert_eq!(question.text(), "phones : \"155 555\" AND facets : (l1 OR l2)");
    }

    #[test]
    fn equal_values_have_equal_words() {
        assert_eq!(facet('s', "completed"), facet('s', "completed"));
        assert_ne!(facet('s', "completed"), facet('o', "completed"));
        assert_eq!(facet('s', "completed").len(), 13);
    }
}
