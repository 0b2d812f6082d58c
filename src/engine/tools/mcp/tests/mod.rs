//! What a call gets of a server that behaves, and of one that does not.

mod server;

use super::*;
use crate::base::Millis;
use crate::engine::tools::{ToolUse, Toolbox};
use crate::platform::net::OutboundOptions;

use server::{Fault, Server};

/// What the bot proves itself with; it must be read nowhere but at the server.
const KEY: &str = "key-0001";

fn outbound() -> Outbound {
    Outbound::new(OutboundOptions::allowing(["127.0.0.0/8"]).expect("a range")).expect("a client")
}

fn config(server: &Server, tools: &[&str]) -> CallConfig {
    serde_json::from_value(json!({
        "session_id": "s", "call_id": "c", "bot_id": "b", "webhook_url": "", "system_prompt": "", "opening_message": "",
        "stt": { "provider": "none" }, "llm": { "provider": "openai" }, "tts": { "provider": "none" },
        "mcp_servers": [{
            "name": "shop", "url": format!("http://{}/mcp", server.at), "headers": { "X-Key": KEY }, "tools": tools, "timeout_ms": 60_000,
        }],
    }))
    .expect("a config")
}

async fn found(server: &Server, tools: &[&str]) -> Discovered {
    discover(&config(server, tools), &outbound(), &Clock::system()).await
}

fn names(found: &Discovered) -> Vec<&str> {
    found.declared.iter().map(|tool| tool["name"].as_str().expect("a name")).collect()
}

fn notes(found: &Discovered) -> Vec<(&str, &str)> {
    found.notes.iter().map(|(name, detail)| (*name, detail["reason"].as_str().expect("a reason"))).collect()
}

fn toolbox(found: Discovered) -> Toolbox {
    Toolbox::default().with_all(found.tools)
}

async fn used(toolbox: &Toolbox, arguments: Value) -> Gave {
    toolbox.run(&ToolUse { id: "u".to_owned(), name: "shop_weather".to_owned(), arguments }).await
}

#[tokio::test]
async fn allowed_tools_are_offered_and_used_as_json_and_as_a_stream() {
    for is_stream in [false, true] {
        let server = Server::good(is_stream).await;
        let found = found(&server, &["weather", "tide.high"]).await;
        assert_eq!(names(&found), ["shop_weather", "shop_tide_high"]);
        assert!(found.notes.is_empty(), "{:?}", notes(&found));
        let tools = toolbox(found);
        let gave = used(&tools, json!({ "city": "Valletta" })).await;
        assert_eq!(gave, Gave { text: "21 in \"Valletta\"".to_owned(), is_error: false });
        assert_eq!(server.asked("tools/call", |seen| seen.message["params"]["name"].clone()), ["weather"]);
        for (name, value) in [("x-key", KEY), ("mcp-session-id", "s-1"), ("mcp-protocol-version", "2025-03-26")] {
            assert_eq!(server.asked("tools/call", |seen| seen.headers[name].clone()), [value], "{name}");
        }
        assert_eq!(server.n("notifications/initialized"), 1);
        drop(tools);
        server.until("DELETE").await;
        assert_eq!(server.asked("DELETE", |seen| seen.headers["mcp-session-id"].clone()), ["s-1"], "the call is over");
        assert_eq!(server.n("GET"), 0, "nothing but answers is listened to");
    }
}

#[tokio::test]
async fn wrong_arguments_never_leave_and_a_far_schema_is_left_out() {
    let server = Server::good(false).await;
    let found = found(&server, &["*"]).await;
    assert_eq!(names(&found), ["shop_weather", "shop_secret", "shop_tide_high"]);
    assert_eq!(notes(&found), [(LEFT_OUT, "far")]);
    let gave = used(&toolbox(found), json!({ "town": 1 })).await;
    assert!(gave.is_error && gave.text.contains("city"), "{gave:?}");
    assert_eq!(server.n("tools/call"), 0);
}

