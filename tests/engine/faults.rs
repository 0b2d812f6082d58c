//! Services that fail in every way, on whole calls: the caller always hears something, and the call says what went wrong. What the services
//! were used for is on the call, too.

use cxbox::lab::ai::RunningAi;
use serde_json::{Value, json};

use crate::support::control::Told;
use crate::support::dialogue::{asks, greeted, said, services, voice};
use crate::support::{Bench, bot_with};

/// In the middle of a word, for ever, not to be read, 429, 500.
const FAULTS: [&str; 5] = ["cut", "silence", "nonsense", "busy", "broken"];
const ANSWER: &str = "The answer has some words in it.";

/// What each slot is filled with; others are built in.
fn bot(slots: Value) -> Value {
    let mut bot = bot_with(json!({
        "disclosure": "", "stt": { "provider": "none" }, "llm": { "provider": "flow" }, "tts": { "provider": "flite" },
    }));
    bot.as_object_mut().unwrap().extend(slots.as_object().unwrap().clone());
    bot
}

fn openai(ai: &RunningAi) -> Value {
    json!({ "provider": "openai", "base_url": ai.base_url(), "model": "lab" })
}

/// The fault of this slot as the call tells it.
async fn fault_of(bench: &Bench, slot: &str, fault: &str) {
    let event = bench.control.event("provider_fault").await;
    assert_eq!((&event["detail"]["provider"], &event["detail"]["name"]), (&json!(slot), &json!("openai")), "{fault}: {event}");
    assert!(!event["detail"]["reason"].as_str().unwrap().is_empty(), "{fault}: {event}");
}

/// Waits until the caller's turn with this number (from 0) has been answered and heard.
async fn answered(bench: &Bench, n: usize) {
    let answer = |told: &Told| {
        let turns = told.events.iter().filter_map(|event| event["turn"]["role"].as_str());
        turns
            .skip_while({
                let mut n_left = n + 1;
                move |role| {
                    n_left -= usize::from(*role == "user");
                    n_left > 0
                }
            })
            .any(|role| role == "assistant")
            .then_some(())
    };
    bench.control.wait("an answer", answer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_language_model_is_silent() {
    for fault in FAULTS {
        let ai = services(json!({ "fallback": ANSWER, "openai_faults": { "chat": [fault] } })).await;
        let bench = Bench::with_real_providers(bot(json!({ "llm": openai(&ai) }))).await;
        let talk = greeted(&bench).await;
        for n in 0..2 {
            talk.press("1");
            answered(&bench, n).await;
        }
        fault_of(&bench, "llm", fault).await;
        talk.hangs_up().await;
        let result = bench.control.result().await;
        assert!(said(&result, "assistant").contains(&ANSWER.to_owned()), "{fault}: {result:#}");
        // What fails before its first word is asked once more before the caller hears of it; what broke off was heard.
        let was_heard = ["cut", "silence"].contains(&fault);
        assert_eq!(bench.control.events().contains(&"provider_failed".to_owned()), was_heard, "{fault}");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_recogniser_is_silent() {
    let voice = voice().await;
    for fault in FAULTS {
        let ai = services(json!({ "transcripts": ["opening hours"], "openai_faults": { "transcriptions": [fault] } })).await;
        let bench = Bench::with_real_providers(bot(json!({ "stt": openai(&ai) }))).await;
        let mut talk = greeted(&bench).await;
        for _ in 0..2 {
            asks(&mut talk, &voice).await;
        }
        fault_of(&bench, "stt", fault).await;
        talk.hangs_up().await;
        let result = bench.control.result().await;
        assert!(said(&result, "user").contains(&"opening hours".to_owned()), "{fault}: {result:#}");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_voice_is_silent() {
    for fault in FAULTS {
        // The greeting and the failure sentence are made first.
        let ai = services(json!({ "openai_faults": { "speech": ["none", "none", fault, fault] } })).await;
        let flow = json!({ "fallback": "Sorry?", "intents": [{ "id": "hours", "digits": "1", "phrases": ["hours"], "reply": ANSWER }] });
        let bench = Bench::with_real_providers(bot(json!({ "tts": openai(&ai), "flow": flow }))).await;
        let mut talk = greeted(&bench).await;
        talk.press("1");
        talk.hears().await;
        talk.hears_silence().await;
        fault_of(&bench, "tts", fault).await;
        talk.hangs_up().await;
        let answers = said(&bench.control.result().await, "assistant");
        assert_eq!(answers.last().map(String::as_str), Some(ANSWER), "{fault}");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_services_are_paid_for_is_counted_on_the_call() {
    let ai = services(json!({ "transcripts": ["opening hours"], "fallback": ANSWER })).await;
    let bench = Bench::with_real_providers(bot(json!({ "stt": openai(&ai), "llm": openai(&ai), "tts": openai(&ai) }))).await;
    let voice = voice().await;
    let mut talk = greeted(&bench).await;
    asks(&mut talk, &voice).await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    let usage = result["usage_metrics"].as_array().unwrap();
    let of = |kind: &str| usage.iter().find(|entry| entry["type"] == kind).unwrap_or_else(|| panic!("no {kind} in {usage:?}"));
    assert!(of("conversation")["prompt_tokens"].as_u64().unwrap() > 0);
    let (heard, spoken) = (of("stt"), of("tts"));
    assert_eq!((&heard["provider"], &heard["model"]), (&json!("openai"), &json!("lab")));
    assert!(heard["requests"].as_u64().unwrap() >= 1 && (1.0..20.0).contains(&heard["audio_seconds"].as_f64().unwrap()), "{heard}");
    let n: usize = ["Hello, how can I help?", "Something broke.", ANSWER].iter().map(|line| line.chars().count()).sum();
    assert_eq!((&spoken["requests"], &spoken["characters"]), (&json!(3), &json!(n)), "{spoken}");
    assert_eq!(result["tokens_total"].as_u64(), of("conversation")["prompt_tokens"].as_u64().map(|n| n + 7), "{result:#}");
    bench.end().await;
}
