//! Cuts streamed text into sentences, so that the first can be spoken while the rest is still being made. Of an answer that somebody waits
//! for, the first clause goes ahead: a model needs some hundred milliseconds for a long sentence.

/// Longest piece that is spoken as one; a text without stops is cut at a blank near it.
const MOST_CHARS: usize = 240;

/// Shortest clause that is spoken ahead, in characters: about a second and a half of speech, within which the rest is made.
const LEAST_CLAUSE: usize = 24;

/// Words that end in a full stop without ending a sentence.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "no", "vs", "etc", "e.g", "i.e", "inc", "ltd", "approx", "bzw", "z.b", "nr", "str", "ca", "usw",
];

/// Takes text in pieces, gives whole sentences.
#[derive(Debug, Default)]
pub struct Sentences {
    waiting: String,
    /// Whether the next piece is the first of an answer that is waited for.
    is_awaited: bool,
}

impl Sentences {
    /// For an answer that somebody waits for: its first piece may be a clause, which is complete at a comma, colon, semicolon or dash.
    pub fn awaited() -> Self {
        Self { is_awaited: true, ..Self::default() }
    }

    /// Adds text; gives the sentences it completed. One is complete only when something follows it.
    pub fn push(&mut self, text: &str) -> Vec<String> {
        self.waiting.push_str(text);
        let mut done = Vec::new();
        while let Some(end) = self.end_of_first() {
            let rest = self.waiting.split_off(end);
            let sentence = std::mem::replace(&mut self.waiting, rest);
            keep(&mut done, &sentence);
            self.is_awaited &= done.is_empty();
        }
        done
    }

    fn end_of_first(&self) -> Option<usize> {
        let clause = self.is_awaited.then(|| end_of_clause(&self.waiting)).flatten();
        end_of_sentence(&self.waiting).into_iter().chain(clause).min()
    }

    /// What is left when the text has ended.
    pub fn finish(&mut self) -> Option<String> {
        let mut done = Vec::new();
        keep(&mut done, &std::mem::take(&mut self.waiting));
        done.pop()
    }
}

fn keep(done: &mut Vec<String>, sentence: &str) {
    let words = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().any(char::is_alphanumeric) {
        done.push(words);
    }
}

/// Byte position behind the first complete sentence.
fn end_of_sentence(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().peekable();
    let mut n_chars = 0;
    let mut last_blank = None;
    while let Some((at, c)) = chars.next() {
        n_chars += 1;
        if c.is_whitespace() {
            last_blank = Some(at);
        }
        let end = at + c.len_utf8();
        let followed_by_blank = chars.peek().is_some_and(|(_, next)| next.is_whitespace());
        let ends = match c {
            '。' | '！' | '？' => true,
            '\n' => !text[..at].trim().is_empty(),
            '!' | '?' | '…' => followed_by_blank,
            '.' => followed_by_blank && !is_abbreviation(&text[..at]),
            _ => false,
        };
        if ends {
            return Some(end);
        }
        if n_chars > MOST_CHARS {
            return Some(last_blank.filter(|b| *b > 0).unwrap_or(end));
        }
    }
    None
}

/// Byte position behind the first clause that is long enough to be spoken by itself.
fn end_of_clause(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().enumerate().peekable();
    while let Some((n, (at, c))) = chars.next() {
        let followed_by_blank = chars.peek().is_some_and(|(_, (_, next))| next.is_whitespace());
        let ends = match c {
            '，' | '；' | '：' => true,
            ',' | ';' | ':' | '–' | '—' => followed_by_blank,
            _ => false,
        };
        if ends && n + 1 >= LEAST_CLAUSE {
            return Some(at + c.len_utf8());
        }
    }
    None
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default().trim_start_matches(['(', '"', '\'']);
    let is_initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase) && word != "I";
    is_initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&str]) -> Vec<String> {
        let mut sentences = Sentences::default();
        let mut all: Vec<String> = pieces.iter().flat_map(|piece| sentences.push(piece)).collect();
        all.extend(sentences.finish());
        all
    }

    #[test]
    fn text_is_cut_at_the_ends_of_sentences() {
        let cases: &[(&[&str], &[&str])] = &[
            (&["Hello. How are you?"], &["Hello.", "How are you?"]),
            (&["It costs 3.50 euros. Fine"], &["It costs 3.50 euros.", "Fine"]),
            (&["Dr. Smith and J. Doe are in. Wait!", " Ok"], &["Dr. Smith and J. Doe are in.", "Wait!", "Ok"]),
            (&["We open at ni", "ne.", " And close", " at five."], &["We open at nine.", "And close at five."]),
            (&["one\ntwo\n\n", "  "], &["one", "two"]),
            (&["...", " - "], &[]),
            (&["See e.g. page two. Done."], &["See e.g. page two.", "Done."]),
            (&["你好。再见。"], &["你好。", "再见。"]),
        ];
        for (pieces, expected) in cases {
            assert_eq!(cut(pieces), *expected, "{pieces:?}");
        }
    }

    #[test]
    fn a_sentence_is_given_as_soon_as_the_next_one_begins() {
        let mut sentences = Sentences::default();
        assert!(sentences.push("First one.").is_empty());
        assert_eq!(sentences.push(" S"), ["First one."]);
    }

    #[test]
    fn the_first_clause_of_an_answer_that_is_waited_for_goes_ahead() {
        let cut = |text: &str| {
            let mut sentences = Sentences::awaited();
            let mut all = sentences.push(text);
            all.extend(sentences.finish());
            all
        };
        let cases: &[(&str, &[&str])] = &[
            (
                "We are open from nine to five, and on Sunday, too, until noon.",
                &["We are open from nine to five,", "and on Sunday, too, until noon."],
            ),
            ("Yes. We are open from nine to five, you know.", &["Yes.", "We are open from nine to five, you know."]),
            ("Well, yes, we are open until five, of course.", &["Well, yes, we are open until five,", "of course."]),
            ("That is 1,250,000 euros in all – and no more.", &["That is 1,250,000 euros in all –", "and no more."]),
            ("No comma within the length.", &["No comma within the length."]),
        ];
        for (text, expected) in cases {
            assert_eq!(cut(text), *expected, "{text}");
        }
    }

    #[test]
    fn text_without_stops_is_cut_at_a_blank() {
        let text = "word ".repeat(100);
        let all = cut(&[&text]);
        assert!(all.len() > 1);
        assert!(all.iter().all(|s| s.chars().count() <= MOST_CHARS && s.ends_with("word")));
    }
}
