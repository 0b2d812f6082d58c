//! What engines ask: what becomes of an incoming call, and what a call runs on.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, make};

fn invite(call_id: &str, did: &str, from: Option<&str>) -> Value {
    json!({ "call_id": call_id, "carrier_id": "tr_0000000000000001", "did": did, "from_number": from, "headers": {} })
}

async fn number(app: &TestApp, name: &str, number: &str, bot: Value) -> (Value, Value) {
    let admin = app.user(Role::Admin);
    let bot = admin.post("/api/v1/bots", bot).await.expect(201)["id"].clone();
    let body = json!({ "name": name, "number": number, "mode": "live-voice-ai", "bot_id": bot, "visibility": "public" });
    (admin.post("/api/v1/numbers", body).await.expect(201)["id"].clone(), bot)
}

#[tokio::test]
async fn a_new_box_answers_every_call_with_its_reception() {
    let app = TestApp::start().await;
    let answer = app.engine().post("/api/v1/engine/inbound", invite("vnum000000000001", "+1555", None)).await.expect(200);
    assert_eq!(answer["action"], "bot");
    let path = format!("/api/v1/config/{}?session_id={}", answer["bot_id"].as_str().unwrap(), answer["session_id"].as_str().unwrap());
    let config = app.engine().get(&path).await.expect(200);
    assert!(config["opening_message"].as_str().unwrap().contains("not set up"));
    assert_eq!(config["call_id"], "vnum000000000001");
    assert_eq!(config["max_call_duration_seconds"], 30);
    app.user(Role::Admin).get(&path).await.expect(403);
    app.anonymous().get(&path).await.expect(403);
}

#[tokio::test]
async fn routes_decide_before_the_dialled_number_and_a_repeat_gets_the_same_answer() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let (main, _) = number(&app, "main", "100", make::bot("Anna")).await;
    let (night, _) = number(&app, "night", "200", make::bot("Berta")).await;
    let ask = |call_id: &str, did: &str, from: Option<&str>| {
        let (engine, body) = (app.engine(), invite(call_id, did, from));
        async move { engine.post("/api/v1/engine/inbound", body).await.expect(200) }
    };
    assert_eq!(ask("vnum000000000001", "100", Some("+1555")).await["number_id"], main, "the dialled number");
    admin.post("/api.ashx/v1/inbound-routes", json!({ "did": "100", "fromNumber": "+356*", "user": "NIGHT" })).await.expect(201);
    let routed = ask("vnum000000000002", "100", Some("+35699")).await;
    assert_eq!(routed["number_id"], night, "a route by name, whatever the case");
    assert_eq!(ask("vnum000000000002", "100", Some("+35699")).await, routed, "the same call once more");
    admin.post("/api.ashx/v1/inbound-routes", json!({ "did": "300", "user": "200" })).await.expect(201);
    assert_eq!(ask("vnum000000000003", "300", None).await["number_id"], night, "a route by number");
    admin.post("/api.ashx/v1/inbound-routes", json!({ "did": "400", "user": "alex" })).await.expect(201);
    assert_eq!(
        ask("vnum000000000004", "400", None).await,
        json!({ "action": "reject", "sip_code": 480 }),
        "nobody of this name has a phone"
    );
}

#[tokio::test]
async fn a_bot_that_takes_no_calls_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let closed = json!({ "active_hours": { "start_time": "13:00", "end_time": "14:00" } });
    let (_, closed) = number(&app, "closed", "100", make::with(make::bot("Anna"), closed)).await;
    let (_, draft) = number(&app, "draft", "200", make::with(make::bot("Berta"), json!({ "status": "draft" }))).await;
    for did in ["100", "200"] {
        let answer = app.engine().post("/api/v1/engine/inbound", invite("vnum000000000001", did, None)).await.expect(200);
        assert_eq!(answer, json!({ "action": "reject", "sip_code": 480 }));
    }
    let config = |id: &Value| format!("/api/v1/config/{}", id.as_str().unwrap());
    let refusal = app.engine().get(&config(&closed)).await.expect(503);
    assert!(refusal["detail"].as_str().unwrap().starts_with("outside_active_hours: "));
    app.engine().get(&config(&draft)).await.expect(404);
    app.engine().get("/api/v1/config/bot_none").await.expect(404);
    app.advance(std::time::Duration::from_secs(3600 + 60));
    app.engine().get(&config(&closed)).await.expect(200);
}

#[tokio::test]
async fn a_config_has_its_variables_and_opens_the_calls_row() {
    let app = TestApp::start().await;
    let words =
        json!({ "opening_message": "Hello {{call.name}}, it is {{system.current_date}}, {{system.current_time}}. {{unknown.thing}}" });
    let (_, bot) = number(&app, "main", "100", make::with(make::bot("Anna"), words)).await;
    let event = "%7B%22name%22%3A%22Ada%22%2C%22_skip_post_push%22%3Atrue%2C%22_campaign_session_id%22%3A%22s-1%22%7D";
    let path = format!("/api/v1/config/{}?caller_id=%2B1555&stream_id=st-1&connected_event={event}", bot.as_str().unwrap());
    let config = app.engine().get(&path).await.expect(200);
    assert_eq!(config["opening_message"], "Hello Ada, it is 01 June 2026, 12:00 PM UTC. {{unknown.thing}}");
    assert_eq!(config["session_id"], "s-1");
    assert_eq!(config["webhook_url"], format!("{}/api/v1/call-results", app.base_url()));
    assert!(!config["disclosure"].as_str().unwrap().is_empty());
    let call = app.user(Role::Admin).get("/api/v1/calls/s-1").await.expect(200);
    assert_eq!((call["status"].clone(), call["connected_event"].clone()), (json!("active"), json!({ "name": "Ada" })));
    for malformed in ["", "nonsense", "%5B1%5D"] {
        app.engine().get(&format!("/api/v1/config/{}?connected_event={malformed}", bot.as_str().unwrap())).await.expect(200);
    }
}

