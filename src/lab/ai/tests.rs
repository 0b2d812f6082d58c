//! The stand-in as a provider's client sees it.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{AiOptions, RunningAi, Script};
use crate::base::Clock;
use crate::platform::net::{Answer, Outbound, OutboundOptions, Request};

async fn start() -> RunningAi {
    let script: Script = serde_json::from_value(
        json!({ "rules": [{ "match": "price", "reply": "It costs nine euros." }], "transcripts": ["the price please"] }),
    )
    .expect("a script");
    let options = AiOptions { script, ..AiOptions::default() };
    RunningAi::start(SocketAddr::from(([127, 0, 0, 1], 0)), options, Clock::system()).await.expect("started")
}

async fn ask(ai: &RunningAi, path: &str, body: &Value) -> Answer {
    let outbound = Outbound::new(OutboundOptions::allowing::<String>([]).expect("options")).expect("a client");
    let request = Request::post(format!("{}{path}", ai.base_url())).json(body).expect("json");
    outbound.operator(request).await.expect("an answer")
}

#[tokio::test]
async fn a_plain_answer_follows_the_script() {
    let ai = start().await;
    let body =
        json!({ "model": "m", "messages": [{ "role": "system", "content": "x" }, { "role": "user", "content": "What is the PRICE?" }] });
    let answer: Value = ask(&ai, "/chat/completions", &body).await.json(65_536).await.expect("json");
    assert_eq!(answer["choices"][0]["message"]["content"], "It costs nine euros.");
    assert_eq!(answer["usage"], json!({ "prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9 }));
}

#[tokio::test]
async fn a_streamed_answer_is_the_same_text_word_by_word_and_ends() {
    let ai = start().await;
    let body = json!({ "stream": true, "stream_options": { "include_usage": true },
        "tools": [{ "type": "function", "function": { "name": "end_call" } }], "messages": [{ "role": "user", "content": [{ "type": "text", "text": "Goodbye" }] }] });
    let bytes = ask(&ai, "/chat/completions", &body).await.bytes(65_536).await.expect("a stream");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(data.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> = data[..data.len() - 1].iter().map(|chunk| serde_json::from_str(chunk).expect("json")).collect();
    let said: String = chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0/delta/content").and_then(Value::as_str)).collect();
    assert_eq!(said, "Goodbye.");
    let tool = chunks.iter().find_map(|chunk| chunk.pointer("/choices/0/delta/tool_calls/0/function/name"));
    assert_eq!(tool, Some(&json!("end_call")));
    assert!(chunks.iter().any(|chunk| chunk["usage"]["total_tokens"] == json!(2)));
}

#[tokio::test]
async fn sound_is_spoken_and_read_always_alike() {
    let ai = start().await;
    let body = json!({ "model": "tts", "input": "two words", "voice": "x" });
    let first = ask(&ai, "/audio/speech", &body).await.bytes(1 << 20).await.expect("sound");
    let again = ask(&ai, "/audio/speech", &body).await.bytes(1 << 20).await.expect("sound");
    assert_eq!(first, again);
    assert_eq!((&first[..4], first.len()), (&b"RIFF"[..], 44 + 2 * 4000 * 2));
    let heard: Value = ask(&ai, "/audio/transcriptions", &json!("any bytes")).await.json(65_536).await.expect("json");
    assert_eq!(heard, json!({ "text": "the price please" }));
}
