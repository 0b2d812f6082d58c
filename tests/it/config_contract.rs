//! `GET /api/v1/config/{bot_id}` as engines use it (contract §2.3), and its preview for people.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, make};

async fn bot(app: &TestApp, change: Value) -> String {
    let made = app.user(Role::Admin).post("/api/v1/bots", make::with(make::bot("Anna"), change)).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// A query parameter with every byte escaped.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn config(app: &TestApp, bot: &str, event: &Value) -> Value {
    let event = escaped(&event.to_string());
    app.engine().get(&format!("/api/v1/config/{bot}?caller_id=%2B1555&stream_id=st-1&connected_event={event}")).await.expect(200)
}

#[tokio::test]
async fn the_secret_the_bot_and_the_hours_decide_in_this_order() {
    let app = TestApp::start().await;
    let night = json!({ "active_hours": { "start_time": "22:00", "end_time": "06:00" }, "timezone": "Europe/Malta" });
    let id = bot(&app, night).await;
    let path = format!("/api/v1/config/{id}");
    let with = |secret: &str| app.anonymous().with_header("X-CXB-Core-Secret", secret);
    assert_eq!(with("wrong").get(&path).await.status, 403, "X1, X9: the second spelling counts, a wrong secret is 403");
    app.user(Role::SuperAdmin).get(&path).await.expect(403);
    app.engine().get("/api/v1/config/bot_none").await.expect(404);
    // 12:00 UTC is 14:00 in Malta.
    let refusal = with(&app.core_secret).get(&path).await.expect(503);
    assert!(refusal["detail"].as_str().unwrap().starts_with("outside_active_hours: "), "{refusal}");
    app.advance(Duration::from_secs(9 * 3600 + 1800));
    with(&app.core_secret).get(&path).await.expect(200);
    app.advance(Duration::from_secs(5 * 3600 + 1800));
    app.engine().get(&path).await.expect(200);
    app.advance(Duration::from_secs(3600));
    app.engine().get(&path).await.expect(503);
    app.user(Role::Admin).post(&format!("/api/v1/bots/{id}/deactivate"), json!({})).await.expect(200);
    let off = app.engine().get(&path).await.expect(404);
    assert_eq!(off["error"], "bot_not_active", "whether it takes calls comes before when");
}

#[tokio::test]
async fn control_flags_steer_the_call_and_are_no_variables() {
    let app = TestApp::start().await;
    let words = "{{call.name}}|{{_campaign_id}}|{{call._campaign_id}}|{{_skip_post_push}}|{{crm.tier}}|{{crm.name}}|{{tier}}";
    let prompt = json!({ "opening_message": words, "system_prompt": "Be kind.", "callback_prompt_injection": { "text": "Callbacks for {{name}}?" } });
    let id = bot(&app, prompt).await;
    let event = json!({
        "name": "Ada", "tier": "event", "_campaign_session_id": "camp-1", "_skip_post_push": true, "_skip_prefetch": true,
        "_mock_crm": { "tier": "gold", "orders": { "open": 2 } }, "_campaign_id": "c-7", "_campaign_call_id": "cc-9",
        "_campaign_attempt": 2, "_campaign_run_number": 1
    });
    let made = config(&app, &id, &event).await;
    assert_eq!(made["session_id"], "camp-1");
    assert_eq!(made["opening_message"], "Ada|{{_campaign_id}}|{{call._campaign_id}}|{{_skip_post_push}}|gold|Ada|gold");
    assert_eq!(made["system_prompt"], "Be kind.\n\nCallbacks for Ada?");
    assert_eq!(made["callback_detection_enabled"], true);
    let call = app.user(Role::Admin).get("/api/v1/calls/camp-1").await.expect(200);
    assert_eq!(call["connected_event"], json!({ "name": "Ada", "tier": "event" }));
    assert_eq!(call["crm_data"], json!({ "name": "Ada", "tier": "gold", "orders": { "open": 2 } }));
    assert_eq!(call["campaign"], json!({ "campaign_id": "c-7", "campaign_call_id": "cc-9", "attempt": 2, "run_number": 1 }));
    assert_eq!(
        (call["skip_post_push"].clone(), call["stream_id"].clone(), call["status"].clone()),
        (json!(true), json!("st-1"), json!("active"))
    );
    let plain = config(&app, &id, &json!({ "name": "Bob" })).await;
    assert_eq!((plain["system_prompt"].clone(), plain["callback_detection_enabled"].clone()), (json!("Be kind."), json!(false)));
}

