//! Who has the word: nods, hesitations and finished sentences on whole calls over real SIP and RTP.

use cxbox::engine::media::Clip;
use serde_json::json;

use crate::support::dialogue::{greeted, said, voice};
use crate::support::providers::Script;
use crate::support::{Bench, bot, bot_with};

/// The voice twice, with so much silence between: what is quiet at its ends does not count.
fn twice(voice: &Clip, pause_ms: usize) -> Clip {
    let is_loud = |sample: &i16| sample.unsigned_abs() > 300;
    let from = voice.samples.iter().position(is_loud).unwrap();
    let to = voice.samples.iter().rposition(is_loud).unwrap();
    let words = &voice.samples[from..=to];
    let silence = vec![0; voice.rate as usize * pause_ms / 1000];
    Clip { rate: voice.rate, samples: [words, &silence[..], words].concat().into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nod_leaves_the_bot_the_word_and_is_no_turn() {
    let long = json!({ "opening_message": "This is a very long greeting. ".repeat(10), "disclosure": "" });
    let bench = Bench::start(bot_with(long), Script::hearing(&["mhm, okay"])).await;
    let voice = voice().await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.says(&voice);
    talk.falls_silent().await;
    talk.hears().await;
    let resumed = bench.control.event("barge_in_resumed").await;
    assert_eq!((&resumed["detail"]["reason"], &resumed["detail"]["text"]), (&json!("filler"), &json!("mhm, okay")));
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert!(said(&result, "user").is_empty());
    assert!(!bench.control.events().contains(&"barge_in_stopped".to_owned()));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_to_stop_silences_the_bot_for_good_and_the_reason_is_on_the_call() {
    let long = json!({ "opening_message": "This is a very long greeting. ".repeat(10), "disclosure": "" });
    let bench = Bench::start(bot_with(long), Script::hearing(&["wait"])).await;
    let voice = voice().await;
    let mut talk = bench.phone.call(bench.sip).await;
    talk.hears().await;
    talk.says(&voice);
    let stopped = bench.control.event("barge_in_stopped").await;
    assert_eq!(stopped["detail"]["reason"], "halt");
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!((said(&result, "user"), &result["transcript"][0]["interrupted"]), (vec!["wait".to_owned()], &json!(true)));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hesitates_is_waited_for() {
    let bench = Bench::start(bot(), Script::hearing(&["opening hours and", "on monday please"])).await;
    let voice = voice().await;
    let mut talk = greeted(&bench).await;
    talk.says(&twice(&voice, 1000));
    talk.hears().await;
    talk.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!(said(&result, "user"), ["opening hours and on monday please"]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_sentence_is_answered_sooner_than_one_that_may_go_on() {
    let slow = json!({ "turn_taking": { "end_of_turn_ms": 1200, "after_sentence_ms": 400 } });
    let mut known_after = Vec::new();
    for words in ["opening hours", "something about hours maybe"] {
        let bench = Bench::start(bot_with(slow.clone()), Script { words: Script::hearing(&[words]).words, ..Script::default() }).await;
        let voice = voice().await;
        let mut talk = greeted(&bench).await;
        talk.says(&voice);
        talk.hears().await;
        talk.hangs_up().await;
        let result = bench.control.result().await;
        assert_eq!(said(&result, "user"), [words]);
        known_after.push(result["latency_samples"][0]["stt_ms"].as_u64().unwrap());
        bench.end().await;
    }
    assert!((380..800).contains(&known_after[0]), "a whole sentence: {known_after:?}");
    assert!((1180..1700).contains(&known_after[1]), "it may go on: {known_after:?}");
}
