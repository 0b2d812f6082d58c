//! What the stand-in answers: rules on the caller's words, an echo where none fits. Pure.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The answers, read from a JSON file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The first rule that fits answers.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// The answer where no rule fits; `{text}` stands for the caller's words. An echo if absent.
    #[serde(default)]
    pub fallback: Option<String>,
    /// What is said of what a tool gave, for which `{result}` stands. `It says: {result}` if absent.
    #[serde(default)]
    pub after_tool: Option<String>,
    /// What transcriptions say, one after the other and then from the start. `hello` if empty.
    #[serde(default)]
    pub transcripts: Vec<String>,
    /// What goes wrong with the first pieces of work, one after the other; afterwards nothing does.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// The same for each route of the OpenAI API, which `faults` does not concern.
    #[serde(default)]
    pub openai_faults: OpenaiFaults,
}

/// What goes wrong with the first requests to each route of the OpenAI API.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenaiFaults {
    /// `/v1/chat/completions`.
    pub chat: VecDeque<Fault>,
    /// `/v1/audio/transcriptions`.
    pub transcriptions: VecDeque<Fault>,
    /// `/v1/audio/speech`.
    pub speech: VecDeque<Fault>,
}

/// What goes wrong with one utterance, sentence or session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing.
    None,
    /// The connection is cut in the middle of a word.
    Cut,
    /// It begins, and then nothing comes for ever.
    Silence,
    /// What comes cannot be read.
    Nonsense,
    /// Refused with 429.
    Busy,
    /// Refused with 500.
    Broken,
}

impl Fault {
    /// The status of the refusal, if it is one.
    pub(super) fn status(self) -> Option<u16> {
        match self {
            Self::Busy => Some(429),
            Self::Broken => Some(500),
            _ => None,
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Fits when the caller's words contain this, in either case; empty fits always.
    #[serde(rename = "match", default)]
    pub words: String,
    /// What is said; may be empty when a tool is used.
    #[serde(default)]
    pub reply: String,
    /// A tool to use after it, if the request offers one of that name.
    #[serde(default)]
    pub tool: Option<ToolUse>,
}

/// A tool call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolUse {
    /// Name of the tool.
    pub name: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// An answer to be given.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spoken {
    pub(super) text: String,
    pub(super) tool: Option<ToolUse>,
}

impl Script {
    /// The answer to the caller's words. `tools` are the names the request offers. Without a rule for it, words of farewell use
    /// `end_call` when it is offered.
    pub(super) fn answer(&self, words: &str, tools: &[&str]) -> Spoken {
        let lower = words.to_lowercase();
        let offered = |tool: &ToolUse| tools.contains(&tool.name.as_str());
        if let Some(rule) = self.rules.iter().find(|rule| lower.contains(&rule.words.to_lowercase())) {
            return Spoken { text: rule.reply.clone(), tool: rule.tool.clone().filter(offered) };
        }
        let farewell = ["goodbye", "good bye", "bye bye", "hang up"].iter().any(|word| lower.contains(word));
        let end_call = ToolUse { name: "end_call".to_owned(), arguments: Map::new() };
        if farewell && offered(&end_call) {
            return Spoken { text: "Goodbye.".to_owned(), tool: Some(end_call) };
        }
        let template = self.fallback.as_deref().unwrap_or("You said: {text}.");
        Spoken { text: template.replace("{text}", words.trim().trim_end_matches('.')), tool: None }
    }

    /// The answer when a tool has given something.
    pub(super) fn after_tool(&self, result: &str) -> Spoken {
        let template = self.after_tool.as_deref().unwrap_or("It says: {result}.");
        Spoken { text: template.replace("{result}", result.trim().trim_end_matches('.')), tool: None }
    }

    /// The answer where only a JSON object will do: the rule that fits, or one with the words in it.
    pub(super) fn object(&self, words: &str) -> Spoken {
        let lower = words.to_lowercase();
        let rule = self.rules.iter().find(|rule| !rule.words.is_empty() && lower.contains(&rule.words.to_lowercase()));
        let text =
            rule.map_or_else(|| json!({ "DISPOSITION": "Connected", "summary": words.trim() }).to_string(), |rule| rule.reply.clone());
        Spoken { text, tool: None }
    }

    /// The text of the n-th transcription, counted from 0.
    pub(super) fn transcript(&self, n: usize) -> &str {
        if self.transcripts.is_empty() { "hello" } else { &self.transcripts[n % self.transcripts.len()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_answers_and_tools_are_used_only_when_offered() {
        let script: Script = serde_json::from_str(
            r#"{ "rules": [
                { "match": "Opening hours", "reply": "Nine to five." },
                { "match": "agent", "reply": "One moment.", "tool": { "name": "transfer", "arguments": { "target": "8888" } } }
            ], "fallback": "Pardon? {text}", "transcripts": ["one", "two"] }"#,
        )
        .expect("a script");
        assert_eq!(script.answer("your opening HOURS please", &[]).text, "Nine to five.");
        assert_eq!(script.answer("an agent", &["transfer"]).tool.map(|tool| tool.name).as_deref(), Some("transfer"));
        assert_eq!(script.answer("an agent", &[]).tool, None);
        assert_eq!(script.answer("blue.", &[]).text, "Pardon? blue");
        assert_eq!([0, 1, 2].map(|n| script.transcript(n)), ["one", "two", "one"]);
    }

    #[test]
    fn without_a_script_it_echoes_and_ends_the_call_on_a_farewell() {
        let script = Script::default();
        assert_eq!(script.answer("hello there", &["end_call"]), Spoken { text: "You said: hello there.".into(), tool: None });
        assert_eq!(script.answer("Goodbye!", &["end_call"]).tool.map(|tool| tool.name).as_deref(), Some("end_call"));
        assert_eq!(script.answer("Goodbye!", &[]).tool, None);
        assert_eq!(script.transcript(7), "hello");
        assert_eq!(script.after_tool("21 degrees.").text, "It says: 21 degrees.");
        assert_eq!(script.object("Caller: hi").text, "{\"DISPOSITION\":\"Connected\",\"summary\":\"Caller: hi\"}");
    }
}
