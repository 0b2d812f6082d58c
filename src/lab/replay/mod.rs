//! The time machine: what a stored call was and what another version of the bot made of the same caller, side by side. Pure.

mod shown;
mod side;

use serde::Serialize;
use serde_json::Value;

pub use side::{Exchange, Latency, Side, ToolSeen};

/// Two calls with the same caller.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The stored call.
    pub original: Side,
    /// The same caller and another version of the bot.
    pub replayed: Side,
    /// Exchanges in which the bot said the same in both.
    pub n_same: usize,
    /// Exchanges in which it did not, or that only one of the calls has.
    pub n_different: usize,
    /// Tools that only the stored call used, as often as it used them more.
    pub tools_missing: Vec<String>,
    /// Tools that only the replay used.
    pub tools_added: Vec<String>,
}

/// Compares two calls as `GET /api/v1/calls/{session_id}` shows them.
pub fn compare(original: &Value, replayed: &Value) -> Comparison {
    let (original, replayed) = (Side::of(original), Side::of(replayed));
    let n_pairs = original.exchanges.len().max(replayed.exchanges.len());
    let is_same = |n: usize| match (original.exchanges.get(n), replayed.exchanges.get(n)) {
        (Some(one), Some(other)) => plain(&one.bot) == plain(&other.bot),
        _ => false,
    };
    let n_same = (0..n_pairs).filter(|n| is_same(*n)).count();
    let (mine, theirs) = (original.tool_names(), replayed.tool_names());
    Comparison {
        n_same,
        n_different: n_pairs - n_same,
        tools_missing: without(mine.clone(), &theirs),
        tools_added: without(theirs, &mine),
        original,
        replayed,
    }
}

/// Words alone: punctuation and capitals make no difference.
fn plain(text: &str) -> String {
    let letters = |c: char| if c.is_alphanumeric() || c == '\'' { c.to_lowercase().collect() } else { vec![' '] };
    text.chars().flat_map(letters).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is left of a list when each of the others has taken one of its kind away.
fn without(mut list: Vec<String>, others: &[String]) -> Vec<String> {
    for other in others {
        if let Some(at) = list.iter().position(|one| one == other) {
            list.remove(at);
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(version: u32, answers: &[(&str, &str)], tools: &[&str]) -> Value {
        let mut turns = vec![json!({ "role": "assistant", "content": "Hello." })];
        for (asked, said) in answers {
            turns.push(json!({ "role": "user", "content": asked }));
            turns.push(json!({ "role": "assistant", "content": said }));
        }
        turns.extend(tools.iter().map(|tool| json!({ "role": "tool", "content": "done", "tool": tool })));
        json!({ "session_id": format!("s-{version}"), "bot_version": version, "transcript": turns, "outcome": "success",
            "latency_samples": [{ "turn": 1, "first_audio_ms": 700 + version }] })
    }

    #[test]
    fn answers_are_compared_by_their_words_and_tools_by_how_often_they_were_used() {
        let original = call(1, &[("when are you open", "Nine to five."), ("thanks", "Bye!")], &["book", "book", "end_call"]);
        let replayed = call(2, &[("when are you open", "nine to five")], &["book", "end_call", "mail"]);
        let found = compare(&original, &replayed);
        assert_eq!((found.n_same, found.n_different), (2, 1), "greeting and hours are the same, the farewell is missing");
        assert_eq!((found.tools_missing.as_slice(), found.tools_added.as_slice()), (&["book".to_owned()][..], &["mail".to_owned()][..]));
        let shown = found.to_string();
        for words in ["when are you open", "Nine to five.", "version 1", "version 2", "only in the stored call: book", "701", "702"] {
            assert!(shown.contains(words), "{words} is not in\n{shown}");
        }
        let itself = compare(&original, &original);
        assert_eq!((itself.n_different, itself.tools_missing.len(), itself.tools_added.len()), (0, 0, 0));
        assert_eq!(compare(&json!({}), &json!({})).n_different, 0);
    }
}
