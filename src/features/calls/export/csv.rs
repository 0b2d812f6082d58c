//! Cells and lines of a CSV file (RFC 4180) that no spreadsheet takes for a formula. Pure.

use serde_json::Value;

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
    line(COLUMNS.iter().map(|name| (*name).to_owned()))
}

/// The line of a call, given as a list shows it.
pub(super) fn row(call: &Value) -> String {
    line(COLUMNS.iter().map(|name| text(&call[*name])))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let mut line = cells.map(|text| cell(&text)).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

/// A cell that begins like a formula gets a quote before it, which spreadsheets do not show.
fn cell(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() };
    if guarded.contains([',', '"', '\r', '\n', ';', '\t']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("plain", "plain"),
            ("=1+1", "'=1+1"),
            ("+15551234567", "'+15551234567"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("two\nlines", "\"two\nlines\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        let call = json!({ "session_id": "s", "tags": ["a", "=b"], "was_transferred": true, "call_duration_seconds": 1.5 });
        let row = row(&call);
        assert_eq!(row.matches(',').count(), COLUMNS.len() - 1);
        assert!(row.starts_with("s,,") && row.contains(",1.5,") && row.contains(",true,") && row.ends_with(",\"a; =b\"\r\n"), "{row}");
        assert!(head().starts_with("session_id,call_id,"));
    }
}
