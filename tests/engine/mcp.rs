//! Tools of MCP servers during calls: a server made with other people's code, and one that takes its time.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Notify;

use crate::peers;
use crate::support::dialogue::{greeted, said};
use crate::support::{Bench, bot_with};
use crate::tools::model;

const SOON: Duration = Duration::from_secs(30);

/// A server made of the protocol's own SDK for Python; ended with the test.
struct Harbour {
    url: String,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Harbour {
    async fn open(key: &str, is_json: bool) -> Self {
        let mut command = Command::from(peers::python("mcp_server.py"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let order = format!("{}\n", json!({ "key": key, "json": is_json }));
        child.stdin.take().unwrap().write_all(order.as_bytes()).await.unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = tokio::time::timeout(SOON, lines.next_line()).await.expect("the server begins").unwrap().unwrap();
        Self { url: format!("http://127.0.0.1:{port}/mcp"), lines, _child: child }
    }

    /// What it was asked by HTTP, and how it answered, up to this.
    async fn until(&mut self, last: &str) -> Vec<String> {
        let mut all = Vec::new();
        let read = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                all.push(line);
                if all.last().is_some_and(|line| line == last) {
                    return;
                }
            }
        };
        let came = tokio::time::timeout(SOON, read).await;
        assert!(came.is_ok() && all.last().is_some_and(|line| line == last), "no {last}: {all:?}");
        all
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_the_protocol_s_own_makers_is_used_and_left_when_the_call_is_over() {
    let (_ai, script) = model(json!({ "rules": [
        { "match": "1", "reply": "", "tool": { "name": "harbour_departures", "arguments": { "harbour": "Cirkewwa", "seats": 2 } } },
        { "match": "2", "reply": "", "tool": { "name": "harbour_tariff", "arguments": { "harbour": "Cirkewwa" } } },
        { "match": "3", "reply": "", "tool": { "name": "harbour_broken", "arguments": {} } },
        { "match": "4", "reply": "", "tool": { "name": "harbour_departures", "arguments": { "seats": 2 } } },
    ] }))
    .await;
    for (is_json, keys) in [(false, &["1", "2", "3", "4"][..]), (true, &["1"])] {
        let mut harbour = Harbour::open("key-000001", is_json).await;
        let server = |name: &str, key: &str| json!({ "name": name, "url": harbour.url, "headers": { "Authorization": format!("Bearer {key}") }, "tools": ["*"] });
        let servers = json!([server("harbour", "key-000001"), server("locked", "key-000002")]);
        let bench = Bench::start(bot_with(json!({ "llm": { "provider": "openai" }, "mcp_servers": servers })), script.clone()).await;
        let mut talk = greeted(&bench).await;
        for key in keys {
            talk.press(key);
            talk.hears().await;
            talk.hears_silence().await;
        }
        talk.hangs_up().await;
        let result = bench.control.result().await;
        let told = said(&result, "tool");
        assert_eq!((told[0].as_str(), told.len()), ("Cirkewwa: at nine and at noon, 2 seats", keys.len()));
        if !is_json {
            assert!(told[1].contains("4.5") && told[2].contains("the pier is closed") && told[3].contains("harbour"), "{told:?}");
            let turns = result["transcript"].as_array().unwrap().iter();
            let failed: Vec<bool> = turns.filter(|turn| turn["role"] == "tool").map(|turn| turn["failed"] == true).collect();
            assert_eq!(failed, [false, false, true, true]);
        }
        let away = result["events"].as_array().unwrap().iter().find(|event| event["name"] == "mcp_unavailable").unwrap();
        assert_eq!(away["detail"], json!({ "server": "locked", "reason": "it answered 401" }));
        assert!(!result.to_string().contains("key-00000"), "{result:#}");
        let asked = harbour.until("DELETE 200").await;
        let n_of = |line: &str| asked.iter().filter(|asked| *asked == line).count();
        // Introduced to, asked for its tools and used: what does not fit a tool never leaves. Nothing else is asked.
        let n_used = keys.len().min(3);
        assert_eq!((n_of("POST 200"), n_of("POST 202"), n_of("POST 401"), asked.len()), (2 + n_used, 1, 1, 5 + n_used), "{asked:?}");
        bench.end().await;
    }
}

/// A server whose tool answers when it is let.
async fn slow() -> (String, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    let answer = |State(gate): State<Arc<Notify>>, axum::Json(message): axum::Json<Value>| async move {
        let result = match message["method"].as_str().unwrap() {
            "initialize" => {
                json!({ "protocolVersion": "2025-06-18", "capabilities": { "tools": {} }, "serverInfo": { "name": "t", "version": "1" } })
            }
            "tools/list" => json!({ "tools": [{ "name": "stock", "inputSchema": { "type": "object" } }] }),
            "tools/call" => {
                gate.notified().await;
                json!({ "content": [{ "type": "text", "text": "3 bolts" }] })
            }
            _ => json!({}),
        };
        axum::Json(json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let app = Router::new().route("/mcp", post(answer)).with_state(gate.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_cover_a_slow_tool_are_marked_and_are_not_taken_for_the_answer() {
    let (_ai, script) = model(json!({ "rules": [{ "match": "1", "reply": "", "tool": { "name": "shop_stock", "arguments": {} } }] })).await;
    let (url, gate) = slow().await;
    let servers = json!([{ "name": "shop", "url": url, "tools": ["*"], "timeout_ms": 60_000, "filler": "Let me look that up." }]);
    let bench = Bench::start(bot_with(json!({ "llm": { "provider": "openai" }, "mcp_servers": servers })), script).await;
    let mut talk = greeted(&bench).await;
    talk.press("1");
    talk.hears().await;
    talk.hears_silence().await;
    gate.notify_one();
    talk.hears().await;
    talk.hears_silence().await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    let turns: Vec<(&str, bool)> = result["transcript"]
        .as_array()
        .unwrap()
        .iter()
        .skip(1)
        .map(|turn| (turn["content"].as_str().unwrap(), turn["filler"] == true))
        .collect();
    assert_eq!(turns, [("1", false), ("Let me look that up.", true), ("3 bolts", false), ("It says: 3 bolts.", false)]);
    let filled = result["events"].as_array().unwrap().iter().find(|event| event["name"] == "thinking_filler").unwrap();
    assert_eq!(filled["detail"], json!({ "after_ms": 700, "tool": "shop_stock" }));
    let samples = result["latency_samples"].as_array().unwrap();
    assert_eq!(samples.len(), 1);
    assert!(
        samples[0]["first_audio_ms"].as_u64().unwrap() > 1_000,
        "the answer was heard after the words that cover the tool: {}",
        samples[0]
    );
    bench.end().await;
}
