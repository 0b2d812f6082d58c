//! Tools against a service on loopback; what a model is offered.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::json;

use super::*;
use crate::platform::net::OutboundOptions;

/// A request: method, address, headers, body.
type Request = (Method, String, HeaderMap, String);

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Request>>>);

/// Answers by the last part of the path: a status, or anything for a long text.
async fn service() -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let app = Router::new().fallback(answer).with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await.expect("served") });
    (at, seen)
}

async fn answer(State(seen): State<Seen>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    seen.0.lock().expect("sound").push((method, uri.to_string(), headers, String::from_utf8_lossy(&body).into_owned()));
    match uri.path().rsplit('/').next().and_then(|last| last.parse().ok()) {
        Some(status) => (StatusCode::from_u16(status).expect("a status"), "no such city".to_owned()),
        None if uri.path().ends_with("long") => (StatusCode::OK, "x".repeat(100_000)),
        None => (StatusCode::OK, "21 degrees\n".to_owned()),
    }
}

fn config(changes: Value) -> CallConfig {
    let mut config = json!({
        "session_id": "s", "call_id": "c", "bot_id": "b", "webhook_url": "", "system_prompt": "", "opening_message": "",
        "stt": { "provider": "none" }, "llm": { "provider": "openai" }, "tts": { "provider": "none" },
    });
    config.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
    serde_json::from_value(config).expect("a config")
}

fn toolbox(tool: Value) -> Toolbox {
    let outbound = Outbound::new(OutboundOptions::allowing(["127.0.0.0/8"]).expect("a range")).expect("a client");
    Toolbox::of(&config(json!({ "tools": [tool] })), &outbound)
}

fn weather(at: SocketAddr, path: &str, method: &str) -> Value {
    json!({
        "name": "weather", "description": "The weather", "url": format!("http://{at}/{path}"), "method": method,
        "headers": { "X-Key": "k1" }, "timeout_ms": 2000,
        "parameters": { "type": "object", "properties": { "city": { "type": "string", "maxLength": 40 }, "day": { "type": "integer" } }, "required": ["city"] },
    })
}

async fn run(tool: Value, arguments: Value) -> Gave {
    toolbox(tool).run(&ToolUse { id: "c1".to_owned(), name: "weather".to_owned(), arguments }).await
}

#[tokio::test]
async fn arguments_travel_in_path_query_or_body() {
    let (at, seen) = service().await;
    let arguments = json!({ "city": "Bad Ems/../x?y", "day": 2 });
    let gave = run(weather(at, "of/{{city}}/now", "GET"), arguments.clone()).await;
    assert_eq!(gave, Gave { text: "21 degrees".to_owned(), is_error: false });
    run(weather(at, "now?lang=en", "GET"), arguments.clone()).await;
    run(weather(at, "now", "POST"), arguments).await;
    let seen = seen.0.lock().expect("sound");
    assert_eq!(seen[0].1, "/of/Bad%20Ems%2F..%2Fx%3Fy/now?day=2", "a value cannot change the way");
    assert_eq!((seen[0].0.as_str(), seen[0].2["x-key"].to_str().ok()), ("GET", Some("k1")));
    assert_eq!(seen[1].1, "/now?lang=en&city=Bad%20Ems%2F..%2Fx%3Fy&day=2");
    assert_eq!((seen[2].1.as_str(), seen[2].3.as_str()), ("/now", "{\"city\":\"Bad Ems/../x?y\",\"day\":2}"));
}

#[tokio::test]
async fn arguments_off_the_schema_reach_nobody() {
    let (at, seen) = service().await;
    for arguments in
        [json!({}), json!({ "city": 7 }), json!({ "city": "x".repeat(41) }), json!([]), json!(null), json!({ "city": "x", "day": "two" })]
    {
        let gave = run(weather(at, "now", "POST"), arguments.clone()).await;
        assert!(gave.is_error && gave.text.starts_with("the arguments are wrong"), "{arguments}: {gave:?}");
    }
    assert!(seen.0.lock().expect("sound").is_empty());
}

#[tokio::test]
async fn faults_are_words_and_long_answers_are_cut() {
    let (at, _) = service().await;
    let city = json!({ "city": "x" });
    assert_eq!(run(weather(at, "404", "GET"), city.clone()).await, Gave::error("the service answered 404: no such city"));
    assert_eq!(run(weather(at, "500", "GET"), city.clone()).await, Gave::error("the service answered 500"));
    let long = run(weather(at, "long", "GET"), city.clone()).await;
    assert!(!long.is_error && long.text.len() < 20_000 && long.text.ends_with("(cut)"));
    let inside = json!({ "name": "weather", "description": "", "url": "http://169.254.169.254/latest", "method": "GET" });
    let refused = run(inside, json!({})).await;
    assert!(refused.is_error && refused.text.starts_with("the service cannot be reached"), "{refused:?}");
    let unknown =
        toolbox(json!({ "name": "other", "url": "http://x" })).run(&ToolUse { name: "weather".to_owned(), ..ToolUse::default() }).await;
    assert_eq!(unknown, Gave::error("there is no tool weather"));
}

#[tokio::test]
async fn a_service_that_hangs_costs_the_declared_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut tool = weather(silent.local_addr().expect("an address"), "now", "GET");
    tool["timeout_ms"] = json!(300);
    let gave = tokio::time::timeout(std::time::Duration::from_secs(5), run(tool, json!({ "city": "x" }))).await.expect("in time");
    assert!(gave.is_error, "{gave:?}");
}

#[test]
fn a_model_is_offered_what_the_bot_can_do() {
    let names = |changes: Value| -> Vec<String> {
        offered(&config(changes)).iter().map(|tool| tool["function"]["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(json!({})), [END_CALL, SEND_DTMF]);
    let targets = json!({ "transfer_numbers": { "sales": "+15550100" }, "transfer_targets": [
        { "id": "desk", "value": "sip:desk@x" }, { "id": "off", "value": "1", "enabled": false }] });
    let tools = offered(&config(targets));
    assert_eq!(tools[2]["function"]["name"], TRANSFER);
    assert_eq!(tools[2]["function"]["parameters"]["properties"]["target"]["enum"], json!(["sales", "desk"]));
    assert_eq!(names(json!({ "tools": [{ "name": "weather", "url": "http://x" }] })).last().map(String::as_str), Some("weather"));
}
