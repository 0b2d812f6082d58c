//! A server of a few lines, well behaved and otherwise.

use std::net::SocketAddr;
use std::sync::Mutex;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use super::*;
use crate::engine::tools::{ToolUse, Toolbox};
use crate::platform::net::OutboundOptions;

/// How the server behaves.
#[derive(Clone, Copy, Default, PartialEq)]
enum Manner {
    #[default]
    Json,
    /// Answers are streams, with something else before them.
    Stream,
    /// Never answers.
    Silent,
    /// Speaks nonsense.
    Mad,
    /// Has forgotten the conversation when a tool is first used.
    Forgetful,
}

#[derive(Clone, Default)]
struct Server {
    manner: Manner,
    seen: Arc<Mutex<Vec<(String, HeaderMap, Value)>>>,
}

async fn start(manner: Manner) -> (SocketAddr, Server) {
    let server = Server { manner, seen: Arc::default() };
    let app = Router::new().route("/mcp", post(answer)).with_state(server.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await.expect("served") });
    (at, server)
}

async fn answer(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).expect("JSON");
    let method = message["method"].as_str().expect("a method").to_owned();
    let n_before = {
        let mut seen = server.seen.lock().expect("sound");
        let n = seen.iter().filter(|(before, ..)| *before == method).count();
        seen.push((method.clone(), headers, message.clone()));
        n
    };
    if server.manner == Manner::Silent {
        std::future::pending::<()>().await;
    }
    if server.manner == Manner::Mad {
        return "{\"jsonrpc\": 7".into_response();
    }
    if server.manner == Manner::Forgetful && method == "tools/call" && n_before == 0 {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some(id) = message.get("id") else { return StatusCode::ACCEPTED.into_response() };
    let tool = |name: &str| {
        json!({ "name": name, "description": "Weather", "inputSchema": {
            "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } })
    };
    let result = match method.as_str() {
        "initialize" => {
            json!({ "protocolVersion": "2025-03-26", "capabilities": { "tools": {} }, "serverInfo": { "name": "t", "version": "1" } })
        }
        "tools/list" if message["params"].get("cursor").is_none() => {
            json!({ "tools": [tool("weather"), tool("secret")], "nextCursor": "2" })
        }
        "tools/list" => json!({ "tools": [tool("tide.high"), { "name": "far", "inputSchema": { "$ref": "http://x/y" } }] }),
        "tools/call" => json!({ "content": [{ "type": "text", "text": format!("21 in {}", message["params"]["arguments"]["city"]) }] }),
        _ => json!({}),
    };
    let answer = json!({ "jsonrpc": "2.0", "id": id, "result": result });
    let session = [("mcp-session-id", "s-1")];
    if server.manner == Manner::Stream {
        let progress = json!({ "jsonrpc": "2.0", "method": "notifications/progress" });
        let body = format!("event: message\ndata: {progress}\n\ndata: {answer}\n\n");
        return ([("content-type", "text/event-stream")], session, body).into_response();
    }
    (session, axum::Json(answer)).into_response()
}

fn outbound() -> Outbound {
    Outbound::new(OutboundOptions::allowing(["127.0.0.0/8"]).expect("a range")).expect("a client")
}

fn config(at: SocketAddr, tools: &[&str]) -> CallConfig {
    serde_json::from_value(json!({
        "session_id": "s", "call_id": "c", "bot_id": "b", "webhook_url": "", "system_prompt": "", "opening_message": "",
        "stt": { "provider": "none" }, "llm": { "provider": "openai" }, "tts": { "provider": "none" },
        "mcp_servers": [{ "name": "shop", "url": format!("http://{at}/mcp"), "headers": { "X-Key": "k1" }, "tools": tools, "timeout_ms": 1000 }],
    }))
    .expect("a config")
}

fn names(found: &Discovered) -> Vec<&str> {
    found.declared.iter().map(|tool| tool["name"].as_str().expect("a name")).collect()
}

async fn used(found: Discovered, name: &str, arguments: Value) -> Gave {
    Toolbox::default().with_all(found.tools).run(&ToolUse { id: "u".to_owned(), name: name.to_owned(), arguments }).await
}

#[tokio::test]
async fn allowed_tools_are_offered_and_used_as_json_and_as_a_stream() {
    for manner in [Manner::Json, Manner::Stream, Manner::Forgetful] {
        let (at, server) = start(manner).await;
        let found = discover(&config(at, &["weather", "tide.high"]), &outbound(), &Clock::system()).await;
        assert_eq!(names(&found), ["shop_weather", "shop_tide_high"]);
        assert!(found.notes.is_empty());
        let gave = used(found, "shop_weather", json!({ "city": "Valletta" })).await;
        assert_eq!(gave, Gave { text: "21 in \"Valletta\"".to_owned(), is_error: false });
        let seen = server.seen.lock().expect("sound");
        let (_, headers, message) = seen.iter().find(|(method, ..)| method == "tools/call").expect("used");
        assert_eq!(message["params"]["name"], "weather");
        for (name, value) in [("x-key", "k1"), ("mcp-session-id", "s-1"), ("mcp-protocol-version", "2025-03-26")] {
            assert_eq!(headers.get(name).expect(name), value, "{name}");
        }
        assert!(seen.iter().any(|(method, ..)| method == "notifications/initialized"));
    }
}

#[tokio::test]
async fn wrong_arguments_never_leave_and_a_far_schema_is_left_out() {
    let (at, server) = start(Manner::Json).await;
    let found = discover(&config(at, &["*"]), &outbound(), &Clock::system()).await;
    assert_eq!(names(&found), ["shop_weather", "shop_secret", "shop_tide_high"]);
    assert_eq!(found.notes.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["mcp_tool_left_out"]);
    let gave = used(found, "shop_weather", json!({ "town": 1 })).await;
    assert!(gave.is_error && gave.text.contains("city"), "{gave:?}");
    assert!(!server.seen.lock().expect("sound").iter().any(|(method, ..)| method == "tools/call"));
}

#[tokio::test]
async fn a_server_that_is_silent_mad_or_not_allowed_costs_its_tools_only() {
    for manner in [Manner::Silent, Manner::Mad] {
        let (at, _server) = start(manner).await;
        let found = discover(&config(at, &["*"]), &outbound(), &Clock::system()).await;
        assert!(found.declared.is_empty());
        assert_eq!(found.notes[0].0, "mcp_unavailable");
        assert_eq!(found.notes[0].1["server"], "shop");
    }
    let (at, _server) = start(Manner::Json).await;
    let guarded = Outbound::new(OutboundOptions::allowing::<String>([]).expect("none")).expect("a client");
    let found = discover(&config(at, &["*"]), &guarded, &Clock::system()).await;
    assert_eq!(found.notes[0].0, "mcp_unavailable", "an internal address is not reached");
}
