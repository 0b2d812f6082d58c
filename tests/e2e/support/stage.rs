//! Sets up a call from outside with the four requests of the manual: carrier, bot, number, route.

use serde_json::{Value, json};

use super::http::Http;

/// A reception that understands speech and keys.
pub fn reception() -> Value {
    json!({
        "name": "Test reception", "status": "active", "language": "en-US", "timezone": "Europe/Malta",
        "opening_message": "Hello, this is the test reception. How can I help you?",
        "system_prompt": "Answer questions about opening hours.",
        "stt": { "provider": "pocketsphinx" }, "llm": { "provider": "flow" }, "tts": { "provider": "flite", "voice": "slt" },
        "flow": {
            "intents": [
                { "id": "hours", "phrases": ["when are you open", "what are your opening hours"], "digits": "1", "reply": "We are open from nine to five." },
                { "id": "person", "phrases": ["i want to talk to a person"], "digits": "0", "reply": "I will put you through.", "tool": { "name": "transfer", "target": "+15557654321" } },
                { "id": "bye", "phrases": ["goodbye", "that is all"], "digits": "9", "reply": "Goodbye.", "tool": { "name": "end_call" } }
            ],
            "fallback": "Sorry, I did not understand. Ask for our opening hours, or press one."
        },
        "max_call_duration_seconds": 60
    })
}

/// What was set up.
pub struct Stage {
    pub bot_id: String,
    pub carrier_id: String,
}

/// Makes a carrier at `sip_address` on loopback, a bot, the number 1234 and a route for the DID `+15551230000` to it.
pub async fn set(admin: &Http, sip_address: &str, transport: &str, bot: &Value) -> Stage {
    let carrier = admin
        .post_ok(
            "/api/v1/carriers",
            &json!({
                "name": "Loopback", "sip_address": sip_address, "transport": transport,
                "outbound_auth_username": "trunk1", "outbound_auth_password": "s3cret-trunk",
                "inbound_auth_mode": "ip", "inbound_allowed_addresses": ["127.0.0.1"], "options_interval_seconds": 0
            }),
            201,
        )
        .await;
    let bot = admin.post_ok("/api/v1/bots", bot, 201).await;
    let bot_id = bot["id"].as_str().unwrap().to_owned();
    let number = json!({ "name": "front", "number": "1234", "mode": "live-voice-ai", "bot_id": bot_id, "visibility": "public" });
    admin.post_ok("/api/v1/numbers", &number, 201).await;
    admin.post_ok("/api.ashx/v1/inbound-routes", &json!({ "did": "+15551230000", "user": "front" }), 201).await;
    Stage { bot_id, carrier_id: carrier["id"].as_str().unwrap().to_owned() }
}
