//! Every event's `data`, for every kind of call, as seed 002 shows it.

use serde_json::{Value, json};

use super::event::EventName;
use super::payload::{body, is_browser, is_outbound, of_call};
use crate::base::Millis;
use crate::base::id::SessionId;
use crate::contract::fact::Fact;
use crate::features::calls::{CallRecord, CallStatus, Direction, Origin};

fn nothing_known() -> CallRecord {
    CallRecord {
        id: 1,
        session_id: SessionId::from("5c9f4c52-0f4a-4d0f-9c58-0123456789ab"),
        call_id: None,
        bot_id: None,
        bot_version: None,
        stream_id: None,
        direction: Direction::Inbound,
        origin: Origin::External,
        number_id: None,
        number: None,
        number_name: None,
        did: None,
        caller_id: None,
        from_number: None,
        to_number: None,
        display_name: None,
        email: None,
        requested_by: None,
        carrier_id: None,
        phone_user: None,
        status: CallStatus::Completed,
        attempt: 1,
        retries_left: 0,
        outcome: None,
        disconnected_by: None,
        error_detail: None,
        answer_ms: None,
        created_at: Millis(0),
        dispatched_at: None,
        answered_at: None,
        started_at: None,
        ended_at: None,
        completed_at: None,
        call_duration_seconds: None,
        was_transferred: None,
        recording_key: None,
        recording_token_sealed: None,
        transcript_file: None,
        save_transcript: true,
        skip_post_push: false,
        tokens_total: None,
        tokens_prompt: None,
        voice: None,
        language: None,
        model: None,
        overrides: None,
        doc: serde_json::Map::new(),
    }
}

/// A call to a number from a browser: no SIP leg.
fn browser() -> CallRecord {
    CallRecord {
        call_id: Some("vnum0123456789ab".into()),
        origin: Origin::Vnum,
        number: Some("1234".into()),
        outcome: Some("empty-room".into()),
        answered_at: Some(Millis(1_000)),
        ended_at: Some(Millis(40_400)),
        tokens_total: Some(24_823),
        ..nothing_known()
    }
}

/// A call to a number over SIP.
fn sip() -> CallRecord {
    CallRecord {
        did: Some("+15551230000".into()),
        from_number: Some("+15559876543".into()),
        carrier_id: Some("tr_0123456789abcdef".into()),
        answer_ms: Some(40),
        outcome: Some("finished".into()),
        transcript_file: Some("vnum-1234-20260101-120000-vnum0123456789ab.txt".into()),
        ..browser()
    }
}

fn outbound() -> CallRecord {
    let turn = |role: &str| json!({ "role": role, "content": "x", "ts": "2026-01-01T12:00:00.000Z" });
    let mut call = CallRecord {
        call_id: Some("oac-0123456789ab".into()),
        direction: Direction::Outbound,
        origin: Origin::OutboundAi,
        to_number: Some("+15551234567".into()),
        display_name: Some("Reminder".into()),
        carrier_id: Some("tr_0123456789abcdef".into()),
        answer_ms: Some(2755),
        outcome: Some("finished".into()),
        answered_at: Some(Millis(0)),
        ended_at: Some(Millis(149_600)),
        transcript_file: Some("outbound-ai-20260101-120000-oac-0123456789ab.txt".into()),
        ..nothing_known()
    };
    call.doc.insert("transcript".into(), json!([turn("assistant"), turn("user"), turn("assistant"), turn("tool")]));
    call
}

fn transferring(mut call: CallRecord, target: &str) -> CallRecord {
    call.doc.insert("transfer_destination".into(), json!(target));
    call
}

fn room(call: &CallRecord) -> Value {
    of_call(EventName::CallEnded, call)["room"].clone()
}

fn check(event: EventName, call: &CallRecord, expected: &Value) {
    assert_eq!(&Value::Object(of_call(event, call)), expected, "{}", event.as_str());
}

