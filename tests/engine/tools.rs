//! A bot with a language model: the tools it uses during a call, and what the model finds in the call afterwards.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use cxbox::base::Clock;
use cxbox::engine::sip::LegEnd;
use cxbox::lab::ai::{AiOptions, RunningAi};
use cxbox::platform::net::Request;
use serde_json::{Value, json};

use crate::support::dialogue::greeted;
use crate::support::providers::Script;
use crate::support::{Bench, bot_with};

/// A language model that follows a script.
pub async fn model(script: Value) -> (RunningAi, Script) {
    let options = AiOptions { script: serde_json::from_value(script).unwrap(), ..AiOptions::default() };
    let ai = RunningAi::start("127.0.0.1:0".parse().unwrap(), options, Clock::system()).await.unwrap();
    let model = Some(format!("http://{}/v1", ai.address));
    (ai, Script { model, ..Script::default() })
}

/// A service that says the weather and remembers what it was asked.
async fn weather() -> (String, Arc<Mutex<Vec<Value>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let answer = |State(asked): State<Arc<Mutex<Vec<Value>>>>, axum::Json(body): axum::Json<Value>| async move {
        asked.lock().unwrap().push(body);
        "21 degrees"
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/weather", listener.local_addr().unwrap());
    let app = Router::new().route("/weather", post(answer)).with_state(asked.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, asked)
}

fn turns(result: &Value, role: &str) -> Vec<String> {
    let all = result["transcript"].as_array().unwrap();
    all.iter().filter(|turn| turn["role"] == role).map(|turn| turn["content"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_asks_a_tool_says_what_it_gave_and_the_finished_call_is_analysed() {
    let (_ai, script) = model(json!({ "rules": [
        { "match": "Direction:", "reply": "{\"DISPOSITION\":\"Informed\"}" },
        { "match": "1", "reply": "", "tool": { "name": "weather", "arguments": { "city": "Valletta" } } },
        { "match": "9", "reply": "Bye.", "tool": { "name": "end_call" } },
    ] }))
    .await;
    let (url, asked) = weather().await;
    let tool = json!({ "name": "weather", "description": "The weather", "url": url, "method": "POST",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } });
    let prompts = json!({ "llm": { "provider": "openai" }, "tools": [tool], "post_call_analysis_prompt": "How did it end?", "qc_prompt": "How good was it?" });
    let bench = Bench::start(bot_with(prompts), script).await;
    let mut talk = greeted(&bench).await;
    talk.press("1");
    talk.hears().await;
    talk.hears_silence().await;
    // An answer that comes within five seconds of the call's answer would not be read: the greeting alone is longer.
    talk.press("9");
    talk.hears().await;
    assert_eq!(talk.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!(*asked.lock().unwrap(), [json!({ "city": "Valletta" })]);
    assert_eq!(turns(&result, "tool"), ["21 degrees", "end_call"]);
    assert!(turns(&result, "assistant").contains(&"It says: 21 degrees.".to_owned()), "{result:#}");
    assert_eq!(
        (&result["post_call_analysis"]["DISPOSITION"], &result["qc_analysis"]["DISPOSITION"]),
        (&json!("Informed"), &json!("Informed"))
    );
    let kinds: Vec<&Value> = result["usage_metrics"].as_array().unwrap().iter().map(|entry| &entry["type"]).collect();
    assert!(kinds.ends_with(&[&json!("post_call"), &json!("qc")]), "{kinds:?}");
    bench.end().await;
}

/// A server of the Model Context Protocol with one tool.
pub async fn mcp() -> String {
    let answer = |axum::Json(message): axum::Json<Value>| async move {
        let result = match message["method"].as_str().unwrap() {
            "initialize" => {
                json!({ "protocolVersion": "2025-06-18", "capabilities": { "tools": {} }, "serverInfo": { "name": "t", "version": "1" } })
            }
            "tools/list" => json!({ "tools": [
                { "name": "stock", "description": "What is left", "inputSchema": { "type": "object", "properties": { "item": { "type": "string" } } } },
                { "name": "delete_all", "inputSchema": { "type": "object" } },
            ] }),
            "tools/call" => {
                json!({ "content": [{ "type": "text", "text": format!("3 of {}", message["params"]["arguments"]["item"].as_str().unwrap()) }] })
            }
            _ => return axum::Json(json!({})),
        };
        axum::Json(json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/mcp", post(answer))).await.unwrap() });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_uses_the_tools_of_a_server_that_are_allowed_and_no_others() {
    let (_ai, script) = model(json!({ "rules": [
        { "match": "1", "reply": "", "tool": { "name": "shop_stock", "arguments": { "item": "bolts" } } },
        { "match": "2", "reply": "Nothing to use.", "tool": { "name": "shop_delete_all", "arguments": {} } },
    ] }))
    .await;
    let servers = json!([{ "name": "shop", "url": mcp().await, "tools": ["stock"] }, { "name": "gone", "url": "http://127.0.0.1:9/mcp", "tools": ["*"] }]);
    let bench = Bench::start(bot_with(json!({ "llm": { "provider": "openai" }, "mcp_servers": servers })), script).await;
    let mut talk = greeted(&bench).await;
    for key in ["1", "2"] {
        talk.press(key);
        talk.hears().await;
        talk.hears_silence().await;
    }
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!(turns(&result, "tool"), ["3 of bolts"], "the second one was never offered");
    assert!(turns(&result, "assistant").contains(&"It says: 3 of bolts.".to_owned()), "{result:#}");
    let away = result["events"].as_array().unwrap().iter().find(|event| event["name"] == "mcp_unavailable").unwrap();
    assert_eq!(away["detail"]["server"], "gone");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_has_no_time_is_called_back_and_the_outcome_is_not_now() {
    let rules = json!({ "rules": [
        { "match": "1", "reply": "", "tool": { "name": "schedule_callback", "arguments": { "time": "later" } } },
        { "match": "2", "reply": "", "tool": { "name": "schedule_callback", "arguments": { "time": "15:30", "reason": "the offer" } } },
        { "match": "9", "reply": "Bye.", "tool": { "name": "end_call" } },
    ] });
    let (_ai, script) = model(rules).await;
    let changes =
        json!({ "llm": { "provider": "openai" }, "callback": { "time_zone": "Europe/Malta", "local_time": "Friday 2026-11-27 14:00" } });
    let bench = Bench::start(bot_with(changes), script).await;
    let dialout = json!({ "bot_id": "bot_1", "to_number": "+4930222", "session_id": "s-out", "call_id": "oac-1" });
    assert_eq!(bench.command(Request::post("/livekit/dialout").json(&dialout).unwrap()).await.status, 200);
    let incoming = bench.phone.rings().await;
    let mut talk = bench.phone.pick_up(incoming).await;
    talk.hears().await;
    talk.hears_silence().await;
    for key in ["1", "2", "9"] {
        talk.press(key);
        talk.hears().await;
        if key != "9" {
            talk.hears_silence().await;
        }
    }
    assert_eq!(talk.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!((&result["outcome"], &result["disconnected_by"]), (&json!("not-now"), &json!("bot")));
    let told = turns(&result, "tool");
    assert_eq!(told[..2], ["No call is planned: time must be a time", "A call is planned for Friday 15:30 (Europe/Malta)."]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_caller_gets_the_bot_s_own_disposition_without_a_model() {
    let own = json!({ "auto_dispositions": { "no_customer_message": { "disposition": "Silent", "sub_disposition": "Gone" } } });
    let bench = Bench::start(bot_with(own), Script::default()).await;
    let talk = greeted(&bench).await;
    talk.hangs_up().await;
    let analysis = &bench.control.result().await["post_call_analysis"];
    assert_eq!((&analysis["DISPOSITION"], &analysis["SUB_DISPOSITION"]), (&json!("Silent"), &json!("Gone")));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_cannot_transfer_off_the_list_whatever_it_asks_for() {
    let wanted = ["+15559999999", "sip:evil@127.0.0.1", "tel:+1900", "DESK ", "", "desk;+1900"];
    for target in wanted {
        let rule =
            json!({ "match": "2", "reply": "One moment.", "tool": { "name": "transfer_to_user", "arguments": { "target": target } } });
        let (_ai, script) = model(json!({ "rules": [rule] })).await;
        let changes = json!({ "llm": { "provider": "openai" }, "transfer_numbers": { "desk": "sip:desk@127.0.0.1:9" }, "transfer_allowed": ["nobody"] });
        let bench = Bench::start(bot_with(changes), script).await;
        let talk = greeted(&bench).await;
        talk.press("2");
        let refused = if target.trim().is_empty() { "tool_refused" } else { "transfer_failed" };
        bench.control.event(refused).await;
        talk.hangs_up().await;
        let result = bench.control.result().await;
        assert!(result.get("was_transferred").is_none(), "{target:?}: {result:#}");
        bench.end().await;
    }
}
