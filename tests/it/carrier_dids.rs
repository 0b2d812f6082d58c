//! Numbers of carriers: kept over the API, answered by their bots, shown by the carrier that has them.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, make};

async fn carrier(app: &TestApp, change: Value) -> String {
    let made = app.user(Role::SuperAdmin).post("/api/v1/carriers", make::with(make::carrier(), change)).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn bot(app: &TestApp, name: &str) -> String {
    app.user(Role::Admin).post("/api/v1/bots", make::bot(name)).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn called(app: &TestApp, call_id: &str, did: &str) -> Value {
    let invite = json!({ "call_id": call_id, "did": did, "from_number": "+15550001111" });
    app.engine().post("/api/v1/engine/inbound", invite).await.expect(200)
}

#[tokio::test]
async fn numbers_are_written_by_a_super_admin_read_by_an_admin_and_belong_to_one_carrier() {
    let app = TestApp::start().await;
    let (owner, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    let (first, second) = (carrier(&app, json!({})).await, carrier(&app, json!({})).await);
    let (of_first, of_second) = (format!("/api/v1/carriers/{first}/dids"), format!("/api/v1/carriers/{second}/dids"));
    let anna = bot(&app, "Anna").await;
    admin.post(&of_first, json!({ "number": "+15551234567" })).await.expect(403);
    let made = owner.post(&of_first, json!({ "number": "+15551234567", "label": "Desk", "bot_id": anna })).await.expect(201);
    assert_eq!((&made["carrier_id"], &made["direction"]), (&json!(first), &json!("both")));
    let one = format!("{of_first}/{}", made["id"].as_str().unwrap());
    assert_eq!(
        owner.post(&of_second, json!({ "number": "15551234567" })).await.expect(409)["error"],
        "conflict",
        "with or without its plus"
    );
    let other = owner.post(&of_second, json!({ "number": "15559876543" })).await.expect(201);
    let stranger = format!("{of_first}/{}", other["id"].as_str().unwrap());
    owner.put(&stranger, json!({ "number": "1555" })).await.expect(404);
    owner.delete(&stranger).await.expect(404);
    owner.put(&one, json!({ "number": "15559876543" })).await.expect(409);
    let changed = owner.put(&one, json!({ "number": "+15551234567", "label": "Night", "direction": "inbound" })).await.expect(200);
    assert_eq!((&changed["label"], &changed["bot_id"], &changed["direction"]), (&json!("Night"), &json!(null), &json!("inbound")));
    assert_eq!(admin.get(&of_first).await.expect(200)["data"], json!([changed]));
    for (body, field) in [
        (json!({ "number": "front desk" }), "number"),
        (json!({ "number": "1555", "bot_id": "bot_none" }), "bot_id"),
        (json!({ "number": "1555", "bot_id": anna, "direction": "outbound" }), "bot_id"),
        (json!({ "number": "1555", "direction": "sideways" }), "direction"),
        (json!({ "number": "1555", "carrier_id": second }), "carrier_id"),
    ] {
        assert_eq!(owner.post(&of_first, body).await.expect(422)["errors"][0]["field"], field);
    }
    owner.post("/api/v1/carriers/tr_none/dids", json!({ "number": "1555" })).await.expect(404);
    admin.get("/api/v1/carriers/tr_none/dids").await.expect(404);
    admin.delete(&one).await.expect(403);
    owner.delete(&one).await.expect(204);
    owner.delete(&one).await.expect(404);
    owner.delete(&format!("/api/v1/carriers/{second}")).await.expect(204);
    owner.post(&of_first, json!({ "number": "15559876543" })).await.expect(201);
}

#[tokio::test]
async fn a_call_goes_to_the_routes_then_to_the_numbers_bot_then_to_the_catch_all() {
    let app = TestApp::start().await;
    let (owner, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    let id = carrier(&app, json!({})).await;
    let (anna, berta) = (bot(&app, "Anna").await, bot(&app, "Berta").await);
    let dids = format!("/api/v1/carriers/{id}/dids");
    let made = owner.post(&dids, json!({ "number": "+15551234567", "label": "Desk", "bot_id": anna })).await.expect(201);
    owner.post(&dids, json!({ "number": "+15550000000", "direction": "outbound" })).await.expect(201);
    let answer = called(&app, "vnum000000000001", "15551234567").await;
    assert_eq!(
        (&answer["action"], &answer["bot_id"], answer.get("number_id")),
        (&json!("bot"), &json!(anna), None),
        "without its plus too"
    );
    assert_eq!(called(&app, "vnum000000000001", "15551234567").await, answer, "the same call once more");
    let session = answer["session_id"].as_str().unwrap();
    let config = app.engine().get(&format!("/api/v1/config/{anna}?session_id={session}")).await.expect(200);
    assert_eq!((&config["session_id"], &config["call_id"]), (&json!(session), &json!("vnum000000000001")));
    let call = admin.get(&format!("/api/v1/calls/{session}")).await.expect(200);
    assert_eq!((&call["bot_id"], &call["number_name"]), (&json!(anna), &json!("Desk")));
    let reception = called(&app, "vnum000000000002", "+15550000000").await;
    assert!(reception["number_id"].is_string(), "a number that is only shown is not answered by a bot: {reception}");
    let number = json!({ "name": "night", "number": "200", "mode": "live-voice-ai", "bot_id": berta, "visibility": "public" });
    admin.post("/api/v1/numbers", number).await.expect(201);
    admin.post("/api.ashx/v1/inbound-routes", json!({ "did": "+15551234567", "user": "night" })).await.expect(201);
    assert_eq!(called(&app, "vnum000000000003", "+15551234567").await["bot_id"], json!(berta), "a route comes first");
    assert_eq!(admin.delete(&format!("/api/v1/bots/{anna}")).await.expect(409)["error"], "in_use");
    owner.put(&format!("{dids}/{}", made["id"].as_str().unwrap()), json!({ "number": "+15551234567" })).await.expect(200);
    admin.delete(&format!("/api/v1/bots/{anna}")).await.expect(204);
    assert!(called(&app, "vnum000000000004", "15551234567").await["number_id"].is_string(), "without a bot it is for the catch-all");
}

#[tokio::test]
async fn the_number_of_an_inactive_carrier_and_the_bot_that_takes_no_calls_are_not_reached() {
    let app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    let id = carrier(&app, json!({})).await;
    let draft = make::with(make::bot("Draft"), json!({ "status": "draft" }));
    let draft = app.user(Role::Admin).post("/api/v1/bots", draft).await.expect(201)["id"].clone();
    owner.post(&format!("/api/v1/carriers/{id}/dids"), json!({ "number": "1555", "bot_id": draft })).await.expect(201);
    assert_eq!(called(&app, "vnum000000000001", "1555").await, json!({ "action": "reject", "sip_code": 480 }));
    let inactive = make::with(make::carrier(), json!({ "is_active": false }));
    owner.put(&format!("/api/v1/carriers/{id}"), inactive).await.expect(200);
    assert_eq!(called(&app, "vnum000000000002", "1555").await["action"], "bot", "the catch-all");
}
