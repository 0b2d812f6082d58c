//! Numbers that speak a text, the pause before the first word, and the list of allowed transfers: whole calls over real SIP and RTP.

use std::time::Duration;

use cxbox::engine::sip::LegEnd;
use serde_json::{Value, json};

use crate::support::providers::Script;
use crate::support::{Bench, bot_with};

/// What a number in mode `tts` gives the engine. Nobody answers and nobody listens.
fn announcement(change: Value) -> Value {
    let mut config = bot_with(json!({
        "disclosure": "", "opening_message": "We are closed.", "stt": { "provider": "none" }, "llm": { "provider": "none" },
        "start_ms": 600, "announcement": { "is_looped": false }, "transfer_allowed": [], "max_call_duration_seconds": 30,
    }));
    config.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    config
}

fn said(result: &Value) -> Vec<&str> {
    result["transcript"].as_array().unwrap().iter().map(|turn| turn["content"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_spoken_after_its_pause_keys_are_ignored_and_the_call_ends() {
    let bench = Bench::start(announcement(json!({})), Script { is_stupid: true, is_deaf: true, ..Script::default() }).await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.press("9");
    let until_heard = talk.hears().await;
    assert!(until_heard > Duration::from_millis(450) && until_heard < Duration::from_millis(1500), "{until_heard:?}");
    assert_eq!(talk.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("bot"), &json!("finished")));
    assert_eq!(said(&result), ["We are closed."]);
    assert_eq!(bench.control.events()[..2], ["answered", "started"]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_looped_text_is_spoken_until_the_longest_duration_is_reached() {
    let config = announcement(json!({ "announcement": { "is_looped": true }, "start_ms": 0, "max_call_duration_seconds": 4 }));
    let bench = Bench::start(config, Script::default()).await;
    let mut talk = bench.phone.call(bench.sip).await;
    for _ in 0..2 {
        talk.hears().await;
        talk.hears_silence().await;
    }
    assert_eq!(talk.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("timeout"), &json!("max-duration")));
    assert_eq!(said(&result), ["We are closed."], "one turn, however often it was said");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_leaves_an_announcement_has_hung_up_and_it_was_recorded_by_its_mode() {
    for (mode, is_recorded) in [("announce", true), ("off", false)] {
        let change =
            json!({ "recording_mode": mode, "recording_notice": "We record.", "announcement": { "is_looped": true }, "start_ms": 0 });
        let bench = Bench::start(announcement(change), Script::default()).await;
        let mut talk = bench.phone.call(bench.sip).await;
        talk.hears().await;
        talk.hears_silence().await;
        talk.hangs_up().await;
        let result = bench.control.result().await;
        assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("customer"), &json!("far-hangup")));
        assert_eq!(result.get("recording_key").is_some(), is_recorded, "{mode}");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_nobody_can_speak_is_a_tone_and_an_error_not_silence() {
    let bench = Bench::start(announcement(json!({})), Script { is_mute: true, ..Script::default() }).await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.is_hung_up().await;
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("error"), &json!("failed")));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_waits_for_its_warm_up_and_is_deaf_meanwhile() {
    let bench = Bench::start(bot_with(json!({ "start_ms": 800 })), Script::default()).await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.press("9");
    let until_heard = talk.hears().await;
    assert!(until_heard > Duration::from_millis(600), "{until_heard:?}");
    talk.hears_silence().await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!(result["outcome"], "far-hangup", "the key before the first word meant nothing");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_is_not_on_the_numbers_list_is_refused_before_anything_is_sent() {
    let config = bot_with(json!({ "transfer_numbers": { "desk": "sip:desk@127.0.0.1:9" }, "transfer_allowed": ["+356*"] }));
    let bench = Bench::start(config, Script::default()).await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.hears_silence().await;
    talk.press("2");
    let failed = bench.control.event("transfer_failed").await;
    assert!(failed["detail"]["reason"].as_str().unwrap().contains("not on the number's list"), "{failed}");
    talk.hears_silence().await;
    talk.press("9");
    // A REFER would have been declined by this phone and read "refused the transfer".
    assert_eq!(talk.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert!(result["transfer_failed_reason"].as_str().unwrap().contains("not on the number's list"));
    assert!(result.get("was_transferred").is_none());
    bench.end().await;
}
