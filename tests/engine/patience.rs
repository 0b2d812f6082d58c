//! An answer that takes a while: the caller is not left in silence.

use std::time::Duration;

use cxbox::base::Clock;
use cxbox::engine::sip::LegEnd;
use cxbox::lab::ai::{AiOptions, Delays, RunningAi};
use serde_json::{Value, json};

use crate::support::dialogue::{greeted, said};
use crate::support::providers::Script;
use crate::support::{Bench, bot_with};

/// A bot whose language model takes so long, and the model.
async fn slow(llm_ms: u64, taking: Value) -> (Bench, RunningAi) {
    let script = json!({ "rules": [
        { "match": "9", "reply": "Bye.", "tool": { "name": "end_call" } },
        { "match": "", "reply": "We are open." },
    ] });
    let delays = Delays { llm: Some(Duration::from_millis(llm_ms)), ..Delays::default() };
    let options = AiOptions { script: serde_json::from_value(script).unwrap(), delays, ..AiOptions::default() };
    let ai = RunningAi::start("127.0.0.1:0".parse().unwrap(), options, Clock::system()).await.unwrap();
    let script = Script { model: Some(format!("http://{}/v1", ai.address)), ..Script::default() };
    (Bench::start(bot_with(json!({ "llm": { "provider": "openai" }, "turn_taking": taking })), script).await, ai)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_is_announced_once_in_a_turn_of_its_own_and_the_wait_is_still_measured() {
    let taking = json!({ "thinking_after_ms": 500, "thinking_words": ["Let me see.", "One second."] });
    let (bench, _ai) = slow(3_000, taking).await;
    let mut caller = greeted(&bench).await;
    for key in ["1", "9"] {
        caller.press(key);
        // First the words that ask for patience, then the answer: the model takes longer than both.
        caller.hears().await;
        caller.hears_silence().await;
        caller.hears().await;
        if key == "1" {
            caller.hears_silence().await;
        }
    }
    assert_eq!(caller.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    let answers = said(&result, "assistant");
    assert_eq!(answers[1..], ["Let me see.", "We are open.", "One second.", "Bye."]);
    let fillers: Vec<bool> = result["transcript"].as_array().unwrap().iter().map(|turn| turn["filler"] == true).collect();
    assert_eq!(fillers.iter().filter(|is_filler| **is_filler).count(), 2);
    assert_eq!(bench.control.events().iter().filter(|name| *name == "thinking_filler").count(), 2);
    let samples = result["latency_samples"].as_array().unwrap();
    assert_eq!(samples.len(), 2, "what fills the silence is no answer");
    for sample in samples {
        let of = |name: &str| sample[name].as_u64().unwrap();
        let steps = [of("endpoint_ms"), of("stt_ms"), of("first_token_ms"), of("first_sound_ms"), of("first_audio_ms")];
        assert!(steps.is_sorted() && steps[4] >= 3_000, "{sample}");
    }
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_in_time_is_not_announced_and_zero_switches_it_off() {
    for (llm_ms, after_ms) in [(0, 10_000), (1_500, 0)] {
        let (bench, _ai) = slow(llm_ms, json!({ "thinking_after_ms": after_ms, "thinking_words": ["Let me see."] })).await;
        let mut caller = greeted(&bench).await;
        caller.press("9");
        assert_eq!(caller.is_hung_up().await, LegEnd::Remote);
        assert_eq!(said(&bench.control.result().await, "assistant")[1..], ["Bye."]);
        assert!(!bench.control.events().contains(&"thinking_filler".to_owned()));
        bench.end().await;
    }
}
