//! What tokens of a mapping stand for once a call is over: `system`, `call`, `crm`, `result`, `analysis` and `qc` (contract §2.5). Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::flatten::flatten_object;
use crate::base::Millis;
use crate::base::mapping::Names;
use crate::features::calls::CallRecord;

/// Fields of `analysis` and `qc` that are there, empty, also when no model said anything about them.
const KNOWN_SCORES: [&str; 4] = ["empathy_score", "compliance_score", "overall_score", "remarks"];
/// The same for what is known of a transfer.
const TRANSFER: [&str; 6] =
    ["transfer_destination", "transfer_target", "transfer_reason", "transfer_method", "transfer_at", "transfer_failed_reason"];

/// What the box itself says in `system`: date, time and zone of the bot.
fn system_fields(timezone: &str, now: Millis) -> [(&'static str, String); 4] {
    let local = Timestamp::from_millisecond(now.0).unwrap_or_default().to_zoned(zone_of(timezone));
    let (date, time) = (local.strftime("%d %B %Y").to_string(), local.strftime("%I:%M %p %Z").to_string());
    [("current_datetime", format!("{date}, {time}")), ("current_date", date), ("current_time", time), ("timezone", timezone.to_owned())]
}

/// The variables of the CRM: what the connected event said, under what the CRM did.
fn effective(connected_event: &Map<String, Value>, crm_data: &Map<String, Value>) -> Map<String, Value> {
    let mut all = flatten_object(connected_event);
    all.extend(flatten_object(crm_data));
    all
}

/// The names that there are before a CRM is asked: `system`, and as `call` what the box knows of it and what came with it.
pub fn before<'a>(
    own: impl IntoIterator<Item = (&'static str, &'a str)>,
    event: &Map<String, Value>,
    timezone: &str,
    now: Millis,
) -> Names {
    let mut names = Names::default();
    for (field, value) in system_fields(timezone, now) {
        names.set("system", field, value);
    }
    for (field, value) in own {
        names.set("call", field, value);
    }
    for (field, value) in event {
        names.set("call", field, value.clone());
    }
    names
}

/// The names that there are after a call. `recording` is the link a CRM may have, empty if there is no recording.
pub(super) fn after(call: &CallRecord, recording: &str, timezone: &str, now: Millis) -> Names {
    let event = object(call, "connected_event");
    let mut names = before(call.own_fields(), &event, timezone, now);
    for (field, value) in effective(&event, &object(call, "crm_data")) {
        names.set("crm", &field, value);
    }
    for (field, value) in result(call, recording, &zone_of(timezone)) {
        names.set("result", field, value);
    }
    for (namespace, key) in [("analysis", "post_call_analysis"), ("qc", "qc_analysis")] {
        for field in KNOWN_SCORES {
            names.set(namespace, field, "");
        }
        for (field, value) in object(call, key) {
            names.set(namespace, &field, value);
        }
    }
    names
}

fn result(call: &CallRecord, recording: &str, zone: &TimeZone) -> Vec<(&'static str, Value)> {
    let by = call.disconnected_by.as_deref().unwrap_or_default();
    let text = |text: &Option<String>| json!(text.as_deref().unwrap_or_default());
    let time = |at: Option<Millis>| json!(at.map(|at| local(at, zone)).unwrap_or_default());
    let turns = call.doc.get("transcript").cloned().unwrap_or_else(|| json!([]));
    // Over a WebSocket nobody says when the call was answered: it begins with the answer.
    let answered = call.answered_at.or(call.started_at.filter(|_| call.stream_id.is_some()));
    let started = call.started_at.or(call.answered_at).or(call.dispatched_at).unwrap_or(call.created_at);
    let mut fields = vec![
        ("call_id", json!(call.public_id())),
        ("session_id", json!(call.session_id)),
        ("direction", json!(call.direction.as_str())),
        ("status", json!(call.status.as_str())),
        ("outcome", text(&call.outcome)),
        ("recording_url", json!(recording)),
        ("call_duration_seconds", duration(call)),
        ("disconnected_by", json!(by)),
        ("disposition", json!(disposition(by))),
        ("call_start_time", time(Some(started))),
        ("call_answer_time", time(answered)),
        ("call_end_time", time(call.ended_at.or(call.completed_at))),
        ("transcript", json!(serde_json::to_string_pretty(&turns).unwrap_or_default())),
        ("turns", turns),
        ("was_transferred", json!(if call.was_transferred == Some(true) { "yes" } else { "no" })),
        ("error_detail", text(&call.error_detail)),
    ];
    fields
        .extend(TRANSFER.map(|field| (field, call.doc.get(field).filter(|value| !value.is_null()).cloned().unwrap_or_else(|| json!("")))));
    fields
}

/// How a call went, in the three words of the contract. Not what the analysis calls its disposition.
fn disposition(disconnected_by: &str) -> &'static str {
    match disconnected_by {
        "customer" | "bot" | "timeout" => "Connected",
        "error" => "Failed",
        _ => "Unknown",
    }
}

/// What the engine measured, else answer to end; whole seconds without a fraction.
fn duration(call: &CallRecord) -> Value {
    match call.call_duration_seconds {
        Some(seconds) if seconds.fract() == 0.0 && seconds.abs() < 1e15 => json!(seconds as i64),
        Some(seconds) => json!(seconds),
        None => json!(call.talk_seconds()),
    }
}

fn local(at: Millis, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(at.0)
        .map_or_else(|_| String::new(), |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn object(call: &CallRecord, key: &str) -> Map<String, Value> {
    call.doc.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disposition_has_three_words() {
        for (by, word) in [
            ("customer", "Connected"),
            ("bot", "Connected"),
            ("timeout", "Connected"),
            ("error", "Failed"),
            ("voicemail", "Unknown"),
            ("RNR", "Unknown"),
            ("no_answer", "Unknown"),
            ("rejected", "Unknown"),
            ("outside_hours", "Unknown"),
            ("", "Unknown"),
        ] {
            assert_eq!(disposition(by), word, "{by}");
        }
    }

    #[test]
    fn what_the_crm_said_stands_over_the_event_and_both_are_flat() {
        let of = |value: Value| value.as_object().cloned().expect("an object");
        let all = effective(&of(json!({ "name": "event", "city": { "zip": 1 } })), &of(json!({ "name": "live" })));
        assert_eq!(Value::Object(all), json!({ "name": "live", "city": r#"{"zip":1}"#, "city.zip": "1" }));
    }

    #[test]
    fn times_are_those_of_the_zone_and_an_unknown_zone_is_utc() {
        let at = Millis::parse("2026-06-05T10:15:00Z").expect("a time");
        assert_eq!(local(at, &zone_of("Asia/Kolkata")), "2026-06-05T15:45:00+05:30");
        assert_eq!(local(at, &zone_of("Nowhere/AtAll")), "2026-06-05T10:15:00+00:00");
        assert_eq!(system_fields("Asia/Kolkata", at)[2].1, "03:45 PM IST");
    }
}
