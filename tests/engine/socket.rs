//! Calls over WebSockets: the same bot, the same result, over JSON messages with sound in base64.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::dialogue::{said, voice};
use crate::support::providers::Script;
use crate::support::socket::Platform;
use crate::support::{Bench, bot, bot_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_talks_with_the_bot_and_the_result_tells_it_like_every_call() {
    let recorded = json!({ "recording_mode": "announce", "recording_notice": "This call is recorded." });
    let bench = Bench::start(bot_with(recorded), Script::hearing(&["opening hours please"])).await;
    let voice = voice().await;
    let mut platform = Platform::calls(&bench).await;
    let answer = platform.is_told().await;
    assert_eq!((&answer["event"], &answer["streamId"]), (&json!("answer"), &json!("stream-1")));
    assert_eq!(answer["answer"]["mediaFormat"], json!({ "encoding": "LINEAR16", "sampleRate": 8000, "channels": 1 }));
    platform.hears().await;
    platform.hears_silence().await;
    platform.speaks(&voice).await;
    platform.hears().await;
    platform.hears_silence().await;
    platform.says(json!({ "event": "surprise" })).await;
    assert_eq!(platform.is_told().await["error"]["code"], "unknown_event");
    platform.says(json!({ "event": "hangup-call" })).await;
    assert_eq!(platform.is_closed().await, 1000);
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("customer"), &json!("far-hangup")));
    assert_eq!((&result["stream_id"], &result["from_number"]), (&json!("stream-1"), &json!("+49301234")));
    assert_eq!(answer["answer"]["sessionId"], result["session_id"]);
    assert_eq!(said(&result, "user"), ["opening hours please"]);
    assert!(said(&result, "assistant").iter().any(|turn| turn.contains("nine to five")), "{result}");
    assert!(result["recording_key"].is_string(), "{result}");
    assert_eq!(bench.control.events()[..2], ["answered", "started"]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_hangs_up_hands_on_and_takes_back_what_it_said() {
    let long = json!({ "opening_message": "This is a very long greeting. ".repeat(10), "disclosure": "" });
    let bench = Bench::start(bot_with(long), Script::default()).await;
    let mut platform = Platform::calls(&bench).await;
    platform.hears().await;
    platform.says(json!({ "event": "dtmf", "dtmf": { "digit": "9" } })).await;
    assert_eq!(platform.is_closed().await, 1000);
    assert!(platform.was_told("reverse-media-stop") && platform.was_told("reverse-hangup-call"), "{:?}", platform.events);
    assert_eq!(bench.control.result().await["outcome"], "finished");
    bench.end().await;

    let bench = Bench::start(bot_with(json!({ "transfer_numbers": { "desk": "+4930999" } })), Script::default()).await;
    let mut platform = Platform::calls(&bench).await;
    platform.hears().await;
    platform.hears_silence().await;
    platform.says(json!({ "event": "dtmf", "dtmf": { "digit": "2" } })).await;
    assert_eq!(platform.is_closed().await, 1000);
    let transfer = platform.events.iter().find(|message| message["event"] == "reverse-call-transfer").unwrap();
    assert_eq!(transfer["transfer"]["target"], "+4930999");
    assert!(!platform.was_told("reverse-hangup-call"), "the caller is not hung up: {:?}", platform.events);
    let result = bench.control.result().await;
    assert_eq!((&result["was_transferred"], &result["transfer_destination"]), (&json!(true), &json!("+4930999")));
    assert_eq!(result["transfer_method"], "websocket_reverse_transfer");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_messages_are_told_what_is_wrong_and_take_no_place() {
    let bench = Bench::with_seats(bot(), Script::default(), 1).await;
    for (sent, code, word) in [
        (Message::text("hello"), 1007, "bad_message"),
        (Message::binary(vec![1, 2]), 1003, "not_text"),
        (Message::text(r#"{"event":"answer"}"#), 1008, "no_start"),
        (Message::text(r#"{"event":"start","start":{"mediaFormat":{"sampleRate":16000}}}"#), 1007, "bad_message"),
        (Message::text(r#"{"event":"start","start":{"to":"404"}}"#), 1013, "not_taken"),
    ] {
        let mut platform = Platform::opens(&bench).await.unwrap();
        platform.sends(sent).await;
        assert_eq!((platform.is_closed().await, platform.events[0]["error"]["code"].as_str()), (code, Some(word)));
        crate::support::within("the place is free again", async { while bench.health().await["fleet_calls"] != 0 {} }).await;
    }
    let mut platform = Platform::calls(&bench).await;
    assert_eq!(Platform::opens(&bench).await.err(), Some(429), "all places are taken");
    platform.hears().await;
    platform.says(json!({ "event": "media", "media": { "payload": "AQ==" } })).await;
    assert_eq!(platform.is_closed().await, 1007);
    let result = bench.control.result().await;
    assert_eq!(result["disconnected_by"], "error", "{result}");
    assert!(result["error_detail"].as_str().is_some_and(|why| why.contains("half a sample")), "{result}");
    bench.end().await;
}