#[tokio::test]
async fn a_server_that_has_forgotten_the_call_is_introduced_to_once_more() {
    let server = Server::bad("tools/call", Fault::Once(404)).await;
    let tools = toolbox(found(&server, &["*"]).await);
    assert_eq!(used(&tools, json!({ "city": "Valletta" })).await.text, "21 in \"Valletta\"");
    assert_eq!(server.asked("tools/call", |seen| seen.headers["mcp-session-id"].clone()), ["s-1", "s-2"]);
    assert_eq!((server.n("initialize"), server.n("notifications/initialized")), (2, 2));

    let server = Server::bad("tools/call", Fault::Status(404)).await;
    let gave = used(&toolbox(found(&server, &["*"]).await), json!({ "city": "Valletta" })).await;
    assert_eq!(gave, Gave::error("the tool failed: it has forgotten the conversation"));
    assert_eq!((server.n("initialize"), server.n("tools/call")), (2, 2), "once");
}

#[tokio::test]
async fn a_server_that_cannot_be_talked_to_costs_its_tools_only_and_the_call_says_why() {
    let huge = format!("{{\"jsonrpc\":\"2.0\",\"id\":0,\"x\":\"{}\"}}", "x".repeat(1 << 20));
    let table = [
        (Fault::Status(401), "it answered 401"),
        (Fault::Status(202), "it answered 202"),
        (Fault::Status(302), "it answered 302"),
        (Fault::Text("{\"jsonrpc\": 7".to_owned()), "it answered something else"),
        (Fault::Text("<html>key-0001</html>".to_owned()), "it answered something else"),
        (Fault::Text(String::new()), "it answered something else"),
        (Fault::Text(huge), "the answer is too large"),
        (Fault::Result(json!({ "tools": 7, "protocolVersion": [] })), "it answered something else"),
        (Fault::Other, "it answered something else"),
        (Fault::Refusal("not today"), "not today"),
    ];
    for method in ["initialize", "tools/list"] {
        for (n, (fault, why)) in table.iter().enumerate() {
            let server = Server::bad(method, fault.clone()).await;
            let found = found(&server, &["*"]).await;
            assert_eq!((names(&found), notes(&found)), (Vec::new(), vec![("mcp_unavailable", *why)]), "{method} {n}");
            assert_eq!(found.notes[0].1["server"], "shop");
        }
    }
    let strange = json!({ "protocolVersion": "1999-01-01", "capabilities": {}, "serverInfo": { "name": "t", "version": "1" } });
    let server = Server::bad("initialize", Fault::Result(strange)).await;
    assert_eq!(notes(&found(&server, &["*"]).await), [("mcp_unavailable", "it speaks another protocol: \"1999-01-01\"")]);
    let server = Server::bad("tools/list", Fault::Broken).await;
    assert_eq!(notes(&found(&server, &["*"]).await), [("mcp_unavailable", "its answer broke off")]);
}

#[tokio::test]
async fn an_internal_address_is_not_reached() {
    let server = Server::good(false).await;
    let guarded = Outbound::new(OutboundOptions::allowing::<String>([]).expect("none")).expect("a client");
    let found = discover(&config(&server, &["*"]), &guarded, &Clock::system()).await;
    assert_eq!(notes(&found), [("mcp_unavailable", "the address is internal and not in outbound.allow_cidrs")]);
    assert_eq!(server.n("initialize"), 0);
}

