//! The life of an outbound order: schedules, retries, hang-ups, restarts; with an engine that only pretends and a clock that is moved.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::dialling::{CALLS, session, wish};
use crate::support::{Answering, Dialling, FakeEngine};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_finished_conversation_goes_from_dispatching_over_in_flight_to_success() {
    let desk = Dialling::start().await;
    let id = desk.place(json!({})).await;
    let dialout = desk.dialled();
    let call = desk.call(&id).await;
    assert_eq!((&call["status"], &call["trunkId"]), (&json!("dispatching"), &desk.carrier_id));
    assert_eq!((&call["answeredAtUtc"], &call["scheduledForUtc"]), (&json!(null), &json!(null)));
    assert_eq!(call["dispatchedAtUtc"], json!(desk.app.clock.now()));
    desk.app.advance(Duration::from_millis(4100));
    desk.answer(&dialout).await;
    let call = desk.call(&id).await;
    assert_eq!((&call["status"], &call["endedReason"], &call["durationSec"]), (&json!("in-flight"), &json!(""), &json!(0)));
    assert_eq!((&call["endedAtUtc"], &call["answeredAtUtc"]), (&json!(null), &json!(desk.app.clock.now())));
    desk.app.advance(Duration::from_millis(144_500));
    let turn = json!({ "role": "assistant", "content": "Hello.", "ts": desk.app.clock.now() });
    desk.finish(&dialout, "finished", json!({ "transcript": [turn], "error_detail": "" })).await;
    let call = desk.call(&id).await;
    assert_eq!((&call["status"], &call["endedReason"], &call["durationSec"]), (&json!("ended-success"), &json!("finished"), &json!(145)));
    assert_eq!((&call["endedAtUtc"], &call["errorDetail"]), (&json!(desk.app.clock.now()), &json!("")));
    let file = call["transcriptPath"].as_str().unwrap();
    assert!(file.starts_with("outbound-ai-2026") && file.ends_with(&format!("-{id}.txt")), "{file}");
}

#[tokio::test]
async fn an_unanswered_call_is_dialled_again_after_its_delay_until_no_attempt_is_left() {
    let desk = Dialling::start().await;
    let id = desk.place(json!({ "retries": 2, "retryDelayMinutes": 5 })).await;
    let mut sessions = Vec::new();
    for (attempt, left) in [(1, 2), (2, 1), (3, 0)] {
        let dialout = desk.dialled();
        assert_eq!(dialout["call_id"], json!(id), "the same call on every attempt");
        sessions.push(session(&dialout).to_owned());
        desk.config(&dialout).await.expect(200);
        desk.finish(&dialout, "no-answer", json!({ "error_detail": "480 Temporarily Unavailable" })).await;
        let call = desk.call(&id).await;
        let status = if left > 0 { "ended-failed-retry-pending" } else { "ended-failed-final" };
        assert_eq!((&call["status"], &call["attempt"], &call["retriesLeft"]), (&json!(status), &json!(attempt), &json!(left)));
        assert_eq!((&call["endedReason"], &call["errorDetail"]), (&json!("no-answer"), &json!("")));
        desk.app.advance(5 * MINUTE - Duration::from_millis(1));
        desk.app.settle().await;
        assert!(desk.engine.take_dialouts().is_empty(), "not before its time");
        desk.app.advance(Duration::from_millis(1));
        desk.app.settle().await;
    }
    assert!(desk.engine.take_dialouts().is_empty(), "no fourth attempt");
    sessions.dedup();
    assert_eq!(sessions.len(), 3, "each attempt is a call of its own");
    let calls = desk.admin.get("/api/v1/calls").await.expect(200);
    let left: Vec<_> = calls["data"].as_array().unwrap().iter().map(|call| call["retries_left"].clone()).collect();
    assert_eq!((calls["total"].clone(), left), (json!(3), vec![json!(0), json!(1), json!(2)]));
}

