//! The variables of a call: `system.*`, `call.*`, `crm.*`; and the control flags that travel with them. Pure.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::hours::zone_of;
use crate::base::Millis;
use crate::base::id::SessionId;
use crate::base::template::Variables;
use crate::features::calls::CallRecord;

/// A connected event, its control flags taken out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Connected {
    /// What becomes `call.*` and is stored with the call.
    pub(super) event: Map<String, Value>,
    /// Key of a call that a campaign has made already.
    pub(super) session_id: Option<SessionId>,
    /// Whether the CRM push is left out.
    pub(super) skip_post_push: bool,
    /// What stands in for an answer of the CRM.
    pub(super) mock_crm: Map<String, Value>,
}

/// Reads a connected event. One that is not a JSON object counts as empty.
pub(super) fn connected(text: Option<&str>) -> Connected {
    let event = text.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok()).unwrap_or_default();
    let mut found = Connected::default();
    for (key, value) in event {
        match key.as_str() {
            "_campaign_session_id" => found.session_id = value.as_str().filter(|id| !id.is_empty()).map(SessionId::from),
            "_skip_post_push" => found.skip_post_push = is_set(&value),
            "_mock_crm" => found.mock_crm = value.as_object().cloned().unwrap_or_default(),
            "sip_candidate_headers" => {}
            flag if flag.starts_with('_') => {}
            _ => {
                found.event.insert(key, value);
            }
        }
    }
    found
}

fn is_set(value: &Value) -> bool {
    matches!(value, Value::Bool(true)) || value.as_i64() == Some(1) || matches!(value.as_str(), Some("true" | "1" | "yes"))
}

/// All variables of a call. What the connected event says wins over what the box knows itself.
pub(super) fn variables(call: &CallRecord, connected: &Connected, timezone: &str, now: Millis) -> Variables {
    let mut all = Variables::default();
    system(&mut all, timezone, now);
    let own = [
        ("session_id", Some(call.session_id.as_str())),
        ("call_id", call.call_id.as_ref().map(|id| id.as_str())),
        ("caller_id", call.caller_id.as_deref()),
        ("from_number", call.from_number.as_deref()),
        ("to_number", call.to_number.as_deref()),
        ("did", call.did.as_deref()),
        ("display_name", call.display_name.as_deref()),
        ("direction", Some(call.direction.as_str())),
    ];
    for (field, value) in own {
        if let Some(value) = value {
            all.set("call", field, value);
        }
    }
    let stored = call.doc.get("connected_event").and_then(Value::as_object);
    let event = if connected.event.is_empty() { stored.unwrap_or(&connected.event) } else { &connected.event };
    for (field, value) in event {
        all.set("call", field, text_of(value));
    }
    for (field, value) in &connected.mock_crm {
        all.set("crm", field, text_of(value));
    }
    all
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
    fn control_flags_leave_the_event_and_nonsense_is_empty() {
        let found = connected(Some(
            r#"{"name":"Ada","_skip_post_push":true,"_campaign_session_id":"s-1","_campaign_id":"c","_mock_crm":{"tier":"gold"},"sip_candidate_headers":{}}"#,
        ));
        assert_eq!(found.event.keys().collect::<Vec<_>>(), ["name"]);
        assert_eq!(found.session_id, Some(SessionId::from("s-1")));
        assert!(found.skip_post_push);
        assert_eq!(found.mock_crm["tier"], "gold");
        for nonsense in [None, Some(""), Some("{"), Some("[1]"), Some("7")] {
            assert_eq!(connected(nonsense), Connected::default());
        }
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
