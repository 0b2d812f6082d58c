//! Calls for people: their telephones ring, one answers, sound goes both ways; and everything that can go otherwise.

use std::time::Duration;

use cxbox::engine::media::{Clip, ClipId};
use cxbox::engine::sip::{Incoming, LegEnd, LegEvent};
use serde_json::{Value, json};

use crate::support::phone::{Phone, Talk};
use crate::support::providers::Script;
use crate::support::{Bench, bot, within};

/// A box where `alex` has these telephones registered, as an earlier engine had reported them.
async fn bench(phones: &[&Phone]) -> Bench {
    let at = |phone: &&Phone| {
        let address = phone.address().to_string();
        json!({
            "aor": "alex", "contact": format!("sip:alex-{}@{address}", phone.address().port()), "source": address, "transport": "udp",
            "user_agent": "test", "registered_at": "2026-01-01T00:00:00Z", "expires_at": "2099-01-01T00:00:00Z"
        })
    };
    let registrations: Vec<Value> = phones.iter().map(at).collect();
    let account = json!({ "aor": "alex", "ha1_md5": "00", "ha1_sha256": "00" });
    let book = json!({ "realm": "box", "allowed_networks": ["127.0.0.0/8"], "accounts": [account], "registrations": registrations });
    let bench = Bench::with_phones(bot(), Script::default(), book).await;
    bench
        .control
        .wait("the engine reports what it has taken over", |told| told.registrations.last().filter(|r| r.len() == phones.len()).map(|_| ()))
        .await;
    bench
}

fn tone() -> Clip {
    let samples = (0..16_000_u32).map(|n| if n / 8 % 2 == 0 { 8000 } else { -8000 }).collect();
    Clip { rate: 8000, samples }
}

async fn until_ended(incoming: &mut Incoming) -> LegEnd {
    within("the leg ends", async {
        loop {
            if let LegEvent::Ended { how } = incoming.leg.events.recv().await.unwrap() {
                return how;
            }
        }
    })
    .await
}

/// Both hear each other.
async fn talk(caller: &mut Talk, phone: &mut Talk) {
    caller.says(&tone());
    phone.hears().await;
    phone.says(&tone());
    caller.hears().await;
}

/// The caller's side once it is answered.
async fn calls(bench: &Bench) -> (cxbox::engine::sip::Leg, cxbox::engine::media::PendingSession) {
    bench.phone.invite(bench.sip, "ring-alex").await
}

