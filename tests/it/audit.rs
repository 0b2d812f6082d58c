//! The audit trail: that every change leaves a row, and how it is filtered, taken away as a file and checked.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, make};

#[tokio::test]
async fn the_trail_is_a_file_in_two_forms_that_says_what_the_list_says() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let evil =
        json!({ "name": "=HYPERLINK(\"http://x\")", "email": "evil@example.com", "password": "correct horse battery", "role": "agent" });
    root.post("/api/v1/users", evil).await.expect(201);
    for n in 0..1_203 {
        let name = format!("n{n}");
        app.db()
            .write(move |tx| {
                cxbox::platform::audit::append(tx, &cxbox::platform::access::Actor::system(), "test.row", &name, &json!({ "n": n }))
            })
            .await
            .unwrap();
    }
    let answer = root.get("/api/v1/audit/export").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/jsonl"));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"audit.jsonl\"");
    let text = answer.text();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let total = root.get("/api/v1/audit").await.expect(200)["total"].as_u64().unwrap();
    assert_eq!(rows.len() as u64, total);
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[1] == pair[0] + 1), "oldest first, none missing, none twice");
    let newest = root.get("/api/v1/audit?limit=1").await.expect(200)["data"][0].clone();
    assert_eq!(rows.last().unwrap(), &newest);
    assert_eq!(root.get("/api/v1/audit/verify").await.expect(200)["head"], newest["hash"]);
    let csv = root.get("/api/v1/audit/export?format=csv&action=user.create").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let csv = csv.text();
    assert!(csv.starts_with("id,at,actor_id,actor,via,ip,action,target,detail,hash\r\n"));
    assert!(csv.lines().count() == 2 && csv.contains(",user.create,usr_"), "{csv}");
    assert_eq!(root.get("/api/v1/audit/export?format=xml").await.expect(422)["errors"][0]["field"], "format");
    app.user(Role::Supervisor).get("/api/v1/audit/export").await.expect(403);
}

#[tokio::test]
async fn the_trail_is_narrowed_by_who_what_and_when() {
    let app = TestApp::start().await;
    let (root, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201);
    app.advance(Duration::from_secs(3600));
    let later = app.clock.now().to_string();
    root.post("/api/v1/bots", make::bot("Berta")).await.expect(201);
    let count = |query: String| {
        let root = root.clone();
        async move { root.get(&format!("/api/v1/audit?action=bot.create{query}")).await.expect(200)["total"].as_u64().unwrap() }
    };
    assert_eq!(count(String::new()).await, 2);
    assert_eq!(
        (count("&actor=admin".into()).await, count("&actor=super_admin".into()).await, count("&actor=nobody".into()).await),
        (1, 1, 0)
    );
    assert_eq!((count(format!("&from={later}")).await, count(format!("&to={later}")).await), (1, 1));
    for field in ["from", "to"] {
        assert_eq!(root.get(&format!("/api/v1/audit?{field}=yesterday")).await.expect(422)["errors"][0]["field"], field);
    }
    let next = root.get("/api/v1/audit?action=bot.create&actor=admin&limit=1").await.expect(200);
    assert!(next["next"].is_null());
}

/// Asks, and says which actions that left in the trail.
async fn left_by(app: &TestApp, answer: impl Future<Output = crate::support::Answer>) -> (Value, Vec<String>) {
    let before = app.db().read(cxbox::platform::audit::newest).await.unwrap();
    let answer = answer.await;
    assert!(answer.status < 300, "{answer:?}");
    let after = app.db().read(cxbox::platform::audit::newest).await.unwrap();
    let filter = cxbox::platform::audit::Filter::default();
    let rows = app.db().read(move |conn| cxbox::platform::audit::following(conn, &filter, before, after, 100)).await.unwrap();
    let body = if answer.bytes.is_empty() { Value::Null } else { serde_json::from_slice(&answer.bytes).unwrap_or(Value::Null) };
    (body, rows.into_iter().map(|row| row.action).collect())
}

macro_rules! leaves {
    ($app:expr, $answer:expr, $($action:literal),+) => {{
        let (body, actions) = left_by($app, $answer).await;
        assert_eq!(actions, [$($action),+]);
        body
    }};
}

fn id_of(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}

async fn numbers_and_routes(app: &TestApp, admin: &Client) {
    let number = json!({ "name": "main", "number": "100", "visibility": "public", "bot_id": "bot_0000000000000001" });
    let id = id_of(&leaves!(app, admin.post("/api/v1/numbers", number.clone()), "number.create"));
    leaves!(app, admin.put(&format!("/api/v1/numbers/{id}"), number), "number.update");
    leaves!(app, admin.delete(&format!("/api/v1/numbers/{id}")), "number.delete");
    leaves!(app, admin.post("/api.ashx/v1/inbound-routes", json!({ "did": "100", "user": "anna" })), "route.create");
    leaves!(app, admin.put("/api.ashx/v1/inbound-routes/100", json!({ "user": "berta" })), "route.update");
    leaves!(app, admin.delete("/api.ashx/v1/inbound-routes/100"), "route.delete");
}

