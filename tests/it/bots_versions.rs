//! Versions of bots over the API: drafts, publishing, going back, comparing, copies, files, switching on and off.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, make};

async fn made(admin: &Client, body: Value) -> (String, String) {
    let id = admin.post("/api/v1/bots", body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/bots/{id}");
    (id, path)
}

async fn opening(app: &TestApp, id: &str) -> Value {
    app.engine().get(&format!("/api/v1/config/{id}")).await.expect(200)["opening_message"].clone()
}

fn says(words: &str) -> Value {
    make::with(make::bot("Anna"), json!({ "opening_message": words }))
}

#[tokio::test]
async fn a_draft_runs_on_no_call_until_it_is_published() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let (id, path) = made(&admin, says("One.")).await;
    admin.get(&format!("{path}/draft")).await.expect(404);
    admin.post(&format!("{path}/publish"), json!({})).await.expect(404);
    let draft = admin.put(&format!("{path}/draft"), make::with(says("Two."), json!({ "status": "inactive" }))).await.expect(200);
    assert_eq!((draft["based_on"].clone(), draft["is_outdated"].clone()), (json!(1), json!(false)));
    assert_eq!(draft["bot"]["status"], "active", "a draft does not switch its bot off");
    let shown = admin.get(&path).await.expect(200);
    assert_eq!((shown["has_draft"].clone(), shown["opening_message"].clone()), (json!(true), json!("One.")));
    assert_eq!(opening(&app, &id).await, "One.");
    let diff = admin.get(&format!("{path}/diff")).await.expect(200);
    assert_eq!(diff, json!({ "from": "1", "to": "draft", "changes": [{ "field": "opening_message", "old": "One.", "new": "Two." }] }));
    let published = admin.post(&format!("{path}/publish"), json!({ "note": "friendlier" })).await.expect(200);
    assert_eq!((published["version"].clone(), published["has_draft"].clone()), (json!(2), json!(false)));
    assert_eq!(opening(&app, &id).await, "Two.");
    let versions = admin.get(&format!("{path}/versions")).await.expect(200);
    assert_eq!((versions["data"][0]["note"].clone(), versions["data"][1]["is_published"].clone()), (json!("friendlier"), json!(false)));
    let first = admin.get(&format!("{path}/versions/1")).await.expect(200);
    assert_eq!((first["version"].clone(), first["bot"]["opening_message"].clone()), (json!(1), json!("One.")));
    for missing in ["3", "0", "-1", "x", "99999999999"] {
        admin.get(&format!("{path}/versions/{missing}")).await.expect(404);
    }
}

#[tokio::test]
async fn a_draft_that_others_overtook_is_published_only_by_force() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let (id, path) = made(&admin, says("One.")).await;
    admin.put(&format!("{path}/draft"), says("Mine.")).await.expect(200);
    admin.put(&path, says("Theirs.")).await.expect(200);
    let draft = admin.put(&format!("{path}/draft"), says("Mine, again.")).await.expect(200);
    assert_eq!(draft["is_outdated"], true, "saving again does not hide that it is outdated");
    assert_eq!(admin.post(&format!("{path}/publish"), json!({})).await.expect(409)["error"], "draft_outdated");
    admin.post(&format!("{path}/publish"), json!({ "force": true })).await.expect(200);
    assert_eq!(opening(&app, &id).await, "Mine, again.");
    admin.put(&format!("{path}/draft"), says("Never.")).await.expect(200);
    admin.delete(&format!("{path}/draft")).await.expect(204);
    admin.delete(&format!("{path}/draft")).await.expect(404);
    assert_eq!(opening(&app, &id).await, "Mine, again.");
}

