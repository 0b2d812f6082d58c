//! A bot that is tried in writing: intents, a model with tools, first words, and a provider that fails.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use cxbox::base::Clock;
use cxbox::lab::ai::{AiOptions, RunningAi};
use cxbox::platform::net::Request;
use serde_json::{Value, json};

use crate::support::providers::Script;
use crate::support::{Bench, bot, bot_with};

fn said(words: &str) -> Value {
    json!({ "role": "user", "content": words, "ts": "2026-01-01T00:00:00.000Z" })
}

/// The status and the body of what the engine answers.
async fn ask(bench: &Bench, body: Value) -> (u16, Value) {
    let answer = bench.command(Request::post("/chat").json(&body).unwrap()).await;
    (answer.status, answer.json(1 << 20).await.unwrap())
}

fn config(changes: Value) -> Value {
    let mut config = bot_with(changes);
    let ids =
        json!({ "session_id": "preview", "call_id": "preview", "bot_id": "bot_0000000000000001", "webhook_url": "http://127.0.0.1:9/" });
    config.as_object_mut().unwrap().extend(ids.as_object().unwrap().clone());
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn intents_answer_ask_back_and_end_the_call_on_paper_only() {
    let flow = json!({ "fallback": "Pardon?", "intents": [
        { "id": "hours", "phrases": ["when are you open today please"], "reply": "From nine to five." },
        { "id": "bye", "phrases": ["goodbye"], "reply": "Goodbye.", "tool": { "name": "end_call" } },
        { "id": "desk", "digits": "0", "reply": "One moment.", "tool": { "name": "transfer", "target": "200" } },
    ] });
    let bench = Bench::start(bot(), Script::default()).await;
    let config = config(json!({ "disclosure": "I am a machine.", "opening_message": "Welcome.", "recording_mode": "off",
        "llm": { "provider": "flow" }, "flow": flow }));
    let (status, first) = ask(&bench, json!({ "config": config, "turns": [] })).await;
    assert_eq!(status, 200, "{first}");
    let words = |answer: &Value| -> Vec<String> {
        answer["turns"].as_array().unwrap().iter().map(|turn| turn["content"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words(&first), ["I am a machine.", "Welcome."]);
    let (_, hours) = ask(&bench, json!({ "config": config, "turns": [said("when are you open today please")] })).await;
    assert_eq!(
        (words(&hours), &hours["turns"][0]["intent"], &hours["ends"]),
        (vec!["From nine to five.".to_owned()], &json!("hours"), &Value::Null)
    );
    let (_, bye) = ask(&bench, json!({ "config": config, "turns": [said("goodbye")] })).await;
    assert_eq!((words(&bye), &bye["ends"]["kind"]), (vec!["Goodbye.".to_owned(), "end_call".to_owned()], &json!("end_call")));
    let (_, desk) = ask(&bench, json!({ "config": config, "turns": [said("hm")], "keys": "0" })).await;
    assert_eq!(desk["ends"], json!({ "kind": "transfer", "target": "200" }));
    let (_, lost) = ask(&bench, json!({ "config": config, "turns": [said("bananas")] })).await;
    assert_eq!(words(&lost), ["Pardon?"]);
    assert_eq!((bench.health().await["fleet_calls"].clone(), bench.control.n_results()), (json!(0), 0), "there was no call");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_uses_its_tools_only_when_it_may() {
    let script =
        json!({ "rules": [{ "match": "weather", "reply": "", "tool": { "name": "weather", "arguments": { "city": "Valletta" } } }] });
    let options = AiOptions { script: serde_json::from_value(script).unwrap(), ..AiOptions::default() };
    let ai = RunningAi::start("127.0.0.1:0".parse().unwrap(), options, Clock::system()).await.unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let answer = |State(asked): State<Arc<Mutex<Vec<Value>>>>, axum::Json(body): axum::Json<Value>| async move {
        asked.lock().unwrap().push(body);
        "21 degrees"
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/weather", listener.local_addr().unwrap());
    let app = Router::new().route("/weather", post(answer)).with_state(asked.clone());
    let service = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let tool = json!({ "name": "weather", "description": "The weather", "url": url, "method": "POST",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } } } });
    let config = config(json!({ "llm": { "provider": "openai" }, "tools": [tool] }));
    let script = Script { model: Some(format!("http://{}/v1", ai.address)), ..Script::default() };
    let bench = Bench::start(bot(), script).await;
    let order = json!({ "config": config, "turns": [said("the weather please")] });
    let (status, answer) = ask(&bench, order.clone()).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["turns"][0]["tool"], "weather");
    assert!(answer["turns"][0]["content"].as_str().unwrap().contains("was not asked"), "{answer}");
    assert!(asked.lock().unwrap().is_empty());
    let mut order = order;
    order["uses_tools"] = json!(true);
    let (_, answer) = ask(&bench, order).await;
    assert_eq!(*asked.lock().unwrap(), [json!({ "city": "Valletta" })]);
    assert_eq!((&answer["turns"][0]["content"], &answer["turns"][1]["role"]), (&json!("21 degrees"), &json!("assistant")), "{answer}");
    assert!(answer["turns"][1]["content"].as_str().unwrap().contains("21 degrees"));
    assert!(answer["prompt_tokens"].as_u64().unwrap() > 0);
    service.abort();
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_says_why() {
    let bench = Bench::start(bot(), Script { is_stupid: true, ..Script::default() }).await;
    let (status, refusal) = ask(&bench, json!({ "config": config(json!({})), "turns": [said("hello")] })).await;
    assert_eq!((status, &refusal["error"]), (502, &json!("provider_failed")));
    let anonymous =
        cxbox::platform::net::unix::request(&bench.data.engine_socket(), Request::post("/chat").json(&json!({})).unwrap()).await;
    assert_eq!(anonymous.unwrap().status, 403);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tools_of_a_server_are_there_in_writing_too() {
    let script =
        json!({ "rules": [{ "match": "bolts", "reply": "", "tool": { "name": "shop_stock", "arguments": { "item": "bolts" } } }] });
    let options = AiOptions { script: serde_json::from_value(script).unwrap(), ..AiOptions::default() };
    let ai = RunningAi::start("127.0.0.1:0".parse().unwrap(), options, Clock::system()).await.unwrap();
    let bench = Bench::start(bot(), Script { model: Some(format!("http://{}/v1", ai.address)), ..Script::default() }).await;
    let servers = json!([{ "name": "shop", "url": crate::tools::mcp().await, "tools": ["stock"] }]);
    let config = config(json!({ "llm": { "provider": "openai" }, "mcp_servers": servers }));
    let (status, answer) = ask(&bench, json!({ "config": config, "turns": [said("how many bolts")], "uses_tools": true })).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&answer["turns"][0]["tool"], &answer["turns"][0]["content"]), (&json!("shop_stock"), &json!("3 of bolts")));
    bench.end().await;
}
