//! Caps of the outbound gate: minutes, money, hours at which nobody is about, and countries of the carriers.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::dialling::{CALLS, session, wish};
use crate::support::{Answering, Dialling, make};

const MALTA: &str = "+35621234567";
const LONDON: &str = "+442071838750";
const MINUTE: Duration = Duration::from_secs(60);
const USAGE: &str = "/api/v1/outbound-gate/usage";

async fn with_rules(change: Value) -> Dialling {
    let desk = Dialling::start().await;
    rules(&desk, change).await;
    desk
}

async fn rules(desk: &Dialling, change: Value) {
    desk.app.user(Role::SuperAdmin).put("/api/v1/settings/outbound", change).await.expect(200);
}

/// Asks for a call; what it is refused for, or nothing.
async fn refusal(desk: &Dialling, phone: &str) -> String {
    let answer = desk.app.user(Role::Admin).post(CALLS, wish(json!({ "phone": phone }))).await;
    if answer.status == 200 {
        return String::new();
    }
    let refusal = answer.expect(400);
    assert_eq!(refusal["error"], "call_not_permitted", "{refusal}");
    let sentence = refusal["error_description"].as_str().unwrap();
    sentence.rsplit_once('(').unwrap().1.trim_end_matches(')').to_owned()
}

async fn usage(desk: &Dialling) -> Value {
    desk.app.user(Role::Admin).get(USAGE).await.expect(200)
}

/// The call that was dialled talks for so long.
async fn talk(desk: &Dialling, dialout: &Value, seconds: u64) {
    desk.answer(dialout).await;
    desk.app.advance(Duration::from_secs(seconds));
    desk.finish(dialout, "completed", json!({})).await;
}

#[tokio::test]
async fn the_minutes_of_a_day_are_used_up_by_what_is_talked_and_what_runs() {
    let mut desk = with_rules(json!({ "daily_minutes": 4, "timezone": "UTC" })).await;
    assert_eq!(refusal(&desk, MALTA).await, "");
    talk(&desk, &desk.dialled(), 61).await;
    assert_eq!(usage(&desk).await["minutes"], 2, "a minute that began counts whole");
    assert_eq!(refusal(&desk, MALTA).await, "");
    let ringing = desk.dialled();
    assert_eq!((usage(&desk).await["minutes"].clone(), usage(&desk).await["calls"].clone()), (json!(3), json!(2)));
    desk.answer(&ringing).await;
    desk.app.advance(90 * Duration::from_secs(1));
    assert_eq!(usage(&desk).await["minutes"], 4, "a call that runs counts with what it has run");
    assert_eq!(refusal(&desk, MALTA).await, "daily_minutes");
    assert_eq!(refusal(&desk, MALTA).await, "daily_minutes");
    desk.app.restart().await;
    assert_eq!(refusal(&desk, MALTA).await, "daily_minutes", "a restart forgets nothing");
    let trail = desk.app.user(Role::SuperAdmin).get("/api/v1/audit?action=outbound.cap_reached").await.expect(200);
    assert_eq!((&trail["total"], &trail["data"][0]["target"]), (&json!(1), &json!("2026-06-01")), "told once: {trail}");
    assert_eq!(trail["data"][0]["detail"]["reason"], "daily_minutes");
    let advice = desk.app.user(Role::Admin).post("/api/v1/outbound-gate/check", json!({ "phone": MALTA })).await.expect(200);
    assert_eq!((&advice["verdict"], &advice["reason"]), (&json!("refuse"), &json!("daily_minutes")));
    desk.finish(&ringing, "completed", json!({})).await;
    desk.app.advance(12 * 60 * MINUTE);
    assert_eq!((usage(&desk).await["minutes"].clone(), refusal(&desk, MALTA).await.as_str()), (json!(0), ""), "a new day");
}

#[tokio::test]
async fn a_call_that_nobody_answers_gives_its_minute_back() {
    let desk = with_rules(json!({ "daily_minutes": 1 })).await;
    assert_eq!(refusal(&desk, MALTA).await, "");
    let dialout = desk.dialled();
    assert_eq!(refusal(&desk, MALTA).await, "daily_minutes");
    desk.config(&dialout).await.expect(200);
    desk.finish(&dialout, "no-answer", json!({})).await;
    assert_eq!(usage(&desk).await["minutes"], 0);
    desk.engine.will_answer(&[Answering::Refused(503)]);
    let lost = desk.app.user(Role::Admin).post(CALLS, wish(json!({ "phone": MALTA }))).await;
    assert!(lost.status >= 500, "{}", lost.text());
    desk.app.settle().await;
    assert_eq!(usage(&desk).await["minutes"], 0, "nor does one that no engine takes use it up");
}

#[tokio::test]
async fn many_who_ask_at_once_get_no_more_than_is_left() {
    let desk = with_rules(json!({ "daily_minutes": 3 })).await;
    let admin = desk.app.user(Role::Admin);
    let asked = (0..12).map(|_| admin.post(CALLS, wish(json!({ "phone": MALTA }))));
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 3);
    assert_eq!(answers.iter().filter(|answer| answer.status == 400).count(), 9);
    assert_eq!(desk.engine.take_dialouts().len(), 3);
}

