//! Being called back: what an engine asks during a call, the order that comes of it, and what it is refused with.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::dialling::CALLS;
use crate::support::{Dialling, make};

const MALTA: &str = "+35621234567";

async fn bot(desk: &Dialling, change: Value) -> String {
    let body =
        make::with(make::bot("Anna"), json!({ "timezone": "Europe/Malta", "callbacks": { "enabled": true, "max_days": 3, "retries": 2 } }));
    let made = desk.app.user(Role::Admin).post("/api/v1/bots", make::with(body, change)).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// A call from a number in Malta that runs; its session and its config.
async fn call(desk: &Dialling, bot: &str, caller: &str) -> (String, Value) {
    let caller = caller.replace('+', "%2B");
    let config = desk.app.engine().get(&format!("/api/v1/config/{bot}?caller_id={caller}")).await.expect(200);
    (config["session_id"].as_str().unwrap().to_owned(), config)
}

fn path(session: &str) -> String {
    format!("/api/v1/engine/calls/{session}/callback")
}

#[tokio::test]
async fn a_wish_becomes_a_scheduled_call_by_the_clocks_of_the_other_end() {
    // The clock of the tests stands at noon UTC; in Malta it is two o'clock.
    let desk = Dialling::start().await;
    let bot = bot(&desk, json!({})).await;
    let (session, config) = call(&desk, &bot, MALTA).await;
    assert_eq!(config["callback"]["time_zone"], "Europe/Malta");
    assert!(config["callback"]["local_time"].as_str().unwrap().ends_with("14:00"), "{config}");
    let wish = json!({ "time": "15:30", "reason": "the invoice" });
    let planned = desk.app.engine().post(&path(&session), wish.clone()).await.expect(200);
    assert!(planned["at"].as_str().unwrap().ends_with("T13:30:00.000Z"), "{planned}");
    let again = desk.app.engine().post(&path(&session), wish).await.expect(200);
    assert_eq!(again["call_id"], planned["call_id"], "the same wish is one call");
    let later = desk.app.engine().post(&path(&session), json!({ "time": "16:00", "reason": "the invoice" })).await.expect(200);
    assert_ne!(later["call_id"], planned["call_id"]);
    let admin = desk.app.user(Role::Admin);
    let stands = |id: &Value| format!("{CALLS}/{}", id.as_str().unwrap());
    assert_eq!(admin.get(&stands(&planned["call_id"])).await.expect(200)["status"], "cancelled", "the newer wish counts");
    assert_eq!(admin.get(&stands(&later["call_id"])).await.expect(200)["status"], "scheduled");
    desk.app.advance(Duration::from_secs(2 * 3600));
    desk.app.settle().await;
    let dialled = desk.dialled();
    assert_eq!((&dialled["to_number"], &dialled["bot_id"]), (&json!(MALTA), &json!(bot)));
    let config = desk.config(&dialled).await.expect(200);
    assert_eq!(config["callback"]["time_zone"], "Europe/Malta", "they may ask again");
    desk.finish(&dialled, "not-now", json!({})).await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_a_sentence() {
    let desk = Dialling::start().await;
    let bot_id = bot(&desk, json!({})).await;
    let (session, _) = call(&desk, &bot_id, MALTA).await;
    let engine = desk.app.engine();
    for (time, said) in [
        ("2026-06-10", "must be a time"),
        ("soon", "must be a time"),
        ("2020-01-01T10:00", "is in the past"),
        ("2099-01-01T10:00", "must be within 3 days"),
    ] {
        let refusal = engine.post(&path(&session), json!({ "time": time })).await.expect(422);
        assert!(refusal["error_description"].as_str().unwrap().contains(said), "{time}: {refusal}");
    }
    engine.post(&path(&session), json!({ "when": "15:00" })).await.expect(422);
    engine.post(&path("nobody"), json!({ "time": "15:00" })).await.expect(404);
    let entry = json!({ "phone": MALTA, "note": "asked us" });
    desk.app.user(Role::Admin).post("/api/v1/do-not-call", entry).await.expect(201);
    let refusal = engine.post(&path(&session), json!({ "time": "15:30" })).await.expect(422);
    assert_eq!(refusal["error"], "call_not_permitted");
    let (withheld, config) = call(&desk, &bot_id, "anonymous").await;
    assert!(config["callback"].is_null());
    engine.post(&path(&withheld), json!({ "time": "15:00" })).await.expect(422);
    let quiet = bot(&desk, json!({ "name": "Quiet", "callbacks": { "enabled": false } })).await;
    let (session, config) = call(&desk, &quiet, MALTA).await;
    assert!(config["callback"].is_null());
    engine.post(&path(&session), json!({ "time": "15:00" })).await.expect(409);
    desk.app.user(Role::SuperAdmin).post(&path(&session), json!({ "time": "15:00" })).await.expect(403);
}
