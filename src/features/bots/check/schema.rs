//! Whether a JSON Schema can describe the arguments of a tool: the parts that language models understand, bounded in size.

use serde_json::{Map, Value};

/// Deepest nesting of schemas.
const DEEPEST: usize = 16;
/// Most schemas within one another.
const MOST_NODES: usize = 1_000;
/// Longest schema, as JSON.
const LONGEST: usize = 64 * 1024;
const TYPES: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];

/// What is wrong with the schema of a tool's arguments: the path within it and a sentence. Nothing if it can be used.
pub(super) fn fault(schema: &Map<String, Value>) -> Option<(String, String)> {
    let root = Value::Object(schema.clone());
    if root.to_string().len() > LONGEST {
        return Some((String::new(), format!("must have at most {LONGEST} bytes")));
    }
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Some((".type".to_owned(), "must be object: a tool takes named arguments".to_owned()));
    }
    Walk { n_nodes: 0 }.node(&root, "", 0).err()
}

struct Walk {
    n_nodes: usize,
}

type Checked = Result<(), (String, String)>;

fn refuse(path: impl Into<String>, sentence: impl Into<String>) -> Checked {
    Err((path.into(), sentence.into()))
}

impl Walk {
    fn node(&mut self, node: &Value, path: &str, depth: usize) -> Checked {
        self.n_nodes += 1;
        if depth > DEEPEST || self.n_nodes > MOST_NODES {
            return refuse(path, format!("is nested deeper than {DEEPEST} schemas, or holds more than {MOST_NODES}"));
        }
        let Some(node) = node.as_object() else { return refuse(path, "must be an object that is a JSON Schema") };
        for (key, value) in node {
            self.keyword(key, value, &format!("{path}.{key}"), depth)?;
        }
        required_exist(node, path)
    }

    fn keyword(&mut self, key: &str, value: &Value, path: &str, depth: usize) -> Checked {
        match key {
            "type" => is_type(value, path),
            "properties" | "$defs" => {
                let Some(members) = value.as_object() else { return refuse(path, "must be an object of schemas") };
                members.iter().try_for_each(|(name, member)| self.node(member, &format!("{path}.{name}"), depth + 1))
            }
            "items" | "not" => self.node(value, path, depth + 1),
            "additionalProperties" if value.is_boolean() => Ok(()),
            "additionalProperties" => self.node(value, path, depth + 1),
            "anyOf" | "oneOf" | "allOf" => {
                let Some(members) = value.as_array().filter(|m| !m.is_empty()) else { return refuse(path, "must be a list of schemas") };
                members.iter().enumerate().try_for_each(|(n, member)| self.node(member, &format!("{path}[{n}]"), depth + 1))
            }
            "$ref" => refuse(path, "is not followed: write the schema where it is used"),
            "enum" if value.as_array().is_none_or(Vec::is_empty) => refuse(path, "must be a list of values"),
            "required" if !is_names(value) => refuse(path, "must be a list of different names"),
            "title" | "description" | "pattern" | "format" if !value.is_string() => refuse(path, "must be a text"),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" if !value.is_number() => {
                refuse(path, "must be a number")
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" if value.as_u64().is_none() => {
                refuse(path, "must be a whole number from 0 on")
            }
            _ => Ok(()),
        }
    }
}

fn is_type(value: &Value, path: &str) -> Checked {
    let known = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    let fine = known(value) || value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(known));
    if fine { Ok(()) } else { refuse(path, format!("must be one of {}", TYPES.join(", "))) }
}

fn is_names(value: &Value) -> bool {
    let Some(names) = value.as_array() else { return false };
    let different: std::collections::BTreeSet<_> = names.iter().filter_map(Value::as_str).collect();
    different.len() == names.len()
}

fn required_exist(node: &Map<String, Value>, path: &str) -> Checked {
    let Some(properties) = node.get("properties").and_then(Value::as_object) else { return Ok(()) };
    let names = node.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    match names.into_iter().find(|name| !properties.contains_key(*name)) {
        Some(name) => refuse(format!("{path}.required"), format!("names '{name}', which is not among the properties")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(schema: Value) -> Option<String> {
        fault(schema.as_object().unwrap()).map(|(path, _)| path)
    }

    #[test]
    fn what_models_understand_is_accepted() {
        for schema in [
            json!({ "type": "object" }),
            json!({ "type": "object", "properties": { "id": { "type": ["string", "null"], "description": "Order", "pattern": "^A" } }, "required": ["id"] }),
            json!({ "type": "object", "properties": { "rows": { "type": "array", "items": { "anyOf": [{ "type": "integer", "minimum": 1 }] } } },
                "additionalProperties": false }),
        ] {
            assert_eq!(path(schema.clone()), None, "{schema}");
        }
    }

    #[test]
    fn a_fault_is_named_by_its_path() {
        let deep = (0..20).fold(json!({ "type": "string" }), |inner, _| json!({ "type": "array", "items": inner }));
        for (schema, expected) in [
            (json!({}), ".type"),
            (json!({ "type": "array" }), ".type"),
            (json!({ "type": "object", "properties": [] }), ".properties"),
            (json!({ "type": "object", "properties": { "a": 1 } }), ".properties.a"),
            (json!({ "type": "object", "properties": { "a": { "type": "text" } } }), ".properties.a.type"),
            (json!({ "type": "object", "properties": { "a": { "enum": [] } } }), ".properties.a.enum"),
            (json!({ "type": "object", "properties": { "a": { "$ref": "#/x" } } }), ".properties.a.$ref"),
            (json!({ "type": "object", "properties": {}, "required": ["b"] }), ".required"),
            (json!({ "type": "object", "required": ["b", "b"] }), ".required"),
            (json!({ "type": "object", "properties": { "a": { "maxLength": -1 } } }), ".properties.a.maxLength"),
            (json!({ "type": "object", "title": "x".repeat(70_000) }), ""),
        ] {
            assert_eq!(path(schema.clone()).as_deref(), Some(expected), "{schema}");
        }
        assert!(path(json!({ "type": "object", "properties": { "a": deep } })).is_some());
    }
}
