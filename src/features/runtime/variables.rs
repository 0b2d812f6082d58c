//! The variables of a call: `system.*`, `call.*`, `crm.*`. Pure.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::connected::Connected;
use super::hours::zone_of;
use crate::base::Millis;
use crate::base::template::Variables;
use crate::features::calls::CallRecord;

/// What `crm.*` stands for: the connected event, over it what stands in for the CRM, over that what the CRM said now.
pub(super) fn effective_crm(connected: &Connected, live: Option<&Map<String, Value>>) -> Map<String, Value> {
    let mut effective = connected.event.clone();
    effective.extend(connected.mock_crm.clone());
    effective.extend(live.cloned().unwrap_or_default());
    effective
}

/// What the box itself knows of a call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts<'a> {
    pub(super) session_id: &'a str,
    pub(super) call_id: Option<&'a str>,
    pub(super) caller_id: Option<&'a str>,
    pub(super) from_number: Option<&'a str>,
    pub(super) to_number: Option<&'a str>,
    pub(super) did: Option<&'a str>,
    pub(super) display_name: Option<&'a str>,
    pub(super) direction: &'a str,
    /// The connected event that was captured.
    pub(super) event: Option<&'a Map<String, Value>>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(call: &'a CallRecord) -> Self {
        Self {
            session_id: call.session_id.as_str(),
            call_id: call.call_id.as_ref().map(|id| id.as_str()),
            caller_id: call.caller_id.as_deref(),
            from_number: call.from_number.as_deref(),
            to_number: call.to_number.as_deref(),
            did: call.did.as_deref(),
            display_name: call.display_name.as_deref(),
            direction: call.direction.as_str(),
            event: call.doc.get("connected_event").and_then(Value::as_object),
        }
    }
}

impl Facts<'_> {
    /// What is known, by its name below `call`.
    pub(super) fn own(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let own = [
            ("session_id", Some(self.session_id)),
            ("call_id", self.call_id),
            ("caller_id", self.caller_id),
            ("from_number", self.from_number),
            ("to_number", self.to_number),
            ("did", self.did),
            ("display_name", self.display_name),
            ("direction", Some(self.direction)),
        ];
        own.into_iter().filter_map(|(field, value)| Some((field, value?)))
    }
}

/// `system.*` and `call.*`. What the connected event says wins over what the box knows.
pub(super) fn variables(facts: &Facts<'_>, timezone: &str, now: Millis) -> Variables {
    let mut all = Variables::default();
    system(&mut all, timezone, now);
    for (field, value) in facts.own() {
        all.set("call", field, value);
    }
    for (field, value) in facts.event.into_iter().flatten() {
        all.set("call", field, text_of(value));
    }
    all
}

/// Adds `crm.*`.
pub(super) fn add_crm(all: &mut Variables, crm: &Map<String, Value>) {
    for (field, value) in crm {
        all.set("crm", field, text_of(value));
    }
}

fn system(all: &mut Variables, timezone: &str, now: Millis) {
    let Ok(at) = Timestamp::from_millisecond(now.0) else { return };
    let local = at.to_zoned(zone_of(timezone));
    let (date, time) = (local.strftime("%d %B %Y").to_string(), local.strftime("%I:%M %p %Z").to_string());
    all.set("system", "current_datetime", format!("{date}, {time}"));
    all.set("system", "current_date", date);
    all.set("system", "current_time", time);
    all.set("system", "timezone", timezone);
}

/// A value as it reads in a text: a text bare, nothing for null, everything else as JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_answer_wins_over_a_mock_and_a_mock_over_the_event() {
        let event = r#"{"name":"event","city":"event","tier":"event","_mock_crm":{"city":"mock","tier":"mock"}}"#;
        let connected = super::super::connected::connected(Some(event));
        let live = serde_json::json!({ "tier": "live", "orders": { "open": 2 } });
        let crm = effective_crm(&connected, live.as_object());
        let mut all = Variables::default();
        add_crm(&mut all, &crm);
        let shown = ["crm.name", "crm.city", "crm.tier", "crm.orders"].map(|name| all.get(name).unwrap_or_default().to_owned());
        assert_eq!(shown, ["event", "mock", "live", r#"{"open":2}"#]);
    }

    #[test]
    fn date_and_time_are_written_as_people_say_them() {
        let mut all = Variables::default();
        system(&mut all, "Asia/Kolkata", Millis::parse("2026-06-05T10:15:00Z").unwrap());
        assert_eq!(all.get("system.current_date"), Some("05 June 2026"));
        assert_eq!(all.get("system.current_time"), Some("03:45 PM IST"));
        assert_eq!(all.get("system.current_datetime"), Some("05 June 2026, 03:45 PM IST"));
        assert_eq!(all.get("system.timezone"), Some("Asia/Kolkata"));
    }
}
