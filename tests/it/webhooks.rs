//! Webhooks over HTTP: subscriptions, deliveries to a real receiver, retries by a clock that tests move.

use std::time::Duration;

use cxbox::features::calls::{NewCall, open_skeleton};
use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Received, Receiver, TestApp};

/// An application that may reach loopback.
pub(crate) async fn start() -> TestApp {
    TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await
}

/// Subscribes a receiver; gives the id and the secret.
pub(crate) async fn subscribe(app: &TestApp, receiver: &Receiver, events: &[&str]) -> (String, String) {
    let body = json!({ "url": receiver.url, "events": events });
    let made = app.user(Role::SuperAdmin).post("/api/v1/webhooks", body).await.expect(201);
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

/// Posts the result of a call that the engine held by itself.
pub(crate) async fn end_call(app: &TestApp, session_id: &str) {
    let result = json!({ "session_id": session_id, "disconnected_by": "customer", "call_duration_seconds": 12.4 });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
}

pub(crate) async fn webhook(app: &TestApp, id: &str) -> Value {
    app.user(Role::Admin).get(&format!("/api/v1/webhooks/{id}")).await.expect(200)
}

pub(crate) async fn log(app: &TestApp, id: &str) -> Vec<Value> {
    let list = app.user(Role::Admin).get(&format!("/api/v1/webhooks/{id}/deliveries")).await.expect(200);
    list["data"].as_array().unwrap().clone()
}

pub(crate) async fn act(app: &TestApp, id: &str, action: &str) -> Value {
    app.user(Role::SuperAdmin).post(&format!("/api/v1/webhooks/{id}/{action}"), json!({})).await.expect(200)
}

pub(crate) async fn after(app: &TestApp, seconds: u64) {
    app.advance(Duration::from_secs(seconds));
    app.settle().await;
}

pub(crate) fn attempts(received: &[Received]) -> Vec<&str> {
    received.iter().map(|received| received.header("x-codeb-attempt")).collect()
}

#[tokio::test]
async fn a_subscription_shows_its_secret_once_and_is_listed_on_both_surfaces() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let (id, secret) = subscribe(&app, &receiver, &["transcript.saved", "call.ended"]).await;
    assert!(id.len() == 16 && secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit()));
    let read = app.user(Role::Admin).get(&format!("/api/v1/webhooks/{id}")).await;
    assert!(!read.text().contains(&secret) && read.expect(200).get("secret").is_none());
    let codeb = app.user(Role::Admin).get("/api.ashx/v1/webhooks").await;
    assert!(!codeb.text().contains("ecret"));
    let expected = json!({ "id": id, "url": receiver.url, "events": ["call.ended", "transcript.saved"], "active": true,
        "createdAtUtc": "2026-06-01T12:00:00.000Z", "createdBy": codeb.expect(200)["data"][0]["createdBy"], "lastFiredUtc": null, "failures": 0 });
    assert_eq!(codeb.expect(200), json!({ "data": [expected], "total": 1, "limit": 50, "offset": 0, "next": null }));
    let stored = std::fs::read(app.folder().join("main.db")).unwrap();
    let logged = std::fs::read(app.folder().join("main.db-wal")).unwrap_or_default();
    assert!(![stored, logged].iter().any(|bytes| bytes.windows(64).any(|window| window == secret.as_bytes())), "sealed at rest");
    let changed = app.user(Role::SuperAdmin).patch(&format!("/api/v1/webhooks/{id}"), json!({ "events": ["*"] })).await.expect(200);
    assert_eq!((changed["events"].clone(), changed["url"].clone()), (json!(["*"]), json!(receiver.url)));
    assert_eq!(app.user(Role::SuperAdmin).delete(&format!("/api/v1/webhooks/{id}")).await.status, 204);
    app.user(Role::Admin).get(&format!("/api/v1/webhooks/{id}")).await.expect(404);
}