#[test]
fn a_call_from_a_browser() {
    let (call, room) = (browser(), room(&browser()));
    check(
        EventName::CallStarted,
        &call,
        &json!({ "callId": "vnum0123456789ab", "number": "1234", "room": room, "direction": "inbound", "source": "vnum" }),
    );
    check(
        EventName::CallEnded,
        &call,
        &json!({ "callId": "vnum0123456789ab", "number": "1234", "room": room, "outcome": "empty-room", "durationSec": 39, "tokens": 24823, "source": "vnum" }),
    );
}

#[test]
fn a_call_from_a_browser_has_a_transcript_like_others_and_is_never_answered_over_sip() {
    let call = CallRecord { transcript_file: Some("vnum-1234-20260101-120000-vnum0123456789ab.txt".into()), ..browser() };
    check(
        EventName::TranscriptSaved,
        &call,
        &json!({ "callId": "vnum0123456789ab", "number": "1234", "file": "vnum-1234-20260101-120000-vnum0123456789ab.txt",
            "outcome": "empty-room", "source": "vnum" }),
    );
    assert!(is_browser(&call) && !is_browser(&sip()) && !is_browser(&outbound()) && !is_browser(&nothing_known()));
}

#[test]
fn the_data_of_shares_and_tests_is_made_elsewhere() {
    for event in [EventName::ShareCreated, EventName::ShareViewed, EventName::ShareRevoked, EventName::Test] {
        assert!(of_call(event, &sip()).is_empty(), "{}", event.as_str());
    }
}

#[test]
fn a_call_over_sip() {
    let (call, room) = (sip(), room(&sip()));
    check(
        EventName::CallAnswered,
        &call,
        &json!({ "callId": "vnum0123456789ab", "did": "+15551230000", "fromNumber": "+15559876543", "direction": "inbound", "source": "gemini-live", "answerMs": 40 }),
    );
    check(
        EventName::CallStarted,
        &call,
        &json!({ "callId": "vnum0123456789ab", "number": "1234", "did": "+15551230000", "direction": "inbound", "source": "gemini-live" }),
    );
    check(
        EventName::CallEnded,
        &call,
        &json!({ "callId": "vnum0123456789ab", "number": "+15551230000", "room": room, "outcome": "finished", "durationSec": 39, "tokens": 24823, "source": "sip" }),
    );
    check(
        EventName::TranscriptSaved,
        &call,
        &json!({ "callId": "vnum0123456789ab", "number": "1234", "file": "vnum-1234-20260101-120000-vnum0123456789ab.txt", "outcome": "finished", "source": "vnum" }),
    );
}

#[test]
fn an_outbound_call() {
    let call = outbound();
    check(
        EventName::CallAnswered,
        &call,
        &json!({ "callId": "oac-0123456789ab", "phone": "+15551234567", "displayName": "Reminder", "trunkId": "tr_0123456789abcdef",
            "direction": "outbound", "source": "outbound-ai", "answerMs": 2755 }),
    );
    check(
        EventName::CallStarted,
        &call,
        &json!({ "callId": "oac-0123456789ab", "phone": "+15551234567", "displayName": "Reminder", "direction": "outbound", "source": "outbound-ai" }),
    );
    check(
        EventName::OutboundFinished,
        &call,
        &json!({ "callId": "oac-0123456789ab", "phone": "+15551234567", "displayName": "Reminder", "outcome": "finished", "answered": true,
            "talkSec": 150, "trunk": "tr_0123456789abcdef", "inputTurns": 1, "outputTurns": 2, "errorDetail": "" }),
    );
    check(
        EventName::TranscriptSaved,
        &call,
        &json!({ "callId": "oac-0123456789ab", "phone": "+15551234567", "displayName": "Reminder",
            "file": "outbound-ai-20260101-120000-oac-0123456789ab.txt", "outcome": "finished", "source": "outbound-ai" }),
    );
}

