//! What two states of a bot differ in, field by field. Pure.

use serde_json::Value;

use super::body::BotBody;
use super::secrets;
use super::view::FieldChange;
use crate::base::{Context, Result};

/// Most differences that are told; two bots that share little are told apart without more.
const MOST_CHANGES: usize = 1_000;
/// Decided by the row of a bot, not by its versions.
const NOT_VERSIONED: &str = "status";

/// The differences between two opened bodies. Credentials are compared as they are and shown masked.
pub(super) fn diff(old: &BotBody, new: &BotBody) -> Result<Vec<FieldChange>> {
    let shown = |body: &BotBody| {
        let mut masked = body.clone();
        secrets::mask(&mut masked);
        masked
    };
    let (old_shown, new_shown) = (shown(old), shown(new));
    let json = |body: &BotBody| serde_json::to_value(body).context("cannot write a bot");
    let (old, new) = (json(old)?, json(new)?);
    let (old_shown, new_shown) = (json(&old_shown)?, json(&new_shown)?);
    let mut changes = Vec::new();
    walk("", Some((&old, &old_shown)), Some((&new, &new_shown)), &mut changes);
    changes.retain(|change| change.field != NOT_VERSIONED);
    Ok(changes)
}

/// A value as it is, and as it may be shown.
type Seen<'a> = Option<(&'a Value, &'a Value)>;

fn walk(path: &str, old: Seen<'_>, new: Seen<'_>, changes: &mut Vec<FieldChange>) {
    if old.map(|(plain, _)| plain) == new.map(|(plain, _)| plain) || changes.len() >= MOST_CHANGES {
        return;
    }
    match (old, new) {
        (Some((Value::Object(a), Value::Object(a_shown))), Some((Value::Object(b), Value::Object(b_shown)))) => {
            let only_new = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(only_new) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(&path, a.get(key).zip(a_shown.get(key)), b.get(key).zip(b_shown.get(key)), changes);
            }
        }
        (Some((Value::Array(a), Value::Array(a_shown))), Some((Value::Array(b), Value::Array(b_shown)))) => {
            for n in 0..a.len().max(b.len()) {
                walk(&format!("{path}[{n}]"), a.get(n).zip(a_shown.get(n)), b.get(n).zip(b_shown.get(n)), changes);
            }
        }
        _ => {
            let of = |seen: Seen<'_>| seen.map_or(Value::Null, |(_, shown)| shown.clone());
            changes.push(FieldChange { field: path.to_owned(), old: of(old), new: of(new) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(change: Value) -> BotBody {
        let mut body = json!({ "name": "Anna", "llm": { "provider": "openai", "api_key": "sk-0123456789abcdef" } });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn each_difference_has_its_path_and_both_sides() {
        let flow = |reply: &str, more: bool| {
            let mut intents = vec![json!({ "id": "a", "phrases": ["yes"], "reply": reply })];
            intents.extend(more.then(|| json!({ "id": "b", "phrases": ["no"], "reply": "No." })));
            json!({ "flow": { "intents": intents, "fallback": "Pardon?" }, "status": if more { "active" } else { "draft" } })
        };
        let changes = diff(&body(flow("Fine.", false)), &body(flow("Good.", true))).unwrap();
        let told: Vec<_> = changes.iter().map(|change| (change.field.as_str(), &change.old, &change.new)).collect();
        assert_eq!(told[0], ("flow.intents[0].reply", &json!("Fine."), &json!("Good.")));
        assert_eq!((told[1].0, told[1].1), ("flow.intents[1]", &Value::Null));
        assert_eq!(told.len(), 2, "the status belongs to no version");
        assert!(diff(&body(json!({})), &body(json!({}))).unwrap().is_empty());
    }

    #[test]
    fn another_key_shows_although_both_are_masked() {
        let other = json!({ "llm": { "provider": "openai", "api_key": "sk-0999999999abcdef" } });
        let changes = diff(&body(json!({})), &body(other)).unwrap();
        let masked = json!("sk-0••••cdef");
        assert_eq!(changes, [FieldChange { field: "llm.api_key".to_owned(), old: masked.clone(), new: masked }]);
        let none = diff(&body(json!({})), &body(json!({ "llm": { "provider": "openai" } }))).unwrap();
        assert_eq!((none[0].field.as_str(), &none[0].new), ("llm.api_key", &Value::Null));
    }
}
