//! Bots that call somebody to be tried out: any version of them, through the outbound gate, at a number or at a telephone in the house.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::dialling::session;
use crate::support::{Answer, Dialling, make};

struct Desk {
    box_: Dialling,
    bot: String,
}

impl Desk {
    /// A box with a bot that says something else in its draft than in its versions.
    async fn start() -> Self {
        Self::at(Dialling::start().await).await
    }

    async fn at(box_: Dialling) -> Self {
        let says = |words: &str| make::with(make::bot("Anna"), json!({ "opening_message": words, "status": "inactive" }));
        let made = box_.admin.post("/api/v1/bots", says("First")).await.expect(201);
        let bot = made["id"].as_str().unwrap().to_owned();
        box_.admin.put(&format!("/api/v1/bots/{bot}"), says("Second")).await.expect(200);
        box_.admin.put(&format!("/api/v1/bots/{bot}/draft"), says("Drafted")).await.expect(200);
        Self { box_, bot }
    }

    async fn call(&self, body: Value) -> Answer {
        self.box_.admin.post(&format!("/api/v1/bots/{}/test-call", self.bot), body).await
    }
}

#[tokio::test]
async fn the_draft_and_every_version_can_be_heard_although_the_bot_takes_no_calls() {
    let desk = Desk::start().await;
    let to = |version: Value| make::with(json!({ "to": "+15551234567", "variables": { "name": "Ada" } }), version);
    for (version, words, number) in [
        (json!({ "version": "draft" }), "Drafted", Value::Null),
        (json!({ "version": "1" }), "First", json!(1)),
        (json!({ "version": "published" }), "Second", json!(2)),
        (json!({}), "Second", json!(2)),
    ] {
        let reply = desk.call(to(version.clone())).await.expect(201);
        let dialled = desk.box_.dialled();
        assert_eq!((&reply["session_id"], &dialled["to_number"]), (&dialled["session_id"], &json!("+15551234567")), "{version}");
        assert_eq!(dialled["connected_event"], json!({ "name": "Ada", "_skip_post_push": true }));
        let config = desk.box_.config(&dialled).await.expect(200);
        assert_eq!(config["opening_message"], words, "{version}");
        let call = desk.box_.admin.get(&format!("/api/v1/calls/{}", session(&dialled))).await.expect(200);
        assert_eq!(
            (&call["bot_version"], &call["bot_id"], &call["direction"]),
            (&number, &json!(desk.bot), &json!("outbound")),
            "{version}"
        );
        desk.box_.finish(&dialled, "success", json!({})).await;
    }
    let shown = desk.box_.admin.get(&format!("/api/v1/bots/{}", desk.bot)).await.expect(200);
    assert_eq!((&shown["status"], &shown["version"], &shown["has_draft"]), (&json!("inactive"), &json!(2), &json!(true)));
    let trail = desk.box_.app.user(Role::SuperAdmin).get("/api/v1/audit?action=call.place").await;
    assert!(trail.expect(200)["total"] == 4 && !trail.text().contains("+15551234567"));
}

#[tokio::test]
async fn a_telephone_in_the_house_is_called_with_no_carrier_and_no_other_one() {
    let desk = Desk::start().await;
    // No carrier is needed.
    let carrier = format!("/api/v1/carriers/{}", desk.box_.carrier_id.as_str().unwrap());
    desk.box_.app.user(Role::SuperAdmin).delete(&carrier).await.expect(204);
    desk.call(json!({ "to": "sip:anna@192.168.1.20:5080;transport=tcp", "version": "draft" })).await.expect(201);
    let dialled = desk.box_.dialled();
    assert_eq!((&dialled["to_number"], &dialled["trunk"]["sip_address"]), (&json!("anna"), &json!("192.168.1.20:5080")));
    assert_eq!((&dialled["trunk"]["transport"], &dialled["trunk"]["outbound_auth_username"]), (&json!("tcp"), &Value::Null));
    desk.box_.config(&dialled).await.expect(200);
    desk.box_.finish(&dialled, "success", json!({})).await;
    assert_eq!(desk.box_.admin.get("/api/v1/whitelist").await.expect(200)["total"], 0, "an address is no number");
    for (to, word) in [
        ("sip:anna@203.0.113.5", "own networks"),
        ("sip:anna@pbx.example.com", "names of hosts"),
        ("sips:anna@192.168.1.20", "such as sip:anna@"),
        ("sip:@192.168.1.20", "such as sip:anna@"),
        ("sip:anna@192.168.1.20\r\nX: y", "such as sip:anna@"),
        ("sip:0123456789@192.168.1.20", "neither a name"),
        ("nobody", "country code"),
        ("", "country code"),
    ] {
        let refused = desk.call(json!({ "to": to })).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "to", "{to}: {refused}");
        assert!(refused["detail"].as_str().unwrap().contains(word), "{to}: {refused}");
    }
    assert!(desk.box_.engine.take_dialouts().is_empty());
}

