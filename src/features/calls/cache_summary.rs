//! What the prompt cache saved, in tokens only (seed 000, decision 23). Never money.

use serde_json::{Map, Value, json};

/// The keys of a summary. A sent one loses all others.
const KEYS: [&str; 7] =
    ["cache_read_input_tokens", "cache_creation_input_tokens", "fresh_prompt_tokens", "completion_tokens", "enabled", "worked", "statuses"];

/// Sums up the `post_call` and `qc` entries of `usage_metrics`. `None` if there are none.
pub(super) fn of_usage(usage: &[Value]) -> Option<Map<String, Value>> {
    let entries: Vec<&Value> = usage.iter().filter(|entry| matches!(entry["type"].as_str(), Some("post_call" | "qc"))).collect();
    (!entries.is_empty()).then(|| sum(&entries))
}

/// The summary of no entries at all.
pub(super) fn empty() -> Map<String, Value> {
    sum(&[])
}

/// A summary somebody else computed, without what does not belong in one.
pub(super) fn of_sent(mut sent: Map<String, Value>) -> Map<String, Value> {
    sent.retain(|key, _| KEYS.contains(&key.as_str()));
    sent
}

fn sum(entries: &[&Value]) -> Map<String, Value> {
    let tokens = |entry: &Value, key: &str| entry[key].as_f64().filter(|n| *n > 0.0).map_or(0, |n| n as u64);
    let total = |key: &str| entries.iter().fold(0u64, |sum, entry| sum.saturating_add(tokens(entry, key)));
    let fresh = entries.iter().fold(0u64, |sum, entry| {
        let cached = tokens(entry, "cache_read_input_tokens").saturating_add(tokens(entry, "cache_creation_input_tokens"));
        sum.saturating_add(tokens(entry, "prompt_tokens").saturating_sub(cached))
    });
    let mut statuses: Vec<&str> = Vec::new();
    for status in entries.iter().filter_map(|entry| entry["cache_status"].as_str()) {
        if !statuses.contains(&status) {
            statuses.push(status);
        }
    }
    let read = total(KEYS[0]);
    let enabled = entries.iter().any(|entry| entry["cache_enabled"] == json!(true));
    let values =
        [json!(read), json!(total(KEYS[1])), json!(fresh), json!(total(KEYS[3])), json!(enabled), json!(read > 0), json!(statuses)];
    KEYS.iter().map(|key| (*key).to_owned()).zip(values).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_analysis_and_quality_entries_count_and_never_money() {
        let usage = json!([
            { "type": "conversation", "prompt_tokens": 9999, "completion_tokens": 9999 },
            { "type": "post_call", "prompt_tokens": 100, "completion_tokens": 10, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 10,
              "cache_enabled": true, "cache_status": "hit", "cost_usd": 0.2 },
            { "type": "qc", "prompt_tokens": 5, "completion_tokens": 1, "cache_read_input_tokens": 20, "cache_status": "hit" },
            "nonsense",
        ]);
        let summary = of_usage(usage.as_array().expect("an array")).expect("a summary");
        let expected = json!({ "cache_read_input_tokens": 80, "cache_creation_input_tokens": 10, "fresh_prompt_tokens": 30,
            "completion_tokens": 11, "enabled": true, "worked": true, "statuses": ["hit"] });
        assert_eq!(Value::Object(summary), expected);
        assert_eq!(of_usage(&[json!({ "type": "conversation" })]), None);
        assert_eq!(empty()["worked"], json!(false));
    }

    #[test]
    fn a_sent_summary_loses_its_prices() {
        let sent = json!({ "enabled": true, "total_cost": 3, "currency": "EUR" });
        assert_eq!(
            of_sent(sent.as_object().cloned().expect("an object")),
            json!({ "enabled": true }).as_object().cloned().expect("an object")
        );
    }
}
