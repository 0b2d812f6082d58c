//! Handing a caller on to a number of the box itself: no carrier is called, and whoever is there takes it as a call of their own.

use cxbox::engine::sip::LegEnd;
use serde_json::{Value, json};

use crate::support::dialogue::{greeted, said};
use crate::support::providers::Script;
use crate::support::{Bench, bot_with, within};
use crate::transfers::with_desk;

/// A bot whose key 2 hands the caller on to this value of the box, where there is a bot or a telephone.
fn handing_on(value: &str, who: &str) -> Value {
    bot_with(json!({
        "transfer_targets": [{ "id": "desk", "type": "extension", "value": value, "attended": true, "briefing": "{caller} waits." }],
        "transfer_inside": { (value): who },
    }))
}

/// Waits until so many callers were handed on.
async fn handed_on(bench: &Bench, n: usize) -> Value {
    let is_it = |event: &&Value| event["type"] == "transferred";
    let what = format!("{n} callers are handed on");
    bench.control.wait(&what, |told| told.events.iter().filter(is_it).nth(n - 1).cloned()).await
}

async fn results(bench: &Bench, n: usize) -> Vec<Value> {
    bench.control.wait(&format!("{n} results"), |told| (told.results.len() == n).then(|| told.results.clone())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_the_box_takes_the_caller_as_a_call_of_its_own_and_no_carrier_is_called() {
    let bench = Bench::start(handing_on("700", "bot"), Script::default()).await;
    let mut caller = greeted(&bench).await;
    caller.press("2");
    let told = handed_on(&bench, 1).await;
    assert_eq!((&told["method"], &told["target"]), (&json!("bridged"), &json!("vnum:700")), "a bot is not told about its caller");
    caller.press("1");
    caller.hears().await;
    caller.press("9");
    assert_eq!(caller.is_hung_up().await, LegEnd::Remote);
    let (first, second) = match results(&bench, 2).await.as_slice() {
        [one, other] if one["outcome"] == "finished" => (other.clone(), one.clone()),
        [one, other] => (one.clone(), other.clone()),
        _ => unreachable!(),
    };
    assert_eq!((&first["outcome"], &first["was_transferred"]), (&json!("transferred-to-vnum"), &json!(true)));
    assert_eq!(
        (&second["outcome"], &second["call_direction"], &second["from_number"]),
        (&json!("finished"), &json!("inbound"), &json!("4930111"))
    );
    assert_eq!(said(&second, "user"), ["1", "9"]);
    assert!(said(&second, "assistant")[0].starts_with("You speak with a machine. Hello"), "its greeting is heard from the beginning");
    let asked = bench.control.wait("both were asked about", |told| told.inbound.get(1).cloned()).await;
    assert_eq!((&asked["did"], &asked["is_inside"], &asked["from_number"]), (&json!("700"), &json!(true), &json!("4930111")));
    assert!(bench.phone.incoming.lock().await.try_recv().is_err(), "the carrier is not called");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bots_that_hand_their_callers_to_each_other_come_to_an_end() {
    let bench = Bench::start(handing_on("700", "bot"), Script::default()).await;
    let mut caller = greeted(&bench).await;
    for n in 1..=3 {
        caller.press("2");
        handed_on(&bench, n).await;
    }
    caller.press("2");
    let failed = bench.control.event("transfer_failed").await;
    assert_eq!(failed["detail"]["reason"], "the caller was handed on too often");
    // The last of them still has the caller.
    caller.press("9");
    assert_eq!(caller.is_hung_up().await, LegEnd::Remote);
    let outcomes: Vec<Value> = results(&bench, 4).await.into_iter().map(|mut result| result["outcome"].take()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "transferred-to-vnum").count(), 3, "{outcomes:?}");
    within("all places are free again", async { while bench.health().await["fleet_calls"] != 0 {} }).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_behind_a_number_of_the_box_is_told_and_has_the_caller_and_one_who_is_not_there_gives_them_back() {
    let (bench, desk) = with_desk(handing_on("ring-desk", "phone")).await;
    let mut caller = greeted(&bench).await;
    caller.press("2");
    let incoming = desk.rings().await;
    assert_eq!(incoming.from.as_deref(), Some("4930111"));
    incoming.leg.control.reject(486, None).await.unwrap();
    let failed = bench.control.event("transfer_failed").await;
    assert_eq!(failed["detail"]["reason"], "the target is busy");
    caller.hears_silence().await;
    caller.press("2");
    let incoming = desk.rings().await;
    let mut person = desk.pick_up(incoming).await;
    person.hears().await;
    person.hears_silence().await;
    assert_eq!(handed_on(&bench, 1).await["method"], "attended");
    caller.press("5");
    person.hears_key('5').await;
    person.hangs_up().await;
    assert_eq!(caller.is_hung_up().await, LegEnd::Remote);
    assert!(results(&bench, 3).await.iter().any(|result| result["outcome"] == "transferred-to-vnum"));
    bench.end().await;
}