#[tokio::test]
async fn the_gate_holds_for_test_calls_as_for_all_others() {
    let desk = Desk::start().await;
    desk.box_.admin.post("/api/v1/do-not-call", json!({ "phone": "+15551234567" })).await.expect(201);
    for to in ["+15551234567", "sip:0015551234567@192.168.1.20"] {
        let refused = desk.call(json!({ "to": to })).await.expect(422);
        assert_eq!((&refused["error"], &refused["errors"][0]["field"]), (&json!("call_not_permitted"), &json!("to")), "{to}");
    }
    for (body, status) in [
        (json!({ "to": "+15550001111", "version": "9" }), 404),
        (json!({ "to": "+15550001111", "version": "newest" }), 422),
        (json!({ "to": "+15550001111", "surprise": 1 }), 422),
        (json!({ "version": "draft" }), 422),
        (json!({ "to": "+15550001111", "variables": { "a": "x".repeat(20_000) } }), 422),
        (json!({ "to": "+15550001111", "from_number": "+442071838750" }), 404),
    ] {
        desk.call(body.clone()).await.expect(status);
    }
    let nobody = desk.box_.admin.post("/api/v1/bots/bot_none/test-call", json!({ "to": "+15550001111" })).await;
    nobody.expect(404);
    let path = format!("/api/v1/bots/{}/test-call", desk.bot);
    desk.box_.app.user(Role::Supervisor).post(&path, json!({ "to": "+15550001111" })).await.expect(403);
    desk.box_.app.anonymous().post(&path, json!({ "to": "+15550001111" })).await.expect(401);
    desk.box_.engine.set_room(0);
    assert_eq!(desk.call(json!({ "to": "+15550001111" })).await.expect(503)["error"], "no_capacity");
    assert!(desk.box_.engine.take_dialouts().is_empty());
    desk.box_.app.settle().await;

    let desk = Desk::at(Dialling::start_with_window().await).await;
    // It is 02:00 in Honolulu, which a number of the United States may be in.
    let refused = desk.call(json!({ "to": "+15551234567" })).await;
    assert_eq!(refused.expect(503)["error"], "outside_calling_window");
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_local_number_is_read_by_the_country_of_the_carrier_or_of_the_number_that_is_shown() {
    let desk = Desk::start().await;
    let owner = desk.box_.app.user(Role::SuperAdmin);
    let path = format!("/api/v1/carriers/{}", desk.box_.carrier_id.as_str().unwrap());
    let carrier = |change: Value| make::with(make::quick_carrier(), change);
    let refused = desk.call(json!({ "to": "098765 43210" })).await.expect(422);
    assert!(refused["detail"].as_str().unwrap().contains("destination_country"), "nothing says which country: {refused}");
    for (change, to, expected) in [
        (json!({ "destination_country": "IN" }), "098765 43210", "+919876543210"),
        (json!({ "from_number": "+442071838750" }), "020 7183 8751", "+442071838751"),
        (json!({ "destination_country": "DE", "from_number": "+442071838750" }), "030 123456", "+4930123456"),
    ] {
        owner.put(&path, carrier(change.clone())).await.expect(200);
        desk.call(json!({ "to": to })).await.expect(201);
        let dialled = desk.box_.dialled();
        assert_eq!(dialled["to_number"], expected, "{change}");
        desk.box_.config(&dialled).await.expect(200);
        desk.box_.finish(&dialled, "success", json!({})).await;
    }
    // What is shown says more than what the carrier is meant for.
    desk.call(json!({ "to": "020 7183 8751", "from_number": "+442071838750" })).await.expect(201);
    let dialled = desk.box_.dialled();
    assert_eq!(dialled["to_number"], "+442071838751");
    desk.box_.config(&dialled).await.expect(200);
    desk.box_.finish(&dialled, "success", json!({})).await;
    // No number of the United States has a zero before it.
    owner.put(&path, carrier(json!({ "destination_country": "US" }))).await.expect(200);
    assert_eq!(desk.call(json!({ "to": "0555 1234567" })).await.expect(422)["errors"][0]["field"], "to");
}
