//! What a wish to change a section does to it. Pure.

use serde_json::Value;

use super::layers::{Base, Stored, Values, refused};
use super::section::Section;
use crate::base::{Error, Result, secret};
use crate::platform::config::is_secret;

/// A key, and what an operator sets for it; `None` takes it back to its default.
type Set = (String, Option<Value>);

/// The keys of a section that change.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Each key once.
    pub(super) set: Vec<Set>,
}

/// Works out what changes. Keys that are absent, or sent as they are shown, stay as they are. Unknown keys are refused (422), then keys
/// that the configuration fixes (409).
pub(super) fn change(base: &Base, section: Section, stored: &Stored, body: Values) -> Result<Change> {
    let body = canonical(section, body)?;
    let now = base.effective(section, stored);
    if let Some(unknown) = body.keys().find(|name| base.find(section, name).is_none()) {
        return Err(refused(unknown, "is no setting of this section"));
    }
    let mut change = Change::default();
    for (name, value) in body {
        let key = base.find(section, &name);
        let current = now.get(&name).unwrap_or(&Value::Null);
        let is_same = match &value {
            Value::Null => key.is_some_and(|key| key.value == *current),
            value => value == current || is_shown_form(section, &name, value, current),
        };
        if is_same {
            continue;
        }
        if let Some(by) = key.and_then(|key| key.fixed_by.as_deref()) {
            let sentence = format!("{}.{name} is fixed by {by} and cannot be changed here", section.word());
            return Err(Error::conflict(sentence.clone()).code("setting_locked").field(name, sentence));
        }
        change.set.push((name, Some(value).filter(|value| !value.is_null())));
    }
    Ok(change)
}

/// Whether a secret came back as it was shown.
fn is_shown_form(section: Section, name: &str, value: &Value, current: &Value) -> bool {
    let (Value::String(value), Value::String(current)) = (value, current) else { return false };
    is_secret(&format!("{}.{name}", section.word())) && !current.is_empty() && *value == secret::mask(current)
}

/// The body with each alias under the name it stands for.
fn canonical(section: Section, mut body: Values) -> Result<Values> {
    for (alias, name) in section.aliases() {
        let Some(value) = body.remove(*alias) else { continue };
        if body.get(*name).is_some_and(|other| *other != value) {
            return Err(refused(alias, &format!("differs from {name}, which is the same setting")));
        }
        body.insert((*name).to_owned(), value);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::{Flags, Layers};
    use serde_json::json;

    fn base() -> Base {
        let environment = [("CXBOX_OUTBOUND__WINDOW".to_owned(), "off".to_owned())];
        Base::new(Layers::read(None, &environment, &Flags::default()).unwrap().config().unwrap().live)
    }

    fn changed(section: Section, body: Value) -> Result<Vec<Set>, (&'static str, String)> {
        let password = Values::from_iter([("password".to_owned(), json!("correct horse battery"))]);
        let stored =
            Stored::from([(Section::Mail, password), (Section::Outbound, Values::from_iter([("daily_cap".to_owned(), json!(5))]))]);
        let outcome = change(&base(), section, &stored, body.as_object().unwrap().clone());
        outcome.map(|change| change.set).map_err(|error| (error.stable_code(), error.fields()[0].field.clone()))
    }

    #[test]
    fn only_what_differs_changes() {
        use Section::{Fleet, Mail, Outbound};
        let set = |name: &str, value: Value| vec![(name.to_owned(), Some(value))];
        for (section, body, expected) in [
            (Outbound, json!({}), vec![]),
            (Outbound, json!({ "daily_cap": 5 }), vec![]),
            (Outbound, json!({ "daily_cap": 6 }), set("daily_cap", json!(6))),
            (Outbound, json!({ "daily_cap": null }), vec![("daily_cap".to_owned(), None)]),
            (Outbound, json!({ "timezone": null }), vec![]),
            (Outbound, json!({ "window": "off" }), vec![]),
            (Mail, json!({ "password": "corr••••tery" }), vec![]),
            (Mail, json!({ "password": "another" }), set("password", json!("another"))),
            (Mail, json!({ "password": "" }), set("password", json!(""))),
            (Fleet, json!({ "core_fleet": ["https://a"] }), set("cxbcore_fleet", json!(["https://a"]))),
            (Fleet, json!({ "core_fleet": [], "cxbcore_fleet": [] }), vec![]),
        ] {
            assert_eq!(changed(section, body.clone()), Ok(expected), "{body}");
        }
    }

    #[test]
    fn unknown_and_fixed_keys_are_refused() {
        for (section, body, code, field) in [
            (Section::Outbound, json!({ "windows": "off" }), "invalid_request", "windows"),
            (Section::Outbound, json!({ "allow_cidrs": [] }), "invalid_request", "allow_cidrs"),
            (Section::Outbound, json!({ "window": "08:00-09:00" }), "setting_locked", "window"),
            (Section::Outbound, json!({ "window": "08:00-09:00", "windows": 1 }), "invalid_request", "windows"),
            (Section::Fleet, json!({ "core_fleet": ["https://a"], "cxbcore_fleet": [] }), "invalid_request", "core_fleet"),
            (Section::Brand, json!({ "core_fleet": [] }), "invalid_request", "core_fleet"),
        ] {
            assert_eq!(changed(section, body.clone()), Err((code, field.to_owned())), "{body}");
        }
    }
}
