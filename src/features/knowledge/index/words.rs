//! Which words a text has: letters and digits between everything else; scripts without blanks fall into pairs of characters.

use tantivy::tokenizer::{Language, LowerCaser, RemoveLongFilter, Stemmer, StopWordFilter, TextAnalyzer, Token, TokenStream, Tokenizer};

/// Longest word, in bytes.
const LONGEST: usize = 60;

/// Languages with a stemmer, by their two letters.
pub(super) const STEMMED: &[(&str, Language)] = &[
    ("ar", Language::Arabic),
    ("da", Language::Danish),
    ("de", Language::German),
    ("el", Language::Greek),
    ("en", Language::English),
    ("es", Language::Spanish),
    ("fi", Language::Finnish),
    ("fr", Language::French),
    ("hu", Language::Hungarian),
    ("it", Language::Italian),
    ("nl", Language::Dutch),
    ("no", Language::Norwegian),
    ("pt", Language::Portuguese),
    ("ro", Language::Romanian),
    ("ru", Language::Russian),
    ("sv", Language::Swedish),
    ("ta", Language::Tamil),
    ("tr", Language::Turkish),
];

/// Small words of spoken questions that tell nothing about what is asked.
const ASKING: &[&str] = &[
    "what", "how", "when", "where", "which", "who", "why", "do", "does", "did", "can", "could", "i", "you", "me", "my", "your", "tell",
    "about", "please", "have", "has", "there", "from", "we", "am",
];

/// What makes words of a text in this language; `None`: in any other.
pub(super) fn analyzer(language: Option<Language>) -> TextAnalyzer {
    let words = TextAnalyzer::builder(Words).filter(RemoveLongFilter::limit(LONGEST)).filter(LowerCaser);
    let Some(language) = language else { return words.build() };
    let words = words.filter_dynamic(Stemmer::new(language));
    match StopWordFilter::new(language) {
        Some(stop_words) if language != Language::English => TextAnalyzer::builder(Words)
            .filter(RemoveLongFilter::limit(LONGEST))
            .filter(LowerCaser)
            .filter_dynamic(stop_words)
            .filter_dynamic(Stemmer::new(language))
            .build(),
        Some(stop_words) => TextAnalyzer::builder(Words)
            .filter(RemoveLongFilter::limit(LONGEST))
            .filter(LowerCaser)
            .filter_dynamic(stop_words)
            .filter_dynamic(StopWordFilter::remove(ASKING.iter().map(|word| (*word).to_owned())))
            .filter_dynamic(Stemmer::new(language))
            .build(),
        None => words.build(),
    }
}

/// The tokenizer.
#[derive(Clone)]
struct Words;

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        WordStream { tokens: words(text), next: 0 }
    }
}

struct WordStream {
    tokens: Vec<Token>,
    next: usize,
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        self.next += 1;
        self.next <= self.tokens.len()
    }

    fn token(&self) -> &Token {
        &self.tokens[self.next - 1]
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.tokens[self.next - 1]
    }
}

/// The words of a text in order.
fn words(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut word: Option<usize> = None;
    let mut before: Option<(usize, char)> = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_dense = is_dense(c);
        if word.is_some_and(|_| is_dense || !is_part(c)) {
            push(&mut tokens, text, word.take().unwrap_or(at), at);
        }
        if is_dense {
            match before {
                Some((from, _)) => push(&mut tokens, text, from, at + c.len_utf8()),
                None if !text[at + c.len_utf8()..].chars().next().is_some_and(self::is_dense) => {
                    push(&mut tokens, text, at, at + c.len_utf8())
                }
                None => {}
            }
            before = Some((at, c));
            continue;
        }
        before = None;
        if is_part(c) && word.is_none() {
            word = Some(at);
        }
    }
    tokens
}

fn push(tokens: &mut Vec<Token>, text: &str, from: usize, to: usize) {
    let position = tokens.len();
    tokens.push(Token { offset_from: from, offset_to: to, position, text: text[from..to].to_owned(), position_length: 1 });
}

/// Whether a character belongs to a word; marks of Arabic and Indian vowels stand within words.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c) || ('\u{64b}'..='\u{65f}').contains(&c)
}

/// Whether a character is of a script that writes words without blanks.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{e00}'..='\u{e7f}' | '\u{20000}'..='\u{2ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        words(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_stand_between_blanks_and_dense_scripts_fall_into_pairs() {
        for (text, expected) in [
            ("Hello, world-wide 42!", vec!["Hello", "world", "wide", "42"]),
            ("营业时间", vec!["营业", "业时", "时间"]),
            ("在", vec!["在"]),
            ("SIP电话 ok", vec!["SIP", "电话", "ok"]),
            ("السلام عليكم", vec!["السلام", "عليكم"]),
            ("", vec![]),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn forms_of_a_word_meet() {
        let stems = |language, text: &str| {
            let mut analyzer = analyzer(Some(language));
            let mut stream = analyzer.token_stream(text);
            let mut all = Vec::new();
            while stream.advance() {
                all.push(stream.token().text.clone());
            }
            all
        };
        assert_eq!(stems(Language::English, "How do I transfer calls?"), stems(Language::English, "transferring the call"));
        assert_eq!(stems(Language::German, "die Öffnungszeiten"), stems(Language::German, "Öffnungszeit"));
    }
}
