//! The stand-in as a provider's client sees it.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{AiOptions, RunningAi, Script};
use crate::base::Clock;
use crate::platform::net::{Answer, Message, Outbound, OutboundOptions, Request, Socket};

async fn start() -> RunningAi {
    let script: Script = serde_json::from_value(
        json!({ "rules": [{ "match": "price", "reply": "It costs nine euros." }], "transcripts": ["the price please"] }),
    )
    .expect("a script");
    let options = AiOptions { script, ..AiOptions::default() };
    RunningAi::start(SocketAddr::from(([127, 0, 0, 1], 0)), options, Clock::system()).await.expect("started")
}

async fn ask(ai: &RunningAi, path: &str, body: &Value) -> Answer {
    let request = Request::post(format!("{}{path}", ai.base_url())).json(body).expect("json");
    outbound().operator(request).await.expect("an answer")
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

fn outbound() -> Outbound {
    Outbound::new(OutboundOptions::allowing::<String>([]).expect("options")).expect("a client")
}

async fn text(socket: &mut Socket) -> Value {
    match socket.next().await.expect("a message") {
        Some(Message::Text(text)) => serde_json::from_str(&text).expect("json"),
        other => panic!("no text: {other:?}"),
    }
}

#[tokio::test]
async fn a_recogniser_that_ends_utterances_itself_answers_after_the_silence_without_being_told() {
    let script: Script = serde_json::from_value(json!({ "transcripts": ["when are you open"] })).expect("a script");
    let options = AiOptions { script, ends_utterances: true, ..AiOptions::default() };
    let ai = RunningAi::start(SocketAddr::from(([127, 0, 0, 1], 0)), options, Clock::system()).await.expect("started");
    // What a client's user asks for comes behind what the client asks for by itself.
    let url = format!("ws://{}/v1/listen?sample_rate=8000&endpointing=300&endpointing=500", ai.address);
    let mut socket = outbound().socket(Request::get(url)).await.expect("opened");
    let sound =
        |level: i16, ms: usize| -> Vec<u8> { (0..8 * ms).flat_map(|n| (if n % 2 == 0 { level } else { -level }).to_le_bytes()).collect() };
    for sound in [sound(100, 900), sound(5_000, 310), sound(100, 480), sound(100, 40)] {
        socket.send(Message::Bytes(sound.into())).await.expect("sent");
    }
    let guess = text(&mut socket).await;
    assert_eq!((&guess["is_final"], &guess["channel"]["alternatives"][0]["transcript"]), (&json!(false), &json!("when")), "{guess}");
    let mut last = guess;
    while last["speech_final"] != true {
        last = text(&mut socket).await;
    }
    assert_eq!(last["channel"]["alternatives"][0]["transcript"], "when are you open");
}

#[tokio::test]
async fn a_task_of_speech_begins_sounds_and_ends() {
    let ai = start().await;
    let mut socket = outbound().socket(Request::get(format!("ws://{}/api-ws/v1/inference", ai.address))).await.expect("opened");
    let action = |action: &str, payload: Value| {
        Message::Text(json!({ "header": { "action": action, "task_id": "t1", "streaming": "duplex" }, "payload": payload }).to_string())
    };
    socket.send(action("run-task", json!({ "parameters": { "sample_rate": 8000 } }))).await.expect("sent");
    assert_eq!(text(&mut socket).await["header"], json!({ "task_id": "t1", "event": "task-started", "attributes": {} }));
    socket.send(action("continue-task", json!({ "input": { "text": "two words" } }))).await.expect("sent");
    socket.send(action("finish-task", json!({ "input": {} }))).await.expect("sent");
    let mut n_bytes = 0;
    let end = loop {
        match socket.next().await.expect("a message") {
            Some(Message::Bytes(sound)) => n_bytes += sound.len(),
            Some(Message::Text(text)) => break text,
            None => panic!("cut"),
        }
    };
    assert!(end.contains("task-finished"), "{end}");
    assert!((7_900..=8_100).contains(&n_bytes), "half a second at 8 kHz, not {n_bytes} bytes");
}