#[tokio::test]
async fn strangers_and_lower_ranks_are_turned_away_and_bad_bodies_name_the_field() {
    let app = start().await;
    let good = json!({ "url": "https://hooks.example.com/x", "events": ["*"] });
    for path in ["/api/v1/webhooks", "/api.ashx/v1/webhooks"] {
        app.anonymous().get(path).await.expect(401);
        app.user(Role::Supervisor).get(path).await.expect(403);
        app.engine().get(path).await.expect(403);
    }
    app.user(Role::Supervisor).post("/api/v1/webhooks", good.clone()).await.expect(403);
    let admin = app.user(Role::SuperAdmin);
    for (change, field) in [
        (json!({ "url": "http://10.0.0.1/" }), "url"),
        (json!({ "url": "http://169.254.169.254/latest" }), "url"),
        (json!({ "url": "ftp://hooks.example.com/" }), "url"),
        (json!({ "url": "https://user:pw@hooks.example.com/" }), "url"),
        (json!({ "events": [] }), "events"),
        (json!({ "events": ["call.ended", "call.finished"] }), "events[1]"),
        (json!({ "events": "call.ended" }), "events"),
    ] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = admin.post("/api/v1/webhooks", body).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    admin.post("/api/v1/webhooks", json!({ "url": "https://a.example/", "events": ["*"], "secret": "x" })).await.expect(422);
    for path in ["test", "pause", "resume", "rotate", "deliveries/dlv_1/resend"] {
        admin.post(&format!("/api/v1/webhooks/0123456789abcdef/{path}"), json!({})).await.expect(404);
    }
}

#[tokio::test]
async fn a_failing_receiver_is_tried_four_times_on_schedule_with_identical_bytes() {
    let app = start().await;
    let receiver = Receiver::start().await;
    receiver.always_answers(Some(401));
    let (id, _) = subscribe(&app, &receiver, &["call.ended"]).await;
    end_call(&app, "s-1").await;
    app.settle().await;
    let mut all = receiver.take_all();
    for (quiet, then) in [(4, 1), (29, 1), (119, 1)] {
        after(&app, quiet).await;
        assert_eq!(receiver.take_all(), [], "too early");
        after(&app, then).await;
        all.extend(receiver.take_all());
    }
    assert_eq!(attempts(&all), ["1", "2", "3", "4"]);
    for name in ["x-codeb-delivery-id", "x-codeb-signature", "x-codeb-event", "webhook-id"] {
        assert!(all.iter().all(|received| received.header(name) == all[0].header(name)), "{name}");
    }
    assert!(all.iter().all(|received| received.body == all[0].body));
    assert_ne!(all[0].header("webhook-timestamp"), all[3].header("webhook-timestamp"));
    after(&app, 4000).await;
    assert_eq!(receiver.take_all(), [], "no fifth attempt");
    let entry = &log(&app, &id).await[0];
    assert_eq!((entry["status"].as_str(), entry["attempts"].as_u64(), entry["http_status"].as_u64()), (Some("parked"), Some(4), Some(401)));
    let webhook = webhook(&app, &id).await;
    assert_eq!(
        (webhook["failures"].as_u64(), webhook["parked"].as_u64(), webhook["last_fired_at"].clone()),
        (Some(1), Some(1), Value::Null)
    );
}

#[tokio::test]
async fn a_success_resets_the_tally_and_a_wish_to_wait_is_granted() {
    let app = start().await;
    let receiver = Receiver::start().await;
    receiver.will_answer(&[(500, None), (500, None), (500, None), (500, None), (503, Some("60")), (200, None)]);
    let (id, _) = subscribe(&app, &receiver, &["*"]).await;
    end_call(&app, "s-1").await;
    app.settle().await;
    for seconds in [5, 30, 120] {
        after(&app, seconds).await;
    }
    assert_eq!(webhook(&app, &id).await["failures"], 1);
    end_call(&app, "s-2").await;
    app.settle().await;
    receiver.take_all();
    after(&app, 59).await;
    assert_eq!(receiver.take_all(), []);
    after(&app, 1).await;
    assert_eq!(attempts(&receiver.take_all()), ["2"]);
    let webhook = webhook(&app, &id).await;
    assert_eq!((webhook["failures"].as_u64(), webhook["last_fired_at"].is_string()), (Some(0), true));
}

