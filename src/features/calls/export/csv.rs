//! Cells and lines of a CSV file (RFC 4180) that no spreadsheet takes for a formula. Pure.

use serde_json::Value;

use crate::base::csv;

/// The columns, by the names of the fields of a call in a list.
pub(super) const COLUMNS: &[&str] = &[
    "session_id",
    "call_id",
    "bot_id",
    "direction",
    "origin",
    "number",
    "number_name",
    "did",
    "from_number",
    "to_number",
    "caller_id",
    "display_name",
    "requested_by",
    "carrier_id",
    "status",
    "outcome",
    "disconnected_by",
    "error_detail",
    "attempt",
    "created_at",
    "answered_at",
    "ended_at",
    "call_duration_seconds",
    "answer_ms",
    "was_transferred",
    "has_recording",
    "tokens_total",
    "tokens_prompt",
    "language",
    "voice",
    "model",
    "transcript_file",
    "tags",
];

/// The first line.
pub(super) fn head() -> String {
    csv::row(COLUMNS.iter().map(|name| (*name).to_owned()))
}

/// The line of a call, given as a list shows it.
pub(super) fn row(call: &Value) -> String {
    csv::row(COLUMNS.iter().map(|name| text(&call[*name])))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        let call = json!({ "session_id": "s", "tags": ["a", "=b"], "was_transferred": true, "call_duration_seconds": 1.5 });
        let row = row(&call);
        assert_eq!(row.matches(',').count(), COLUMNS.len() - 1);
        assert!(row.starts_with("s,,") && row.contains(",1.5,") && row.contains(",true,") && row.ends_with(",\"a; =b\"\r\n"), "{row}");
        assert!(head().starts_with("session_id,call_id,"));
    }
}
