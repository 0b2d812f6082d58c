//! Providers that stream, on whole calls: recognition while the caller speaks, speech while it is being made, and what goes wrong with both.

use std::time::Duration;

use cxbox::lab::ai::RunningAi;
use cxbox::platform::net::Request;
use serde_json::{Value, json};

use crate::support::dialogue::{asks, greeted, said, services, voice};
use crate::support::{Bench, bot_with};

/// A bot whose ears, head and voice are these services.
fn streaming(ai: &RunningAi, changes: Value) -> Value {
    let mut bot = bot_with(json!({
        "disclosure": "", "min_words_interruption": 2,
        "stt": { "provider": "deepgram", "base_url": ai.base_url(), "api_key": "dg" },
        "llm": { "provider": "openai", "base_url": ai.base_url(), "model": "lab" },
        "tts": { "provider": "elevenlabs", "base_url": ai.base_url(), "api_key": "xi", "voice": "anna" },
    }));
    bot.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    bot
}

fn cartesia(ai: &RunningAi) -> Value {
    json!({ "provider": "cartesia", "base_url": format!("http://{}", ai.address), "api_key": "ca", "voice": "clara" })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_by_deepgram_is_answered_by_elevenlabs() {
    let ai = services(json!({ "transcripts": ["what are your opening hours"], "fallback": "You said {text}." })).await;
    let bench = Bench::with_real_providers(streaming(&ai, json!({}))).await;
    let voice = voice().await;
    let mut talk = greeted(&bench).await;
    asks(&mut talk, &voice).await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!(said(&result, "user"), ["what are your opening hours"]);
    assert_eq!(said(&result, "assistant")[1..], ["You said what are your opening hours."]);
    let asked = ai.asked();
    let listen = "listen model=nova-3&language=en-US&encoding=linear16&channels=1&interim_results=true&smart_format=true&endpointing=300&sample_rate=8000";
    assert_eq!(asked.iter().filter(|line| line.starts_with("listen")).collect::<Vec<_>>(), [listen], "one connection, opened once");
    assert_eq!(asked.iter().filter(|line| *line == "finalize").count(), 1, "{asked:?}");
    let spoken = "elevenlabs anna output_format=pcm_16000 eleven_flash_v2_5 with a key: You said what are your opening hours.";
    assert!(asked.iter().any(|line| line == spoken), "{asked:?}");
    assert!(!bench.control.events().iter().any(|event| event.starts_with("provider_")), "{:?}", bench.control.events());
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_known_before_the_caller_stops_end_the_bot_s_turn() {
    let ai = services(json!({ "transcripts": ["excuse me please"], "fallback": "Yes." })).await;
    let greeting = "This is a very long greeting. ".repeat(10);
    let bench = Bench::with_real_providers(streaming(&ai, json!({ "opening_message": greeting }))).await;
    let voice = voice().await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.says(&voice);
    bench.control.event("barge_in").await;
    // The caller speaks for more than two seconds; the greeting is a turn before the words of the caller are whole.
    let turn = bench.control.wait("a turn", |told| told.events.iter().find(|event| event["type"] == "turn").cloned()).await;
    assert!(!ai.asked().contains(&"finalize".to_owned()), "the caller has not stopped yet: {turn}");
    let is_callers = |event: &Value| event["type"] == "turn" && event["turn"]["role"] == "user";
    bench.control.wait("the caller's turn", |told| told.events.iter().any(is_callers).then_some(())).await;
    talk.hears().await;
    talk.hears_silence().await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!(said(&result, "user"), ["excuse me please"]);
    assert_eq!(result["transcript"][0]["interrupted"], true, "{result:#}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_gives_itself_away_before_it_has_said_all() {
    let ai = services(json!({ "transcripts": ["you have reached the mailbox of bob please leave a message after the tone"] })).await;
    let own = json!({ "llm": { "provider": "flow" }, "tts": { "provider": "flite" } });
    let bench = Bench::with_real_providers(streaming(&ai, own)).await;
    let dialout = json!({ "bot_id": "bot_1", "to_number": "+4930222", "session_id": "s-out", "call_id": "oac-1" });
    bench.command(Request::post("/livekit/dialout").json(&dialout).unwrap()).await;
    let voice = voice().await;
    let incoming = bench.phone.rings().await;
    let mut talk = bench.phone.pick_up(incoming).await;
    talk.hears().await;
    talk.says(&voice);
    let found = bench.control.event("answered_by").await;
    assert_eq!((&found["detail"]["answered_by"], &found["detail"]["evidence"]), (&json!("voicemail"), &json!("words")), "{found}");
    assert!(!ai.asked().contains(&"finalize".to_owned()), "it has not stopped yet: {found}");
    talk.is_hung_up().await;
    assert_eq!(bench.control.result().await["outcome"], "voicemail");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_utterance_survives_whatever_happens_to_the_recogniser_s_connection() {
    for fault in ["cut", "silence", "nonsense"] {
        let ai = services(json!({ "transcripts": ["good morning to you"], "fallback": "Yes.", "faults": [fault] })).await;
        // Built-in speech and a flow, so that the fault is the recogniser's.
        let own = json!({ "llm": { "provider": "flow" }, "tts": { "provider": "flite" } });
        let bench = Bench::with_real_providers(streaming(&ai, own)).await;
        let voice = voice().await;
        let mut talk = greeted(&bench).await;
        asks(&mut talk, &voice).await;
        talk.hangs_up().await;
        assert_eq!(said(&bench.control.result().await, "user"), ["good morning to you"], "{fault}");
        assert_eq!(ai.asked().iter().filter(|line| line.starts_with("listen")).count(), 2, "{fault}: a new connection");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recogniser_without_capacity_is_replaced_during_the_call() {
    let faults = ["busy"; 6];
    let ai = services(json!({ "transcripts": ["good morning"], "faults": faults })).await;
    let own = json!({
        "llm": { "provider": "flow" }, "tts": { "provider": "flite" },
        "stt_fallbacks": [{ "provider": "openai", "base_url": ai.base_url(), "model": "gpt-4o-transcribe" }],
    });
    let bench = Bench::with_real_providers(streaming(&ai, own)).await;
    let voice = voice().await;
    let mut talk = greeted(&bench).await;
    asks(&mut talk, &voice).await;
    asks(&mut talk, &voice).await;
    let replaced = bench.control.event("provider_replaced").await;
    assert_eq!((&replaced["detail"]["name"], &replaced["detail"]["by"]), (&json!("deepgram"), &json!("openai")), "{replaced}");
    talk.hangs_up().await;
    assert_eq!(said(&bench.control.result().await, "user"), ["good morning", "good morning"]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_a_long_sentence_is_heard_while_the_rest_is_being_made() {
    // 40 words are 10 s of sound, which take 2 s to be made.
    let long = "word ".repeat(40);
    for voice in ["elevenlabs", "cartesia"] {
        let ai = services(json!({ "fallback": long.trim() })).await;
        let tts = if voice == "cartesia" { json!({ "tts": cartesia(&ai) }) } else { json!({}) };
        let bench = Bench::with_real_providers(streaming(&ai, tts)).await;
        let mut talk = greeted(&bench).await;
        let n_whole = |ai: &RunningAi| ai.asked().iter().filter(|line| *line == "all is said").count();
        let before = n_whole(&ai);
        talk.press("1");
        talk.hears().await;
        assert_eq!(n_whole(&ai), before, "{voice} still makes the sentence: {:?}", ai.asked());
        talk.hears_silence().await;
        assert_eq!(n_whole(&ai), before + 1, "{voice}");
        talk.hangs_up().await;
        let answers = said(&bench.control.result().await, "assistant");
        assert_eq!(answers.last().map(String::as_str), Some(long.trim()), "{voice}");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_is_interrupted_is_told_to_stop() {
    let ai = services(
        json!({ "transcripts": ["excuse me please"], "rules": [{ "match": "1", "reply": "word ".repeat(60).trim() }], "fallback": "Yes." }),
    )
    .await;
    let bench = Bench::with_real_providers(streaming(&ai, json!({ "tts": cartesia(&ai) }))).await;
    let voice = voice().await;
    let mut talk = greeted(&bench).await;
    talk.press("1");
    talk.hears().await;
    talk.says(&voice);
    let until_silent = talk.falls_silent().await;
    assert!(until_silent < Duration::from_millis(1500), "{until_silent:?}");
    talk.hears().await;
    talk.hears_silence().await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!(said(&result, "user"), ["1", "excuse me please"]);
    let asked = ai.asked();
    assert!(asked.iter().any(|line| line.starts_with("cancel line-")), "{asked:?}");
    assert_eq!(asked.iter().filter(|line| line.starts_with("cartesia")).count(), 1, "one connection: {asked:?}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_elevenlabs_leaves_the_caller_without_an_answer() {
    answers_in_spite_of_faults("elevenlabs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_cartesia_leaves_the_caller_without_an_answer() {
    answers_in_spite_of_faults("cartesia").await;
}

async fn answers_in_spite_of_faults(voice: &str) {
    for fault in ["cut", "silence", "nonsense", "busy", "broken"] {
        // The greeting and the failure sentence are made first.
        let ai = services(json!({ "fallback": "The answer has some words in it.", "faults": ["none", "none", fault, fault] })).await;
        let tts = if voice == "cartesia" { json!({ "tts": cartesia(&ai) }) } else { json!({}) };
        let mut config = streaming(&ai, tts);
        config["stt"] = json!({ "provider": "none" });
        let bench = Bench::with_real_providers(config).await;
        let mut talk = greeted(&bench).await;
        talk.press("1");
        talk.hears().await;
        talk.hears_silence().await;
        let failed = bench.control.event("provider_failed").await;
        assert_eq!(failed["detail"]["provider"], "tts", "{voice} {fault}: {failed}");
        talk.hangs_up().await;
        let answers = said(&bench.control.result().await, "assistant");
        assert_eq!(answers.last().map(String::as_str), Some("The answer has some words in it."), "{voice} {fault}");
        bench.end().await;
    }
}