#[tokio::test]
async fn only_failures_are_retried() {
    let desk = Dialling::start().await;
    for (outcome, status, detail) in [
        ("not-now", "ended-success", ""),
        ("far-hangup", "ended-success", ""),
        ("max-duration", "ended-success", ""),
        ("voicemail", "ended-failed-final", ""),
        ("busy", "ended-failed-retry-pending", ""),
        ("rejected", "ended-failed-retry-pending", ""),
        ("failed", "ended-failed-retry-pending", "500 Server Error"),
    ] {
        let id = desk.place(json!({ "retries": 1 })).await;
        let dialout = desk.dialled();
        desk.config(&dialout).await.expect(200);
        desk.finish(&dialout, outcome, json!({ "error_detail": "500 Server Error" })).await;
        let call = desk.call(&id).await;
        assert_eq!((&call["status"], &call["endedReason"], &call["errorDetail"]), (&json!(status), &json!(outcome), &json!(detail)));
        desk.hang_up(&id).await;
    }
    desk.app.advance(60 * MINUTE);
    desk.app.settle().await;
    assert!(desk.engine.take_dialouts().is_empty());
}

#[tokio::test]
async fn a_scheduled_call_waits_for_its_time_and_one_that_was_due_while_the_box_was_down_is_dialled_once() {
    let mut desk = Dialling::start().await;
    let id = desk.place(json!({ "scheduleAtUtc": "2026-06-01T13:00:00Z", "retries": 1, "retryDelayMinutes": 10 })).await;
    let call = desk.call(&id).await;
    assert_eq!((&call["status"], &call["scheduledForUtc"]), (&json!("scheduled"), &json!("2026-06-01T13:00:00.000Z")));
    assert_eq!((&call["dispatchedAtUtc"], &call["trunkId"]), (&json!(null), &json!("")));
    desk.app.advance(60 * MINUTE - Duration::from_millis(1));
    desk.app.settle().await;
    assert!(desk.engine.take_dialouts().is_empty());
    desk.app.advance(3 * 60 * MINUTE);
    desk.app.restart().await;
    desk.app.settle().await;
    let dialout = desk.dialled();
    assert_eq!(desk.status(&id).await, "dispatching");
    desk.config(&dialout).await.expect(200);
    desk.finish(&dialout, "no-answer", json!({})).await;
    desk.app.advance(60 * MINUTE);
    desk.app.restart().await;
    desk.app.settle().await;
    let retry = desk.dialled();
    desk.answer(&retry).await;
    desk.finish(&retry, "finished", json!({})).await;
    let call = desk.call(&id).await;
    assert_eq!((&call["status"], &call["attempt"], &call["retriesLeft"]), (&json!("ended-success"), &json!(2), &json!(0)));
}

#[tokio::test]
async fn hanging_up_ends_an_order_wherever_it_stands_and_is_harmless_afterwards() {
    let desk = Dialling::start().await;
    let cancelled = |id: &str| json!({ "ok": true, "callId": id, "newStatus": "cancelled", "actor": "admin" });

    let scheduled = desk.place(json!({ "scheduleAtUtc": "2026-06-01T13:00:00Z" })).await;
    let path = format!("{CALLS}/{scheduled}/hangup");
    let answer = desk.admin.send(http::Method::POST, &path, "", bytes::Bytes::new()).await.expect(200);
    assert_eq!(answer, cancelled(&scheduled), "no body is needed");

    let ringing = desk.place(json!({ "retries": 2 })).await;
    let dialout = desk.dialled();
    desk.config(&dialout).await.expect(200);
    assert_eq!(desk.hang_up(&ringing).await, cancelled(&ringing));
    assert_eq!(desk.engine.take_hangups(), [session(&dialout)]);
    desk.finish(&dialout, "failed", json!({})).await;

    let talking = desk.place(json!({})).await;
    let dialout = desk.dialled();
    desk.answer(&dialout).await;
    desk.app.advance(Duration::from_secs(10));
    assert_eq!(desk.hang_up(&talking).await, cancelled(&talking));
    assert_eq!(desk.engine.take_hangups(), [session(&dialout)]);
    desk.finish(&dialout, "cancelled", json!({ "transcript": [{ "role": "user", "content": "Hm", "ts": desk.app.clock.now() }] })).await;
    let call = desk.call(&talking).await;
    assert_eq!((&call["durationSec"], call["transcriptPath"] != ""), (&json!(10), true), "what was said is kept");

    let waiting = desk.place(json!({ "retries": 2 })).await;
    let dialout = desk.dialled();
    desk.config(&dialout).await.expect(200);
    desk.finish(&dialout, "no-answer", json!({})).await;
    assert_eq!(desk.hang_up(&waiting).await, cancelled(&waiting));
    assert!(desk.engine.take_hangups().is_empty());

    desk.app.advance(120 * MINUTE);
    desk.app.settle().await;
    assert!(desk.engine.take_dialouts().is_empty(), "nothing of it is dialled any more");
    for id in [scheduled, ringing, talking, waiting] {
        let before = desk.call(&id).await;
        assert_eq!((&before["status"], &before["endedReason"]), (&json!("cancelled"), &json!("cancelled")));
        assert!(before["endedAtUtc"].is_string());
        let mut noop = cancelled(&id);
        noop["wasNoop"] = json!(true);
        assert_eq!(desk.hang_up(&id).await, noop);
        assert_eq!(desk.call(&id).await, before, "the record is unchanged");
    }
    let missing = desk.admin.post(&format!("{CALLS}/oac-000000000000/hangup"), json!({})).await.expect(404);
    assert_eq!(missing["error"], "not_found");
    let missing = desk.admin.get(&format!("{CALLS}/oac-000000000000")).await.expect(404);
    assert_eq!((&missing["error"], &missing["error_description"]), (&json!("not_found"), &json!("No call with id=oac-000000000000")));
}