#[tokio::test]
async fn a_numbers_limit_voice_and_transcripts_go_with_the_call() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let bot = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].clone();
    let body = json!({
        "name": "main", "number": "100", "bot_id": bot, "max_duration_sec": 20, "language": "en-GB", "save_transcripts": false
    });
    admin.post("/api/v1/numbers", body).await.expect(201);
    let answer = app.engine().post("/api/v1/engine/inbound", invite("vnum000000000001", "100", None)).await.expect(200);
    let session = answer["session_id"].as_str().unwrap().to_owned();
    let config = app.engine().get(&format!("/api/v1/config/{}?session_id={session}", bot.as_str().unwrap())).await.expect(200);
    assert_eq!((config["max_call_duration_seconds"].clone(), config["language"].clone()), (json!(20), json!("en-GB")));
    let kept: bool = app
        .db()
        .read(move |conn| Ok(conn.query_row("select save_transcript from calls where session_id = ?1", [session], |row| row.get(0))?))
        .await
        .unwrap();
    assert!(!kept);
}

#[tokio::test]
async fn what_came_with_the_box_and_was_removed_stays_away() {
    let mut app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let numbers = admin.get("/api/v1/numbers").await.expect(200);
    admin.delete(&format!("/api/v1/numbers/{}", numbers["data"][0]["id"].as_str().unwrap())).await.expect(204);
    let bots = admin.get("/api/v1/bots").await.expect(200);
    assert_eq!(bots["total"], 2);
    for bot in bots["data"].as_array().unwrap() {
        admin.delete(&format!("/api/v1/bots/{}", bot["id"].as_str().unwrap())).await.expect(204);
    }
    app.restart().await;
    assert_eq!(app.user(Role::Admin).get("/api/v1/bots").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn what_a_bot_hands_its_callers_on_to_within_the_box_is_known_to_its_calls_and_reached_whatever_its_visibility() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let (desk, _) = number(&app, "desk", "700", make::bot("Desk")).await;
    let private = json!({ "visibility": "signed-in" });
    let body = make::with(admin.get(&format!("/api/v1/numbers/{}", desk.as_str().unwrap())).await.expect(200), private);
    let fields = ["name", "number", "mode", "bot_id", "visibility"];
    let body: serde_json::Map<String, Value> =
        body.as_object().unwrap().clone().into_iter().filter(|(key, _)| fields.contains(&key.as_str())).collect();
    admin.put(&format!("/api/v1/numbers/{}", desk.as_str().unwrap()), Value::Object(body)).await.expect(200);
    admin.post("/api.ashx/v1/inbound-routes", json!({ "did": "800", "user": "alex" })).await.expect(201);
    let targets = json!({
        "transfer_numbers": { "by name": "desk", "outside": "+35621234567", "uri": "sip:700@example.org" },
        "transfer_targets": [
            { "id": "number", "type": "extension", "value": "700" },
            { "id": "person", "type": "extension", "value": "800", "attended": true },
        ],
    });
    let (_, bot) = number(&app, "main", "100", make::with(make::bot("Anna"), targets)).await;
    let asked = app.engine().post("/api/v1/engine/inbound", invite("vnum000000000001", "100", Some("+1555"))).await.expect(200);
    let path = format!("/api/v1/config/{}?session_id={}", bot.as_str().unwrap(), asked["session_id"].as_str().unwrap());
    let config = app.engine().get(&path).await.expect(200);
    assert_eq!(config["transfer_inside"], json!({ "700": "bot", "desk": "bot", "800": "phone" }));
    let inside = |call_id: &str, did: &str| {
        let body = make::with(invite(call_id, did, Some("+1555")), json!({ "is_inside": true }));
        let engine = app.engine();
        async move { engine.post("/api/v1/engine/inbound", body).await.expect(200) }
    };
    let denied = app.engine().post("/api/v1/engine/inbound", invite("vnum000000000002", "700", Some("+1555"))).await.expect(200);
    assert_eq!(denied["sip_code"], 403, "from outside it is not reached");
    assert_eq!(inside("vnum000000000003", "700").await["number_id"], desk);
    assert_eq!(inside("vnum000000000004", "desk").await["number_id"], desk);
    assert_eq!(inside("vnum000000000005", "800").await["sip_code"], 480, "nobody of this name has a phone");
    assert_eq!(inside("vnum000000000006", "+35621234567").await["sip_code"], 404, "what takes all other calls is not meant");
}
