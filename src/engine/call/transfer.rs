//! Where a caller may be handed on to, and how that reads as a SIP URI. No I/O.

use serde_json::Value;

use crate::contract::config::{CallConfig, Within};
use crate::contract::event::{OFFICE_TAB, VNUM};

/// Where a transfer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Goal {
    /// What the bot declares: a number, an extension, a URI.
    pub(super) value: String,
    /// The whole URI.
    pub(super) uri: String,
    /// Whether the bot declares a URI; a number is dialled at the carrier of the call.
    pub(super) is_uri: bool,
    /// Who is there, where the box has it itself.
    pub(super) within: Option<Within>,
    /// What is said to the target before the caller is there; `None` for a blind transfer.
    pub(super) briefing: Option<String>,
}

impl Goal {
    fn of(value: String, uri: String, briefing: Option<String>) -> Self {
        let is_uri = value.contains('@') || value.to_ascii_lowercase().starts_with("sip");
        Self { value, uri, is_uri, within: None, briefing }
    }

    /// A number or name of this box. A bot is not told about its caller: it would take the words for theirs.
    fn within(value: String, who: Within, briefing: Option<String>) -> Self {
        let scheme = if who == Within::Bot { VNUM } else { OFFICE_TAB };
        let uri = format!("{scheme}{value}");
        Self { value, uri, is_uri: false, within: Some(who), briefing: briefing.filter(|_| who == Within::Phone) }
    }

    /// The number or name in the URI.
    pub(super) fn user(&self) -> String {
        let rest = self.uri.split_once(':').map_or(self.uri.as_str(), |(_, rest)| rest);
        rest.split(['@', ';', '?']).next().unwrap_or_default().to_owned()
    }

    /// `host:port` of the URI.
    pub(super) fn host(&self) -> String {
        let rest = self.uri.split_once(':').map_or(self.uri.as_str(), |(_, rest)| rest);
        let host = rest.split_once('@').map_or(rest, |(_, host)| host).split([';', '?', '>']).next().unwrap_or_default();
        if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) { host.to_owned() } else { format!("{host}:5060") }
    }
}

/// The URI of a transfer's target. Only what the bot declares may be reached: named numbers, targets, and a flow's own tools; and of
/// these, where the virtual number has a list, only what is on it.
/// `host` is where numbers without a host are dialled: the far end of the call. An empty one stands for a far end that dials them as they are; a
/// browser has none, and only who calls from here gets there.
pub(super) fn resolve(config: &CallConfig, target: &str, host: Option<&str>) -> Result<Goal, String> {
    let target = target.trim();
    let (value, briefing) = allowed(config, target).ok_or_else(|| format!("{target} is not a target of this bot"))?;
    if !is_permitted(config.transfer_allowed.as_deref(), target, &value) {
        return Err(format!("{target} is not on the number's list of transfers"));
    }
    if let Some(who) = config.transfer_inside.get(&value) {
        return Ok(Goal::within(value, *who, briefing));
    }
    if value.is_empty() || value.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"".contains(c)) {
        return Err("the target is not a number or URI".to_owned());
    }
    if ["sip:", "sips:", "tel:"].iter().any(|scheme| value.to_ascii_lowercase().starts_with(scheme)) {
        let uri = value.clone();
        return Ok(Goal::of(value, uri, briefing));
    }
    match host {
        _ if value.contains('@') => Ok(Goal::of(value.clone(), format!("sip:{value}"), briefing)),
        Some("") => Ok(Goal::of(value.clone(), value, briefing)),
        Some(host) => Ok(Goal::of(value.clone(), format!("sip:{value}@{host}"), briefing)),
        None => Ok(Goal::of(value.clone(), format!("sip:{value}"), briefing)),
    }
}