#[tokio::test]
async fn twenty_failures_in_a_row_pause_and_a_resume_replays_what_was_parked() {
    let app = start().await;
    let receiver = Receiver::start().await;
    receiver.always_answers(Some(500));
    let (id, _) = subscribe(&app, &receiver, &["call.ended"]).await;
    for n in 1..=20 {
        end_call(&app, &format!("s-{n}")).await;
        app.settle().await;
    }
    // This one is still being tried when the twentieth is given up.
    after(&app, 5).await;
    after(&app, 30).await;
    end_call(&app, "s-late").await;
    app.settle().await;
    after(&app, 120).await;
    let paused = webhook(&app, &id).await;
    assert_eq!((paused["active"].as_bool(), paused["failures"].as_u64(), paused["parked"].as_u64()), (Some(false), Some(20), Some(21)));
    let audit = app.user(Role::SuperAdmin).get("/api/v1/audit?action=webhook.pause").await.expect(200);
    assert_eq!(audit["data"][0]["target"].as_str(), Some(id.as_str()));
    receiver.take_all();
    end_call(&app, "s-unheard").await;
    after(&app, 4000).await;
    assert_eq!(receiver.take_all(), [], "a paused subscription gets nothing");
    receiver.always_answers(None);
    let resumed = act(&app, &id, "resume").await;
    app.settle().await;
    assert_eq!((resumed["active"].as_bool(), resumed["failures"].as_u64(), resumed["parked"].as_u64()), (Some(true), Some(0), Some(0)));
    let replayed = receiver.take_all();
    let mut calls: Vec<String> = replayed.iter().map(|received| received.json()["data"]["callId"].as_str().unwrap().to_owned()).collect();
    calls.sort_unstable();
    calls.dedup();
    assert_eq!((replayed.len(), calls.len(), calls.contains(&"s-late".to_owned())), (21, 21, true));
    assert!(attempts(&replayed).iter().all(|attempt| *attempt == "1"));
    assert!(log(&app, &id).await.iter().all(|entry| entry["status"] == "delivered" && entry["round"] == 2));
}

#[tokio::test]
async fn a_receiver_that_is_gone_for_good_is_paused_at_once() {
    let app = start().await;
    let receiver = Receiver::start().await;
    receiver.will_answer(&[(410, None)]);
    let (id, _) = subscribe(&app, &receiver, &["*"]).await;
    end_call(&app, "s-1").await;
    app.settle().await;
    assert_eq!(webhook(&app, &id).await["active"], false);
    app.user(Role::SuperAdmin).post(&format!("/api/v1/webhooks/{id}/test"), json!({})).await.expect(409);
    assert_eq!(receiver.take_all().len(), 1);
}

#[tokio::test]
async fn what_waits_survives_a_restart_under_the_same_id() {
    let mut app = start().await;
    let receiver = Receiver::start().await;
    receiver.will_answer(&[(500, None)]);
    subscribe(&app, &receiver, &["*"]).await;
    end_call(&app, "s-1").await;
    app.settle().await;
    app.restart().await;
    app.settle().await;
    let first = receiver.take_all();
    assert_eq!(first.len(), 1);
    after(&app, 5).await;
    let second = receiver.take_all();
    assert_eq!((attempts(&second), &second[0].body), (vec!["2"], &first[0].body));
    assert_eq!(second[0].header("x-codeb-delivery-id"), first[0].header("x-codeb-delivery-id"));
}

#[tokio::test]
async fn a_delivery_can_be_sent_again_under_its_id() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let (id, _) = subscribe(&app, &receiver, &["*"]).await;
    let queued = act(&app, &id, "test").await;
    assert_eq!((queued["event"].as_str(), queued["status"].as_str()), (Some("webhook.test"), Some("waiting")));
    app.settle().await;
    let delivery = queued["id"].as_str().unwrap();
    act(&app, &id, &format!("deliveries/{delivery}/resend")).await;
    app.user(Role::SuperAdmin).post(&format!("/api/v1/webhooks/{id}/deliveries/{delivery}/resend"), json!({})).await.expect(409);
    app.settle().await;
    let all = receiver.take_all();
    assert_eq!((all.len(), attempts(&all)), (2, vec!["1", "1"]));
    assert_eq!((all[0].header("x-codeb-delivery-id"), &all[0].body), (delivery, &all[1].body));
}