#[tokio::test]
async fn a_tool_that_fails_tells_the_model_why_and_nothing_of_what_the_server_wrote() {
    let is_error = json!({ "content": [{ "type": "text", "text": "no such city" }], "isError": true });
    for (fault, expected) in [
        (Fault::Result(is_error), "no such city"),
        (Fault::Status(401), "the tool failed: it answered 401"),
        (Fault::Status(503), "the tool failed: it answered 503"),
        (Fault::Status(202), "the tool failed: it answered 202"),
        (Fault::Text("<html>key-0001</html>".to_owned()), "the tool failed: it answered something else"),
        (Fault::Other, "the tool failed: it answered something else"),
        (Fault::Result(json!({ "tools": [] })), "the tool failed: it answered something else"),
        (Fault::Refusal("the shop is closed"), "the tool failed: the shop is closed"),
        (Fault::Broken, "the tool failed: its answer broke off"),
    ] {
        let server = Server::bad("tools/call", fault).await;
        let gave = used(&toolbox(found(&server, &["*"]).await), json!({ "city": "Valletta" })).await;
        assert_eq!(gave, Gave::error(expected));
        assert_eq!(server.n("tools/call"), 1, "{expected}: a tool is not used twice");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_in_time_and_told() {
    for method in ["initialize", "tools/list"] {
        let (server, clock) = (Server::bad(method, Fault::Hang).await, Clock::manual(Millis(0)));
        let (config, outbound, late) = (config(&server, &["*"]), outbound(), clock.clone());
        let asked = tokio::spawn(async move { discover(&config, &outbound, &late).await });
        server.until(method).await;
        clock.advance(LIST_WITHIN);
        let found = asked.await.expect("no panic");
        assert_eq!(notes(&found), [("mcp_unavailable", "it did not answer in time")], "{method}");
    }
    let (server, clock) = (Server::bad("tools/call", Fault::Hang).await, Clock::manual(Millis(0)));
    let tools = toolbox(discover(&config(&server, &["*"]), &outbound(), &clock).await);
    let waiting = tokio::spawn(async move { (used(&tools, json!({ "city": "Valletta" })).await, tools) });
    server.until("tools/call").await;
    clock.advance(Duration::from_secs(60));
    let (gave, _tools) = waiting.await.expect("no panic");
    assert_eq!(gave, Gave::error("the tool failed: it did not answer in time"));
    server.until("notifications/cancelled").await;
    let cancelled = server.asked("notifications/cancelled", |seen| seen.message["params"]["requestId"].clone());
    assert_eq!(cancelled, server.asked("tools/call", |seen| seen.message["id"].clone()));
}

#[tokio::test]
async fn of_a_thousand_tools_the_first_are_offered_and_the_call_says_so() {
    let tools: Vec<Value> = (0..1_000).map(|n| json!({ "name": format!("t{n}"), "inputSchema": { "type": "object" } })).collect();
    let server = Server::bad("tools/list", Fault::Result(json!({ "tools": tools }))).await;
    let all = found(&server, &["*"]).await;
    assert_eq!((all.declared.len(), all.tools.len()), (50, 50));
    assert_eq!(notes(&all), [(LEFT_OUT, "950 tools beyond the 50 that a server may have")]);
    assert_eq!(names(&found(&server, &["t7", "t999"]).await), ["shop_t7", "shop_t999"], "those that are named are found");
}

#[tokio::test]
async fn whatever_a_tool_is_called_a_model_is_told_a_name_it_may_use() {
    let long = "n".repeat(5_000);
    let named = ["", "  ", "find order", "find.order", "größe", "a\"b\n", &long];
    let tools: Vec<Value> = named.iter().map(|name| json!({ "name": name, "inputSchema": { "type": "object" } })).collect();
    let server = Server::bad("tools/list", Fault::Result(json!({ "tools": tools }))).await;
    let found = found(&server, &["*"]).await;
    let short = format!("shop_{}", "n".repeat(59));
    assert_eq!(names(&found), ["shop_find_order", "shop_gr__e", "shop_a_b_", &short]);
    assert_eq!(notes(&found), [(LEFT_OUT, "find.order")], "two of one name could not be told apart");
    let gave = toolbox(found).run(&ToolUse { id: "u".to_owned(), name: short, arguments: json!({}) }).await;
    assert!(!gave.is_error, "{gave:?}");
    assert_eq!(server.asked("tools/call", |seen| seen.message["params"]["name"].clone()), [long.as_str()]);
}
