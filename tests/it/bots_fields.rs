//! Every block of a bot over the API: kept as it was sent, its credentials masked, refused with the path of what is wrong.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, make};

/// A bot that uses everything.
fn full() -> Value {
    make::with(
        make::bot("Anna"),
        json!({
            "system_prompt": "Help {{call.name}}.",
            "llm": { "provider": "openai", "base_url": "http://10.0.0.5/v1", "model": "m", "temperature": 0.4, "max_tokens": 300 },
            "llm_fallbacks": [{ "provider": "openai", "base_url": "http://10.0.0.6/v1", "api_key": "sk-fallback-000001" }, { "provider": "flow" }],
            "stt_fallbacks": [{ "provider": "none" }],
            "mcp_servers": [{ "name": "shop", "url": "https://mcp.shop.test/mcp", "headers": { "Authorization": "Bearer mcp-000000001" }, "tools": ["find"],
                "timeout_ms": 4000, "filler": "One moment." }],
            "callbacks": { "enabled": true, "max_days": 30, "retries": 2, "retry_delay_minutes": 30 },
            "turn_taking": { "end_of_turn_ms": 900, "after_sentence_ms": 300, "after_hesitation_ms": 2000, "fillers": ["copy that"],
                "thinking_after_ms": 3000, "thinking_words": ["Let me see."] },
            "answering_machines": { "on_voicemail": "leave_message", "on_ivr": "hang_up", "greeting_ms": 1500 },
            "re_engagement": { "after_ms": 8000, "message": "Are you there, {{name}}?", "times": 2 },
            "voicemail_message": "Call us back.", "pre_transfer_message": "One moment.", "recording_format": "ogg", "record_cards": true,
            "tools": [{ "name": "find_order", "description": "Finds an order by its number.", "url": "https://shop.test/orders/{{order_id}}",
                "method": "GET", "headers": { "Authorization": "Bearer shop-000000001", "Accept": "application/json" },
                "parameters": { "type": "object", "properties": { "order_id": { "type": "string" } }, "required": ["order_id"] },
                "timeout_ms": 5000, "filler": "Let me look that up." }],
            "transfer_numbers": { "sales": "+15550100" },
            "transfer_targets": [
                { "id": "desk", "label": "Front desk", "method": "livekit_sip_refer", "type": "sip_uri", "value": "sip:desk@example.org", "is_default": true,
                    "attended": true, "briefing": "{caller} calls about {reason}." },
                { "id": "night", "type": "phone_number", "value": "+15550101", "enabled": false },
                { "id": "people", "method": "agent_desk", "type": "agent_queue", "value": "support" }
            ],
            "conversation_policy": { "tone": "calm" },
            "crm_prefetch": { "url": "https://crm.test/customer", "headers": { "X-Key": "prefetch-00001" }, "params": { "phone": "{{call.caller_id}}" },
                "timeout_ms": 2000, "response_path": "data.customer" },
            "post_call_push": { "url": "https://crm.test/calls", "method": "PUT", "auth": { "type": "basic", "username": "box", "password": "push-0000001" },
                "body_format": "form", "key_mapper": { "call.id": "{{result.call_id}}", "call.score": "{{qc.overall_score}}" }, "preserve_types": true },
            "post_call_analysis_prompt": "Summarise.", "qc_prompt": "Judge.", "post_call_cache_enabled": true, "post_call_cache_version": "v1",
            "post_call_cache": { "handle": "x" },
            "auto_dispositions": { "rnr": { "disposition": "RNR", "sub_disposition": "RNR" }, "timeout": { "disposition": "Late" } },
            "sip_header_config": { "headers": ["X-Customer-*"] },
            "callback_prompt_injection": { "text": "Note when they want a call back." },
            "active_hours": { "days": ["mon", "tue"], "start_time": "00:00", "end_time": "24:00" },
            "knowledge_enabled": true, "knowledge_trigger_instructions": "For prices.", "knowledge_kb_ids": ["kb_1"], "knowledge_top_k": 3,
            "knowledge_score_threshold": 0.2, "knowledge_strict": true, "knowledge_fallback_message": "I do not know."
        }),
    )
}