#[tokio::test]
async fn only_the_named_events_arrive_and_each_in_its_calls_order() {
    let app = start().await;
    let (all, some) = (Receiver::start().await, Receiver::start().await);
    subscribe(&app, &all, &["*"]).await;
    subscribe(&app, &some, &["call.started"]).await;
    // The first attempt of the first event fails: what follows comes after it was attempted, not after it was taken.
    all.will_answer(&[(500, None)]);
    app.db()
        .write(|tx| {
            let call = NewCall { save_transcript: true, ..NewCall::of("s-1".into()) };
            open_skeleton(tx, &call).map(|_| ())
        })
        .await
        .unwrap();
    for event in [
        json!({ "seq": 1, "at": "2026-06-01T12:00:01Z", "type": "answered", "answer_ms": 40 }),
        json!({ "seq": 2, "at": "2026-06-01T12:00:01Z", "type": "started" }),
    ] {
        assert!(app.engine().post("/api/v1/engine/calls/s-1/events", event).await.status < 300);
    }
    let turns = json!([{ "role": "assistant", "content": "Hello.", "ts": "2026-06-01T12:00:02Z" }]);
    app.engine()
        .post("/api/v1/call-results", json!({ "session_id": "s-1", "disconnected_by": "bot", "transcript": turns }))
        .await
        .expect(200);
    app.settle().await;
    let order = ["call.answered", "call.started", "call.ended", "transcript.saved"];
    let first = all.take_all();
    assert_eq!(first.iter().map(Received::event).collect::<Vec<_>>(), order);
    assert_eq!(some.take_all().iter().map(Received::event).collect::<Vec<_>>(), ["call.started"]);
    after(&app, 5).await;
    let repeated = all.take_all();
    assert_eq!(attempts(&repeated), ["2"]);
    // What was taken: the repeated one came last, and its number puts it where it belongs (R23).
    let place = |received: &Received| received.header("x-codeb-sequence").parse::<i64>().unwrap();
    let mut taken: Vec<&Received> = first[1..].iter().chain(&repeated).collect();
    assert_eq!(place(taken[3]), place(&first[0]), "the same on every attempt");
    taken.sort_by_key(|received| place(received));
    assert_eq!(taken.iter().map(|received| received.event()).collect::<Vec<_>>(), order);
    let pulled = app.user(Role::Admin).get("/api/v1/events").await.expect(200)["data"].clone();
    let positions: Vec<i64> = pulled.as_array().unwrap().iter().map(|event| event["id"].as_i64().unwrap()).collect();
    assert_eq!(positions, taken.iter().map(|received| place(received)).collect::<Vec<_>>(), "the position of who pulls");
}

#[tokio::test]
async fn everything_that_webhooks_were_told_of_a_call_is_found_by_the_call() {
    let app = start().await;
    let (first, second) = (Receiver::start().await, Receiver::start().await);
    let (one, _) = subscribe(&app, &first, &["call.ended"]).await;
    let (other, _) = subscribe(&app, &second, &["call.ended"]).await;
    for session in ["s-old", "s-new", "s-newer"] {
        end_call(&app, session).await;
    }
    app.settle().await;
    let admin = app.user(Role::Admin);
    let of_call = admin.get("/api/v1/deliveries?session_id=s-old").await.expect(200);
    assert_eq!(of_call["total"], 2);
    let mut told: Vec<&str> = of_call["data"].as_array().unwrap().iter().map(|line| line["webhook_id"].as_str().unwrap()).collect();
    told.sort_unstable();
    let mut both = [one.as_str(), other.as_str()];
    both.sort_unstable();
    assert_eq!(told, both);
    assert!(of_call["data"].as_array().unwrap().iter().all(|line| line["session_id"] == "s-old"));
    let of_one = admin.get(&format!("/api/v1/webhooks/{one}/deliveries?session_id=s-new&status=delivered")).await.expect(200);
    assert_eq!((&of_one["total"], &of_one["data"][0]["webhook_id"]), (&json!(1), &json!(one)));
    let page = admin.get("/api/v1/deliveries?status=delivered&limit=4").await.expect(200);
    assert_eq!((&page["total"], page["data"].as_array().unwrap().len()), (&json!(6), 4));
    let rest = admin.get(page["next"].as_str().unwrap()).await.expect(200);
    assert_eq!((&rest["total"], rest["data"].as_array().unwrap().len()), (&json!(6), 2));
    assert_eq!(admin.get("/api/v1/deliveries?session_id=nobody").await.expect(200)["total"], 0);
    app.user(Role::Supervisor).get("/api/v1/deliveries").await.expect(403);
}