#[tokio::test]
async fn going_back_publishes_an_old_version_as_a_new_one() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let key = |key: &str| json!({ "llm": { "provider": "openai", "api_key": key, "base_url": "http://10.0.0.5/v1" } });
    let (id, path) = made(&admin, make::with(says("One."), key("sk-0123456789abcdef"))).await;
    admin.put(&path, make::with(says("Two."), key("sk-fedcba9876543210"))).await.expect(200);
    admin.post(&format!("{path}/deactivate"), json!({})).await.expect(200);
    let back = admin.post(&format!("{path}/rollback"), json!({ "version": 1 })).await.expect(200);
    assert_eq!((back["version"].clone(), back["status"].clone()), (json!(3), json!("inactive")), "it stays switched off");
    admin.post(&format!("{path}/activate"), json!({})).await.expect(200);
    let config = app.engine().get(&format!("/api/v1/config/{id}")).await.expect(200);
    assert_eq!((config["opening_message"].clone(), config["llm"]["api_key"].clone()), (json!("One."), json!("sk-0123456789abcdef")));
    assert_eq!(config["bot_version"], 3);
    let versions = admin.get(&format!("{path}/versions?limit=1")).await.expect(200);
    assert_eq!(versions["data"][0]["note"], "back to version 1");
    let diff = admin.get(&format!("{path}/diff?from=2&to=published")).await.expect(200);
    let fields: Vec<_> = diff["changes"].as_array().unwrap().iter().map(|change| change["field"].clone()).collect();
    assert_eq!(fields, ["opening_message", "llm.api_key"]);
    assert_eq!(diff["changes"][1]["new"], "sk-0••••cdef");
    assert!(!diff.to_string().contains("456789"), "keys are masked in a comparison");
    admin.post(&format!("{path}/rollback"), json!({ "version": 9 })).await.expect(404);
    admin.post(&format!("{path}/rollback"), json!({})).await.expect(422);
    for (query, field) in [("from=old", "from"), ("to=1.5", "to")] {
        assert_eq!(admin.get(&format!("{path}/diff?{query}")).await.expect(422)["errors"][0]["field"], field);
    }
    admin.get(&format!("{path}/diff?from=7&to=published")).await.expect(404);
    admin.get(&format!("{path}/diff")).await.expect(404);
}

#[tokio::test]
async fn a_bot_is_switched_on_and_off_without_a_new_version() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let (id, path) = made(&admin, says("One.")).await;
    for _ in 0..2 {
        let off = admin.post(&format!("{path}/deactivate"), json!({})).await.expect(200);
        assert_eq!((off["status"].clone(), off["version"].clone()), (json!("inactive"), json!(1)));
    }
    assert_eq!(app.engine().get(&format!("/api/v1/config/{id}")).await.expect(404)["error"], "bot_not_active");
    assert_eq!(admin.get("/api/v1/bots?status=inactive").await.expect(200)["total"], 1);
    admin.post(&format!("{path}/activate"), json!({})).await.expect(200);
    assert_eq!(opening(&app, &id).await, "One.");
    let trail = admin.get(&format!("/api/v1/audit?target={id}")).await.expect(200);
    let actions: Vec<_> = trail["data"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    assert_eq!(actions, ["bot.activate", "bot.deactivate", "bot.create"], "what changes nothing leaves no trace");
}

