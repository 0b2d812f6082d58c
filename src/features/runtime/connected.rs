//! The connected event of a call: what becomes `call.*`, and the control flags that travel with it. Pure.

use serde_json::{Map, Value};

use crate::base::id::SessionId;
use crate::features::bots::SipHeaderConfig;

/// The links to a campaign, under the flags that carry them and the names they are kept by.
const CAMPAIGN_FLAGS: [(&str, &str); 4] = [
    ("_campaign_id", "campaign_id"),
    ("_campaign_call_id", "campaign_call_id"),
    ("_campaign_attempt", "attempt"),
    ("_campaign_run_number", "run_number"),
];
/// Longest key of a call that a dialler may choose.
const LONGEST_SESSION: usize = 128;
/// Longest SIP header that becomes a variable.
const LONGEST_HEADER: usize = 1_024;

/// A connected event, its control flags taken out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Connected {
    /// What becomes `call.*` and is stored with the call.
    pub(super) event: Map<String, Value>,
    /// Key of a call that a campaign has made already.
    pub(super) session_id: Option<SessionId>,
    /// Whether the CRM push is left out.
    pub(super) skip_post_push: bool,
    /// Whether the CRM is not asked.
    pub(super) skip_prefetch: bool,
    /// What stands in for an answer of the CRM.
    pub(super) mock_crm: Map<String, Value>,
    /// The campaign the call belongs to; empty if none.
    pub(super) campaign: Map<String, Value>,
    /// Headers of the INVITE, of which the bot's rules let some through.
    sip_headers: Map<String, Value>,
}

impl Connected {
    /// Lets the SIP headers that the bot may see into the event, as `sip_header_<name>` and, all together, `sip_headers_json`.
    pub(super) fn admit_headers(mut self, config: Option<&SipHeaderConfig>) -> Self {
        let headers = std::mem::take(&mut self.sip_headers);
        self.event.extend(admitted(headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))), config));
        self
    }

    /// What was captured when the row was opened, where the engine says nothing now.
    pub(super) fn or_captured(mut self, stored: Option<Value>) -> Self {
        if let (true, Some(Value::Object(stored))) = (self.event.is_empty(), stored) {
            self.event = stored;
        }
        self
    }
}

/// Reads a connected event. One that is not a JSON object counts as empty.
pub(super) fn connected(text: Option<&str>) -> Connected {
    let event = text.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok()).unwrap_or_default();
    let mut found = Connected::default();
    for (key, value) in event {
        match key.as_str() {
            "_campaign_session_id" => found.session_id = value.as_str().and_then(session_id),
            "_skip_post_push" => found.skip_post_push = is_set(&value),
            "_skip_prefetch" => found.skip_prefetch = is_set(&value),
            "_mock_crm" => found.mock_crm = value.as_object().cloned().unwrap_or_default(),
            "sip_candidate_headers" => found.sip_headers = value.as_object().cloned().unwrap_or_default(),
            flag if flag.starts_with('_') => {
                let link = CAMPAIGN_FLAGS.iter().find(|(name, _)| *name == flag).filter(|_| is_scalar(&value));
                found.campaign.extend(link.map(|(_, kept)| ((*kept).to_owned(), value)));
            }
            _ => {
                found.event.insert(key, value);
            }
        }
    }
    found
}

/// A key for a call, unless it is empty, too long, or not plain text.
pub(super) fn session_id(text: &str) -> Option<SessionId> {
    let is_key = (1..=LONGEST_SESSION).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
    is_key.then(|| SessionId::from(text))
}

fn is_set(value: &Value) -> bool {
    matches!(value, Value::Bool(true)) || value.as_i64() == Some(1) || matches!(value.as_str(), Some("true" | "1" | "yes"))
}

fn is_scalar(value: &Value) -> bool {
    value.is_number() || value.as_str().is_some_and(|text| !text.is_empty() && text.len() <= 256)
}

/// The variables that SIP headers become: those that the bot names, whatever their case. `X-Customer-Id` is `sip_header_x_customer_id`.
pub(super) fn admitted<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>, config: Option<&SipHeaderConfig>) -> Map<String, Value> {
    let Some(config) = config.filter(|config| config.enabled) else { return Map::new() };
    let mut all = Map::new();
    let mut variables = Map::new();
    for (name, value) in headers.filter(|(name, value)| value.len() <= LONGEST_HEADER && config.headers.iter().any(|rule| fits(rule, name)))
    {
        all.insert(name.to_owned(), value.into());
        let word: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
        variables.insert(format!("sip_header_{word}"), value.into());
    }
    if !all.is_empty() {
        variables.insert("sip_headers_json".to_owned(), Value::String(Value::Object(all).to_string()));
    }
    variables
}

fn fits(rule: &str, name: &str) -> bool {
    match rule.strip_suffix('*') {
        Some(beginning) => name.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning)),
        None => rule.eq_ignore_ascii_case(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn control_flags_leave_the_event_and_nonsense_is_empty() {
        let found = connected(Some(
            r#"{"name":"Ada","_skip_post_push":true,"_skip_prefetch":"1","_campaign_session_id":"s-1","_campaign_id":"c","_campaign_attempt":2,
                "_campaign_run_number":{"not":"plain"},"_mock_crm":{"tier":"gold"},"_unknown":1,"sip_candidate_headers":{}}"#,
        ));
        assert_eq!(found.event.keys().collect::<Vec<_>>(), ["name"]);
        assert_eq!(found.session_id, Some(SessionId::from("s-1")));
        assert!(found.skip_post_push && found.skip_prefetch);
        assert_eq!(found.mock_crm["tier"], "gold");
        assert_eq!(Value::Object(found.campaign), json!({ "campaign_id": "c", "attempt": 2 }));
        for nonsense in [None, Some(""), Some("{"), Some("[1]"), Some("7"), Some("{\"a\":")] {
            assert_eq!(connected(nonsense), Connected::default());
        }
    }

    #[test]
    fn a_key_that_is_no_plain_text_is_not_taken() {
        for bad in ["", " ", "a b", "a\nb", "ä", &"x".repeat(129)] {
            assert_eq!(session_id(bad), None, "{bad:?}");
        }
        assert!(session_id("6f1c-2").is_some());
    }

    #[test]
    fn only_headers_the_bot_names_become_variables() {
        let config = |config: Value| serde_json::from_value::<SipHeaderConfig>(config).unwrap();
        let text = r#"{"sip_candidate_headers":{"X-Customer-Id":"7","x-customer-tier":"gold","Authorization":"secret","X-Odd":5}}"#;
        let seen = |rules: Option<SipHeaderConfig>| Value::Object(connected(Some(text)).admit_headers(rules.as_ref()).event);
        assert_eq!(seen(None), json!({}));
        assert_eq!(seen(Some(config(json!({ "enabled": false, "headers": ["X-Customer-*"] })))), json!({}));
        assert_eq!(
            seen(Some(config(json!({ "headers": ["x-customer-*", "X-Odd"] })))),
            json!({
                "sip_header_x_customer_id": "7", "sip_header_x_customer_tier": "gold",
                "sip_headers_json": "{\"X-Customer-Id\":\"7\",\"x-customer-tier\":\"gold\"}"
            })
        );
    }
}
