//! What a finished call is worth reading for: a model's analysis, or a disposition that is known without one. No I/O.
//!
//! A call on which nobody spoke, or that failed, says nothing a model could find; it gets its disposition at once (contract §2.13).

use serde_json::{Map, Value, json};

/// A caller who is gone this soon has said nothing of use, in seconds.
const TOO_SHORT_S: f64 = 5.0;

/// What was known of a call at its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended<'a> {
    /// `disconnected_by`.
    pub(super) by: &'a str,
    /// Answer to end, in seconds.
    pub(super) seconds: f64,
    /// Whether the caller ever said anything.
    pub(super) has_spoken: bool,
}

/// The kind of call that needs no analysis; a bot may declare other words for each.
fn kind(ended: Ended<'_>) -> Option<&'static str> {
    match ended.by {
        "error" => Some("error"),
        "voicemail" => Some("voicemail"),
        "no_answer" => Some("rnr"),
        "RNR" if !ended.has_spoken => Some("rnr"),
        "timeout" if !ended.has_spoken => Some("timeout"),
        _ if !ended.has_spoken || ended.seconds < TOO_SHORT_S => Some("no_customer_message"),
        _ => None,
    }
}

/// Disposition and sub-disposition of a kind, where the bot declares none.
fn built_in(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "rnr" => ("RNR", "RNR"),
        "voicemail" => ("IVR", "MAIN_MESSAGE"),
        "error" => ("Failed", "fallback"),
        _ => ("Not Connected", "DSCN_PARTIAL"),
    }
}

/// The analysis of a call that no model needs to read; `None` when one should. `declared` is the bot's `auto_dispositions`: for each kind
/// a text, or an object with `disposition` and `sub_disposition`.
pub(super) fn automatic(ended: Ended<'_>, declared: Option<&Value>) -> Option<Map<String, Value>> {
    let kind = kind(ended)?;
    let own = declared.and_then(|all| all.get(kind));
    let (disposition, sub) = built_in(kind);
    let word = |name: &str, other: &str| own.and_then(|own| own.get(name)).and_then(Value::as_str).unwrap_or(other).to_owned();
    let disposition = own.and_then(Value::as_str).map_or_else(|| word("disposition", disposition), str::to_owned);
    let analysis = json!({ "DISPOSITION": disposition, "SUB_DISPOSITION": word("sub_disposition", sub), "auto_disposition": kind });
    analysis.as_object().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(by: &str, seconds: f64, has_spoken: bool, declared: Option<&Value>) -> Option<(String, String, String)> {
        let analysis = automatic(Ended { by, seconds, has_spoken }, declared)?;
        let text = |name: &str| analysis[name].as_str().unwrap_or_default().to_owned();
        Some((text("auto_disposition"), text("DISPOSITION"), text("SUB_DISPOSITION")))
    }

    #[test]
    fn only_a_conversation_is_read_by_a_model() {
        let table = [
            ("customer", 60.0, true, None),
            ("bot", 5.0, true, None),
            ("timeout", 600.0, true, None),
            ("RNR", 60.0, true, None),
            ("error", 60.0, true, Some(("error", "Failed", "fallback"))),
            ("voicemail", 60.0, true, Some(("voicemail", "IVR", "MAIN_MESSAGE"))),
            ("RNR", 60.0, false, Some(("rnr", "RNR", "RNR"))),
            ("no_answer", 0.0, false, Some(("rnr", "RNR", "RNR"))),
            ("timeout", 600.0, false, Some(("timeout", "Not Connected", "DSCN_PARTIAL"))),
            ("customer", 60.0, false, Some(("no_customer_message", "Not Connected", "DSCN_PARTIAL"))),
            ("customer", 4.9, true, Some(("no_customer_message", "Not Connected", "DSCN_PARTIAL"))),
            ("rejected", 0.0, false, Some(("no_customer_message", "Not Connected", "DSCN_PARTIAL"))),
        ];
        for (by, seconds, has_spoken, expected) in table {
            let expected = expected.map(|(kind, disposition, sub)| (kind.to_owned(), disposition.to_owned(), sub.to_owned()));
            assert_eq!(words(by, seconds, has_spoken, None), expected, "{by} after {seconds} s, spoken: {has_spoken}");
        }
    }

    #[test]
    fn a_bot_declares_other_words_for_a_kind() {
        let declared = json!({ "rnr": { "disposition": "No contact" }, "error": "Broken", "voicemail": { "sub_disposition": "Beep" } });
        let of = |by| words(by, 0.0, false, Some(&declared)).map(|(_, disposition, sub)| (disposition, sub));
        assert_eq!(of("RNR"), Some(("No contact".to_owned(), "RNR".to_owned())));
        assert_eq!(of("error"), Some(("Broken".to_owned(), "fallback".to_owned())));
        assert_eq!(of("voicemail"), Some(("IVR".to_owned(), "Beep".to_owned())));
    }
}