/// What a name or value stands for, if the bot declares it, and its briefing if it is called first.
fn allowed(config: &CallConfig, target: &str) -> Option<(String, Option<String>)> {
    let named = config.transfer_numbers.iter().find(|(name, value)| name.eq_ignore_ascii_case(target) || value.as_str() == target);
    if let Some((_, value)) = named {
        return Some((value.clone(), None));
    }
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let listed = config.transfer_targets.iter().find_map(|entry| {
        let is_enabled = entry.get("enabled").and_then(Value::as_bool).unwrap_or(true);
        let is_it = ["id", "name", "label", "value"].iter().any(|key| text(entry, key).is_some_and(|t| t.eq_ignore_ascii_case(target)));
        text(entry, "value").filter(|_| is_enabled && is_it).map(|value| (value, declared_briefing(entry)))
    });
    let flow = config.flow.iter().flat_map(|flow| &flow.intents).filter_map(|intent| intent.tool.as_ref()?.target.clone());
    listed.or_else(|| flow.into_iter().find(|declared| declared == target).map(|value| (value, None)))
}

/// What a target declares about being called first: its briefing; `None` for a blind transfer.
fn declared_briefing(target: &Value) -> Option<String> {
    let is_attended = target.get("attended").and_then(Value::as_bool).unwrap_or(false);
    is_attended.then(|| target.get("briefing").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// Whether a number's list has the target by its name or its value. Without a list everything declared is permitted; an empty one permits
/// nothing.
fn is_permitted(list: Option<&[String]>, target: &str, value: &str) -> bool {
    list.is_none_or(|list| list.iter().any(|entry| fits(entry, target) || fits(entry, value)))
}

/// Numbers are compared digit by digit; only they fit a beginning such as `+356*`. Names and URIs must be the same but for their case.
fn fits(entry: &str, text: &str) -> bool {
    match (entry.strip_suffix('*'), digits(text)) {
        (Some(beginning), Some(number)) => digits(beginning).is_some_and(|beginning| number.starts_with(&beginning)),
        (Some(_), None) => false,
        (None, number) => entry.eq_ignore_ascii_case(text) || (number.is_some() && digits(entry) == number),
    }
}

/// The digits of a number as people write it; `None` for anything else.
fn digits(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("tel:");
    let bare: String = text.strip_prefix('+').unwrap_or(text).chars().filter(|c| !" -.()/".contains(*c)).collect();
    (!bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit())).then_some(bare)
}

/// The key of an INFO body: `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`).
pub(super) fn info_key(content_type: &str, body: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(body).ok()?;
    let signal = match content_type.split(';').next()?.trim().to_ascii_lowercase().as_str() {
        "application/dtmf-relay" => text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then(|| value.trim().to_owned())
        })?,
        "application/dtmf" => text.trim().to_owned(),
        _ => return None,
    };
    let mut chars = signal.chars();
    let key = match (signal.as_str(), chars.next()?, chars.next()) {
        ("10", ..) => '*',
        ("11", ..) => '#',
        (_, key, None) => key.to_ascii_uppercase(),
        _ => return None,
    };
    ("0123456789*#ABCD".contains(key)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config() -> CallConfig {
        serde_json::from_value(json!({
            "session_id": "s", "call_id": "c", "bot_id": "b", "webhook_url": "", "system_prompt": "", "opening_message": "",
            "stt": { "provider": "none" }, "llm": { "provider": "flow" }, "tts": { "provider": "none" },
            "transfer_numbers": { "sales": "+491234567" },
            "transfer_targets": [{ "id": "desk", "value": "sip:desk@example.org" }, { "id": "off", "value": "1", "enabled": false }],
            "flow": { "fallback": "", "intents": [{ "id": "h", "reply": "", "tool": { "name": "transfer", "target": "200" } }] },
        }))
        .expect("a config")
    }

    #[test]
    fn only_declared_targets_are_reached() {
        let cases = [
            ("Sales", Ok("sip:+491234567@10.0.0.1:5060")),
            ("desk", Ok("sip:desk@example.org")),
            ("200", Ok("sip:200@10.0.0.1:5060")),
            ("off", Err(())),
            ("+4999999", Err(())),
            ("sip:evil@example.org", Err(())),
        ];
        for (target, expected) in cases {
            let found = resolve(&config(), target, Some("10.0.0.1:5060")).map(|goal| goal.uri).map_err(|_| ());
            assert_eq!(found, expected.map(str::to_owned), "{target}");
        }
    }

    #[test]
    fn a_goal_knows_its_user_and_its_host() {
        for (value, uri, user, host, is_uri) in [
            ("+491234567", "sip:+491234567@10.0.0.1:5070", "+491234567", "10.0.0.1:5070", false),
            ("sip:desk@example.org", "sip:desk@example.org", "desk", "example.org:5060", true),
            ("desk@pbx:5061;transport=tcp", "sip:desk@pbx:5061;transport=tcp", "desk", "pbx:5061", true),
        ] {
            let goal = Goal::of(value.to_owned(), uri.to_owned(), None);
            assert_eq!((goal.user().as_str(), goal.host().as_str(), goal.is_uri), (user, host, is_uri), "{value}");
        }
    }

    #[test]
    fn a_target_may_want_to_be_called_first() {
        let mut attended = config();
        attended.transfer_targets = vec![json!({ "id": "desk", "value": "100", "attended": true, "briefing": "{reason}" })];
        assert_eq!(resolve(&attended, "desk", Some("h")).unwrap().briefing.as_deref(), Some("{reason}"));
        assert_eq!(resolve(&config(), "desk", Some("h")).unwrap().briefing, None);
    }

    #[test]
    fn a_number_of_the_box_needs_no_carrier_and_only_people_are_briefed() {
        let mut inside = config();
        inside.transfer_targets = vec![json!({ "id": "desk", "value": "700", "attended": true, "briefing": "{reason}" })];
        for (who, briefing) in [(Within::Bot, None), (Within::Phone, Some("{reason}".to_owned()))] {
            inside.transfer_inside = [("700".to_owned(), who)].into();
            let goal = resolve(&inside, "desk", None).unwrap();
            let scheme = if who == Within::Bot { "vnum" } else { "officetab" };
            assert_eq!((goal.within, goal.briefing, goal.uri), (Some(who), briefing, format!("{scheme}:700")));
        }
        inside.transfer_allowed = Some(vec!["800".to_owned()]);
        assert!(resolve(&inside, "desk", None).is_err(), "the number's list holds here as well");
        assert_eq!(resolve(&config(), "200", Some("h")).unwrap().within, None);
    }

    #[test]
    fn a_numbers_list_fails_closed() {
        let with = |list: serde_json::Value| CallConfig { transfer_allowed: serde_json::from_value(list).expect("a list"), ..config() };
        let cases = [
            (json!(null), "sales", true),
            (json!([]), "sales", false),
            (json!([]), "200", false),
            (json!(["+49 123-4567"]), "sales", true),
            (json!(["+491*"]), "sales", true),
            (json!(["+492*"]), "sales", false),
            (json!(["Sales"]), "sales", true),
            (json!(["sales"]), "desk", false),
            (json!(["SIP:desk@example.org"]), "desk", true),
            (json!(["desk@example.org"]), "sip:desk@example.org", false),
            (json!(["sip:*"]), "desk", false),
            (json!(["200"]), "200", true),
            (json!(["200"]), "+4999999", false),
        ];
        for (list, target, is_permitted) in cases {
            assert_eq!(resolve(&with(list.clone()), target, Some("10.0.0.1")).is_ok(), is_permitted, "{list} {target}");
        }
    }

    #[test]
    fn keys_are_read_from_info() {
        let cases: &[(&str, &[u8], Option<char>)] = &[
            ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", Some('5')),
            ("application/dtmf-relay; x=y", b"Signal= #\r\n", Some('#')),
            ("application/dtmf", b"11", Some('#')),
            ("application/dtmf", b"99", None),
            ("text/plain", b"5", None),
            ("application/dtmf", b"\xff", None),
        ];
        for (content_type, body, expected) in cases {
            assert_eq!(info_key(content_type, body), *expected, "{content_type}");
        }
    }
}
