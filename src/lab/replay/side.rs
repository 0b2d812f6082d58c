//! One call as a row of exchanges: what the caller said, what the bot answered and used, and how long that took. Pure.

use serde::Serialize;
use serde_json::Value;

use crate::contract::turn::FILLER;

/// What the caller said and what came of it. The first one, of the greeting, has no words of the caller.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Exchange {
    /// The caller's words, as they were understood.
    pub caller: String,
    /// The bot's words.
    pub bot: String,
    /// Tools it used.
    pub tools: Vec<ToolSeen>,
    /// From the end of the caller's speech to the bot's first sound.
    pub first_audio_ms: Option<u64>,
}

/// A use of a tool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolSeen {
    /// Its name.
    pub name: String,
    /// What it was asked, as the call kept it; null where it did not.
    pub arguments: Value,
    /// What it gave.
    pub gave: String,
}

/// Times to the bot's first sound, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// Answers that were measured.
    pub n: usize,
    /// Half of them took no longer.
    pub p50_ms: u64,
    /// 95 of 100 took no longer.
    pub p95_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

/// One call.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Side {
    /// Its key.
    pub session_id: String,
    /// The version of the bot; `draft` where it had none.
    pub version: String,
    /// How it ended.
    pub outcome: String,
    /// Who ended it.
    pub disconnected_by: String,
    /// How long it was.
    pub seconds: f64,
    /// What was said.
    pub exchanges: Vec<Exchange>,
    /// How long answers took.
    pub latency: Latency,
}

impl Side {
    /// A call as `GET /api/v1/calls/{session_id}` shows it. What is missing stays empty.
    pub fn of(call: &Value) -> Self {
        let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
        let mut exchanges = exchanges(call["transcript"].as_array().map_or(&[], Vec::as_slice));
        let samples: Vec<u64> =
            call["latency_samples"].as_array().into_iter().flatten().filter_map(|one| one["first_audio_ms"].as_u64()).collect();
        // Each answer to the caller has a sample, in order.
        let answered = exchanges.iter_mut().filter(|exchange| !exchange.caller.is_empty() && !exchange.bot.is_empty());
        for (exchange, ms) in answered.zip(&samples) {
            exchange.first_audio_ms = Some(*ms);
        }
        Self {
            session_id: text("session_id"),
            version: call["bot_version"].as_u64().map_or_else(|| "draft".to_owned(), |version| version.to_string()),
            outcome: text("outcome"),
            disconnected_by: text("disconnected_by"),
            seconds: call["call_duration_seconds"].as_f64().unwrap_or_default(),
            exchanges,
            latency: Latency::of(samples),
        }
    }

    /// All tools, in the order they were used.
    pub fn tool_names(&self) -> Vec<String> {
        self.exchanges.iter().flat_map(|exchange| exchange.tools.iter().map(|tool| tool.name.clone())).collect()
    }
}

impl Latency {
    fn of(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| (times.len() * percent).div_ceil(100).checked_sub(1).and_then(|n| times.get(n)).copied().unwrap_or(0);
        Self { n: times.len(), p50_ms: at(50), p95_ms: at(95), max_ms: at(100) }
    }
}

fn exchanges(turns: &[Value]) -> Vec<Exchange> {
    let mut all: Vec<Exchange> = Vec::new();
    // What is said while an answer is waited for is none.
    for turn in turns.iter().filter(|turn| turn[FILLER] != true) {
        let words = turn["content"].as_str().unwrap_or_default();
        if turn["role"] == "user" {
            // Words that go on where nothing was answered belong together.
            match all.last_mut().filter(|last| !last.caller.is_empty() && last.bot.is_empty() && last.tools.is_empty()) {
                Some(last) => last.caller = format!("{} {words}", last.caller),
                None => all.push(Exchange { caller: words.to_owned(), ..Exchange::default() }),
            }
            continue;
        }
        if all.is_empty() {
            all.push(Exchange::default());
        }
        let Some(last) = all.last_mut() else { continue };
        if turn["role"] == "tool" {
            let name = turn["tool"].as_str().unwrap_or(words).to_owned();
            last.tools.push(ToolSeen { name, arguments: turn["arguments"].clone(), gave: words.to_owned() });
        } else if last.bot.is_empty() {
            last.bot = words.to_owned();
        } else {
            last.bot = format!("{} {words}", last.bot);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn turns_become_exchanges_with_their_tools_and_times() {
        let said = |role: &str, text: &str| json!({ "role": role, "content": text });
        let call = json!({
            "session_id": "s", "outcome": "success", "disconnected_by": "bot", "call_duration_seconds": 12.5,
            "transcript": [said("assistant", "Hello."), said("assistant", "How can I help?"), said("user", "I want"), said("user", "a table"),
                { "role": "tool", "content": "booked", "tool": "book", "arguments": { "seats": 2 } }, said("assistant", "It is booked."),
                said("user", "bye")],
            "latency_samples": [{ "turn": 1, "first_audio_ms": 900 }],
        });
        let side = Side::of(&call);
        assert_eq!(side.exchanges.len(), 3);
        assert_eq!((side.exchanges[0].caller.as_str(), side.exchanges[0].bot.as_str()), ("", "Hello. How can I help?"));
        let table = &side.exchanges[1];
        assert_eq!((table.caller.as_str(), table.bot.as_str(), table.first_audio_ms), ("I want a table", "It is booked.", Some(900)));
        assert_eq!((table.tools[0].name.as_str(), &table.tools[0].arguments), ("book", &json!({ "seats": 2 })));
        assert_eq!((side.version.as_str(), side.tool_names()), ("draft", vec!["book".to_owned()]));
        assert_eq!(Latency::of(vec![300, 100, 200]), Latency { n: 3, p50_ms: 200, p95_ms: 300, max_ms: 300 });
        assert_eq!(Latency::of(Vec::new()), Latency::default());
    }
}