#[tokio::test]
async fn the_same_key_twice_is_one_call_and_another_bots_call_is_409() {
    let app = TestApp::start().await;
    let (first, second) = (bot(&app, json!({})).await, bot(&app, json!({})).await);
    let ask = |bot: &str| format!("/api/v1/config/{bot}?session_id=s-1&caller_id=%2B1555");
    let made = app.engine().get(&ask(&first)).await.expect(200);
    assert_eq!(app.engine().get(&ask(&first)).await.expect(200), made);
    app.engine().get(&ask(&second)).await.expect(409);
    assert_eq!(app.user(Role::Admin).get("/api/v1/calls").await.expect(200)["total"], 1);
    let fresh = app.engine().get(&format!("/api/v1/config/{first}?session_id=not%20a%20key")).await.expect(200);
    assert_ne!(fresh["session_id"], "not a key", "a key that is no plain word is not taken");
}

#[tokio::test]
async fn texts_keep_what_cannot_be_resolved_and_flat_names_look_in_three_places() {
    let app = TestApp::start().await;
    let words =
        "{{timezone}} {{city}} {{customer.city}} {{analysis.score}} {{result.call_id}} {{qc.remarks}} {{score}} {{nothing}} {{obj}}";
    let id = bot(&app, json!({ "system_prompt": words, "timezone": "Asia/Kolkata" })).await;
    let event = json!({ "city": "Paris", "obj": { "a": [1] }, "_mock_crm": { "city": "Rome" } });
    let made = config(&app, &id, &event).await;
    assert_eq!(
        made["system_prompt"],
        "Asia/Kolkata Rome Rome {{analysis.score}} {{result.call_id}} {{qc.remarks}} {{score}} {{nothing}} {\"a\":[1]}"
    );
    assert_eq!((made["min_words_interruption"].clone(), made["max_call_duration_seconds"].clone()), (json!(3), json!(600)));
    assert_eq!((made["transfer_numbers"].clone(), made["transfer_targets"].clone()), (json!({}), json!([])));
}

#[tokio::test]
async fn hostile_events_and_templates_end_as_text() {
    let app = TestApp::start().await;
    let id = bot(&app, json!({ "opening_message": "{{call.a}} {{call.b}} {{{{x}}}} {% for i in range(9) %}{{i}}{% endfor %}" })).await;
    let looping = json!({ "a": "{{call.b}}", "b": "{{call.a}}", "_mock_crm": "not an object", "_campaign_session_id": 7 });
    let made = config(&app, &id, &looping).await;
    let said = made["opening_message"].as_str().unwrap();
    assert!(
        said.starts_with("{{call.b}} {{call.a}} ") && said.contains("{% for i in range(9) %}"),
        "what a variable says is not read again: {said}"
    );
    let deep = "[".repeat(5_000);
    for malformed in ["{", "[]", "null", "{\"a\":}", "\u{0}", deep.as_str()] {
        let path = format!("/api/v1/config/{id}?connected_event={}", escaped(malformed));
        let made = app.engine().get(&path).await.expect(200);
        assert!(made["opening_message"].as_str().unwrap().starts_with("{{call.a}}"), "{malformed:.20}");
    }
}

