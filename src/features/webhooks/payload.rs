//! The `data` of each event, field by field as seed 002 lists them. Pure: a stored call in, JSON out.

use serde_json::{Map, Value, json};

use super::event::EventName;
use crate::base::Millis;
use crate::base::phone::is_e164;
use crate::base::secret::sha256_hex;
use crate::contract::event::{OFFICE_TAB, VNUM};
use crate::features::calls::{CallRecord, CallStatus, Direction, Origin};

/// The body of a delivery, as it is stored and sent.
pub(super) fn body(event: EventName, tenant: &str, at: Millis, data: Map<String, Value>) -> String {
    json!({ "event": event.as_str(), "tenant": tenant, "ts": at, "data": data }).to_string()
}

/// Whether we placed the call.
pub(super) fn is_outbound(call: &CallRecord) -> bool {
    call.origin == Origin::OutboundAi || call.direction == Direction::Outbound
}

/// The `data` of a call's event. Events that no call has give an empty object.
pub(super) fn of_call(event: EventName, call: &CallRecord) -> Map<String, Value> {
    match event {
        EventName::CallStarted => started(call),
        EventName::CallAnswered => answered(call),
        EventName::CallTransferred => transferred(call),
        EventName::CallEnded => ended(call),
        EventName::OutboundFinished => outbound_finished(call),
        EventName::TranscriptSaved => transcript_saved(call),
        EventName::ShareCreated | EventName::ShareViewed | EventName::ShareRevoked | EventName::Test => Map::new(),
    }
}

/// Collects fields; absent ones are left out.
struct Fields(Map<String, Value>);