#[test]
fn an_outbound_call_that_never_came_about() {
    let call = CallRecord {
        status: CallStatus::Failed,
        outcome: Some("no-answer".into()),
        answered_at: None,
        error_detail: Some("486 Busy Here".into()),
        display_name: None,
        doc: serde_json::Map::new(),
        ..outbound()
    };
    check(
        EventName::OutboundFinished,
        &call,
        &json!({ "callId": "oac-0123456789ab", "phone": "+15551234567", "displayName": "", "outcome": "no-answer", "answered": false,
            "talkSec": 0, "trunk": "tr_0123456789abcdef", "inputTurns": 0, "outputTurns": 0, "errorDetail": "486 Busy Here" }),
    );
}

#[test]
fn a_transfer_says_from_where_and_to_whom() {
    let room = room(&sip());
    let from_number = |fields: Value| {
        let mut data = json!({ "callId": "vnum0123456789ab", "fromVnum": "1234", "room": room, "source": "vnum" });
        data.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
        data
    };
    for target in ["+15550001111", "sip:+15550001111@carrier.example", "tel:+15550001111"] {
        let expected = from_number(json!({ "toPhone": "+15550001111", "transferType": "vnum-to-pstn" }));
        check(EventName::CallTransferred, &transferring(sip(), target), &expected);
    }
    for target in ["8888", "sip:8888@127.0.0.1:5070", "sips:8888@pbx.example;transport=tcp"] {
        let expected = from_number(json!({ "toUser": "8888", "transferType": "vnum-to-vnum" }));
        check(EventName::CallTransferred, &transferring(sip(), target), &expected);
    }
    for (target, to, kind) in [
        ("vnum:+35621234567", "+35621234567", "vnum-to-vnum"),
        ("vnum:front desk", "front desk", "vnum-to-vnum"),
        ("officetab:800", "800", "vnum-to-officetab"),
    ] {
        check(EventName::CallTransferred, &transferring(sip(), target), &from_number(json!({ "toUser": to, "transferType": kind })));
    }
    for target in ["alex", "sip:alex@127.0.0.1:5070", "sips:alex@pbx.example;transport=tcp"] {
        let expected = from_number(json!({ "toUser": "alex", "transferType": "vnum-to-officetab" }));
        check(EventName::CallTransferred, &transferring(sip(), target), &expected);
        check(EventName::CallTransferred, &transferring(browser(), target), &expected);
    }
    check(
        EventName::CallTransferred,
        &transferring(outbound(), "sip:alex@pbx.example"),
        &json!({ "callId": "oac-0123456789ab", "fromOutbound": "oac-0123456789ab", "fromPhone": "+15551234567", "toUser": "alex",
            "transferType": "outbound-to-user", "trunkId": "tr_0123456789abcdef", "source": "outbound-ai" }),
    );
}

#[test]
fn a_call_of_which_nothing_is_known_still_has_every_field() {
    let data = of_call(EventName::CallEnded, &nothing_known());
    let names: Vec<&str> = data.keys().map(String::as_str).collect();
    assert_eq!(names, ["callId", "number", "room", "outcome", "durationSec", "tokens", "source"]);
    assert_eq!(data["callId"], "5c9f4c52-0f4a-4d0f-9c58-0123456789ab");
}

#[test]
fn a_room_has_its_documented_form_and_is_the_same_in_all_events_of_a_call() {
    let room = room(&browser());
    let tail = room.as_str().expect("a text").strip_prefix("vnum-1234-").expect("its number");
    assert!(tail.len() == 8 && tail.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()), "{tail}");
    assert_eq!(of_call(EventName::CallStarted, &browser())["room"], room);
}

#[test]
fn the_end_of_a_call_has_one_event_by_its_direction() {
    let fact = Fact::CallCompleted { session_id: SessionId::from("s"), has_transcript: true };
    assert_eq!(EventName::of(&fact, is_outbound(&outbound())), Some(EventName::OutboundFinished));
    assert_eq!(EventName::of(&fact, is_outbound(&sip())), Some(EventName::CallEnded));
}

#[test]
fn the_envelope_has_four_fields_in_order() {
    let text = body(EventName::Test, "phone.example", Millis(1_767_268_805_500), serde_json::Map::new());
    assert_eq!(text, r#"{"event":"webhook.test","tenant":"phone.example","ts":"2026-01-01T12:00:05.500Z","data":{}}"#);
}