async fn answered(bench: &Bench, mut leg: cxbox::engine::sip::Leg, pending: cxbox::engine::media::PendingSession) -> Talk {
    let _ = bench;
    let sdp = within("the caller is answered", async {
        loop {
            match leg.events.recv().await.unwrap() {
                LegEvent::Answered { sdp } => return sdp,
                LegEvent::Ended { how } => panic!("the call is not answered: {how:?}"),
                _ => {}
            }
        }
    })
    .await;
    let (session, sounds) = pending.complete(&sdp).unwrap();
    Talk::new(leg, session, sounds)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_telephones_ring_the_first_that_answers_talks_and_the_others_stop() {
    let (desk, mobile) = (Phone::start().await, Phone::start().await);
    let bench = bench(&[&desk, &mobile]).await;
    let (leg, pending) = calls(&bench).await;
    let (at_desk, mut at_mobile) = (desk.rings().await, mobile.rings().await);
    assert_eq!(at_desk.did, format!("alex-{}", desk.address().port()), "called at the contact it registered");
    assert_eq!(at_desk.from.as_deref(), Some("4930111"));
    at_desk.leg.control.ring().await.unwrap();
    at_mobile.leg.control.ring().await.unwrap();
    bench.control.event("ringing").await;
    let mut phone = desk.pick_up(at_desk).await;
    let mut caller = answered(&bench, leg, pending).await;
    assert_eq!(until_ended(&mut at_mobile).await, LegEnd::Cancelled);
    talk(&mut caller, &mut phone).await;
    caller.hangs_up().await;
    assert_eq!(phone.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("customer"), &json!("far-hangup")));
    assert_eq!((&result["transcript"], result.get("recording_key")), (&json!([]), None), "people are not recorded");
    assert!(result["answered_at"].is_string() && result["call_duration_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(bench.control.events(), ["ringing", "answered"], "no bot has started");
    assert_eq!(bench.health().await["fleet_calls"], 0);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_holds_presses_keys_and_hangs_up() {
    let desk = Phone::start().await;
    let bench = bench(&[&desk]).await;
    let (leg, pending) = calls(&bench).await;
    let at_desk = desk.rings().await;
    let mut phone = desk.pick_up(at_desk).await;
    let mut caller = answered(&bench, leg, pending).await;
    talk(&mut caller, &mut phone).await;
    for hold in [true, false] {
        let answer = phone.leg.control.reinvite(phone.session.offer(hold)).await.expect("the hold is taken");
        phone.session.accept(&answer).unwrap();
    }
    talk(&mut caller, &mut phone).await;
    phone.press("5");
    caller.hears_key('5').await;
    phone.hangs_up().await;
    assert_eq!(caller.is_hung_up().await, LegEnd::Remote);
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("agent"), &json!("finished")));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_gives_up_stops_the_ringing() {
    let desk = Phone::start().await;
    let bench = bench(&[&desk]).await;
    let (leg, _pending) = calls(&bench).await;
    let mut at_desk = desk.rings().await;
    at_desk.leg.control.ring().await.unwrap();
    bench.control.event("ringing").await;
    leg.control.hang_up().await.unwrap();
    assert_eq!(until_ended(&mut at_desk).await, LegEnd::Cancelled);
    let result = bench.control.result().await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("no_answer"), &json!("no-answer")));
    assert!(result["error_detail"].as_str().unwrap().contains("gave up"));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_telephone_makes_the_line_busy_unless_another_answers() {
    let (desk, mobile) = (Phone::start().await, Phone::start().await);
    let bench = bench(&[&desk, &mobile]).await;
    let (leg, pending) = calls(&bench).await;
    let (at_desk, at_mobile) = (desk.rings().await, mobile.rings().await);
    at_desk.leg.control.reject(486, None).await.unwrap();
    let mut phone = mobile.pick_up(at_mobile).await;
    let mut caller = answered(&bench, leg, pending).await;
    talk(&mut caller, &mut phone).await;
    caller.hangs_up().await;
    bench.control.wait("a result", |told| (told.results.len() == 1).then_some(())).await;
    let refused = tokio::join!(bench.phone.refused(bench.sip, "ring-alex"), async {
        desk.rings().await.leg.control.reject(486, None).await.unwrap();
        mobile.rings().await.leg.control.reject(480, None).await.unwrap();
    });
    assert!(matches!(refused.0, LegEnd::Refused { code: 486, .. }), "{:?}", refused.0);
    let result = bench.control.wait("the second result", |told| told.results.get(1).cloned()).await;
    assert_eq!((&result["disconnected_by"], &result["outcome"]), (&json!("rejected"), &json!("busy")));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_without_a_telephone_is_not_there_and_one_who_never_answers_is_not_either() {
    let nobody = bench(&[]).await;
    assert!(matches!(nobody.phone.refused(nobody.sip, "ring-alex").await, LegEnd::Refused { code: 480, .. }));
    let result = nobody.control.result().await;
    assert_eq!((&result["outcome"], &result["disconnected_by"]), (&json!("no-answer"), &json!("no_answer")));
    nobody.end().await;
    let desk = Phone::start().await;
    let bench = bench(&[&desk]).await;
    let (mut leg, _pending) = calls(&bench).await;
    let mut at_desk = desk.rings().await;
    at_desk.leg.control.ring().await.unwrap();
    let rang = tokio::time::timeout(Duration::from_secs(40), async {
        loop {
            if let LegEvent::Ended { how } = leg.events.recv().await.unwrap() {
                return how;
            }
        }
    });
    assert!(matches!(rang.await.expect("rings for 30 s"), LegEnd::Refused { code: 480, .. }));
    assert_eq!(until_ended(&mut at_desk).await, LegEnd::Cancelled);
    assert!(bench.control.result().await["error_detail"].as_str().unwrap().contains("30 seconds"));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_a_call_between_people() {
    let desk = Phone::start().await;
    let bench = bench(&[&desk]).await;
    let (leg, pending) = calls(&bench).await;
    let at_desk = desk.rings().await;
    let mut phone = desk.pick_up(at_desk).await;
    let mut caller = answered(&bench, leg, pending).await;
    talk(&mut caller, &mut phone).await;
    let session = bench.control.wait("the call is known", |told| told.sessions.first().cloned()).await;
    let request = cxbox::platform::net::Request::new(http::Method::POST, format!("/calls/{session}/hangup"));
    assert!(bench.command(request).await.is_success());
    assert_eq!((caller.is_hung_up().await, phone.is_hung_up().await), (LegEnd::Remote, LegEnd::Remote));
    bench.control.result().await;
    bench.end().await;
}

/// A frame of silence is told apart from none.
#[tokio::test(flavor = "multi_thread")]
async fn sound_does_not_leak_between_two_calls_of_the_same_person() {
    let desk = Phone::start().await;
    let bench = bench(&[&desk]).await;
    let mut pairs = Vec::new();
    for _ in 0..2 {
        let (leg, pending) = calls(&bench).await;
        let at_desk = desk.rings().await;
        let phone = desk.pick_up(at_desk).await;
        pairs.push((answered(&bench, leg, pending).await, phone));
    }
    let [(mut first, mut first_phone), (second, mut second_phone)] = <[_; 2]>::try_from(pairs).ok().unwrap();
    second.session.play(ClipId(9), &tone());
    second_phone.hears().await;
    first_phone.falls_silent().await;
    talk(&mut first, &mut first_phone).await;
    first.hangs_up().await;
    second.hangs_up().await;
    bench.control.wait("two results", |told| (told.results.len() == 2).then_some(())).await;
    bench.end().await;
}
