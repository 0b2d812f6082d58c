//! Handing a caller on: blind and attended, taken and not, over real SIP and RTP.

use cxbox::base::Clock;
use cxbox::engine::media::Clip;
use cxbox::engine::sip::{LegEnd, LegEvent};
use cxbox::engine::speech::{SpeechSettings, SpeechWorkers};
use serde_json::{Value, json};

use crate::support::dialogue::greeted;
use crate::support::providers::Script;
use crate::support::{Bench, bot_with, within};

/// A bot whose key 2 hands the caller on to this value, which is called first.
fn attended(value: &str) -> Value {
    bot_with(
        json!({ "transfer_targets": [{ "id": "desk", "type": "extension", "value": value, "attended": true, "briefing": "{caller} waits." }] }),
    )
}

async fn voice() -> Clip {
    let settings = SpeechSettings { timeout: std::time::Duration::from_secs(60), ..SpeechSettings::new(env!("CARGO_BIN_EXE_cxbox")) };
    SpeechWorkers::new(settings, Clock::system()).speak("slt", "hello this is the front desk what can i do").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_target_is_told_what_it_is_about_and_then_has_the_caller() {
    let bench = Bench::start(attended("8888"), Script::default()).await;
    let voice = voice().await;
    let mut caller = greeted(&bench).await;
    caller.press("2");
    let incoming = bench.phone.rings().await;
    assert_eq!(incoming.did, "8888");
    caller.hears().await;
    let mut desk = bench.phone.pick_up(incoming).await;
    desk.hears().await;
    desk.hears_silence().await;
    let told = bench.control.event("transferred").await;
    assert_eq!(told["method"], "attended");
    caller.hears_silence().await;
    desk.says(&voice);
    caller.hears().await;
    caller.press("5");
    desk.hears_key('5').await;
    desk.hangs_up().await;
    assert_eq!(caller.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!((&result["outcome"], &result["disconnected_by"]), (&json!("transferred-to-vnum"), &json!("agent")));
    assert_eq!((&result["was_transferred"], &result["transfer_method"]), (&json!(true), &json!("attended")));
    assert_eq!(result["transfer_target"], "desk");
    assert!(result["transfer_destination"].as_str().unwrap().starts_with("sip:8888@") && result["transfer_at"].is_number());
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_does_not_take_the_call_gives_the_caller_back_with_the_reason() {
    for (code, reason) in [(486, "the target is busy"), (480, "the target answered 480")] {
        let bench = Bench::start(attended("8888"), Script::default()).await;
        let mut caller = greeted(&bench).await;
        caller.press("2");
        bench.phone.rings().await.leg.control.reject(code, None).await.unwrap();
        let failed = bench.control.event("transfer_failed").await;
        assert!(failed["detail"]["reason"].as_str().unwrap().starts_with(reason), "{failed}");
        caller.hears_silence().await;
        caller.press("9");
        assert_eq!(caller.is_hung_up().await, LegEnd::Remote);
        let result = bench.control.result().await;
        assert_eq!(result["outcome"], "finished");
        assert!(result["transfer_failed_reason"].as_str().unwrap().starts_with(reason) && result.get("was_transferred").is_none());
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_does_not_wait_calls_the_target_off() {
    let bench = Bench::start(attended("8888"), Script::default()).await;
    let caller = greeted(&bench).await;
    caller.press("2");
    let mut incoming = bench.phone.rings().await;
    caller.hangs_up().await;
    let ended = within("the target is called off", async {
        loop {
            if let LegEvent::Ended { how } = incoming.leg.events.recv().await.unwrap() {
                return how;
            }
        }
    })
    .await;
    assert_eq!(ended, LegEnd::Cancelled);
    let result = bench.control.result().await;
    assert_eq!((&result["outcome"], &result["disconnected_by"]), (&json!("far-hangup"), &json!("customer")));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_the_gate_refuses_is_never_called() {
    let bench = Bench::start(attended("+35621234560"), Script::default()).await;
    let mut caller = greeted(&bench).await;
    caller.press("2");
    let failed = bench.control.event("transfer_failed").await;
    assert!(failed["detail"]["reason"].as_str().unwrap().contains("do-not-call"), "{failed}");
    assert!(bench.phone.incoming.lock().await.try_recv().is_err(), "nobody was called");
    caller.hears_silence().await;
    caller.hangs_up().await;
    bench.control.result().await;
    bench.end().await;
}
