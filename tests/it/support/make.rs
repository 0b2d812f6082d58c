//! Bodies that tests start from.

use serde_json::{Value, json};

/// A small flow bot that takes calls.
pub fn bot(name: &str) -> Value {
    json!({
        "name": name, "status": "active", "opening_message": "Hello.", "system_prompt": "", "language": "en-US", "timezone": "UTC",
        "stt": { "provider": "pocketsphinx" }, "llm": { "provider": "flow" }, "tts": { "provider": "flite", "voice": "slt" },
        "flow": {
            "intents": [{ "id": "bye", "phrases": ["goodbye"], "digits": "9", "reply": "Goodbye.", "tool": { "name": "end_call" } }],
            "fallback": "Pardon?"
        }
    })
}

/// A body with some of its fields replaced.
pub fn with(mut body: Value, change: Value) -> Value {
    let change = change.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(change);
    body
}

/// A carrier whose pace holds nobody up.
pub fn quick_carrier() -> Value {
    with(carrier(), json!({ "outbound_cps": 100, "outbound_burst": 1000 }))
}

/// A carrier that may call and be called on loopback.
pub fn carrier() -> Value {
    json!({
        "name": "Loop", "sip_address": "127.0.0.1:5090", "transport": "udp", "inbound_auth_mode": "ip",
        "inbound_allowed_addresses": ["127.0.0.1"]
    })
}