#[tokio::test]
async fn every_field_is_kept_and_every_credential_is_masked() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let sent = full();
    let made = admin.post("/api/v1/bots", sent.clone()).await.expect(201);
    let masked = [
        ("/llm_fallbacks/0/api_key", "sk-f••••0001"),
        ("/tools/0/headers/Authorization", "Bear••••0001"),
        ("/mcp_servers/0/headers/Authorization", "Bear••••0001"),
        ("/crm_prefetch/headers/X-Key", "pref••••0001"),
        ("/post_call_push/auth/password", "push••••0001"),
    ];
    let mut expected = sent.clone();
    for (path, shown) in masked {
        *expected.pointer_mut(path).unwrap() = json!(shown);
    }
    for (field, value) in expected.as_object().unwrap() {
        contains(field, &made[field], value);
    }
    // What was read can be sent back as it is.
    let mut again = made.clone();
    for own in ["id", "version", "has_draft", "created_at", "created_by", "updated_at"] {
        again.as_object_mut().unwrap().remove(own);
    }
    let path = format!("/api/v1/bots/{}", made["id"].as_str().unwrap());
    let saved = admin.put(&path, again).await.expect(200);
    assert_eq!((saved["version"].clone(), saved["crm_prefetch"].clone()), (json!(2), made["crm_prefetch"].clone()));
    let config = app.engine().get(&format!("/api/v1/config/{}", made["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(config["llm_fallbacks"][0]["api_key"], "sk-fallback-000001");
    assert_eq!(config["tools"][0]["headers"]["Authorization"], "Bearer shop-000000001");
    assert_eq!(config["transfer_targets"][0]["value"], "sip:desk@example.org");
    assert_eq!((config["knowledge_kb_ids"].clone(), config["knowledge_top_k"].clone()), (json!(["kb_1"]), json!(3)));
    for field in ["crm_prefetch", "post_call_push"] {
        assert!(config.get(field).is_none(), "{field} is the control plane's own");
    }
    let disk = [app.data.main_db(), app.folder().join("main.db-wal")].map(|file| std::fs::read(file).unwrap_or_default());
    for secret in ["sk-fallback-000001", "shop-000000001", "mcp-000000001", "prefetch-00001", "push-0000001"] {
        assert!(!disk.iter().any(|bytes| bytes.windows(secret.len()).any(|part| part == secret.as_bytes())), "{secret} lies on the disk");
    }
}

/// Whether everything in `part` stands in `whole`; what was left out may have its default there.
#[track_caller]
fn contains(path: &str, whole: &Value, part: &Value) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, value) in part {
                contains(&format!("{path}.{key}"), whole.get(key).unwrap_or(&Value::Null), value);
            }
        }
        (Value::Array(whole), Value::Array(part)) => {
            assert_eq!(whole.len(), part.len(), "{path}");
            for (n, value) in part.iter().enumerate() {
                contains(&format!("{path}[{n}]"), &whole[n], value);
            }
        }
        _ => assert_eq!(whole, part, "{path}"),
    }
}

