//! Where a caller may be handed on to, and how that reads as a SIP URI. No I/O.

use serde_json::Value;

use crate::contract::config::CallConfig;

/// The URI of a transfer's target. Only what the bot declares may be reached: named numbers, targets, and a flow's own tools; and of
/// these, where the virtual number has a list, only what is on it.
/// `host` is where numbers without a host are dialled: the far end of the call.
pub(super) fn resolve(config: &CallConfig, target: &str, host: Option<&str>) -> Result<String, String> {
    let target = target.trim();
    let value = allowed(config, target).ok_or_else(|| format!("{target} is not a target of this bot"))?;
    if !is_permitted(config.transfer_allowed.as_deref(), target, &value) {
        return Err(format!("{target} is not on the number's list of transfers"));
    }
    if value.is_empty() || value.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"".contains(c)) {
        return Err("the target is not a number or URI".to_owned());
    }
    if ["sip:", "sips:", "tel:"].iter().any(|scheme| value.to_ascii_lowercase().starts_with(scheme)) {
        return Ok(value);
    }
    match host {
        _ if value.contains('@') => Ok(format!("sip:{value}")),
        Some(host) => Ok(format!("sip:{value}@{host}")),
        None => Err("there is no carrier to transfer through".to_owned()),
    }
}

/// What a name or value stands for, if the bot declares it.
fn allowed(config: &CallConfig, target: &str) -> Option<String> {
    let named = config.transfer_numbers.iter().find(|(name, value)| name.eq_ignore_ascii_case(target) || value.as_str() == target);
    if let Some((_, value)) = named {
        return Some(value.clone());
    }
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let listed = config.transfer_targets.iter().find_map(|entry| {
        let is_enabled = entry.get("enabled").and_then(Value::as_bool).unwrap_or(true);
        let is_it = ["id", "name", "label", "value"].iter().any(|key| text(entry, key).is_some_and(|t| t.eq_ignore_ascii_case(target)));
        text(entry, "value").filter(|_| is_enabled && is_it)
    });
    let flow = config.flow.iter().flat_map(|flow| &flow.intents).filter_map(|intent| intent.tool.as_ref()?.target.clone());
    listed.or_else(|| flow.into_iter().find(|declared| declared == target))
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
            assert_eq!(resolve(&config(), target, Some("10.0.0.1:5060")).map_err(|_| ()), expected.map(str::to_owned), "{target}");
        }
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
