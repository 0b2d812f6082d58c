//! Every outcome of the glossary (contract §1.A.7), each made by a real call, with what the result says besides.

use cxbox::platform::net::Request;
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::dialogue::{greeted, services, voice};
use crate::support::phone::Talk;
use crate::support::providers::Script;
use crate::support::{Bench, bot, bot_with};
use crate::wire::Sipp;

/// All outcomes, and who ended the call each time.
const GLOSSARY: [(&str, &str); 12] = [
    ("finished", "bot"),
    ("far-hangup", "customer"),
    ("empty-room", "customer"),
    ("transferred-to-vnum", "bot"),
    ("voicemail", "voicemail"),
    ("not-now", "bot"),
    ("no-answer", "no_answer"),
    ("cancelled", "bot"),
    ("max-duration", "timeout"),
    ("busy", "rejected"),
    ("rejected", "rejected"),
    ("failed", "error"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_is_made_by_a_real_call() {
    for (outcome, by) in GLOSSARY {
        let result = Box::pin(call_that_ends(outcome)).await;
        assert_eq!((&result["outcome"], &result["disconnected_by"]), (&json!(outcome), &json!(by)), "{result:#}");
        assert!(outcome != "failed" || result["error_detail"].is_string(), "{result:#}");
        let was_answered = !["no-answer", "busy", "rejected"].contains(&outcome);
        assert_eq!(result["answered_at"].is_string() || result["answered_at"].is_number(), was_answered, "{outcome}: {result:#}");
    }
}

async fn call_that_ends(outcome: &str) -> Value {
    match outcome {
        "finished" => talked(bot(), Script::default(), "9").await,
        "failed" => talked(bot(), Script { is_stupid: true, ..Script::default() }, "1").await,
        "max-duration" => talked(bot_with(json!({ "max_call_duration_seconds": 2 })), Script::default(), "").await,
        "far-hangup" => {
            let bench = Bench::start(bot(), Script::default()).await;
            greeted(&bench).await.hangs_up().await;
            ended(bench).await
        }
        "empty-room" => {
            let bench = Bench::start(bot(), Script::default()).await;
            let mut browser = Browser::calls(&bench).await;
            browser.connects().await;
            browser.hears().await;
            browser.hangs_up().await;
            ended(bench).await
        }
        "transferred-to-vnum" => {
            let bench = Bench::start(bot(), Script::default()).await;
            Sipp::calls("uac_transferred.xml", bench.sip, 1, &[]).succeeds().await;
            ended(bench).await
        }
        "voicemail" => {
            let bench = Bench::start(bot(), Script::hearing(&["please leave a message after the tone"])).await;
            let voice = voice().await;
            let mut talk = picked_up(&bench).await;
            talk.hears().await;
            talk.says(&voice);
            talk.is_hung_up().await;
            ended(bench).await
        }
        "not-now" => put_off().await,
        "cancelled" => {
            let bench = Bench::start(bot(), Script::default()).await;
            let mut talk = picked_up(&bench).await;
            talk.hears().await;
            assert_eq!(bench.command(Request::post("/calls/s-out/hangup")).await.status, 200);
            talk.is_hung_up().await;
            ended(bench).await
        }
        refused => {
            let code = [("no-answer", 480), ("busy", 486), ("rejected", 603)].into_iter().find(|(name, _)| *name == refused).unwrap().1;
            let bench = Bench::start(bot(), Script::default()).await;
            dial(&bench).await;
            bench.phone.rings().await.leg.control.reject(code, None).await.unwrap();
            ended(bench).await
        }
    }
}

/// A caller who is greeted, presses these keys and is hung up on.
async fn talked(config: Value, script: Script, keys: &str) -> Value {
    let bench = Bench::start(config, script).await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.press(keys);
    talk.is_hung_up().await;
    ended(bench).await
}

/// Somebody who is called, has no time and will be called back.
async fn put_off() -> Value {
    let ai = services(json!({ "rules": [
        { "match": "2", "reply": "", "tool": { "name": "schedule_callback", "arguments": { "time": "15:30" } } },
        { "match": "9", "reply": "Bye.", "tool": { "name": "end_call" } },
    ] }))
    .await;
    let changes =
        json!({ "llm": { "provider": "openai" }, "callback": { "time_zone": "Europe/Malta", "local_time": "Friday 2026-11-27 14:00" } });
    let bench = Bench::start(bot_with(changes), Script { model: Some(ai.base_url()), ..Script::default() }).await;
    let mut talk = picked_up(&bench).await;
    talk.hears().await;
    talk.hears_silence().await;
    talk.press("2");
    talk.hears().await;
    talk.hears_silence().await;
    talk.press("9");
    talk.is_hung_up().await;
    ended(bench).await
}

async fn dial(bench: &Bench) {
    let dialout = json!({ "bot_id": "bot_1", "to_number": "+4930222", "session_id": "s-out", "call_id": "oac-1" });
    assert_eq!(bench.command(Request::post("/livekit/dialout").json(&dialout).unwrap()).await.status, 200);
}

async fn picked_up(bench: &Bench) -> Talk {
    dial(bench).await;
    let incoming = bench.phone.rings().await;
    bench.phone.pick_up(incoming).await
}

async fn ended(bench: Bench) -> Value {
    let result = bench.control.result().await;
    bench.end().await;
    result
}
