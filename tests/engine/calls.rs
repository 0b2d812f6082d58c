//! Whole calls over real SIP and RTP: what the far end hears, what the control plane is told.

use std::time::Duration;

use cxbox::engine::sip::LegEnd;
use cxbox::platform::net::Request;
use serde_json::{Value, json};

use crate::support::dialogue::{greeted, said, voice};
use crate::support::providers::Script;
use crate::support::{Bench, bot, bot_with, within};
use crate::wire::Sipp;

#[tokio::test(flavor = "multi_thread")]
async fn the_greeting_is_heard_at_once_and_the_result_tells_the_call() {
    let bench = Bench::start(bot(), Script::default()).await;
    let mut talk = bench.phone.call(bench.sip).await;
    let until_heard = talk.hears().await;
    assert!(until_heard < Duration::from_millis(300), "{until_heard:?}");
    talk.hears_silence().await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("customer"), &json!("far-hangup")));
    assert_eq!(said(&result, "assistant"), ["You speak with a machine. Hello, how can I help?"]);
    assert_eq!((&result["call_direction"], &result["from_number"]), (&json!("inbound"), &json!("4930111")));
    assert!(result["answer_ms"].is_u64() && result["call_duration_seconds"].as_f64().unwrap() > 0.5);
    assert!(result.get("recording_key").is_none(), "nothing was recorded");
    assert_eq!(bench.control.events()[..3], ["answered", "started", "disclosure_spoken"]);
    within("the line is free again", async { while bench.health().await["fleet_calls"] != 0 {} }).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_answered_and_the_bot_hangs_up_when_it_has_said_goodbye() {
    let bench = Bench::start(bot(), Script::default()).await;
    let mut talk = greeted(&bench).await;
    talk.press("1");
    talk.hears().await;
    talk.hears_silence().await;
    talk.press("9");
    talk.hears().await;
    assert_eq!(talk.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("bot"), &json!("finished")));
    assert_eq!(said(&result, "user"), ["1", "9"]);
    let intents: Vec<&Value> = result["intents"].as_array().unwrap().iter().map(|i| &i["id"]).collect();
    assert_eq!(intents, [&json!("hours"), &json!("bye")]);
    assert_eq!(result["latency_samples"].as_array().unwrap().len(), 2);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_falls_silent_when_the_caller_speaks_and_answers_what_was_said() {
    let long = json!({ "opening_message": "This is a very long greeting. ".repeat(10), "disclosure": "" });
    let bench = Bench::start(bot_with(long), Script::hearing(&["opening hours"])).await;
    let voice = voice().await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.says(&voice);
    let until_silent = talk.falls_silent().await;
    assert!(until_silent < Duration::from_millis(1500), "{until_silent:?}, with the silence before the first word and ours to be sure");
    talk.hears().await;
    talk.hears_silence().await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!(said(&result, "user"), ["opening hours"]);
    assert_eq!(result["transcript"][0]["interrupted"], true);
    assert!(bench.control.events().contains(&"barge_in".to_owned()));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_goes_on_when_the_voice_said_nothing() {
    let long = json!({ "opening_message": "This is a very long greeting. ".repeat(10), "disclosure": "" });
    let bench = Bench::start(bot_with(long), Script::default()).await;
    let voice = voice().await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.says(&voice);
    talk.falls_silent().await;
    talk.hears().await;
    bench.control.event("barge_in_resumed").await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert!(said(&result, "user").is_empty());
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_recogniser_a_voice_still_pauses_the_bot_which_then_goes_on() {
    let long = json!({ "opening_message": "This is a very long greeting. ".repeat(10), "disclosure": "" });
    let bench = Bench::start(bot_with(long), Script { has_no_ears: true, ..Script::default() }).await;
    let voice = voice().await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.says(&voice);
    talk.falls_silent().await;
    talk.hears().await;
    bench.control.event("barge_in_resumed").await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert!(said(&result, "user").is_empty());
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_provider_is_never_silence_and_the_result_has_the_reason() {
    let cases = [
        (Script { is_mute: true, ..Script::default() }, None, "text to speech failed: it is dead"),
        (Script { is_stupid: true, ..Script::default() }, Some("Something broke."), "the responder failed: it is dead"),
    ];
    for (script, sentence, detail) in cases {
        let bench = Bench::start(bot(), script).await;
        let mut talk = bench.phone.call(bench.sip).await;
        talk.hears().await;
        if sentence.is_some() {
            talk.hears_silence().await;
            talk.press("1");
            talk.hears().await;
        }
        talk.is_hung_up().await;
        let result = bench.control.result().await;
        assert_eq!((&result["disconnected_by"], &result["error_detail"]), (&json!("error"), &json!(detail)));
        assert_eq!(said(&result, "assistant").last().map(String::as_str).filter(|_| sentence.is_some()), sentence);
        assert!(bench.control.events().contains(&"provider_failed".to_owned()));
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_is_not_understood_can_still_use_keys() {
    let bench = Bench::start(bot(), Script { is_deaf: true, ..Script::default() }).await;
    let voice = voice().await;
    let mut talk = greeted(&bench).await;
    talk.says(&voice);
    bench.control.event("provider_failed").await;
    talk.hears().await;
    talk.hears_silence().await;
    talk.press("9");
    assert_eq!(talk.is_hung_up().await, LegEnd::Remote);
    assert_eq!(bench.control.result().await["outcome"], "finished");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_is_declined_gives_the_caller_back_with_the_reason() {
    let bench = Bench::start(bot_with(json!({ "transfer_numbers": { "desk": "sip:desk@127.0.0.1:9" } })), Script::default()).await;
    let mut talk = greeted(&bench).await;
    talk.press("2");
    bench.control.event("transfer_failed").await;
    talk.hears_silence().await;
    talk.press("9");
    assert_eq!(talk.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!(result["outcome"], "finished");
    assert!(result["transfer_failed_reason"].is_string() && said(&result, "tool").len() >= 2);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_before_the_caller_says_yes() {
    let bot = bot_with(json!({ "recording_mode": "ask", "recording_notice": "May I record?" }));
    for (key, is_recorded) in [("1", true), ("2", false)] {
        let bench = Bench::start(bot.clone(), Script::default()).await;
        let mut talk = greeted(&bench).await;
        let files = || std::fs::read_dir(bench.data.spool().join("recordings")).unwrap().count();
        assert_eq!(files(), 0, "no file before the answer");
        assert!(!bench.control.events().contains(&"recording_started".to_owned()));
        talk.press(key);
        talk.hears().await;
        talk.hears_silence().await;
        talk.hangs_up().await;
        let result = bench.control.result().await;
        assert_eq!(result.get("recording_key").is_some(), is_recorded);
        assert_eq!(bench.control.events().contains(&"recording_started".to_owned()), is_recorded);
        if is_recorded {
            let key = result["recording_key"].as_str().unwrap().to_owned();
            let recording = bench.control.wait("the recording", |told| told.recordings.get(&key).cloned()).await;
            assert!(recording.starts_with(b"RIFF") && recording.len() > 8000);
        }
        bench.all_delivered().await;
        assert_eq!(files(), 0, "what was uploaded does not stay");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_offers_and_a_second_goodbye_are_borne() {
    let bench = Bench::start(bot(), Script::default()).await;
    Sipp::calls("uac_storm.xml", bench.sip, 1, &[]).succeeds().await;
    let result = bench.control.result().await;
    assert_eq!((&result["outcome"], &result["disconnected_by"]), (&json!("far-hangup"), &json!("customer")));
    greeted(&bench).await.hangs_up().await;
    bench.control.wait("the next call's result", |told| (told.results.len() == 2).then_some(())).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_while_a_recording_is_paused_is_in_no_file() {
    let bench = Bench::start(bot_with(json!({ "recording_mode": "announce" })), Script::default()).await;
    let mut talk = greeted(&bench).await;
    let id = bench.control.wait("the config was asked for", |told| told.configs.first().cloned()).await;
    bench.control.event("recording_started").await;
    let pause = |is_paused: bool| Request::put(format!("/calls/{id}/recording")).json(&json!({ "is_paused": is_paused })).unwrap();
    for _ in 0..2 {
        assert_eq!(bench.command(pause(true)).await.status, 200);
    }
    bench.control.event("recording_paused").await;
    talk.press("1");
    talk.hears().await;
    talk.hears_silence().await;
    assert_eq!(bench.command(pause(false)).await.status, 200);
    bench.control.event("recording_resumed").await;
    talk.press("9");
    talk.is_hung_up().await;
    let result = bench.control.result().await;
    let key = result["recording_key"].as_str().unwrap();
    let file = bench.control.wait("the recording", |told| told.recordings.get(key).cloned()).await;
    let n_per_second = u32::from_le_bytes(file[28..32].try_into().unwrap());
    let recorded = (file.len() - 44) as f64 / f64::from(n_per_second);
    // The answer to the key alone is longer than two seconds.
    let lasted = result["call_duration_seconds"].as_f64().unwrap();
    assert!(recorded > 1.0 && recorded + 2.0 < lasted, "{recorded} s of {lasted} s");
    assert_eq!(bench.control.events().iter().filter(|event| *event == "recording_paused").count(), 1, "a repeat changes nothing");
    assert_eq!(bench.command(Request::put("/calls/nobody/recording").json(&json!({ "is_paused": true })).unwrap()).await.status, 404);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_is_asked_for_before_the_caller_agrees_holds_from_the_first_moment() {
    let bench = Bench::start(bot_with(json!({ "recording_mode": "ask", "recording_notice": "May I record?" })), Script::default()).await;
    let mut talk = greeted(&bench).await;
    let id = bench.control.wait("the config was asked for", |told| told.configs.first().cloned()).await;
    let pause = Request::put(format!("/calls/{id}/recording")).json(&json!({ "is_paused": true })).unwrap();
    assert_eq!(bench.command(pause).await.status, 200);
    assert!(!bench.control.events().contains(&"recording_paused".to_owned()), "there is nothing to pause");
    talk.press("1");
    bench.control.event("recording_paused").await;
    talk.hears().await;
    talk.hears_silence().await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    let events = bench.control.events();
    let of_recording: Vec<&String> = events.iter().filter(|event| event.starts_with("recording_")).collect();
    assert_eq!(of_recording, ["recording_consent", "recording_started", "recording_paused"]);
    let key = result["recording_key"].as_str().unwrap();
    let file = bench.control.wait("the recording", |told| told.recordings.get(key).cloned()).await;
    assert!(file.len() < 44 + 16_000 / 10, "at most a twentieth of a second: {} bytes", file.len());
    bench.end().await;
}
