//! Virtual numbers over both surfaces.

use cxbox::platform::access::Role;
use serde_json::json;

use crate::support::{TestApp, make};

#[tokio::test]
async fn a_number_is_made_read_changed_and_removed() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let bot = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].clone();
    let body = json!({ "name": "main", "number": "+35620000000", "mode": "live-voice-ai", "bot_id": bot, "visibility": "public" });
    let made = admin.post("/api/v1/numbers", body.clone()).await.expect(201);
    assert_eq!((made["max_duration_sec"].clone(), made["save_transcripts"].clone()), (json!(3500), json!(true)));
    let path = format!("/api/v1/numbers/{}", made["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.expect(200), made);
    admin.post("/api/v1/numbers", make::with(body.clone(), json!({ "number": "1" }))).await.expect(409);
    admin.post("/api/v1/numbers", make::with(body.clone(), json!({ "name": "other" }))).await.expect(409);
    let changed = admin.put(&path, make::with(body.clone(), json!({ "saveTranscripts": false }))).await.expect(200);
    assert_eq!(changed["save_transcripts"], false);
    for (change, field) in [
        (json!({ "bot_id": "bot_none" }), "bot_id"),
        (json!({ "number": "1 2" }), "number"),
        (json!({ "number": "*" }), "number"),
        (json!({ "name": " " }), "name"),
        (json!({ "visibility": "secret" }), "visibility"),
        (json!({ "max_duration_sec": 0 }), "max_duration_sec"),
    ] {
        let refusal = admin.put(&path, make::with(body.clone(), change)).await.expect(422);
        assert_eq!(refusal["errors"][0]["field"], field);
    }
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.expect(404);
}

#[tokio::test]
async fn the_codeb_list_has_the_tenant_beside_the_envelope() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let list = admin.get("/api.ashx/v1/numbers").await.expect(200);
    assert_eq!(list["tenant"], "127.0.0.1");
    assert_eq!((list["limit"].clone(), list["offset"].clone(), list["next"].clone()), (json!(50), json!(0), json!(null)));
    let reception = &list["data"][0];
    assert_eq!(reception["name"], "reception", "a new box has one number");
    for field in ["name", "number", "mode", "voice", "language", "saveTranscripts", "maxDurationSec", "visibility", "systemPrompt"] {
        assert!(!reception[field].is_null(), "{field}");
    }
    assert_eq!(reception["mode"], "live-voice-ai");
    app.anonymous().get("/api.ashx/v1/numbers").await.expect(401);
    app.user(Role::Supervisor).get("/api.ashx/v1/numbers").await.expect(403);
}

#[tokio::test]
async fn line_x58_saving_a_number_that_can_be_dialled_puts_it_on_the_whitelist() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let bot = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].clone();
    let body = |number: &str| json!({ "name": "desk", "number": number, "mode": "live-voice-ai", "bot_id": bot, "visibility": "public" });
    let listed = || {
        let admin = admin.clone();
        async move {
            let list = admin.get("/api/v1/whitelist").await.expect(200);
            list["data"].as_array().unwrap().iter().map(|row| row["phone"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        }
    };
    let id = admin.post("/api/v1/numbers", body("1000")).await.expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(listed().await, [] as [String; 0], "an extension is none of the world's numbers");
    admin.put(&format!("/api/v1/numbers/{id}"), body("+15551230000")).await.expect(200);
    assert_eq!(listed().await, ["+15551230000"]);
}