#[tokio::test]
async fn a_copy_has_the_keys_of_its_original_and_takes_no_calls_yet() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let key = json!({ "llm": { "provider": "openai", "api_key": "sk-0123456789abcdef", "base_url": "http://10.0.0.5/v1" } });
    let (id, path) = made(&admin, make::with(says("One."), key)).await;
    let copy = admin.post(&format!("{path}/clone"), json!({})).await.expect(201);
    assert_eq!((copy["name"].clone(), copy["status"].clone(), copy["version"].clone()), (json!("Anna (copy)"), json!("draft"), json!(1)));
    assert_ne!(copy["id"], id.as_str());
    let own = format!("/api/v1/bots/{}", copy["id"].as_str().unwrap());
    admin.post(&format!("{own}/activate"), json!({})).await.expect(200);
    admin.delete(&path).await.expect(204);
    let config = app.engine().get(&format!("/api/v1/config/{}", copy["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(config["llm"]["api_key"], "sk-0123456789abcdef");
    let named = admin.post(&format!("{own}/clone"), json!({ "name": "Berta" })).await.expect(201);
    assert_eq!(named["name"], "Berta");
    assert_eq!(admin.post(&format!("{own}/clone"), json!({ "name": " " })).await.expect(422)["errors"][0]["field"], "name");
    admin.post(&format!("{own}/clone"), json!({ "status": "active" })).await.expect(422);
}

#[tokio::test]
async fn a_bot_travels_as_a_file_without_its_credentials() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let admin = app.user(Role::Admin);
    let secrets = json!({
        "llm": { "provider": "openai", "api_key": "sk-0123456789abcdef", "base_url": "http://10.0.0.5/v1" },
        "post_call_push": { "url": "https://crm.test/push", "auth": { "type": "bearer", "token": "crm-token-000001" },
            "headers": { "X-Tenant": "tenant-secret-01" }, "key_mapper": { "customer.id": "{{crm.id}}" } }
    });
    let (_, path) = made(&admin, make::with(says("One."), secrets)).await;
    let answer = admin.get(&format!("{path}/export")).await;
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"bot_"));
    let file = answer.expect(200);
    for secret in ["0123456789", "crm-token", "tenant-secret", "••••"] {
        assert!(!answer.text().contains(secret), "{secret}");
    }
    assert_eq!(file["left_out"], json!(["llm.api_key", "post_call_push.headers.X-Tenant", "post_call_push.auth.token"]));
    let stranger = other.user(Role::Admin);
    let imported = stranger.post("/api/v1/bots/import", file.clone()).await.expect(201);
    assert_eq!((imported["status"].clone(), imported["opening_message"].clone()), (json!("draft"), json!("One.")));
    let missing: Vec<_> = imported["missing"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert_eq!(missing, ["post_call_push.headers.X-Tenant", "post_call_push.auth.token", "llm.api_key"]);
    assert_eq!(imported["post_call_push"]["key_mapper"]["customer.id"], "{{crm.id}}");
    for (change, field) in [
        (json!({ "format": "other" }), "format"),
        (json!({ "format_version": 2 }), "format_version"),
        (json!({ "bot": { "name": "" } }), "bot.name"),
        (json!({ "bot": { "nmae": "x" } }), "bot.nmae"),
        (json!({ "id": "bot_1" }), "id"),
    ] {
        let refusal = stranger.post("/api/v1/bots/import", make::with(file.clone(), change.clone())).await.expect(422);
        assert_eq!(refusal["errors"][0]["field"], field, "{change}: {refusal}");
    }
}

#[tokio::test]
async fn each_change_of_a_bot_is_in_the_trail_with_its_fields_and_without_its_words() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let (id, path) = made(&admin, says("One.")).await;
    admin.put(&path, says("A secret sentence.")).await.expect(200);
    admin.put(&format!("{path}/draft"), says("Another secret.")).await.expect(200);
    admin.post(&format!("{path}/publish"), json!({})).await.expect(200);
    admin.post(&format!("{path}/rollback"), json!({ "version": 1 })).await.expect(200);
    admin.put(&format!("{path}/draft"), says("Gone.")).await.expect(200);
    admin.delete(&format!("{path}/draft")).await.expect(204);
    admin.delete(&path).await.expect(204);
    let trail = admin.get(&format!("/api/v1/audit?target={id}")).await.expect(200);
    let actions: Vec<_> = trail["data"].as_array().unwrap().iter().rev().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        ["bot.create", "bot.update", "bot.draft", "bot.publish", "bot.rollback", "bot.draft", "bot.draft_discard", "bot.delete"]
    );
    assert_eq!(trail["data"][6]["detail"]["changed"], json!(["opening_message"]));
    assert!(!trail.to_string().contains("secret"));
}
