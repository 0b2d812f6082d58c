//! Bots over the API: made, read, changed, removed; refused with the field's path; keys never shown.

use cxbox::platform::access::Role;
use serde_json::json;

use crate::support::{TestApp, make};

#[tokio::test]
async fn a_bot_is_made_read_changed_and_removed() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let made = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201);
    let path = format!("/api/v1/bots/{}", made["id"].as_str().unwrap());
    assert_eq!((made["version"].clone(), made["max_call_duration_seconds"].clone()), (json!(1), json!(600)));
    assert_eq!(admin.get(&path).await.expect(200), made);
    let changed = admin.put(&path, make::with(make::bot("Berta"), json!({ "status": "inactive" }))).await.expect(200);
    assert_eq!((changed["name"].clone(), changed["version"].clone()), (json!("Berta"), json!(2)));
    let versions = admin.get(&format!("{path}/versions")).await.expect(200);
    assert_eq!(versions["data"].as_array().unwrap().iter().map(|v| v["is_published"].clone()).collect::<Vec<_>>(), [true, false]);
    let listed = admin.get("/api/v1/bots?q=bert&status=inactive").await.expect(200);
    assert_eq!(listed["total"], 1);
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.expect(404);
    admin.delete(&path).await.expect(404);
    admin.put(&path, make::bot("Carla")).await.expect(404);
}

#[tokio::test]
async fn a_refusal_names_the_field() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let twice = json!({ "intents": [
        { "id": "a", "phrases": ["yes"], "reply": "Fine." }, { "id": "a", "phrases": ["no"], "reply": "Well." }
    ], "fallback": "Pardon?" });
    for (change, field) in [
        (json!({ "flow": twice }), "flow.intents[1].id"),
        (json!({ "stt": { "provider": "flite" } }), "stt.provider"),
        (json!({ "timezone": "Mars" }), "timezone"),
        (json!({ "max_call_duration_seconds": "long" }), "max_call_duration_seconds"),
        (json!({ "surprise": 1 }), "surprise"),
    ] {
        let refusal = admin.post("/api/v1/bots", make::with(make::bot("Anna"), change.clone())).await.expect(422);
        assert_eq!(refusal["errors"][0]["field"], field, "{change}: {refusal}");
    }
    admin.send(http::Method::POST, "/api/v1/bots", "application/json", "{".into()).await.expect(422);
}

#[tokio::test]
async fn a_key_is_sealed_shown_masked_and_kept_when_it_comes_back_masked() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let llm = |key: &str, url: &str| json!({ "llm": { "provider": "openai", "api_key": key, "base_url": url } });
    let body = make::with(make::bot("Anna"), llm("sk-0123456789abcdef", "http://10.0.0.5/v1"));
    let made = admin.post("/api/v1/bots", body.clone()).await.expect(201);
    assert_eq!(made["llm"]["api_key"], "sk-0••••cdef");
    let (id, path) = (made["id"].as_str().unwrap().to_owned(), format!("/api/v1/bots/{}", made["id"].as_str().unwrap()));
    let masked = make::with(body.clone(), llm("sk-0••••cdef", "http://10.0.0.5/v1"));
    admin.put(&path, masked).await.expect(200);
    let config = app.engine().get(&format!("/api/v1/config/{id}")).await.expect(200);
    assert_eq!(config["llm"]["api_key"], "sk-0123456789abcdef");
    let elsewhere = make::with(body.clone(), llm("sk-0••••cdef", "http://10.0.0.6/v1"));
    assert_eq!(admin.put(&path, elsewhere).await.expect(422)["errors"][0]["field"], "llm.api_key");
    let invented = make::with(body, llm("sk-9••••9999", "http://10.0.0.5/v1"));
    admin.put(&path, invented).await.expect(422);
    let file = std::fs::read(app.data.main_db()).unwrap();
    let log = std::fs::read(app.data.root().join("main.db-wal")).unwrap_or_default();
    let needle = b"sk-0123456789abcdef";
    assert!(![file, log].iter().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle)), "the key is not on the disk");
}

#[tokio::test]
async fn who_removed_the_disclosure_is_written_down() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let made = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201);
    let path = format!("/api/v1/bots/{}", made["id"].as_str().unwrap());
    for _ in 0..2 {
        admin.put(&path, make::with(make::bot("Anna"), json!({ "disclosure": false }))).await.expect(200);
    }
    let count = "select count(*) from audit where action = 'bot.disclosure_removed' and actor = 'admin'";
    let n: i64 = app.db().read(move |conn| Ok(conn.query_row(count, [], |row| row.get(0))?)).await.unwrap();
    assert_eq!(n, 1, "once, not with every save");
}

#[tokio::test]
async fn a_bot_that_answers_on_a_number_stays() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let made = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201);
    let number = json!({ "name": "main", "number": "100", "mode": "live-voice-ai", "bot_id": made["id"], "visibility": "public" });
    let number = admin.post("/api/v1/numbers", number).await.expect(201);
    let path = format!("/api/v1/bots/{}", made["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).await.expect(409)["error"], "in_use");
    admin.delete(&format!("/api/v1/numbers/{}", number["id"].as_str().unwrap())).await.expect(204);
    admin.delete(&path).await.expect(204);
}
