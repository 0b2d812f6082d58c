//! Texts with variables: `{{namespace.field}}`. What cannot be resolved stays as it was written.

use std::collections::BTreeMap;

/// Namespaces that a flat name, or one of an unknown namespace, is looked up in; in this order.
const FLAT: [&str; 3] = ["system", "crm", "call"];
/// Namespaces that only answer to their full name.
const KNOWN: [&str; 6] = ["system", "crm", "call", "result", "analysis", "qc"];

/// Variables by their full name, such as `call.customer_name`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Sets a variable; a second value replaces the first.
    pub fn set(&mut self, namespace: &str, field: &str, value: impl Into<String>) {
        self.0.insert(format!("{namespace}.{field}"), value.into());
    }

    /// All variables by their full name, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value a name stands for: its own, else, for a name without a known namespace, that of the field in system, crm or call.
    pub fn get(&self, name: &str) -> Option<&str> {
        if let Some(value) = self.0.get(name) {
            return Some(value);
        }
        let field = match name.split_once('.') {
            Some((namespace, _)) if KNOWN.contains(&namespace) => return None,
            Some((_, field)) => field,
            None => name,
        };
        FLAT.iter().find_map(|namespace| self.0.get(&format!("{namespace}.{field}"))).map(String::as_str)
    }

    /// The text with every variable that is known in its place.
    pub fn render(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let Some(length) = rest[start..].find("}}") else { break };
            let whole = &rest[start..start + length + 2];
            out.push_str(&rest[..start]);
            out.push_str(self.get(whole[2..length].trim()).unwrap_or(whole));
            rest = &rest[start + length + 2..];
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_variables_are_replaced_and_unknown_ones_stay() {
        let mut variables = Variables::default();
        variables.set("call", "name", "Ada");
        variables.set("crm", "name", "Countess");
        variables.set("call", "city", "London");
        variables.set("system", "timezone", "UTC");
        variables.set("analysis", "score", "9");
        for (text, rendered) in [
            ("Hello {{call.name}} of {{ call.city }}!", "Hello Ada of London!"),
            ("{{name}} {{city}} {{timezone}}", "Countess London UTC"),
            ("{{customer.city}}", "London"),
            ("{{call.timezone}} {{unknown}} {{score}}", "{{call.timezone}} {{unknown}} {{score}}"),
            ("{{result.name}}", "{{result.name}}"),
            ("{{open", "{{open"),
            ("{{}} }} {{", "{{}} }} {{"),
            ("", ""),
        ] {
            assert_eq!(variables.render(text), rendered);
        }
    }
}
