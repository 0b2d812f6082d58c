//! Handing a caller on: blind and attended, taken and not, over real SIP and RTP.

use cxbox::base::Clock;
use cxbox::engine::media::Clip;
use cxbox::engine::sip::{LegEnd, LegEvent};
use cxbox::engine::speech::{SpeechSettings, SpeechWorkers};
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::dialogue::greeted;
use crate::support::phone::Phone;
use crate::support::providers::Script;
use crate::support::{Bench, bot, bot_with, within};
use crate::wire::Sipp;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_that_takes_a_refer_and_reports_success_has_been_handed_on() {
    for scenario in ["uac_transferred.xml", "uac_transfer_gone.xml"] {
        let bench = Bench::start(bot(), Script::default()).await;
        let sipp = Sipp::calls(scenario, bench.sip, 1, &[]);
        let told = bench.control.event("transferred").await;
        assert_eq!(told["method"], "refer", "{scenario}");
        assert!(told["target"].as_str().unwrap().starts_with("sip:desk@127.0.0.1:"), "{scenario}: {told}");
        sipp.succeeds().await;
        let result = bench.control.result().await;
        assert_eq!((&result["outcome"], &result["disconnected_by"]), (&json!("transferred-to-vnum"), &json!("bot")), "{scenario}");
        assert_eq!((&result["was_transferred"], &result["transfer_method"]), (&json!(true), &json!("refer")), "{scenario}");
        assert_eq!(result["transfer_destination"], told["target"], "{scenario}");
        bench.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refer_whose_target_is_busy_gives_the_caller_back() {
    let bench = Bench::start(bot(), Script::default()).await;
    let sipp = Sipp::calls("uac_transfer_busy.xml", bench.sip, 1, &[]);
    let failed = bench.control.event("transfer_failed").await;
    assert_eq!(failed["detail"]["reason"], "the target answered 486");
    sipp.succeeds().await;
    let result = bench.control.result().await;
    assert_eq!((&result["outcome"], result.get("was_transferred")), (&json!("far-hangup"), None));
    assert_eq!(result["transfer_failed_reason"], "the target answered 486");
    bench.end().await;
}

/// Whom the bot's key 2 stands for, at a telephone that is registered at the box.
pub async fn with_desk(config: Value) -> (Bench, Phone) {
    let desk = Phone::start().await;
    let address = desk.address().to_string();
    let registered = json!({
        "aor": "desk", "contact": format!("sip:desk@{address}"), "source": address, "transport": "udp",
        "user_agent": "test", "registered_at": "2026-01-01T00:00:00Z", "expires_at": "2099-01-01T00:00:00Z"
    });
    let account = json!({ "aor": "desk", "ha1_md5": "00", "ha1_sha256": "00" });
    let book = json!({ "realm": "box", "allowed_networks": ["127.0.0.0/8"], "accounts": [account], "registrations": [registered] });
    let bench = Bench::with_phones(config, Script::default(), book).await;
    bench.control.wait("the telephone is known", |told| told.registrations.last().filter(|r| r.len() == 1).map(|_| ())).await;
    (bench, desk)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_the_box_is_called_from_here_as_no_carrier_knows_them() {
    let (bench, desk) = with_desk(bot()).await;
    let voice = voice().await;
    let mut caller = greeted(&bench).await;
    caller.press("2");
    let incoming = desk.rings().await;
    let mut person = desk.pick_up(incoming).await;
    let told = bench.control.event("transferred").await;
    assert_eq!((&told["method"], &told["target"]), (&json!("bridged"), &json!("sip:desk")));
    caller.hears_silence().await;
    person.says(&voice);
    caller.hears().await;
    caller.says(&voice);
    person.hears().await;
    person.hangs_up().await;
    assert_eq!(caller.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!((&result["outcome"], &result["transfer_method"]), (&json!("transferred-to-vnum"), &json!("bridged")));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_with_a_browser_is_handed_on_to_a_person_of_the_box() {
    let (bench, desk) = with_desk(bot()).await;
    let voice = voice().await;
    let mut browser = Browser::calls(&bench).await;
    browser.connects().await;
    browser.hears().await;
    browser.press(2).await;
    let incoming = desk.rings().await;
    let person = desk.pick_up(incoming).await;
    bench.control.event("transferred").await;
    browser.hears_silence().await;
    person.says(&voice);
    browser.hears().await;
    person.hangs_up().await;
    browser.is_hung_up().await;
    let result = bench.control.result().await;
    assert_eq!((&result["outcome"], &result["disconnected_by"]), (&json!("transferred-to-vnum"), &json!("agent")));
    bench.end().await;
}
