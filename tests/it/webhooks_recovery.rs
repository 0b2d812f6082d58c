//! A receiver was away: what failed is parked and logged, can be sent again, and what was missed can be made up for.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Received, Receiver, TestApp};
use crate::webhooks::{act, after, attempts, end_call, log, start, subscribe, webhook};

/// The calls and the delivery ids of what came in, sorted.
fn calls_and_ids(received: &[Received]) -> Vec<(String, String)> {
    let of = |received: &Received| {
        (received.json()["data"]["callId"].as_str().unwrap().to_owned(), received.header("x-codeb-delivery-id").to_owned())
    };
    let mut all: Vec<_> = received.iter().map(of).collect();
    all.sort_unstable();
    all
}

async fn recover(app: &TestApp, id: &str, since: &str) -> Value {
    let answer = app.user(Role::SuperAdmin).post(&format!("/api/v1/webhooks/{id}/recover"), json!({ "since": since })).await;
    answer.expect(200)
}

async fn give_up(app: &TestApp) {
    app.settle().await;
    for seconds in [5, 30, 120] {
        after(app, seconds).await;
    }
}

#[tokio::test]
async fn what_failed_or_was_missed_arrives_after_a_recovery_and_nothing_arrives_twice_under_two_ids() {
    let app = start().await;
    let receiver = Receiver::start().await;
    receiver.always_answers(Some(503));
    let (id, _) = subscribe(&app, &receiver, &["call.ended"]).await;
    end_call(&app, "too-early").await;
    give_up(&app).await;
    app.advance(Duration::from_secs(60));
    let since = app.clock.now().to_string();
    end_call(&app, "given-up").await;
    give_up(&app).await;
    end_call(&app, "waits").await;
    app.settle().await;
    act(&app, &id, "pause").await;
    end_call(&app, "missed").await;
    app.settle().await;
    act(&app, &id, "resume?replay=false").await;
    end_call(&app, "retrying").await;
    app.settle().await;
    let seen = calls_and_ids(&receiver.take_all());
    receiver.always_answers(None);
    assert_eq!(recover(&app, &id, &since).await, json!({ "requeued": 3, "missed": 1 }));
    app.settle().await;
    let arrived = calls_and_ids(&receiver.take_all());
    assert_eq!(arrived.iter().map(|(call, _)| call.as_str()).collect::<Vec<_>>(), ["given-up", "missed", "retrying", "waits"]);
    for (call, delivery) in &arrived {
        assert!(seen.iter().filter(|(known, _)| known == call).all(|(_, id)| id == delivery), "{call} keeps its id");
    }
    // Again: only what is still missing.
    assert_eq!(recover(&app, &id, &since).await, json!({ "requeued": 0, "missed": 0 }));
    assert_eq!(recover(&app, &id, "2026-06-01T00:00:00Z").await, json!({ "requeued": 1, "missed": 0 }));
    app.settle().await;
    after(&app, 200).await;
    assert_eq!(calls_and_ids(&receiver.take_all()).len(), 1, "the one from before, once");
}

#[tokio::test]
async fn a_pause_ends_the_round_so_an_old_retry_never_sends_beside_a_new_one() {
    let app = start().await;
    let receiver = Receiver::start().await;
    receiver.will_answer(&[(500, None), (500, None)]);
    let (id, _) = subscribe(&app, &receiver, &["call.ended"]).await;
    end_call(&app, "s-1").await;
    app.settle().await;
    // The retry of the first round is due in five seconds, and stays in its row while the operator pauses and resumes.
    act(&app, &id, "pause").await;
    act(&app, &id, "resume").await;
    app.settle().await;
    assert_eq!(attempts(&receiver.take_all()), ["1", "1"]);
    after(&app, 5).await;
    assert_eq!(attempts(&receiver.take_all()), ["2"], "one retry, of the second round");
    after(&app, 4000).await;
    assert_eq!(receiver.take_all(), []);
    assert_eq!(log(&app, &id).await[0]["round"], 2);
}

