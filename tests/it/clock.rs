//! A clock that is set back and forward by an hour and by a year: retries keep their pauses, schedules keep their time of day, chores go on,
//! no phone rings early or twice, no token is accepted that should not be, and nothing is removed because of it.

use std::time::Duration;

use cxbox::base::Millis;
use cxbox::platform::access::Role;
use serde_json::json;

use crate::support::{Dialling, Receiver, TestApp};

const HOUR: i64 = 3_600_000;
const YEAR: i64 = 365 * 24 * HOUR;

/// Sets the clock by so many milliseconds; no time passes.
fn set(app: &TestApp, by: i64) {
    app.clock.set(Millis(app.clock.now().0 + by));
}

async fn after(app: &TestApp, seconds: u64) {
    app.advance(Duration::from_secs(seconds));
    app.settle().await;
}

#[tokio::test]
async fn a_webhook_is_tried_again_after_its_pauses_however_the_clock_is_set_meanwhile() {
    for by in [-YEAR, -HOUR, HOUR, YEAR] {
        let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
        let receiver = Receiver::start().await;
        receiver.always_answers(Some(503));
        let hook = json!({ "url": receiver.url, "events": ["call.ended"] });
        app.user(Role::Admin).post("/api/v1/webhooks", hook).await.expect(201);
        app.engine().post("/api/v1/call-results", json!({ "session_id": "s", "disconnected_by": "customer" })).await.expect(200);
        app.settle().await;
        assert_eq!(receiver.take_all().len(), 1, "{by}");
        for (n, pause) in [(2, 5), (3, 30), (4, 120)] {
            set(&app, if n % 2 == 0 { by } else { -by });
            app.settle().await;
            after(&app, pause - 1).await;
            assert_eq!(receiver.take_all().len(), 0, "{by}: attempt {n} is not early");
            after(&app, 1).await;
            let sent = receiver.take_all();
            assert_eq!(sent.len(), 1, "{by}: attempt {n} is not late");
            assert_eq!(sent[0].header("x-codeb-attempt"), n.to_string());
        }
        after(&app, 3600).await;
        assert_eq!(receiver.take_all().len(), 0, "{by}: it was tried four times");
    }
}

#[tokio::test]
async fn scheduled_calls_come_at_their_time_of_day_once_and_at_the_carrier_s_pace() {
    let desk = Dialling::start().await;
    let owner = desk.app.user(Role::SuperAdmin);
    let carrier = format!("/api/v1/carriers/{}", desk.carrier_id.as_str().unwrap());
    let narrow = crate::support::make::with(crate::support::make::quick_carrier(), json!({ "outbound_channels": 3 }));
    owner.put(&carrier, narrow).await.expect(200);
    for n in 0..8 {
        desk.place(json!({ "phone": format!("+1555123450{n}"), "scheduleAtUtc": "2026-06-01T14:00:00Z" })).await;
    }
    // Back: its time comes when the clock says so again, and not before.
    set(&desk.app, -HOUR);
    after(&desk.app, 2 * 3600 + 59 * 60).await;
    assert!(desk.engine.take_dialouts().is_empty(), "13:59 by the clock");
    set(&desk.app, -HOUR);
    after(&desk.app, 120).await;
    assert!(desk.engine.take_dialouts().is_empty(), "13:01 by the clock");
    // Forward over its time: no burst, the carrier's lines hold.
    set(&desk.app, HOUR);
    desk.app.settle().await;
    let mut dialled = desk.engine.take_dialouts();
    assert_eq!(dialled.len(), 3, "three lines, three calls");
    while dialled.len() < 8 {
        let begun = dialled.len();
        for dialout in &dialled[begun - 3.min(begun)..] {
            desk.config(dialout).await.expect(200);
            desk.finish(dialout, "success", json!({})).await;
        }
        after(&desk.app, 60).await;
        dialled.extend(desk.engine.take_dialouts());
        assert!(dialled.len() > begun && dialled.len() <= begun + 3, "{begun} then {}", dialled.len());
    }
    let mut numbers: Vec<_> = dialled.iter().map(|dialout| dialout["to_number"].as_str().unwrap().to_owned()).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!((numbers.len(), dialled.len()), (8, 8), "nobody twice");
    for dialout in &dialled[6..] {
        desk.config(dialout).await.expect(200);
        desk.finish(dialout, "success", json!({})).await;
    }
    // Back once more: what was dialled is not dialled again.
    set(&desk.app, -2 * HOUR);
    after(&desk.app, 3 * 3600).await;
    assert!(desk.engine.take_dialouts().is_empty());
}

#[tokio::test]
async fn chores_and_backups_go_on_after_a_clock_that_was_a_year_ahead_is_put_right() {
    let app = TestApp::start().await;
    app.user(Role::SuperAdmin).put("/api/v1/settings/backup", json!({ "schedule": "6h" })).await.expect(200);
    set(&app, YEAR);
    after(&app, 601).await;
    after(&app, 6 * 3600 + 1).await;
    let made = app.user(Role::SuperAdmin).get("/api/v1/backups").await.expect(200)["total"].as_u64().unwrap();
    assert!(made >= 1, "the schedule goes on under the wrong time");
    set(&app, -YEAR);
    after(&app, 601).await;
    after(&app, 6 * 3600 + 1).await;
    let now = app.user(Role::SuperAdmin).get("/api/v1/backups").await.expect(200)["total"].as_u64().unwrap();
    assert_eq!(now, made + 1, "and does not stand still for a year under the right one");
}

#[tokio::test]
async fn nothing_is_removed_because_a_clock_jumped_ahead() {
    let mut app = TestApp::start().await;
    app.user(Role::SuperAdmin).put("/api/v1/settings/retention", json!({ "metadata_days": 30 })).await.expect(200);
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s", "disconnected_by": "customer" })).await.expect(200);
    app.settle().await;
    set(&app, YEAR);
    for _ in 0..3 {
        after(&app, 660).await;
    }
    app.user(Role::Admin).get("/api/v1/calls/s").await.expect(200);
    // Whoever starts the box again under that time says that it is right.
    app.restart().await;
    for _ in 0..3 {
        after(&app, 660).await;
    }
    app.user(Role::Admin).get("/api/v1/calls/s").await.expect(404);
}

#[tokio::test]
async fn tokens_of_another_time_are_refused_and_limits_are_not_stuck() {
    let app = TestApp::start().await;
    let (login, access) = (app.user(Role::Admin), app.oidc_user(Role::Admin));
    for by in [HOUR * 9, YEAR] {
        set(&app, by);
        login.get("/api/v1/bots").await.expect(401);
        access.get("/api/v1/bots").await.expect(401);
        set(&app, -by);
    }
    for by in [-HOUR, -YEAR] {
        set(&app, by);
        assert_eq!((login.get("/api/v1/bots").await.status, access.get("/api/v1/bots").await.status), (401, 401), "made in the future");
        app.user(Role::Admin).get("/api/v1/bots").await.expect(200);
        set(&app, -by);
    }
    login.get("/api/v1/bots").await.expect(200);

    // An address that guessed too often is let in again after a minute, whatever the clock says.
    for n in 0..60 {
        app.anonymous().get(&format!("/api/v1/public/recordings/guess{n}")).await.expect(404);
    }
    app.anonymous().get("/api/v1/public/recordings/guess").await.expect(429);
    set(&app, YEAR);
    app.anonymous().get("/api/v1/public/recordings/guess").await.expect(429);
    set(&app, -2 * YEAR);
    app.advance(Duration::from_secs(60));
    app.anonymous().get("/api/v1/public/recordings/guess").await.expect(404);
}