async fn people_and_keys(app: &TestApp, root: &Client) {
    let new = |name: &str| json!({ "name": name, "email": format!("{name}@x.test"), "password": "correct horse battery", "role": "agent" });
    let user = id_of(&leaves!(app, root.post("/api/v1/users", new("anna")), "user.create"));
    leaves!(app, root.post("/api/v1/auth/register", new("berta")), "user.create");
    leaves!(app, root.put(&format!("/api/v1/users/{user}"), json!({ "phone": "+15551234567" })), "user.update");
    leaves!(app, root.put("/api/v1/auth/me", json!({ "locale": "en-GB" })), "user.update");
    leaves!(app, root.post(&format!("/api/v1/users/{user}/deactivate"), json!({})), "user.update");
    leaves!(app, root.post(&format!("/api/v1/users/{user}/activate"), json!({})), "user.update");
    leaves!(
        app,
        root.post(&format!("/api/v1/users/{user}/reset-password"), json!({ "new_password": "another good one" })),
        "user.password"
    );
    leaves!(app, root.delete(&format!("/api/v1/users/{user}")), "user.delete");
    let key = id_of(&leaves!(app, root.post("/api/v1/api-keys", json!({ "name": "crm" })), "api_key.mint"));
    leaves!(app, root.patch(&format!("/api/v1/api-keys/{key}"), json!({ "name": "other" })), "api_key.update");
    leaves!(app, root.delete(&format!("/api/v1/api-keys/{key}")), "api_key.delete");
    let client = json!({ "client_id": "app", "description": "App", "redirect_uris": ["https://app.test/cb"] });
    leaves!(app, root.post("/api/v1/oidc/clients", client), "oidc_client.create");
    leaves!(app, root.patch("/api/v1/oidc/clients/app", json!({ "description": "Other" })), "oidc_client.update");
    leaves!(app, root.delete("/api/v1/oidc/clients/app"), "oidc_client.delete");
}

async fn the_rest(app: &TestApp, root: &Client) {
    let carrier = id_of(&leaves!(app, root.post("/api/v1/carriers", make::carrier()), "carrier.create"));
    leaves!(app, root.put(&format!("/api/v1/carriers/{carrier}"), make::carrier()), "carrier.update");
    leaves!(app, root.delete(&format!("/api/v1/carriers/{carrier}")), "carrier.delete");
    leaves!(app, root.put("/api/v1/settings/brand", json!({ "name": "Acme" })), "settings.update");
    leaves!(app, root.put("/api/v1/prompts/reminder", json!({ "text": "Remind." })), "prompt.write");
    leaves!(app, root.delete("/api/v1/prompts/reminder"), "prompt.delete");
    leaves!(app, root.post("/api/v1/do-not-call", json!({ "phone": "+15551230001" })), "do_not_call.add");
    leaves!(app, root.delete("/api/v1/do-not-call/%2B15551230001"), "do_not_call.remove");
    leaves!(app, root.post("/api/v1/whitelist", json!({ "phone": "+15551230002" })), "whitelist.add");
    leaves!(app, root.delete("/api/v1/whitelist/%2B15551230002"), "whitelist.remove");
    let hook = json!({ "url": "https://hooks.example.com/x", "events": ["call.ended"] });
    let hook = id_of(&leaves!(app, root.post("/api/v1/webhooks", hook), "webhook.create"));
    let hook = format!("/api/v1/webhooks/{hook}");
    leaves!(app, root.patch(&hook, json!({ "events": ["call.started"] })), "webhook.update");
    leaves!(app, root.post(&format!("{hook}/pause"), json!({})), "webhook.pause");
    leaves!(app, root.post(&format!("{hook}/resume"), json!({})), "webhook.resume");
    leaves!(app, root.post(&format!("{hook}/rotate"), json!({})), "webhook.rotate");
    leaves!(app, root.delete(&hook), "webhook.delete");
}

#[tokio::test]
async fn a_change_in_any_slice_leaves_a_row_and_the_chain_holds() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    let (root, admin) = (app.oidc_user(Role::SuperAdmin), app.user(Role::Admin));
    numbers_and_routes(&app, &admin).await;
    people_and_keys(&app, &root).await;
    the_rest(&app, &root).await;
    assert_eq!(root.get("/api/v1/audit/verify").await.expect(200)["intact"], true);
}