#[tokio::test]
async fn the_log_shows_what_was_sent_and_what_came_back_of_every_attempt() {
    let app = start().await;
    let receiver = Receiver::start().await;
    receiver.will_answer(&[(500, None), (429, Some("7")), (200, None)]);
    let (id, _) = subscribe(&app, &receiver, &["call.ended"]).await;
    end_call(&app, "s-1").await;
    app.settle().await;
    after(&app, 5).await;
    after(&app, 30).await;
    let sent = receiver.take_all();
    let line = log(&app, &id).await.remove(0);
    let path = format!("/api/v1/webhooks/{id}/deliveries/{}", line["id"].as_str().unwrap());
    let detail = app.user(Role::Admin).get(&path).await.expect(200);
    assert_eq!((detail["status"].as_str(), detail["attempts"].as_u64()), (Some("delivered"), Some(3)));
    assert_eq!(detail["request_body"].as_str().unwrap().as_bytes(), sent[0].body);
    let attempts = detail["attempt_log"].as_array().unwrap();
    let of = |name: &str| attempts.iter().map(|attempt| attempt[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("http_status"), [json!(500), json!(429), json!(200)]);
    assert_eq!(of("error"), [json!("status"), json!("status"), Value::Null]);
    assert_eq!(of("at"), [json!("2026-06-01T12:00:00.000Z"), json!("2026-06-01T12:00:05.000Z"), json!("2026-06-01T12:00:35.000Z")]);
    for (attempt, received) in attempts.iter().zip(&sent) {
        assert_eq!(attempt["url"], receiver.url);
        assert!(attempt["duration_ms"].is_u64());
        for (name, value) in attempt["request_headers"].as_object().unwrap() {
            assert_eq!(value, received.header(&name.to_lowercase()), "{name}");
        }
    }
    app.user(Role::Supervisor).get(&path).await.expect(403);
    app.user(Role::Admin).get(&format!("/api/v1/webhooks/{id}/deliveries/dlv_1")).await.expect(404);
    let parked = app.user(Role::Admin).get(&format!("/api/v1/webhooks/{id}/deliveries?status=parked")).await.expect(200);
    assert_eq!(parked["total"], 0);
    let delivered = app.user(Role::Admin).get(&format!("/api/v1/webhooks/{id}/deliveries?status=delivered&limit=1")).await.expect(200);
    assert_eq!((delivered["total"].as_u64(), delivered["data"][0]["id"].clone()), (Some(1), line["id"].clone()));
    assert!(app.user(Role::Admin).get(&format!("/api/v1/webhooks/{id}/deliveries?status=lost")).await.status >= 400);
}

#[tokio::test]
async fn an_extended_schedule_waits_up_to_ten_hours_and_then_parks() {
    let app = start().await;
    let receiver = Receiver::start().await;
    receiver.always_answers(Some(503));
    let (id, _) = subscribe(&app, &receiver, &["call.ended"]).await;
    let body = json!({ "schedule": "extended", "description": "the CRM" });
    let changed = app.user(Role::SuperAdmin).patch(&format!("/api/v1/webhooks/{id}"), body).await.expect(200);
    assert_eq!((changed["schedule"].as_str(), changed["description"].as_str()), (Some("extended"), Some("the CRM")));
    end_call(&app, "s-1").await;
    app.settle().await;
    for (n, pause) in [5, 30, 120, 600, 1800, 7200, 18_000, 36_000].into_iter().enumerate() {
        receiver.take_all();
        after(&app, pause - 1).await;
        assert_eq!(receiver.take_all(), [], "not before {pause} s");
        after(&app, 1).await;
        assert_eq!(attempts(&receiver.take_all()), [(n + 2).to_string()]);
    }
    assert_eq!(log(&app, &id).await[0]["status"], "parked");
    after(&app, 100_000).await;
    assert_eq!(receiver.take_all(), []);
}

#[tokio::test]
async fn active_is_a_switch_and_a_replaced_subscription_stays_as_it_was() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let admin = app.user(Role::SuperAdmin);
    let body = json!({ "url": receiver.url, "events": ["call.ended"], "active": false, "description": "later" });
    let made = admin.post("/api/v1/webhooks", body).await.expect(201);
    assert_eq!((made["active"].as_bool(), made["paused_because"].as_str()), (Some(false), Some("it was made paused")));
    let path = format!("/api/v1/webhooks/{}", made["id"].as_str().unwrap());
    end_call(&app, "s-1").await;
    app.settle().await;
    let replaced = admin.put(&path, json!({ "url": receiver.url, "events": ["*"] })).await.expect(200);
    assert_eq!((replaced["active"].as_bool(), replaced["description"].as_str()), (Some(false), Some("")));
    admin.post(&format!("{path}/recover"), json!({ "since": "2026-06-01T00:00:00Z" })).await.expect(409);
    assert_eq!(admin.patch(&path, json!({ "active": true })).await.expect(200)["active"], true);
    end_call(&app, "s-2").await;
    app.settle().await;
    assert_eq!(receiver.take_all().len(), 1);
    assert_eq!(admin.patch(&path, json!({ "active": false })).await.expect(200)["paused_because"], "an operator paused it");
    for (change, field) in [
        (json!({ "description": "x".repeat(201) }), "description"),
        (json!({ "description": "a\u{0}b" }), "description"),
        (json!({ "schedule": "never" }), "schedule"),
        (json!({ "active": "yes" }), "active"),
    ] {
        assert_eq!(admin.patch(&path, change).await.expect(422)["errors"][0]["field"], field);
    }
    for body in [json!({}), json!({ "since": "yesterday" }), json!({ "since": 5 }), json!({ "since": "2026-06-01T00:00:00Z", "x": 1 })] {
        admin.post(&format!("{path}/recover"), body).await.expect(422);
    }
    let unknown = json!({ "since": "2026-06-01T00:00:00Z" });
    admin.post("/api/v1/webhooks/0123456789abcdef/recover", unknown.clone()).await.expect(404);
    app.user(Role::Supervisor).post(&format!("{path}/recover"), unknown).await.expect(403);
}

#[tokio::test]
async fn what_was_delivered_is_forgotten_after_thirty_days_and_what_was_not_is_kept() {
    let app = start().await;
    let receiver = Receiver::start().await;
    let (id, _) = subscribe(&app, &receiver, &["call.ended"]).await;
    end_call(&app, "taken").await;
    app.settle().await;
    receiver.always_answers(Some(500));
    end_call(&app, "refused").await;
    give_up(&app).await;
    assert_eq!(log(&app, &id).await.len(), 2);
    after(&app, 31 * 24 * 3600).await;
    let left = log(&app, &id).await;
    assert_eq!((left.len(), left[0]["status"].as_str()), (1, Some("parked")));
    assert_eq!(webhook(&app, &id).await["parked"], 1);
}
