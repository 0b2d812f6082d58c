//! The sentences of a passage that answer a question, for bots that speak from documents without a language model. Pure.

use std::collections::HashSet;

/// Longest answer that is spoken, in characters.
const MOST_CHARS: usize = 320;
/// Shortest sentence that can be an answer, in words.
const FEWEST_WORDS: usize = 3;
/// How much worse than the best a second sentence may be.
const NEARLY: f32 = 0.8;

/// The sentences of a text that could be spoken, without marks of lists and code.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches(['-', '*', '•', '#', '>']).trim_start();
        all.extend(of_line(line));
    }
    all.retain(|sentence| is_speakable(sentence));
    all
}

fn of_line(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut from = 0;
    for (at, c) in line.char_indices() {
        let behind = &line[at + c.len_utf8()..];
        let ends = match c {
            '。' | '！' | '？' => true,
            '.' | '!' | '?' => behind.starts_with(char::is_whitespace) && !is_short_form(&line[from..at]),
            _ => false,
        };
        if ends {
            all.push(line[from..at + c.len_utf8()].trim().to_owned());
            from = at + c.len_utf8();
        }
    }
    all.push(line[from..].trim().to_owned());
    all
}

/// Whether a full stop behind this is of an abbreviation.
fn is_short_form(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default().trim_start_matches(['(', '"']);
    matches!(word.to_lowercase().as_str(), "mr" | "mrs" | "dr" | "no" | "e.g" | "i.e" | "z.b" | "etc" | "vs" | "ca" | "nr")
        || (word.chars().count() == 1 && word.chars().all(char::is_uppercase))
}

/// Whether somebody would understand this by ear: enough words, and most of it letters.
fn is_speakable(sentence: &str) -> bool {
    let is_dense = sentence.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'));
    let n_letters = sentence.chars().filter(|c| c.is_alphabetic() || c.is_whitespace()).count();
    let n_chars = sentence.chars().count();
    (is_dense || sentence.split_whitespace().count() >= FEWEST_WORDS) && n_letters * 10 >= n_chars * 7 && n_chars <= 2 * MOST_CHARS
}

/// Shared telling words of question and sentence, against those of the question: 0 to 1.
pub(super) fn shared_words(question: &str, sentence: &str) -> f32 {
    let words = |text: &str| -> HashSet<String> {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.chars().count() > 3)
            // Endings differ more than beginnings do.
            .map(|word| word.chars().take(5).collect())
            .collect()
    };
    let (asked, said) = (words(question), words(sentence));
    if asked.is_empty() { 0.0 } else { asked.intersection(&said).count() as f32 / asked.len() as f32 }
}

/// The answer: the best sentence, and its neighbour where that is nearly as good, as they stand in the text. `nearness` is a number for each
/// sentence, the more the nearer.
pub(super) fn answer(sentences: &[String], nearness: &[f32]) -> Option<String> {
    let (best, most) = nearness.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let mut chosen = vec![best];
    for next in [best.checked_add(1), best.checked_sub(1)].into_iter().flatten() {
        let is_near = nearness.get(next).is_some_and(|near| *near >= most * NEARLY);
        let length: usize = chosen.iter().chain([&next]).filter_map(|n| sentences.get(*n)).map(|text| text.chars().count()).sum();
        if is_near && length <= MOST_CHARS && chosen.len() < 2 {
            chosen.push(next);
        }
    }
    chosen.sort_unstable();
    let words: Vec<String> = chosen.iter().filter_map(|n| sentences.get(*n)).map(|text| spoken(text)).collect();
    Some(words.join(" "))
}

/// A sentence as it is spoken: it ends, and has no marks of code in it.
fn spoken(sentence: &str) -> String {
    let plain: String = sentence.chars().filter(|c| !matches!(c, '`' | '*' | '|' | '#')).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let ended = plain.trim_end_matches([':', ';', ',']);
    if ended.ends_with(['.', '!', '?', '。', '！', '？']) { ended.to_owned() } else { format!("{ended}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_sentences_that_can_be_spoken() {
        let text = "We open at nine. Dr. Smith is in on Monday! See e.g. page two.\n- A list item that is long enough:\n```\n{\"a\": [1, 2, 3]}\n```\nno";
        assert_eq!(
            sentences(text),
            ["We open at nine.", "Dr. Smith is in on Monday!", "See e.g. page two.", "A list item that is long enough:"]
        );
        assert_eq!(sentences("营业时间是九点。星期天休息。"), ["营业时间是九点。", "星期天休息。"]);
    }

    #[test]
    fn the_best_sentence_is_spoken_with_a_neighbour_that_is_nearly_as_good() {
        let all: Vec<String> = ["One is here.", "Two is `here`:", "Three is here."].map(str::to_owned).to_vec();
        assert_eq!(answer(&all, &[0.1, 0.9, 0.1]).unwrap(), "Two is here.");
        assert_eq!(answer(&all, &[0.1, 0.85, 0.9]).unwrap(), "Two is here. Three is here.");
        assert_eq!(answer(&[], &[]), None);
    }

    #[test]
    fn shared_words_count_beginnings() {
        assert!(shared_words("how are calls transferred", "A call is transferring now") > 0.3);
        assert!(shared_words("backup", "nothing of it").abs() < f32::EPSILON);
    }
}