#[tokio::test]
async fn sip_headers_reach_the_call_only_when_the_bot_names_them() {
    let app = TestApp::start().await;
    let rules = json!({ "sip_header_config": { "headers": ["x-customer-*"] }, "opening_message": "{{sip_header_x_customer_id}} {{call.sip_headers_json}}" });
    let id = bot(&app, rules).await;
    let made = config(&app, &id, &json!({ "sip_candidate_headers": { "X-Customer-Id": "7", "Authorization": "Digest secret" } })).await;
    assert_eq!(made["opening_message"], "7 {\"X-Customer-Id\":\"7\"}");
    let admin = app.user(Role::Admin);
    let number = json!({ "name": "main", "number": "100", "mode": "live-voice-ai", "bot_id": id, "visibility": "public" });
    admin.post("/api/v1/numbers", number).await.expect(201);
    let invite =
        json!({ "call_id": "vnum000000000001", "did": "100", "from_number": null, "headers": { "X-Customer-Id": "9", "X-Other": "no" } });
    let answer = app.engine().post("/api/v1/engine/inbound", invite).await.expect(200);
    let session = answer["session_id"].as_str().unwrap();
    let made = app.engine().get(&format!("/api/v1/config/{id}?session_id={session}")).await.expect(200);
    assert_eq!(made["opening_message"], "9 {\"X-Customer-Id\":\"9\"}");
    let call = admin.get(&format!("/api/v1/calls/{session}")).await.expect(200);
    assert!(!call.to_string().contains("X-Other"), "what the bot may not see is not kept");
}

#[tokio::test]
async fn a_preview_shows_the_config_without_keys_and_opens_no_call() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let change = json!({
        "llm": { "provider": "openai", "base_url": "http://10.0.0.5/v1", "api_key": "sk-0123456789abcdef" },
        "opening_message": "Hello {{call.name}}, {{crm.tier}}, {{unknown}}", "active_hours": { "start_time": "00:00", "end_time": "01:00" },
        "tools": [{ "name": "t", "description": "d", "url": "https://x.test/{{id}}", "headers": { "X-Key": "tool-secret-0001" } }]
    });
    let id = bot(&app, change.clone()).await;
    let path = format!("/api/v1/bots/{id}/config-preview");
    let event = escaped(r#"{"name":"Ada","_mock_crm":{"tier":"gold"}}"#);
    let seen = admin.get(&format!("{path}?caller_id=%2B1555&connected_event={event}")).await.expect(200);
    assert_eq!(seen["config"]["opening_message"], "Hello Ada, gold, {{unknown}}");
    assert_eq!((seen["config"]["llm"]["api_key"].clone(), seen["unresolved"].clone()), (json!("sk-0••••cdef"), json!(["unknown"])));
    assert!(!seen.to_string().contains("0123456789") && !seen.to_string().contains("tool-secret"));
    assert_eq!((seen["variables"]["call.caller_id"].clone(), seen["variables"]["crm.tier"].clone()), (json!("+1555"), json!("gold")));
    assert_eq!((seen["takes_calls"].clone(), seen["status"].clone(), seen["version"].clone()), (json!(false), json!(503), json!("1")));
    assert!(seen["reason"].as_str().unwrap().starts_with("outside_active_hours"));
    admin.put(&format!("/api/v1/bots/{id}/draft"), make::with(make::bot("Anna"), json!({ "opening_message": "New." }))).await.expect(200);
    let draft = admin.get(&format!("{path}?version=draft")).await.expect(200);
    assert_eq!((draft["config"]["opening_message"].clone(), draft["status"].clone()), (json!("New."), json!(200)));
    admin.post(&format!("/api/v1/bots/{id}/deactivate"), json!({})).await.expect(200);
    assert_eq!(admin.get(&path).await.expect(200)["status"], 404);
    admin.get(&format!("{path}?version=7")).await.expect(404);
    admin.get(&format!("{path}?version=x")).await.expect(422);
    admin.get("/api/v1/bots/bot_none/config-preview").await.expect(404);
    app.user(Role::Supervisor).get(&path).await.expect(403);
    assert_eq!(admin.get("/api/v1/calls").await.expect(200)["total"], 0);
}
