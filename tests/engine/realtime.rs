//! Calls with models that hear and speak themselves, over real SIP and RTP: both services, tools, interruptions, faults.

use std::time::Duration;

use cxbox::engine::sip::LegEnd;
use cxbox::lab::ai::RunningAi;
use serde_json::{Value, json};

use crate::support::dialogue::{asks, greeted, said, services, voice};
use crate::support::{Bench, bot_with};

const BOTH: [&str; 2] = ["openai-realtime", "gemini-live"];

fn bot(ai: &RunningAi, provider: &str, changes: Value) -> Value {
    let root = if provider == "gemini-live" { format!("http://{}", ai.address) } else { ai.base_url() };
    let mut bot = bot_with(json!({
        "disclosure": "", "system_prompt": "Be kind.", "stt": { "provider": "none" }, "tts": { "provider": "flite" },
        "llm": { "provider": provider, "base_url": root, "api_key": "AIzaTest", "voice": "Charon" },
    }));
    bot.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_talks_with_the_model_and_both_sides_are_written_down() {
    for provider in BOTH {
        let ai = services(json!({ "transcripts": ["good morning", "how are you"], "fallback": "You said {text}, I hear." })).await;
        let bench = Bench::with_real_providers(bot(&ai, provider, json!({}))).await;
        let voice = voice().await;
        let mut talk = greeted(&bench).await;
        asks(&mut talk, &voice).await;
        asks(&mut talk, &voice).await;
        talk.hangs_up().await;
        let result = bench.control.result().await;
        assert_eq!(said(&result, "user"), ["good morning", "how are you"], "{provider}");
        assert_eq!(said(&result, "assistant")[1..], ["You said good morning, I hear.", "You said how are you, I hear."], "{provider}");
        let asked = ai.asked();
        let setup = "setup Charon Be kind.\n\nThe call has begun, and you have said this already: Hello, how can I help?";
        assert_eq!(asked[1], setup, "{provider}");
        assert_eq!(asked.iter().filter(|line| line.starts_with("setup")).count(), 1, "{provider}: one session");
        // The voice of the greeting counts characters, the model tokens.
        let tokens: u64 = result["usage_metrics"].as_array().unwrap().iter().filter_map(|entry| entry["completion_tokens"].as_u64()).sum();
        assert!(tokens >= 5, "{provider}: {result:#}");
        assert_eq!(result["latency_samples"].as_array().unwrap().len(), 2, "{provider}");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_uses_keys_tools_and_ends_the_call() {
    for provider in BOTH {
        let tool = json!({ "name": "weather", "description": "x", "url": "http://127.0.0.1:9/none", "method": "POST" });
        let ai = services(json!({ "rules": [
            { "match": "keys 1", "reply": "", "tool": { "name": "weather" } },
            { "match": "goodbye", "reply": "Bye.", "tool": { "name": "end_call" } },
        ], "transcripts": ["goodbye"] }))
        .await;
        let bench = Bench::with_real_providers(bot(&ai, provider, json!({ "tools": [tool] }))).await;
        let voice = voice().await;
        let mut talk = greeted(&bench).await;
        talk.press("1");
        talk.hears().await;
        talk.hears_silence().await;
        talk.says(&voice);
        assert_eq!(talk.is_hung_up().await, LegEnd::Remote, "{provider}");
        let result = bench.control.result().await;
        assert_eq!(said(&result, "tool").last().map(String::as_str), Some("end_call"), "{provider}");
        assert!(said(&result, "assistant").iter().any(|words| words.starts_with("It says:")), "{provider}: {result:#}");
        assert_eq!(said(&result, "user"), ["1", "goodbye"], "{provider}");
        let asked = ai.asked();
        assert!(asked.iter().any(|line| line.starts_with("result ")), "{provider}: {asked:?}");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_silences_the_bot_and_the_model_knows_of_it() {
    for provider in BOTH {
        let ai = services(json!({ "transcripts": ["tell me a story", "please stop now"],
            "rules": [{ "match": "story", "reply": "word ".repeat(60).trim() }], "fallback": "All right." }))
        .await;
        let bench = Bench::with_real_providers(bot(&ai, provider, json!({ "min_words_interruption": 2 }))).await;
        let voice = voice().await;
        let mut talk = greeted(&bench).await;
        talk.says(&voice);
        talk.hears().await;
        talk.says(&voice);
        let until_silent = talk.falls_silent().await;
        assert!(until_silent < Duration::from_millis(1500), "{provider}: {until_silent:?}");
        talk.hears().await;
        talk.hears_silence().await;
        talk.hangs_up().await;
        let result = bench.control.result().await;
        assert_eq!(said(&result, "user"), ["tell me a story", "please stop now"], "{provider}");
        assert_eq!(said(&result, "assistant").last().map(String::as_str), Some("All right."), "{provider}");
        let told = if provider == "gemini-live" { "interrupted" } else { "truncate item_1" };
        assert!(ai.asked().iter().any(|line| line == told), "{provider}: {:?}", ai.asked());
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_the_model_the_caller_is_answered() {
    for provider in BOTH {
        for fault in ["cut", "silence", "nonsense", "broken"] {
            let ai =
                services(json!({ "transcripts": ["good morning"], "fallback": "You said {text} to me.", "faults": [fault, fault] })).await;
            let others = json!({
                "stt": { "provider": "openai", "base_url": ai.base_url() },
                "llm_fallbacks": [{ "provider": "openai", "base_url": ai.base_url(), "model": "lab" }],
            });
            let bench = Bench::with_real_providers(bot(&ai, provider, others)).await;
            let voice = voice().await;
            let mut talk = greeted(&bench).await;
            talk.says(&voice);
            talk.hears().await;
            bench
                .control
                .wait("an answer", |told| {
                    told.events.iter().any(|event| event["type"] == "turn" && event["turn"]["role"] == "user").then_some(())
                })
                .await;
            talk.hears_silence().await;
            talk.hangs_up().await;
            let result = bench.control.result().await;
            assert_eq!(said(&result, "user"), ["good morning"], "{provider} {fault}");
            assert!(said(&result, "assistant").len() > 1, "{provider} {fault}: {result:#}");
            bench.end().await;
        }
    }
}
