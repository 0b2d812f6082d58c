//! A server of a few lines, well behaved but for one method. What it was asked is kept and can be waited for.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use serde_json::{Value, json};
use tokio::sync::watch;

/// How long anything may take here.
const SOON: Duration = Duration::from_secs(20);

/// What the server does instead of answering one method.
#[derive(Clone)]
pub(super) enum Fault {
    /// Answers with this status and words.
    Status(u16),
    /// The same, the first time only.
    Once(u16),
    /// Answers this text.
    Text(String),
    /// Answers a question that was not asked.
    Other,
    /// Refuses in words; without saying what.
    Refusal(&'static str),
    /// Gives this result.
    Result(Value),
    /// Begins a stream, and ends it before the answer.
    Broken,
    /// Never answers.
    Hang,
}

/// A request that came.
pub(super) struct Seen {
    /// The method of the protocol, or of HTTP where there is no message.
    pub(super) method: String,
    pub(super) headers: HeaderMap,
    pub(super) message: Value,
}

#[derive(Clone)]
pub(super) struct Server {
    fault: Option<(&'static str, Fault)>,
    is_stream: bool,
    pub(super) at: SocketAddr,
    seen: watch::Sender<Vec<Seen>>,
}

impl Server {
    /// One that does all as it should, by JSON or by streams.
    pub(super) async fn good(is_stream: bool) -> Self {
        Self::start(None, is_stream).await
    }

    /// One that does not answer a method as it should.
    pub(super) async fn bad(method: &'static str, fault: Fault) -> Self {
        Self::start(Some((method, fault)), false).await
    }

    async fn start(fault: Option<(&'static str, Fault)>, is_stream: bool) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let server = Self { fault, is_stream, at, seen: watch::Sender::new(Vec::new()) };
        let app = Router::new().route("/mcp", any(answer)).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.expect("served") });
        server
    }

    /// Waits until a method was used.
    pub(super) async fn until(&self, method: &str) {
        let mut seen = self.seen.subscribe();
        let came = seen.wait_for(|all| all.iter().any(|seen| seen.method == method));
        tokio::time::timeout(SOON, came).await.unwrap_or_else(|_| panic!("no {method} came")).expect("the server is there");
    }

    /// What was asked of a method, in order: something of every request.
    pub(super) fn asked<T>(&self, method: &str, of: impl Fn(&Seen) -> T) -> Vec<T> {
        self.seen.borrow().iter().filter(|seen| seen.method == method).map(of).collect()
    }

    /// How often a method was used.
    pub(super) fn n(&self, method: &str) -> usize {
        self.asked(method, |_| ()).len()
    }
}

async fn answer(State(server): State<Server>, verb: Method, headers: HeaderMap, body: Bytes) -> Response {
    let message: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    let method = message["method"].as_str().unwrap_or(verb.as_str()).to_owned();
    server.seen.send_modify(|all| all.push(Seen { method: method.clone(), headers, message: message.clone() }));
    let session = [("mcp-session-id", format!("s-{}", server.n("initialize")))];
    let mut result = result(&method, &message);
    if let Some((_, fault)) = server.fault.as_ref().filter(|(bad, _)| *bad == method) {
        let json = [("content-type", "application/json")];
        match fault {
            Fault::Status(status) => return (StatusCode::from_u16(*status).expect("a status"), "key-0001 is wrong").into_response(),
            Fault::Once(status) if server.n(&method) == 1 => return StatusCode::from_u16(*status).expect("a status").into_response(),
            Fault::Once(_) => {}
            Fault::Text(text) => return (json, text.clone()).into_response(),
            Fault::Other => return axum::Json(json!({ "jsonrpc": "2.0", "id": 99, "result": result })).into_response(),
            Fault::Refusal(words) => {
                return axum::Json(json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -1, "message": words } })).into_response();
            }
            Fault::Result(instead) => result = instead.clone(),
            Fault::Broken => return ([("content-type", "text/event-stream")], ": nothing yet\n\n").into_response(),
            Fault::Hang => return std::future::pending().await,
        }
    }
    let Some(id) = message.get("id") else { return StatusCode::ACCEPTED.into_response() };
    let answer = json!({ "jsonrpc": "2.0", "id": id, "result": result });
    if server.is_stream {
        let progress = json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": { "progressToken": 1, "progress": 1 } });
        let body = Body::from(format!("event: message\ndata: {progress}\n\n: still here\n\ndata: {answer}\n\n"));
        return ([("content-type", "text/event-stream")], session, body).into_response();
    }
    (session, axum::Json(answer)).into_response()
}

fn result(method: &str, message: &Value) -> Value {
    let tool = |name: &str| {
        json!({ "name": name, "description": "Weather", "inputSchema": {
            "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } })
    };
    match method {
        "initialize" => {
            json!({ "protocolVersion": "2025-03-26", "capabilities": { "tools": {} }, "serverInfo": { "name": "t", "version": "1" } })
        }
        "tools/list" if message["params"].get("cursor").is_none() => {
            json!({ "tools": [tool("weather"), tool("secret")], "nextCursor": "2" })
        }
        "tools/list" => {
            json!({ "tools": [tool("tide.high"), { "name": "far", "inputSchema": { "type": "object", "$ref": "http://x/y" } }] })
        }
        "tools/call" => json!({ "content": [{ "type": "text", "text": format!("21 in {}", message["params"]["arguments"]["city"]) }] }),
        _ => json!({}),
    }
}
