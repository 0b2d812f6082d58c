//! What callers bring with an outbound call: an Idempotency-Key, a key of a model provider, the name of a stored prompt.

use std::path::Path;
use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::dialling::{CALLS, session, wish};
use crate::support::{Answering, Dialling, make};

const HEADER: &str = "Idempotency-Key";
const SECRET: &str = "sk-live-4f2c9a7e51d84b60";

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer_for_a_day() {
    let desk = Dialling::start().await;
    let keyed = desk.admin.with_header(HEADER, "order 1");
    let first = keyed.post(CALLS, wish(json!({}))).await.expect(200);
    let pascal = json!({ "Phone": "+15551234567", "SystemPrompt": "Remind her of tomorrow.", "MaxSeconds": 120, "DisplayName": "Ada" });
    assert_eq!(keyed.post(CALLS, pascal).await.expect(200), first);
    let refusal = keyed.post(CALLS, wish(json!({ "retries": 1 }))).await.expect(409);
    assert_eq!(refusal["error"], "idempotency_key_reused");
    let other = desk.app.user(Role::SuperAdmin).with_header(HEADER, "order 1").post(CALLS, wish(json!({}))).await.expect(200);
    assert_ne!(other["callId"], first["callId"], "keys of two callers have nothing to do with each other");
    assert_eq!(desk.engine.take_dialouts().len(), 2);
    desk.app.advance(Duration::from_secs(24 * 3600 - 1));
    let keyed = desk.app.user(Role::Admin).with_header(HEADER, "order 1");
    assert_eq!(keyed.post(CALLS, wish(json!({}))).await.expect(200), first);
    desk.app.advance(Duration::from_secs(1));
    let keyed = desk.app.user(Role::Admin).with_header(HEADER, "order 1");
    assert_ne!(keyed.post(CALLS, wish(json!({}))).await.expect(200)["callId"], first["callId"]);
}