#[tokio::test]
async fn hanging_up_a_call_that_succeeded_reports_how_it_stands() {
    let desk = Dialling::start().await;
    let id = desk.place(json!({})).await;
    let dialout = desk.dialled();
    desk.answer(&dialout).await;
    desk.finish(&dialout, "finished", json!({})).await;
    let noop = desk.hang_up(&id).await;
    assert_eq!((&noop["newStatus"], &noop["wasNoop"]), (&json!("ended-success"), &json!(true)));
    assert!(desk.engine.take_hangups().is_empty());
}

#[tokio::test]
async fn a_call_that_no_engine_holds_any_more_ends_when_it_is_hung_up() {
    let desk = Dialling::start().await;
    let id = desk.place(json!({})).await;
    let dialout = desk.dialled();
    desk.config(&dialout).await.expect(200);
    desk.engine.lose_calls();
    desk.hang_up(&id).await;
    desk.app.settle().await;
    let stored = desk.admin.get(&format!("/api/v1/calls/{}", session(&dialout))).await.expect(200);
    assert_eq!((&stored["outcome"], stored["completed_at"].is_string()), (&json!("cancelled"), true));
}

#[tokio::test]
async fn an_engine_without_a_free_line_puts_a_scheduled_call_off_and_fails_one_that_is_awaited() {
    let desk = Dialling::start().await;
    let id = desk.place(json!({ "scheduleAtUtc": "2026-06-01T12:30:00Z" })).await;
    desk.engine.will_answer(&[Answering::Refused(429), Answering::Refused(503)]);
    desk.app.advance(30 * MINUTE);
    for _ in 0..2 {
        desk.app.settle().await;
        let dialout = desk.dialled();
        assert_eq!(desk.status(&id).await, "scheduled");
        desk.app.engine().get(&format!("/api/v1/calls/{}", session(&dialout))).await.expect(403);
        desk.admin.get(&format!("/api/v1/calls/{}", session(&dialout))).await.expect(404);
        desk.app.advance(MINUTE);
    }
    desk.app.settle().await;
    let dialout = desk.dialled();
    desk.answer(&dialout).await;
    desk.finish(&dialout, "finished", json!({})).await;
    let call = desk.call(&id).await;
    assert_eq!((&call["status"], &call["attempt"]), (&json!("ended-success"), &json!(1)));

    desk.engine.will_answer(&[Answering::Refused(429)]);
    let refusal = desk.admin.post(CALLS, wish(json!({ "retries": 3 }))).await;
    assert_eq!((refusal.expect(503)["error"].clone(), refusal.header("retry-after")), (json!("no_capacity"), "10"));
    desk.app.settle().await;
    let failed = desk.admin.get(&format!("{CALLS}?limit=1")).await.expect(200)["data"][0].clone();
    assert_eq!((&failed["status"], &failed["endedReason"]), (&json!("ended-failed-final"), &json!("failed")));
    assert!(!failed["errorDetail"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn an_engine_that_refuses_an_order_as_such_has_failed_it() {
    let desk = Dialling::start().await;
    let id = desk.place(json!({ "scheduleAtUtc": "2026-06-01T12:30:00Z", "retries": 1 })).await;
    desk.engine.will_answer(&[Answering::Refused(400), Answering::Refused(500)]);
    desk.app.advance(30 * MINUTE);
    desk.app.settle().await;
    assert_eq!(desk.status(&id).await, "ended-failed-retry-pending");
    desk.app.advance(5 * MINUTE);
    desk.app.settle().await;
    let call = desk.call(&id).await;
    assert_eq!((&call["status"], &call["attempt"], &call["endedReason"]), (&json!("ended-failed-final"), &json!(2), &json!("failed")));
}

#[tokio::test]
async fn without_an_engine_a_scheduled_call_waits_for_one() {
    let desk = Dialling::start().await;
    let id = desk.place(json!({ "scheduleAtUtc": "2026-06-01T12:30:00Z" })).await;
    let Dialling { app, engine, admin, carrier_id } = desk;
    drop(engine);
    std::fs::remove_file(app.data.engine_socket()).unwrap();
    app.advance(30 * MINUTE);
    for _ in 0..20 {
        app.settle().await;
        app.advance(MINUTE);
    }
    let engine = FakeEngine::start(&app).await;
    let desk = Dialling { app, engine, admin, carrier_id };
    assert_eq!(desk.status(&id).await, "scheduled");
    desk.app.settle().await;
    let dialout = desk.dialled();
    desk.config(&dialout).await.expect(200);
    desk.finish(&dialout, "busy", json!({})).await;
    assert_eq!(desk.status(&id).await, "ended-failed-final");
}

#[tokio::test]
async fn a_box_that_died_before_any_engine_asked_for_the_call_places_it_anew_and_the_first_attempt_cannot_ring() {
    let mut desk = Dialling::start().await;
    desk.engine.will_answer(&[Answering::Unanswered]);
    let (admin, body) = (desk.admin.clone(), wish(json!({})));
    let asking = tokio::spawn(async move { admin.post(CALLS, body).await });
    desk.engine.wait_for_dialouts(1).await;
    asking.abort();
    assert!(asking.await.is_err(), "the request died at work");
    let first = desk.dialled();
    desk.app.restart().await;
    desk.app.settle().await;
    assert!(desk.engine.take_dialouts().is_empty(), "an engine may still ask for it");
    desk.app.advance(2 * MINUTE);
    desk.app.settle().await;
    let second = desk.dialled();
    assert_eq!(second["call_id"], first["call_id"]);
    assert_ne!(session(&second), session(&first));
    assert_eq!(desk.config(&first).await.expect(409)["error"], "attempt_withdrawn");
    desk.finish(&first, "failed", json!({})).await;
    let id = second["call_id"].as_str().unwrap();
    assert_eq!(desk.status(id).await, "dispatching", "the first attempt's end is not the order's");
    desk.answer(&second).await;
    desk.finish(&second, "finished", json!({})).await;
    assert_eq!(desk.call(id).await["attempt"], 1);
}

#[tokio::test]
async fn a_box_that_died_after_an_engine_asked_for_the_call_does_not_place_it_again() {
    let mut desk = Dialling::start().await;
    desk.engine.will_answer(&[Answering::Unanswered]);
    let (admin, body) = (desk.admin.clone(), wish(json!({})));
    let asking = tokio::spawn(async move { admin.post(CALLS, body).await });
    desk.engine.wait_for_dialouts(1).await;
    asking.abort();
    let _ = asking.await;
    let dialout = desk.dialled();
    desk.config(&dialout).await.expect(200);
    desk.app.restart().await;
    desk.app.advance(2 * MINUTE);
    desk.app.settle().await;
    assert!(desk.engine.take_dialouts().is_empty());
    desk.answer(&dialout).await;
    desk.finish(&dialout, "finished", json!({})).await;
    assert_eq!(desk.status(dialout["call_id"].as_str().unwrap()).await, "ended-success");
}

#[tokio::test]
async fn a_broken_answer_is_no_failure_when_the_engine_has_the_call() {
    let desk = Dialling::start().await;
    desk.engine.will_answer(&[Answering::Broken]);
    let refusal = desk.admin.post(CALLS, wish(json!({}))).await.expect(502);
    assert_eq!(refusal["error"], "bridge_unreachable");
    let dialout = desk.dialled();
    assert_eq!(desk.engine.take_hangups(), [session(&dialout)]);
    desk.config(&dialout).await.expect(409);
    desk.app.settle().await;
    let id = dialout["call_id"].as_str().unwrap();
    assert_eq!(desk.status(id).await, "ended-failed-final");

    let later = desk.place(json!({ "scheduleAtUtc": "2026-06-01T12:30:00Z" })).await;
    desk.engine.will_answer(&[Answering::Broken]);
    desk.app.advance(30 * MINUTE);
    desk.app.settle().await;
    let lost = desk.dialled();
    desk.app.advance(MINUTE);
    desk.app.settle().await;
    let second = desk.dialled();
    desk.config(&lost).await.expect(409);
    desk.answer(&second).await;
    desk.finish(&second, "finished", json!({})).await;
    assert_eq!(desk.status(&later).await, "ended-success");
}

#[tokio::test]
async fn a_call_whose_end_no_engine_ever_reports_is_closed_at_last() {
    let desk = Dialling::start().await;
    let id = desk.place(json!({ "retries": 1 })).await;
    let dialout = desk.dialled();
    desk.answer(&dialout).await;
    desk.engine.lose_calls();
    for _ in 0..4 {
        desk.app.advance(60 * MINUTE);
        desk.app.settle().await;
    }
    let call = desk.call(&id).await;
    assert_eq!(call["attempt"], 2, "a technical failure is retried: {call:#}");
    desk.hang_up(&id).await;
    desk.app.settle().await;
}

#[tokio::test]
async fn a_jump_of_the_clock_does_not_dial_everything_at_once() {
    let desk = Dialling::start().await;
    let mut ids = Vec::new();
    for n in 0..40 {
        ids.push(desk.place(json!({ "scheduleAtUtc": format!("2026-06-01T12:{:02}:00Z", 1 + n % 50) })).await);
    }
    desk.app.advance(Duration::from_secs(365 * 24 * 3600));
    let mut n_dialled = 0;
    for _ in 0..200 {
        desk.app.settle().await;
        let dialouts = desk.engine.take_dialouts();
        assert!(dialouts.len() <= 10, "{} calls at once through a carrier of ten lines", dialouts.len());
        n_dialled += dialouts.len();
        for dialout in dialouts {
            desk.config(&dialout).await.expect(200);
            desk.finish(&dialout, "no-answer", json!({})).await;
        }
        desk.app.advance(Duration::from_secs(20));
        if n_dialled == ids.len() {
            break;
        }
    }
    assert_eq!(n_dialled, ids.len(), "each once");
    let admin = desk.app.user(cxbox::platform::access::Role::Admin);
    let done = admin.get(&format!("{CALLS}?status=ended-failed-final")).await.expect(200);
    assert_eq!(done["total"], json!(40));
}

#[tokio::test]
async fn a_bot_or_carrier_that_is_gone_when_the_call_is_due_fails_the_attempt() {
    let desk = Dialling::start().await;
    let root = desk.app.user(cxbox::platform::access::Role::SuperAdmin);
    let bot = root.post("/api/v1/bots", crate::support::make::bot("Short-lived")).await.expect(201)["id"].clone();
    let id = desk.place(json!({ "botId": bot, "scheduleAtUtc": "2026-06-01T12:30:00Z" })).await;
    let other = desk.place(json!({ "scheduleAtUtc": "2026-06-01T12:40:00Z" })).await;
    root.delete(&format!("/api/v1/bots/{}", bot.as_str().unwrap())).await.expect(204);
    desk.app.advance(30 * MINUTE);
    desk.app.settle().await;
    let call = desk.call(&id).await;
    assert_eq!((&call["status"], &call["endedReason"]), (&json!("ended-failed-final"), &json!("failed")));
    assert!(call["errorDetail"].as_str().unwrap().contains("names no bot"), "{call:#}");
    root.delete(&format!("/api/v1/carriers/{}", desk.carrier_id.as_str().unwrap())).await.expect(204);
    desk.app.advance(10 * MINUTE);
    desk.app.settle().await;
    let call = desk.call(&other).await;
    assert!(call["errorDetail"].as_str().unwrap().contains("no carrier"), "{call:#}");
    let empty: Vec<Value> = desk.engine.take_dialouts();
    assert!(empty.is_empty());
}
