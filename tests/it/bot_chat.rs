//! A bot tried in writing: what the engine is asked, what comes back, and who may.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{FakeEngine, TestApp, make};

fn said(words: &str) -> Value {
    json!({ "turns": [{ "role": "user", "content": words }] })
}

#[tokio::test]
async fn the_engine_answers_on_what_a_call_would_run_on_the_draft_included() {
    let app = TestApp::start().await;
    let (admin, engine) = (app.user(Role::Admin), FakeEngine::start(&app).await);
    let mut body = make::bot("Anna");
    body["opening_message"] = json!("Hello {{call.display_name}}.");
    body["llm"] = json!({ "provider": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1", "api_key": "sk-very-secret" });
    let id = admin.post("/api/v1/bots", body.clone()).await.expect(201)["id"].as_str().unwrap().to_owned();
    let chat = format!("/api/v1/bots/{id}/test-chat");
    let reply = json!({ "role": "assistant", "content": "From nine to five.", "ts": "2026-01-01T00:00:00.000Z", "intent": "hours" });
    engine.will_chat(200, json!({ "turns": [reply], "ends": { "kind": "transfer", "target": "desk" }, "prompt_tokens": 7, "took_ms": 12 }));
    let mut asked = said("when are you open");
    asked["connected_event"] = json!({ "display_name": "Ada" });
    let answer = admin.post(&chat, asked).await.expect(200);
    assert_eq!((&answer["version"], &answer["turns"][0]), (&json!("1"), &reply));
    assert_eq!((&answer["ends"]["target"], &answer["prompt_tokens"], &answer["took_ms"]), (&json!("desk"), &json!(7), &json!(12)));
    let told = engine.take_chats().remove(0);
    assert_eq!(told["config"]["opening_message"], "Hello Ada.", "variables are filled in");
    assert_eq!(told["config"]["llm"]["api_key"], "sk-very-secret", "the engine needs the key itself");
    assert_eq!((&told["turns"][0]["content"], &told["uses_tools"]), (&json!("when are you open"), &json!(false)));
    assert!(!answer.to_string().contains("sk-very-secret"));
    admin.post(&chat, json!({ "version": "draft" })).await.expect(404);
    body["opening_message"] = json!("From the draft.");
    admin.put(&format!("/api/v1/bots/{id}/draft"), body).await.expect(200);
    assert_eq!(admin.post(&chat, json!({ "version": "draft" })).await.expect(200)["version"], "draft");
    assert_eq!(engine.take_chats()[0]["config"]["opening_message"], "From the draft.");
    assert_eq!(admin.get("/api/v1/calls").await.expect(200)["total"], 0, "nothing is stored");
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let id = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].as_str().unwrap().to_owned();
    let chat = format!("/api/v1/bots/{id}/test-chat");
    assert_eq!(admin.post(&chat, said("hello")).await.expect(502)["error"], "bridge_unreachable", "no engine runs");
    let engine = FakeEngine::start(&app).await;
    engine.will_chat(502, json!({ "error": "provider_failed", "error_description": "the model service is not there" }));
    let refusal = admin.post(&chat, said("hello")).await.expect(502);
    assert_eq!((&refusal["error"], &refusal["error_description"]), (&json!("engine_refused"), &json!("the model service is not there")));
    engine.will_chat(404, json!({}));
    let refusal = admin.post(&chat, said("hello")).await.expect(502);
    assert!(refusal["error_description"].as_str().unwrap().contains("cannot answer in writing"), "{refusal}");
    engine.take_chats();
    for (body, field) in [
        (json!({ "turns": [{ "role": "assistant", "content": "Hello." }] }), "turns[0].role"),
        (json!({ "turns": [{ "role": "nobody", "content": "Hello." }] }), "turns[0].role"),
        (json!({ "keys": "x" }), "keys"),
        (json!({ "version": "newest" }), "version"),
    ] {
        let refusal = admin.post(&chat, body.clone()).await.expect(422);
        assert_eq!(refusal["errors"][0]["field"], field, "{body}: {refusal}");
    }
    admin.post(&chat, json!({ "text": "hello" })).await.expect(422);
    assert!(engine.take_chats().is_empty(), "the engine was not asked");
    admin.post("/api/v1/bots/bot_none/test-chat", said("hello")).await.expect(404);
    app.user(Role::Supervisor).post(&chat, said("hello")).await.expect(403);
    app.anonymous().post(&chat, said("hello")).await.expect(401);
}