#[tokio::test]
async fn a_hundred_requests_at_once_with_one_key_make_one_call() {
    let desk = Dialling::start().await;
    let keyed = desk.admin.with_header(HEADER, "once");
    let asking = (0..100).map(|_| {
        let keyed = keyed.clone();
        tokio::spawn(async move { keyed.post(CALLS, wish(json!({}))).await.expect(200) })
    });
    let mut answers = Vec::new();
    for asked in asking.collect::<Vec<_>>() {
        answers.push(asked.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(desk.engine.take_dialouts().len(), 1);
    assert_eq!(desk.admin.get(CALLS).await.expect(200)["total"], 1);
}

#[tokio::test]
async fn a_failure_is_repeated_too_unless_it_made_no_order() {
    let mut desk = Dialling::start().await;
    let keyed = desk.admin.with_header(HEADER, "full");
    desk.engine.will_answer(&[Answering::Refused(503)]);
    let refusal = keyed.post(CALLS, wish(json!({}))).await.expect(503);
    desk.app.restart().await;
    let again = keyed.post(CALLS, wish(json!({}))).await.expect(503);
    assert_eq!((&again["error"], &again["error_description"]), (&refusal["error"], &refusal["error_description"]));
    assert_eq!(desk.engine.take_dialouts().len(), 1);
    desk.app.settle().await;
    let careful = desk.admin.with_header(HEADER, "careful");
    careful.post(CALLS, wish(json!({ "retries": 99 }))).await.expect(400);
    careful.post(CALLS, wish(json!({ "botId": "bot_none" }))).await.expect(400);
    careful.post(CALLS, wish(json!({}))).await.expect(200);
    for bad in ["x".repeat(256), String::new()] {
        let refusal = desk.admin.with_header(HEADER, &bad).post(CALLS, wish(json!({}))).await.expect(400);
        assert!(refusal["error_description"].as_str().unwrap().contains(HEADER), "{refusal}");
    }
}

#[tokio::test]
async fn a_repeat_after_the_first_request_died_is_told_how_the_call_stands() {
    let mut desk = Dialling::start().await;
    desk.engine.will_answer(&[Answering::Unanswered]);
    let keyed = desk.admin.with_header(HEADER, "died");
    let asking = tokio::spawn({
        let keyed = keyed.clone();
        async move { keyed.post(CALLS, wish(json!({}))).await }
    });
    desk.engine.wait_for_dialouts(1).await;
    asking.abort();
    let _ = asking.await;
    desk.app.restart().await;
    let dialout = desk.dialled();
    let repeat = keyed.post(CALLS, wish(json!({}))).await.expect(200);
    assert_eq!(repeat["callId"], dialout["call_id"]);
    assert!(desk.engine.take_dialouts().is_empty());
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

fn assert_nowhere(folder: &Path, text: &str) {
    let mut all = Vec::new();
    files(folder, &mut all);
    assert!(all.iter().any(|(name, _)| name.ends_with("main.db")));
    for (name, bytes) in all {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{name} holds the key");
    }
}

#[tokio::test]
async fn a_callers_key_reaches_the_engine_on_every_attempt_and_is_gone_when_the_order_is_over() {
    let desk = Dialling::start().await;
    let bot = make::with(
        make::bot("Model"),
        json!({ "flow": null, "llm": { "provider": "openai", "base_url": "http://127.0.0.1:1/v1", "model": "small", "api_key": "bots-own" } }),
    );
    let bot_id = desk.app.user(Role::SuperAdmin).post("/api/v1/bots", bot).await.expect(201)["id"].clone();
    let body = wish(json!({ "apiKey": SECRET, "model": "large", "botId": bot_id, "retries": 1 }));
    let placed = desk.admin.with_header(HEADER, "k").post(CALLS, body).await.expect(200);
    assert!(!placed.to_string().contains(SECRET));
    let id = placed["callId"].as_str().unwrap();
    for attempt in 1..=2 {
        let dialout = desk.dialled();
        assert!(!dialout.to_string().contains(SECRET));
        let config = desk.config(&dialout).await.expect(200);
        assert_eq!((&config["llm"]["api_key"], &config["llm"]["model"]), (&json!(SECRET), &json!("large")), "attempt {attempt}");
        assert_eq!(config["notices"], json!([]));
        let sealed = sealed_key(&desk, id).await;
        assert!(sealed.is_some_and(|sealed| !sealed.contains(SECRET)));
        desk.finish(&dialout, "no-answer", json!({})).await;
        desk.app.advance(Duration::from_secs(300));
        desk.app.settle().await;
    }
    assert_eq!(sealed_key(&desk, id).await, None);
    for path in [CALLS.to_owned(), format!("{CALLS}/{id}"), "/api/v1/calls".to_owned()] {
        let read = desk.admin.get(&path).await;
        assert!(!read.text().contains(SECRET), "{path}");
        assert_eq!(read.status, 200);
    }
    assert_nowhere(desk.app.folder(), SECRET);

    let plain = desk.place(json!({ "botId": bot_id })).await;
    let dialout = desk.dialled();
    assert_eq!(desk.config(&dialout).await.expect(200)["llm"]["api_key"], "bots-own");
    desk.hang_up(&plain).await;
    let flow = desk.place(json!({ "apiKey": SECRET, "model": "large" })).await;
    let dialout = desk.dialled();
    let config = desk.config(&dialout).await.expect(200);
    assert_eq!(config["notices"], json!(["prompt_not_executable", "model_not_used", "api_key_not_used"]));
    assert!(!config.to_string().contains(SECRET));
    desk.hang_up(&flow).await;
    assert_eq!(sealed_key(&desk, &flow).await, None, "a cancelled order keeps no key");
}

async fn sealed_key(desk: &Dialling, id: &str) -> Option<String> {
    let id = id.to_owned();
    desk.app
        .db()
        .read(move |conn| Ok(conn.query_row("select api_key_sealed from outbound_orders where call_id = ?1", [id], |row| row.get(0))?))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_stored_prompt_is_read_anew_for_every_attempt() {
    let desk = Dialling::start().await;
    let prompt = async |dialout: &Value| {
        desk.config(dialout).await.expect(200);
        desk.admin.get(&format!("/api/v1/calls/{}", session(dialout))).await.expect(200)["overrides"]["systemPrompt"].clone()
    };
    let seeded = desk.admin.get("/api/v1/prompts").await.expect(200);
    assert_eq!((&seeded["total"], &seeded["data"][0]["slug"]), (&json!(1), &json!("reminder")));
    let reminder = desk.admin.get("/api/v1/prompts/reminder").await.expect(200)["text"].clone();
    desk.place(json!({ "systemPrompt": "reminder", "retries": 1 })).await;
    let dialout = desk.dialled();
    assert_eq!(prompt(&dialout).await, reminder);
    std::fs::write(desk.app.data.prompts().join("reminder.txt"), "Now say this.").unwrap();
    desk.finish(&dialout, "busy", json!({})).await;
    desk.app.advance(Duration::from_secs(300));
    desk.app.settle().await;
    let retry = desk.dialled();
    assert_eq!(prompt(&retry).await, "Now say this.");
    desk.finish(&retry, "busy", json!({})).await;
    desk.place(json!({ "systemPrompt": "no such prompt" })).await;
    assert_eq!(prompt(&desk.dialled()).await, "no such prompt");
}

#[tokio::test]
async fn prompts_are_kept_over_the_admin_api_and_no_path_leaves_their_folder() {
    let desk = Dialling::start().await;
    let path = "/api/v1/prompts/second-call";
    desk.admin.get(path).await.expect(404);
    let written = desk.admin.put(path, json!({ "text": "Ask again." })).await.expect(200);
    assert_eq!((&written["slug"], &written["text"], &written["bytes"]), (&json!("second-call"), &json!("Ask again."), &json!(10)));
    assert_eq!(desk.admin.get(path).await.expect(200), written);
    assert_eq!(desk.admin.get("/api/v1/prompts").await.expect(200)["total"], 2);
    for (path, body, status) in [
        (path, json!({ "text": "  " }), 422),
        (path, json!({ "text": "x".repeat(100_001) }), 422),
        (path, json!({ "text": "x", "more": 1 }), 422),
        ("/api/v1/prompts/..%2Fsecrets%2Fmaster", json!({ "text": "x" }), 422),
        ("/api/v1/prompts/..", json!({ "text": "x" }), 422),
        ("/api/v1/prompts/UPPER", json!({ "text": "x" }), 422),
    ] {
        desk.admin.put(path, body).await.expect(status);
    }
    std::fs::write(desk.app.folder().join("outside.txt"), "secret").unwrap();
    for name in ["..%2Foutside", "%2e%2e%2foutside", "..", "UPPER", "a%00b"] {
        desk.admin.get(&format!("/api/v1/prompts/{name}")).await.expect(404);
        desk.admin.delete(&format!("/api/v1/prompts/{name}")).await.expect(404);
    }
    desk.admin.delete(path).await.expect(204);
    desk.admin.get(path).await.expect(404);
    desk.app.user(Role::Supervisor).get("/api/v1/prompts").await.expect(403);
    desk.app.anonymous().get("/api/v1/prompts").await.expect(401);
    let trail = desk.app.user(Role::SuperAdmin).get("/api/v1/audit").await.expect(200).to_string();
    assert!(trail.contains("prompt.write") && trail.contains("prompt.delete") && !trail.contains("Ask again."));
}
