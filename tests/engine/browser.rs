//! Calls from browsers: the same bot, the same result, over ICE, DTLS and SRTP.

use cxbox::platform::net::Request;
use serde_json::{Value, json};

use crate::support::browser::{Browser, offer, order};
use crate::support::dialogue::said;
use crate::support::providers::Script;
use crate::support::{Bench, bot, bot_with};

/// Loudness of each channel of a µ-law recording: caller, bot.
fn loudness(recording: &[u8]) -> [usize; 2] {
    let at = recording.windows(4).position(|four| four == b"data").unwrap() + 8;
    let of = |channel: usize| recording[at..].iter().skip(channel).step_by(2).filter(|byte| **byte & 0x7f < 0x60).count();
    [of(0), of(1)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_talks_with_the_bot_and_the_result_tells_it_like_every_call() {
    let recorded = json!({ "recording_mode": "announce", "recording_notice": "This call is recorded." });
    let bench = Bench::start(bot_with(recorded), Script::default()).await;
    let mut browser = Browser::calls(&bench).await;
    browser.connects().await;
    browser.hears().await;
    browser.hears_silence().await;
    browser.press(1).await;
    browser.hears().await;
    browser.hums(20).await;
    browser.hears_silence().await;
    browser.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("customer"), &json!("far-hangup")));
    assert_eq!((&result["caller_id"], &result["call_direction"]), (&json!("alex"), &json!("inbound")));
    assert_eq!(said(&result, "user")[0], "1");
    assert!(said(&result, "assistant").iter().any(|turn| turn.contains("nine to five")), "{result}");
    assert_eq!(bench.control.events()[..2], ["answered", "started"]);
    let key = result["recording_key"].as_str().unwrap();
    let recording = bench.control.wait("the recording", |told| told.recordings.get(key).cloned()).await;
    let [caller, bot] = loudness(&recording);
    assert!(caller > 1000 && bot > 4000, "caller {caller}, bot {bot}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_hangs_up_when_it_has_said_goodbye_and_so_does_an_operator() {
    let bench = Bench::start(bot(), Script::default()).await;
    let mut browser = Browser::calls(&bench).await;
    browser.connects().await;
    browser.hears().await;
    browser.hears_silence().await;
    browser.press(9).await;
    browser.is_hung_up().await;
    assert_eq!(bench.control.result().await["outcome"], "finished");
    bench.end().await;

    let bench = Bench::start(bot(), Script::default()).await;
    let mut browser = Browser::calls(&bench).await;
    browser.connects().await;
    browser.hears().await;
    let session = bench.control.event("started").await;
    assert!(session.is_object());
    let id = bench.control.wait("the config was asked for", |told| told.configs.first().cloned()).await;
    assert_eq!(bench.command(Request::post(format!("/calls/{id}/hangup"))).await.status, 200);
    browser.is_hung_up().await;
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("bot"), &json!("finished")));
    assert_eq!(bench.health().await["fleet_calls"], 0);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_leaves_without_a_word_leaves_an_empty_room() {
    let bench = Bench::start(bot(), Script::default()).await;
    let mut browser = Browser::calls(&bench).await;
    browser.connects().await;
    browser.hears().await;
    browser.hangs_up().await;
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("customer"), &json!("empty-room")));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_the_password_or_another_certificate_gets_no_call() {
    let bench = Bench::start(bot(), Script::default()).await;
    let browser = Browser::calls(&bench).await;
    assert!(!browser.is_answered_with("guessed-0123456789abcdef").await, "a stranger's check is not answered");
    let mut false_one = Browser::calls_with_a_false_name(&bench).await;
    false_one.begins().await;
    let gave_up = bench.control.result();
    tokio::select! {
        result = gave_up => assert_eq!((&result["outcome"], &result["answered_at"]), (&json!("empty-room"), &Value::Null)),
        () = false_one.is_hung_up() => panic!("a goodbye to a stranger"),
    }
    assert!(bench.control.events().is_empty(), "nothing was said: {:?}", bench.control.events());
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_cannot_be_answered_is_refused_and_takes_no_line() {
    let bench = Bench::with_seats(bot(), Script::default(), 1).await;
    let good = offer(&["AA"; 32].join(":"));
    for (sdp, word) in [
        ("hello".to_owned(), "v=0"),
        (good.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "no audio"),
        (good.replace("a=ice-ufrag:them\r\n", ""), "ice-ufrag"),
        (good.replace(" 0 126", " 18"), "codecs"),
    ] {
        let answer = bench.command(Request::post("/browser-calls").json(&order(&sdp)).unwrap()).await;
        assert_eq!(answer.status, 422, "{sdp}");
        let said: Value = answer.json(1 << 16).await.unwrap();
        assert!(said.to_string().contains(word), "{said}");
    }
    let taken = bench.command(Request::post("/browser-calls").json(&order(&good)).unwrap()).await;
    assert_eq!(taken.status, 200, "the line was free");
    let another = bench.command(Request::post("/browser-calls").json(&order(&good)).unwrap()).await;
    assert_eq!(another.status, 429);
    bench.end().await;
}
