//! The messages of the protocol: JSON-RPC requests out, what matters of the answers in. Pure.

use serde_json::{Value, json};

use crate::engine::tools::Gave;

/// The protocol we ask for.
pub(super) const VERSION: &str = "2025-06-18";
/// Those we understand as well: what we use of them is the same.
const UNDERSTOOD: [&str; 4] = ["2025-11-25", VERSION, "2025-03-26", "2024-11-05"];
/// The most of an answer that a model is told, in characters.
const MOST_TEXT: usize = 16_384;

/// A tool as a server lists it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) schema: Value,
}

/// A request with a number.
pub(super) fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// A message that wants no answer.
pub(super) fn notice(method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "method": method })
}

/// Who we are.
pub(super) fn introduction() -> Value {
    json!({
        "protocolVersion": VERSION, "capabilities": {},
        "clientInfo": { "name": "cxbox", "version": env!("CARGO_PKG_VERSION") },
    })
}

/// The result of the request with this number, if this message is its answer.
pub(super) fn result_of(message: &Value, id: u64) -> Option<Result<Value, String>> {
    if message.get("id").and_then(Value::as_u64) != Some(id) {
        return None;
    }
    if let Some(result) = message.get("result") {
        return Some(Ok(result.clone()));
    }
    let error = message.get("error")?;
    Some(Err(error.get("message").and_then(Value::as_str).unwrap_or("it gave an error without words").to_owned()))
}

/// The protocol that a server answers with.
pub(super) fn version_of(result: &Value) -> Result<String, String> {
    let version = result.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
    if UNDERSTOOD.contains(&version) { Ok(version.to_owned()) } else { Err(format!("it speaks another protocol: {version:?}")) }
}

/// A page of tools, and where the next one begins.
pub(super) fn tools_of(result: &Value) -> (Vec<Listed>, Option<String>) {
    let tools = result.get("tools").and_then(Value::as_array).into_iter().flatten();
    let listed = tools.filter_map(|tool| {
        let text = |key: &str| tool.get(key).and_then(Value::as_str).map(str::to_owned);
        let schema = tool.get("inputSchema").filter(|schema| schema.is_object()).cloned();
        Some(Listed {
            name: text("name").filter(|name| !name.is_empty())?,
            description: text("description").or_else(|| text("title")).unwrap_or_default(),
            schema: schema.unwrap_or_else(|| json!({ "type": "object", "properties": {} })),
        })
    });
    let next = result.get("nextCursor").and_then(Value::as_str).filter(|next| !next.is_empty()).map(str::to_owned);
    (listed.collect(), next)
}

/// What a tool gave: its texts; its structured content where it has no text.
pub(super) fn gave_of(result: &Value) -> Gave {
    let parts = result.get("content").and_then(Value::as_array).into_iter().flatten();
    let texts: Vec<&str> = parts.filter_map(|part| part.get("text").and_then(Value::as_str)).collect();
    let mut text = texts.join("\n");
    if text.is_empty() {
        text = result.get("structuredContent").map(Value::to_string).unwrap_or_default();
    }
    if text.chars().count() > MOST_TEXT {
        text = text.chars().take(MOST_TEXT).collect::<String>() + "… (cut)";
    }
    Gave { text, is_error: result.get("isError").and_then(Value::as_bool).unwrap_or(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_by_their_number() {
        let message = json!({ "jsonrpc": "2.0", "id": 3, "result": { "x": 1 } });
        assert_eq!(result_of(&message, 3), Some(Ok(json!({ "x": 1 }))));
        assert_eq!(result_of(&message, 4), None);
        assert_eq!(result_of(&json!({ "id": 3, "error": { "code": -1, "message": "no" } }), 3), Some(Err("no".to_owned())));
        assert_eq!(result_of(&json!({ "method": "notifications/message" }), 3), None);
    }

    #[test]
    fn a_tool_s_answer_is_its_text() {
        for (result, text, is_error) in [
            (
                json!({ "content": [{ "type": "text", "text": "21" }, { "type": "image", "data": "" }, { "type": "text", "text": "C" }] }),
                "21\nC",
                false,
            ),
            (json!({ "content": [], "structuredContent": { "t": 21 } }), "{\"t\":21}", false),
            (json!({ "content": [{ "type": "text", "text": "no such city" }], "isError": true }), "no such city", true),
            (json!({}), "", false),
        ] {
            assert_eq!(gave_of(&result), Gave { text: text.to_owned(), is_error });
        }
        assert!(gave_of(&json!({ "content": [{ "text": "x".repeat(20_000) }] })).text.ends_with("(cut)"));
    }

    #[test]
    fn only_known_protocols_are_spoken() {
        assert!(version_of(&json!({ "protocolVersion": "2025-03-26" })).is_ok());
        assert!(version_of(&json!({ "protocolVersion": "1999-01-01" })).is_err() && version_of(&json!({})).is_err());
    }
}
