//! Whether a model's arguments are what a tool takes, and how they become part of an address. No I/O.

use jsonschema::Validator;
use serde_json::{Map, Value};

/// Faults that are told of one use.
const MOST_FAULTS: usize = 5;

/// A checker for a tool's schema; `None` for a schema that is none.
pub(super) fn checker(schema: &Value) -> Option<Validator> {
    jsonschema::validator_for(schema).ok()
}

/// What is wrong with arguments, in words a model can act on.
pub(super) fn fault(checker: &Validator, arguments: &Value) -> Option<String> {
    let faults: Vec<String> = checker.iter_errors(arguments).take(MOST_FAULTS).map(|error| at(&error)).collect();
    (!faults.is_empty()).then(|| format!("the arguments are wrong: {}", faults.join("; ")))
}

fn at(error: &jsonschema::ValidationError<'_>) -> String {
    let path = error.instance_path().to_string();
    if path.is_empty() { error.to_string() } else { format!("{path}: {error}") }
}

/// The address with `{{argument}}` filled in, and the arguments that were not used for it. Values are encoded: none can change the host
/// or add a parameter.
pub(super) fn fill(url: &str, arguments: &Map<String, Value>) -> (String, Map<String, Value>) {
    let mut rest = arguments.clone();
    let mut filled = String::new();
    let mut left = url;
    while let Some((before, after)) = left.split_once("{{") {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once("}}") else {
            filled.push_str("{{");
            left = after;
            continue;
        };
        filled.push_str(&encoded(&text(arguments.get(name.trim()).unwrap_or(&Value::Null))));
        rest.remove(name.trim());
        left = behind;
    }
    filled.push_str(left);
    (filled, rest)
}

/// The address with these as its query, behind what it has.
pub(super) fn with_query(url: &str, arguments: &Map<String, Value>) -> String {
    let pairs: Vec<String> = arguments.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(&text(value)))).collect();
    match (pairs.is_empty(), url.contains('?')) {
        (true, _) => url.to_owned(),
        (false, true) => format!("{url}&{}", pairs.join("&")),
        (false, false) => format!("{url}?{}", pairs.join("&")),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Percent-encoded but for what RFC 3986 calls unreserved.
fn encoded(text: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if keep(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