/// Changes one value of the full bot and the path its refusal must name.
fn wrong() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("/transfer_targets/1/type", json!("agent_queue"), "transfer_targets[1].type"),
        ("/transfer_targets/2/type", json!("sip_uri"), "transfer_targets[2].type"),
        ("/transfer_targets/0/method", json!("websocket_reverse_transfer"), "transfer_targets[0].type"),
        ("/transfer_targets/0/method", json!("smoke_signal"), "transfer_targets[0].method"),
        ("/transfer_targets/0/value", json!("sip:a b@c"), "transfer_targets[0].value"),
        ("/transfer_targets/1/value", json!("5550101"), "transfer_targets[1].value"),
        ("/transfer_targets/1/id", json!("DESK"), "transfer_targets[1].id"),
        ("/transfer_targets/1/is_default", json!(true), "transfer_targets[1].is_default"),
        ("/transfer_targets/2/attended", json!(true), "transfer_targets[2].attended"),
        ("/transfer_targets/0/briefing", json!("a\nb"), "transfer_targets[0].briefing"),
        ("/transfer_targets/0/owner", json!(1), "transfer_targets[0].owner"),
        ("/transfer_numbers/sales", json!("<sip:x>"), "transfer_numbers.sales"),
        ("/mcp_servers/0/name", json!("a b"), "mcp_servers[0].name"),
        ("/mcp_servers/0/url", json!("https://x.test/{{a}}"), "mcp_servers[0].url"),
        ("/mcp_servers/0/tools", json!([" "]), "mcp_servers[0].tools[0]"),
        ("/mcp_servers/0/headers", json!({ "Host": "evil.test" }), "mcp_servers[0].headers.Host"),
        ("/callbacks/max_days", json!(91), "callbacks.max_days"),
        ("/turn_taking/after_hesitation_ms", json!(100), "turn_taking.after_hesitation_ms"),
        ("/answering_machines/on_ivr", json!("leave_message"), "answering_machines.on_ivr"),
        ("/tools/0/name", json!("end_call"), "tools[0].name"),
        ("/tools/0/name", json!("find order"), "tools[0].name"),
        ("/tools/0/description", json!(" "), "tools[0].description"),
        ("/tools/0/url", json!("https://{{host}}/x"), "tools[0].url"),
        ("/tools/0/timeout_ms", json!(10), "tools[0].timeout_ms"),
        ("/tools/0/parameters", json!({ "type": "array" }), "tools[0].parameters.type"),
        ("/tools/0/parameters/properties/order_id", json!({ "type": "text" }), "tools[0].parameters.properties.order_id.type"),
        ("/tools/0/parameters/required", json!(["customer"]), "tools[0].parameters.required"),
        ("/tools/0/headers", json!({ "Host": "evil.test" }), "tools[0].headers.Host"),
        ("/tools/0/headers", json!({ "X-A": "line\r\nX-B: 1" }), "tools[0].headers.X-A"),
        ("/llm_fallbacks/0/provider", json!("flite"), "llm_fallbacks[0].provider"),
        (
            "/llm_fallbacks",
            json!([{ "provider": "none" }, { "provider": "none" }, { "provider": "none" }, { "provider": "none" },
            { "provider": "none" }, { "provider": "none" }]),
            "llm_fallbacks",
        ),
        ("/crm_prefetch/url", json!("https://user:pw@crm.test/"), "crm_prefetch.url"),
        ("/crm_prefetch/timeout_ms", json!(10_001), "crm_prefetch.timeout_ms"),
        ("/crm_prefetch/method", json!("DELETE"), "crm_prefetch.method"),
        ("/crm_prefetch/response_path", json!("a..b"), "crm_prefetch.response_path"),
        ("/post_call_push/key_mapper", json!({ "a": "x", "a.b": "y" }), "post_call_push.key_mapper.a"),
        ("/post_call_push/max_attempts", json!(0), "post_call_push.max_attempts"),
        ("/post_call_push/retry_on", json!(["200"]), "post_call_push.retry_on[0]"),
        ("/post_call_push/backoff", json!([5, 100_000]), "post_call_push.backoff"),
        ("/auto_dispositions/rnr/disposition", json!(""), "auto_dispositions.rnr.disposition"),
        ("/auto_dispositions/busy", json!({ "disposition": "x" }), "auto_dispositions.busy"),
        ("/sip_header_config/headers", json!(["*"]), "sip_header_config.headers[0]"),
        ("/conversation_policy", json!("calm"), "conversation_policy"),
        ("/knowledge_top_k", json!(11), "knowledge_top_k"),
        ("/knowledge_score_threshold", json!(1.5), "knowledge_score_threshold"),
        ("/knowledge_kb_ids", json!(["kb_1", "kb_1"]), "knowledge_kb_ids[1]"),
        ("/active_hours/days", json!(["someday"]), "active_hours.days[0]"),
    ]
}

#[tokio::test]
async fn each_block_is_refused_with_the_path_of_what_is_wrong() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    for (pointer, value, field) in wrong() {
        let mut body = full();
        match body.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => {
                let (parent, key) = pointer.rsplit_once('/').unwrap();
                body.pointer_mut(parent).unwrap()[key] = value.clone();
            }
        }
        for (way, target) in [("POST", "/api/v1/bots"), ("PUT", "/api/v1/bots/bot_0000000000000001/draft")] {
            let answer = if way == "POST" { admin.post(target, body.clone()).await } else { admin.put(target, body.clone()).await };
            let refusal = answer.expect(422);
            assert_eq!(refusal["errors"][0]["field"], field, "{way} {pointer} = {value}: {refusal}");
        }
    }
}
