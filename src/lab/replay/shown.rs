//! A comparison on a terminal: the stored call on the left, the replay on the right.

use std::fmt;

use super::Comparison;
use super::side::{Exchange, Latency, Side};

/// Letters of each column.
const WIDTH: usize = 52;

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        row(f, " ", &head("stored", &self.original), &head("replayed", &self.replayed))?;
        let empty = Exchange::default();
        for n in 0..self.original.exchanges.len().max(self.replayed.exchanges.len()) {
            let (one, other) = (self.original.exchanges.get(n), self.replayed.exchanges.get(n));
            writeln!(f, "{}", "─".repeat(2 * WIDTH + 5))?;
            let mark = if one.map(|e| &e.bot) == other.map(|e| &e.bot) { "=" } else { "≠" };
            row(f, mark, &told(one.unwrap_or(&empty)), &told(other.unwrap_or(&empty)))?;
        }
        writeln!(f, "{}", "─".repeat(2 * WIDTH + 5))?;
        row(f, " ", &took(self.original.latency), &took(self.replayed.latency))?;
        for (what, tools) in [("only in the stored call", &self.tools_missing), ("only in the replay", &self.tools_added)] {
            if !tools.is_empty() {
                writeln!(f, "Tools {what}: {}", tools.join(", "))?;
            }
        }
        write!(f, "{} exchanges with the same answer, {} with another one.", self.n_same, self.n_different)
    }
}

fn head(what: &str, side: &Side) -> String {
    let ended = if side.disconnected_by.is_empty() { String::new() } else { format!(", ended by {}", side.disconnected_by) };
    format!("{what}: version {}, {:.0} s, {}{ended}\n{}", side.version, side.seconds, side.outcome, side.session_id)
}

fn told(exchange: &Exchange) -> String {
    let mut lines = Vec::new();
    if !exchange.caller.is_empty() {
        lines.push(format!("Caller: {}", exchange.caller));
    }
    for tool in &exchange.tools {
        let arguments = if tool.arguments.is_null() { String::new() } else { tool.arguments.to_string() };
        lines.push(format!("Tool:   {}{arguments} → {}", tool.name, tool.gave));
    }
    if !exchange.bot.is_empty() {
        let took = exchange.first_audio_ms.map_or_else(String::new, |ms| format!(" [{ms} ms]"));
        lines.push(format!("Bot:    {}{took}", exchange.bot));
    }
    lines.join("\n")
}

fn took(latency: Latency) -> String {
    match latency.n {
        0 => "no answer was measured".to_owned(),
        n => format!("{n} answers, first sound after p50 {} ms, p95 {} ms, max {} ms", latency.p50_ms, latency.p95_ms, latency.max_ms),
    }
}

/// Two texts beside each other, broken at blanks.
fn row(f: &mut fmt::Formatter<'_>, mark: &str, left: &str, right: &str) -> fmt::Result {
    let (left, right) = (broken(left), broken(right));
    for n in 0..left.len().max(right.len()) {
        let at = |lines: &[String]| lines.get(n).cloned().unwrap_or_default();
        let mark = if n == 0 { mark } else { " " };
        writeln!(f, "{:WIDTH$} {mark} {}", at(&left), at(&right))?;
    }
    Ok(())
}

/// Lines of at most [`WIDTH`] letters. A word that is longer than that is cut.
fn broken(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let word: String = word.chars().take(WIDTH).collect();
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words_and_no_line_is_too_long() {
        let text = "word ".repeat(40) + &"x".repeat(80) + "\nnext";
        let lines = broken(&text);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:?}");
        assert_eq!(lines.last().map(String::as_str), Some("next"));
    }
}
