//! R64: a recording leaves out what is said while a card number is read out.

use serde_json::{Value, json};

use crate::support::dialogue::{asks, greeted, said, voice};
use crate::support::providers::Script;
use crate::support::{Bench, bot_with};

fn shop(changes: Value) -> Value {
    let mut bot = bot_with(json!({ "recording_mode": "announce", "flow": { "fallback": "Please go on.", "intents": [
        { "id": "pay", "phrases": ["pay"], "digits": "1", "reply": "Please read me your card number now, all of its digits." },
        { "id": "bye", "phrases": ["goodbye"], "digits": "9", "reply": "Bye.", "tool": { "name": "end_call" } },
    ] } }));
    bot.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    bot
}

/// Pays by card; the result, and how many seconds were recorded.
async fn pays(bot: Value) -> (Bench, Value, f64) {
    let bench = Bench::start(bot, Script::hearing(&["4111 1111", "one one one one 1111"])).await;
    let voice = voice().await;
    let mut talk = greeted(&bench).await;
    talk.press("1");
    talk.hears().await;
    talk.hears_silence().await;
    asks(&mut talk, &voice).await;
    asks(&mut talk, &voice).await;
    talk.press("9");
    talk.is_hung_up().await;
    let result = bench.control.result().await;
    let key = result["recording_key"].as_str().unwrap().to_owned();
    let file = bench.control.wait("the recording", |told| told.recordings.get(&key).cloned()).await;
    let n_per_second = u32::from_le_bytes(file[28..32].try_into().unwrap());
    let recorded = (file.len() - 44) as f64 / f64::from(n_per_second);
    (bench, result, recorded)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_while_a_card_number_is_read_out_is_in_no_recording() {
    let (bench, result, recorded) = pays(shop(json!({}))).await;
    assert_eq!(said(&result, "user"), ["1", "4111 1111", "one one one one 1111", "9"]);
    let events = bench.control.events();
    let of_recording: Vec<&String> = events.iter().filter(|event| event.starts_with("recording_")).collect();
    assert_eq!(of_recording, ["recording_started", "recording_paused", "recording_resumed"], "once, over both parts of the number");
    let lasted = result["call_duration_seconds"].as_f64().unwrap();
    // The question and two utterances of more than two seconds each.
    assert!(recorded > 1.0 && recorded + 4.0 < lasted, "{recorded} s of {lasted} s");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_may_record_cards() {
    let (bench, result, recorded) = pays(shop(json!({ "record_cards": true }))).await;
    assert!(!bench.control.events().contains(&"recording_paused".to_owned()), "{:?}", bench.control.events());
    let lasted = result["call_duration_seconds"].as_f64().unwrap();
    assert!(recorded + 2.0 > lasted, "{recorded} s of {lasted} s");
    bench.end().await;
}
