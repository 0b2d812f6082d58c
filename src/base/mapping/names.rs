//! What tokens stand for: values by namespace and field, with the rules of flat names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Namespaces that a flat name, or one of an unknown namespace, is looked up in; in this order.
const FLAT: [&str; 3] = ["system", "crm", "call"];
/// Namespaces that only answer to their full name.
const KNOWN: [&str; 6] = ["system", "crm", "call", "result", "analysis", "qc"];

/// Values by namespace and field. Fields of fields are reached with dots.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Names(BTreeMap<String, Map<String, Value>>);

impl Names {
    /// Sets a value; a second one replaces the first.
    pub fn set(&mut self, namespace: &str, field: &str, value: impl Into<Value>) {
        self.0.entry(namespace.to_owned()).or_default().insert(field.to_owned(), value.into());
    }

    /// Whether this is the name of a namespace.
    pub(super) fn is_namespace(name: &str) -> bool {
        KNOWN.contains(&name)
    }

    /// The value a name stands for: its own, else, for a name without a known namespace, that of the field in system, crm or call; at
    /// last that of the field without its prefix.
    pub fn find(&self, name: &str) -> Option<&Value> {
        match name.split_once('.') {
            Some((namespace, field)) if KNOWN.contains(&namespace) => self.field(namespace, field),
            Some((_, field)) => self.flat(name).or_else(|| self.flat(field)),
            None => self.flat(name),
        }
    }

    /// The name with its namespace, where it stands for something without one.
    pub(super) fn full(&self, name: &str) -> Option<String> {
        let of = |field: &str| FLAT.iter().find(|space| self.field(space, field).is_some()).map(|space| format!("{space}.{field}"));
        match name.split_once('.') {
            Some((namespace, _)) if KNOWN.contains(&namespace) => Some(name.to_owned()),
            Some((_, field)) => of(name).or_else(|| of(field)),
            None => of(name),
        }
    }

    fn flat(&self, field: &str) -> Option<&Value> {
        FLAT.iter().find_map(|namespace| self.field(namespace, field))
    }

    /// A field by its whole name, else by walking into what its parts hold.
    fn field(&self, namespace: &str, field: &str) -> Option<&Value> {
        let fields = self.0.get(namespace)?;
        if let Some(value) = fields.get(field) {
            return Some(value);
        }
        let (first, rest) = field.split_once('.')?;
        let pointer = format!("/{}", rest.replace('~', "~0").replace('/', "~1").replace('.', "/"));
        fields.get(first)?.pointer(&pointer)
    }

    /// Names of the next level below a name, for a value that is looked into: `crm.customer` has those of `crm.customer.city`.
    pub(super) fn below(&self, name: &str) -> Vec<String> {
        let (namespace, field) = name.split_once('.').unwrap_or((name, ""));
        let mut found: Vec<String> = Vec::new();
        let mut add = |part: &str| {
            if !part.is_empty() && !found.iter().any(|known| known == part) {
                found.push(part.to_owned());
            }
        };
        for key in self.0.get(namespace).into_iter().flat_map(Map::keys) {
            if field.is_empty() {
                add(key.split('.').next().unwrap_or_default());
            } else if let Some(rest) = key.strip_prefix(field).and_then(|rest| rest.strip_prefix('.')) {
                add(rest.split('.').next().unwrap_or_default());
            }
        }
        if let Some(Value::Object(fields)) = self.find(name).filter(|_| !field.is_empty()) {
            fields.keys().for_each(|key| add(key));
        }
        found
    }

    /// Length of the longest text among the values, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.0.values().flat_map(Map::values).map(|value| value.as_str().map_or(0, str::len)).max().unwrap_or(0)
    }
}

/// A value as it reads in a text: a text bare, nothing for null, everything else as JSON.
pub fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names() -> Names {
        let mut names = Names::default();
        names.set("system", "timezone", "UTC");
        names.set("crm", "name", "Countess");
        names.set("crm", "customer.city", "London");
        names.set("crm", "customer", r#"{"city":"London"}"#);
        names.set("call", "name", "Ada");
        names.set("call", "timezone", "of the call");
        names.set("call", "x-ref", 7);
        names.set("analysis", "scores", json!({ "empathy": { "value": 9 }, "list": [1, 2] }));
        names.set("result", "name", "of the result");
        names
    }

    #[test]
    fn a_flat_name_looks_in_system_crm_and_call_and_nowhere_else() {
        let names = names();
        for (name, expected) in [
            ("timezone", json!("UTC")),
            ("name", json!("Countess")),
            ("call.name", json!("Ada")),
            ("person.name", json!("Countess")),
            ("customer.city", json!("London")),
            ("crm.customer.city", json!("London")),
            ("x-ref", json!(7)),
            ("analysis.scores.empathy.value", json!(9)),
            ("analysis.scores.list.1", json!(2)),
            ("result.name", json!("of the result")),
        ] {
            assert_eq!(names.find(name), Some(&expected), "{name}");
        }
        for name in ["scores", "x.scores", "qc.name", "system.name", "call.customer.city", "", ".", "crm.", "analysis.scores.list.9"] {
            assert_eq!(names.find(name), None, "{name}");
        }
    }

    #[test]
    fn what_lies_below_a_name_is_known_whether_it_is_flat_or_nested() {
        let names = names();
        assert_eq!(names.below("crm.customer"), ["city"]);
        assert_eq!(names.below("analysis.scores"), ["empathy", "list"]);
        assert_eq!(names.below("crm"), ["name", "customer"]);
        assert!(names.below("crm.name").is_empty());
    }
}