#[tokio::test]
async fn the_price_of_a_number_decides_what_is_left_of_the_days_money() {
    let prices = json!(["+35=0.05", "+3562=0.25"]);
    let desk = with_rules(json!({ "daily_spend": 1.0, "minute_price": 0.9, "minute_prices": prices })).await;
    assert_eq!(refusal(&desk, MALTA).await, "");
    talk(&desk, &desk.dialled(), 170).await;
    assert_eq!(usage(&desk).await["spent"], 0.75);
    assert_eq!(refusal(&desk, LONDON).await, "daily_spend", "a minute there costs more than what is left");
    assert_eq!(refusal(&desk, "+35699123456").await, "", "one to a mobile does not");
    assert_eq!(refusal(&desk, MALTA).await, "daily_spend", "what rings holds its minute");
    rules(&desk, json!({ "daily_spend": 0 })).await;
    assert_eq!(refusal(&desk, LONDON).await, "");
    for (change, field) in [
        (json!({ "minute_prices": ["+356=0.02", "+356"] }), "minute_prices[1]"),
        (json!({ "daily_spend": -1 }), "daily_spend"),
        (json!({ "minute_price": "cheap" }), "minute_price"),
        (json!({ "business_hours": "always" }), "business_hours"),
    ] {
        let refused = desk.app.user(Role::SuperAdmin).put("/api/v1/settings/outbound", change).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], field);
    }
}

#[tokio::test]
async fn outside_business_hours_fewer_minutes_may_be_talked() {
    let desk = with_rules(json!({ "off_hours_minutes": 2, "business_hours": "mon-fri 08:00-20:00", "timezone": "UTC" })).await;
    assert_eq!(refusal(&desk, MALTA).await, "");
    talk(&desk, &desk.dialled(), 600).await;
    assert_eq!((usage(&desk).await["off_hours_minutes"].clone(), usage(&desk).await["is_off_hours"].clone()), (json!(0), json!(false)));
    desk.app.advance(8 * 60 * MINUTE);
    assert_eq!(refusal(&desk, MALTA).await, "");
    talk(&desk, &desk.dialled(), 100).await;
    let night = usage(&desk).await;
    assert_eq!((&night["off_hours_minutes"], &night["minutes"], &night["is_off_hours"]), (&json!(2), &json!(12), &json!(true)));
    assert_eq!(refusal(&desk, MALTA).await, "off_hours_cap");
    rules(&desk, json!({ "business_hours": "off" })).await;
    assert_eq!(refusal(&desk, MALTA).await, "");
}

#[tokio::test]
async fn a_person_who_is_called_to_take_over_counts_to_the_end_of_the_call() {
    let desk = with_rules(json!({ "daily_minutes": 5 })).await;
    assert_eq!(refusal(&desk, MALTA).await, "");
    let dialout = desk.dialled();
    desk.answer(&dialout).await;
    let leg = format!("/api/v1/engine/calls/{}/leg", session(&dialout));
    desk.app.engine().post(&leg, json!({ "phone": LONDON })).await.expect(204);
    desk.app.advance(2 * MINUTE);
    assert_eq!(usage(&desk).await["minutes"], 4, "both legs");
    desk.app.engine().post(&leg, json!({ "phone": LONDON })).await.expect(204);
    let refused = desk.app.engine().post(&leg, json!({ "phone": LONDON })).await.expect(422);
    assert!(refused["error_description"].as_str().unwrap().ends_with("(daily_minutes)"), "{refused}");
    desk.finish(&dialout, "completed", json!({})).await;
    assert_eq!(usage(&desk).await["minutes"], 4);
    let trail = desk.app.user(Role::SuperAdmin).get("/api/v1/audit?action=outbound.cap_reached").await.expect(200);
    assert_eq!((&trail["total"], &trail["data"][0]["actor"]), (&json!(1), &json!("system")));
}

#[tokio::test]
async fn only_countries_that_the_carriers_are_meant_for_are_called() {
    let desk = Dialling::start().await;
    assert_eq!(usage(&desk).await["countries"], json!([]), "no carrier says");
    assert_eq!(refusal(&desk, LONDON).await, "");
    let owner = desk.app.user(Role::SuperAdmin);
    let meant_for = make::with(make::quick_carrier(), json!({ "destination_country": "MT" }));
    owner.put(&format!("/api/v1/carriers/{}", desk.carrier_id.as_str().unwrap()), meant_for).await.expect(200);
    assert_eq!((refusal(&desk, LONDON).await.as_str(), refusal(&desk, MALTA).await.as_str()), ("country_not_allowed", ""));
    let second = make::with(make::quick_carrier(), json!({ "name": "B", "sip_address": "127.0.0.1:5091", "from_number": LONDON }));
    owner.post("/api/v1/carriers", second).await.expect(201);
    assert_eq!(usage(&desk).await["countries"], json!(["GB", "MT"]));
    assert_eq!((refusal(&desk, LONDON).await.as_str(), refusal(&desk, "+4930123456").await.as_str()), ("", "country_not_allowed"));
    rules(&desk, json!({ "allowed_countries": ["*"] })).await;
    assert_eq!(refusal(&desk, "+4930123456").await, "");
    assert_eq!(refusal(&desk, "+19005551234").await, "premium", "whatever the countries");
    desk.app.user(Role::Supervisor).get(USAGE).await.expect(403);
    desk.app.anonymous().get(USAGE).await.expect(401);
}