impl Fields {
    fn of(call: &CallRecord) -> Self {
        Self(Map::new()).with("callId", call.public_id())
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

/// Whether a browser called one of our numbers: there is no SIP leg that could be answered.
pub(super) fn is_browser(call: &CallRecord) -> bool {
    call.origin == Origin::Vnum && !is_outbound(call) && !is_sip(call)
}

/// Whether the call came in over SIP, and not from a browser.
fn is_sip(call: &CallRecord) -> bool {
    call.did.is_some() || call.carrier_id.is_some()
}

fn started(call: &CallRecord) -> Map<String, Value> {
    let fields = Fields::of(call);
    if is_outbound(call) {
        return with_callee(fields, call).with("direction", "outbound").with("source", "outbound-ai").0;
    }
    let fields = fields.with_some("number", call.number.clone().or_else(|| call.did.clone()));
    let fields = if is_sip(call) { fields.with_some("did", call.did.clone()) } else { fields.with("room", room(call)) };
    fields.with("direction", "inbound").with("source", if is_sip(call) { "gemini-live" } else { "vnum" }).0
}

fn answered(call: &CallRecord) -> Map<String, Value> {
    let fields = Fields::of(call);
    let fields = if is_outbound(call) {
        with_callee(fields, call).with_some("trunkId", trunk(call)).with("direction", "outbound").with("source", "outbound-ai")
    } else {
        fields
            .with_some("did", call.did.clone())
            .with_some("fromNumber", call.from_number.clone())
            .with("direction", "inbound")
            .with("source", "gemini-live")
    };
    fields.with("answerMs", call.answer_ms.unwrap_or(0)).0
}

fn transferred(call: &CallRecord) -> Map<String, Value> {
    let (target, kind) = transfer(call);
    let fields = Fields::of(call);
    if is_outbound(call) {
        return fields
            .with("fromOutbound", call.public_id())
            .with_some("fromPhone", call.to_number.clone())
            .with("toUser", target)
            .with("transferType", "outbound-to-user")
            .with_some("trunkId", trunk(call))
            .with("source", "outbound-ai")
            .0;
    }
    let fields = fields.with_some("fromVnum", call.number.clone().or_else(|| call.did.clone()));
    let fields = match kind {
        "vnum-to-pstn" => fields.with("toPhone", target).with("transferType", kind),
        _ => fields.with("toUser", target).with("transferType", kind),
    };
    fields.with("room", room(call)).with("source", "vnum").0
}

fn ended(call: &CallRecord) -> Map<String, Value> {
    let number = if is_sip(call) { call.did.as_ref().or(call.number.as_ref()) } else { call.number.as_ref() };
    Fields::of(call)
        .with("number", number.cloned().unwrap_or_default())
        .with("room", room(call))
        .with("outcome", outcome(call))
        .with("durationSec", call.talk_seconds())
        .with("tokens", call.tokens_total.unwrap_or(0))
        .with("source", if is_sip(call) { "sip" } else { "vnum" })
        .0
}

fn outbound_finished(call: &CallRecord) -> Map<String, Value> {
    let (n_input, n_output) = call.n_turns();
    with_callee(Fields::of(call), call)
        .with("outcome", outcome(call))
        .with("answered", call.was_answered())
        .with("talkSec", call.talk_seconds())
        .with("trunk", trunk(call).unwrap_or_default())
        .with("inputTurns", n_input)
        .with("outputTurns", n_output)
        .with("errorDetail", call.error_detail.clone().unwrap_or_default())
        .0
}

fn transcript_saved(call: &CallRecord) -> Map<String, Value> {
    let fields = Fields::of(call);
    let fields = if is_outbound(call) {
        with_callee(fields, call)
    } else {
        fields.with_some("number", call.number.clone().or_else(|| call.did.clone()))
    };
    fields
        .with("file", call.transcript_file.clone().unwrap_or_default())
        .with("outcome", outcome(call))
        .with("source", if is_outbound(call) { "outbound-ai" } else { "vnum" })
        .0
}

fn with_callee(fields: Fields, call: &CallRecord) -> Fields {
    fields.with("phone", call.to_number.clone().unwrap_or_default()).with("displayName", call.display_name.clone().unwrap_or_default())
}

fn trunk(call: &CallRecord) -> Option<String> {
    call.carrier_id.as_ref().map(|id| id.0.clone())
}

fn outcome(call: &CallRecord) -> String {
    call.outcome.clone().unwrap_or_else(|| {
        match call.status {
            CallStatus::Voicemail => "voicemail",
            CallStatus::Failed => "failed",
            CallStatus::Active | CallStatus::Completed => "finished",
        }
        .to_owned()
    })
}

/// The kind of a hand-over by its target: numbers with a plus lie in the telephone network, other numbers are virtual ones of this box, and
/// a name is a person whose telephone rings (their office tab, decision 31).
fn transfer_type(target: &str) -> &'static str {
    if is_e164(target) {
        "vnum-to-pstn"
    } else if !target.is_empty() && target.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#') {
        "vnum-to-vnum"
    } else {
        "vnum-to-officetab"
    }
}

/// Where the call went, a number, a name or the user part of a SIP address, and the kind of the hand-over. The engine says who is there where
/// the box itself has it.
fn transfer(call: &CallRecord) -> (String, &'static str) {
    let said = ["transfer_destination", "transfer_target"].iter().find_map(|key| call.doc.get(*key)).and_then(Value::as_str);
    let said = said.unwrap_or_default();
    for (scheme, kind) in [(VNUM, "vnum-to-vnum"), (OFFICE_TAB, "vnum-to-officetab")] {
        if let Some(target) = said.strip_prefix(scheme) {
            return (target.to_owned(), kind);
        }
    }
    let user = said.trim_start_matches("sips:").trim_start_matches("sip:").trim_start_matches("tel:");
    let target = user.split(['@', ';', '?']).next().unwrap_or_default();
    (target.to_owned(), transfer_type(target))
}

/// The name of the call's room, `vnum-<number>-<8 base 36>`: the same in all events of one call.
fn room(call: &CallRecord) -> String {
    let digest = sha256_hex(call.session_id.as_str());
    let mut n = u64::from_str_radix(&digest[..16], 16).unwrap_or(0);
    let digits = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let tail: String = std::iter::repeat_with(|| {
        let digit = char::from(digits[(n % 36) as usize]);
        n /= 36;
        digit
    })
    .take(8)
    .collect();
    format!("vnum-{}-{tail}", call.number.as_deref().or(call.did.as_deref()).unwrap_or("0"))
}
