//! Questions that a recogniser with a grammar can listen for: what the headings of the documents are about. Pure but for one read.

use std::collections::BTreeSet;

use super::chunks_store as chunks;
use super::ingest::BETWEEN_HEADINGS;
use super::service::Knowledge;
use crate::base::Result;
use crate::base::id::KnowledgeBaseId;

/// Most headings that become phrases: the recogniser's grammar must stay small.
const MOST_HEADINGS: usize = 200;
/// Headings read of one base.
const READ: u32 = 2_000;
/// Words of a heading that can be said in one breath.
const MOST_WORDS: usize = 6;

impl Knowledge {
    /// Phrases about the subjects of these bases.
    pub async fn phrases(&self, kb_ids: Vec<KnowledgeBaseId>) -> Result<Vec<String>> {
        self.inner
            .db
            .read(move |conn| {
                let mut headings = Vec::new();
                for kb_id in &kb_ids {
                    headings.extend(chunks::headings(conn, kb_id, READ)?);
                }
                Ok(phrases(&headings))
            })
            .await
    }
}

/// What a caller might say about headings: the words themselves, and a way to ask for them.
fn phrases(paths: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let subjects = paths.iter().filter_map(|path| path.rsplit(BETWEEN_HEADINGS).next()).filter_map(subject);
    let subjects: Vec<String> = subjects.filter(|subject| seen.insert(subject.clone())).take(MOST_HEADINGS).collect();
    let ask = |subject: &String| {
        let is_question = ["how ", "what ", "when ", "where ", "who ", "why ", "can "].iter().any(|word| subject.starts_with(word));
        let mut ways = vec![subject.clone()];
        if !is_question {
            ways.push(format!("tell me about {subject}"));
        }
        ways
    };
    subjects.iter().flat_map(ask).collect()
}

/// A heading as it is said; nothing for code, numbers and whole sentences.
fn subject(heading: &str) -> Option<String> {
    let is_plain = heading
        .chars()
        .all(|c| c.is_alphabetic() || c.is_whitespace() || matches!(c, '\'' | '’' | '-' | ',' | '?' | ':' | '.') || c.is_ascii_digit());
    let words: Vec<String> = heading
        .to_lowercase()
        .split(|c: char| !(c.is_alphabetic() || c == '\'' || c == '’'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let n_letters: usize = words.iter().map(|word| word.chars().count()).sum();
    (is_plain && (1..=MOST_WORDS).contains(&words.len()) && n_letters >= 4).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_become_what_a_caller_may_say() {
        let paths = ["Manual › Opening hours", "Other › Opening hours", "Shop › How to reach us", "API › GET /api/v1/x", "A › 42"]
            .map(str::to_owned);
        assert_eq!(phrases(&paths), ["opening hours", "tell me about opening hours", "how to reach us"]);
    }
}
