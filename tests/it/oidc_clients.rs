//! Clients of the identity provider, and the scopes of keys for programs.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::oidc_code::{CALLBACK, authorize, start};
use crate::support::{Browser, Client, TestApp};

const PATH: &str = "/api/v1/oidc/clients";

fn uris(uri: &str) -> Value {
    json!({ "redirect_uris": [uri] })
}

#[tokio::test]
async fn super_admins_register_change_and_remove_clients_and_admins_see_them() {
    let app = TestApp::start().await;
    let (root, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    let made = root.post(PATH, json!({ "client_id": "grafana", "redirect_uris": [CALLBACK], "confidential": true })).await.expect(201);
    let secret = made["client_secret"].as_str().unwrap().to_owned();
    assert!(secret.len() >= 32 && made["confidential"] == true && made["api_access"] == true, "{made}");
    let listed = admin.get(PATH).await.expect(200);
    assert_eq!((&listed["total"], &listed["data"][0]["client_id"]), (&json!(2), &json!("codeb-admin")));
    assert!(!listed.to_string().contains(&secret), "shown once");
    let pages = [admin.get(&format!("{PATH}?limit=1")).await.expect(200), admin.get(&format!("{PATH}?limit=1&offset=1")).await.expect(200)];
    let names: Vec<&Value> = pages.iter().map(|page| &page["data"][0]["client_id"]).collect();
    assert_eq!(
        (names, pages[0]["data"].as_array().unwrap().len(), &pages[1]["next"]),
        (vec![&json!("codeb-admin"), &json!("grafana")], 1, &Value::Null)
    );
    let path = format!("{PATH}/grafana");
    let changed = root.patch(&path, json!({ "description": "Graphs", "redirect_uris": ["https://new.example/cb"] })).await.expect(200);
    assert_eq!((&changed["description"], &changed["redirect_uris"]), (&json!("Graphs"), &json!(["https://new.example/cb"])));
    for (client, status) in [(&admin, 403), (&app.user(Role::Agent), 403), (&app.anonymous(), 401)] {
        client.post(PATH, uris(CALLBACK)).await.expect(status);
        client.patch(&path, json!({})).await.expect(status);
        client.delete(&path).await.expect(status);
        client.post(&format!("{path}/secret"), json!({})).await.expect(status);
    }
    root.post(PATH, json!({ "client_id": "grafana", "redirect_uris": [CALLBACK] })).await.expect(409);
    root.delete(&path).await.expect(204);
    root.get(&path).await.expect(404);
    root.delete(&path).await.expect(404);
    let named = root.post(PATH, uris(CALLBACK)).await.expect(201);
    assert!(named["client_id"].as_str().unwrap().starts_with("client-") && named.get("client_secret").is_none());
    root.post(&format!("{PATH}/{}/secret", named["client_id"].as_str().unwrap()), json!({})).await.expect(409);
    let trail = root.get("/api/v1/audit?target=grafana").await.expect(200);
    let actions: Vec<&str> = trail["data"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["oidc_client.delete", "oidc_client.update", "oidc_client.create"]);
}

#[tokio::test]
async fn redirect_addresses_that_are_not_https_or_local_are_refused() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let bad = [
        "http://app.example/cb",
        "http://10.0.0.1/cb",
        "http://127.0.0.1.example/cb",
        "https://app.example/cb#x",
        "https://u@app.example/cb",
        "https://*.example/cb",
        "javascript:alert(1)",
        "app://cb",
        "/cb",
        "",
    ];
    for uri in bad {
        let refused = root.post(PATH, uris(uri)).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "redirect_uris", "{uri}");
        root.post(PATH, json!({ "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [uri] })).await.expect(422);
    }
    for body in [
        json!({}),
        json!({ "redirect_uris": [] }),
        json!({ "redirect_uris": CALLBACK }),
        json!({ "redirect_uris": vec![CALLBACK; 21] }),
        json!({ "redirect_uris": [CALLBACK], "client_id": "a b" }),
        json!({ "redirect_uris": [CALLBACK], "client_id": "" }),
        json!({ "redirect_uris": [CALLBACK], "description": "a\nb" }),
        json!({ "redirect_uris": [CALLBACK], "secret_hash": "x" }),
    ] {
        root.post(PATH, body.clone()).await.expect(422);
    }
    for uri in ["http://127.0.0.1:8080/cb", "http://[::1]/cb", "http://localhost/cb", "https://app.example:8443/cb?a=b"] {
        root.post(PATH, uris(uri)).await.expect(201);
    }
}

#[tokio::test]
async fn the_built_in_client_returns_to_this_box_and_cannot_be_overridden_or_removed() {
    let app = start().await;
    let root = app.user(Role::SuperAdmin);
    let built_in = root.get(&format!("{PATH}/codeb-admin")).await.expect(200);
    assert_eq!(
        (&built_in["built_in"], &built_in["redirect_uris"][0]),
        (&json!(true), &json!(format!("{}/oidc-callback.html", app.base_url())))
    );
    root.post(PATH, json!({ "client_id": "codeb-admin", "redirect_uris": ["https://evil.example/"] })).await.expect(409);
    root.patch(&format!("{PATH}/codeb-admin"), uris("https://evil.example/")).await.expect(409);
    root.delete(&format!("{PATH}/codeb-admin")).await.expect(409);
    root.post(&format!("{PATH}/codeb-admin/secret"), json!({})).await.expect(409);
    let mut browser = Browser::new(app.anonymous());
    let own = format!("{}/oidc-callback.html", app.base_url());
    assert_eq!(browser.get(&authorize(&[("client_id", "codeb-admin"), ("redirect_uri", &own)])).await.status, 200);
    assert_eq!(browser.get(&authorize(&[("client_id", "codeb-admin")])).await.status, 400);
}

async fn key(root: &Client, app: &TestApp, body: Value) -> (String, Client) {
    let minted = root.post("/api/v1/api-keys", body).await.expect(201);
    (minted["id"].as_str().unwrap().to_owned(), app.anonymous().with_bearer(minted["key"].as_str().unwrap()))
}

#[tokio::test]
async fn an_ak_key_is_minted_in_an_oidc_session_only() {
    let app = TestApp::start().await;
    let body = json!({ "name": "scripts", "kind": "ak" });
    let refused = app.user(Role::SuperAdmin).post("/api/v1/api-keys", body.clone()).await.expect(403);
    assert_eq!(refused["error"], "oidc_session_required");
    app.user(Role::SuperAdmin).post("/api/v1/api-keys", json!({ "name": "crm", "kind": "vx" })).await.expect(201);
    app.oidc_user(Role::Agent).post("/api/v1/api-keys", body.clone()).await.expect(403);
    let (_, program) = key(&app.oidc_user(Role::Admin), &app, body.clone()).await;
    assert_eq!(program.post("/api/v1/api-keys", body).await.expect(403)["error"], "api_key_cannot_mint");
    for path in [PATH, "/api/v1/users", "/api/v1/api-keys"] {
        program.get(path).await.expect(403);
    }
    program.post("/api/v1/oidc/keys/rotate", json!({})).await.expect(403);
    program.get("/api.ashx/v1/calls").await.expect(200);
}

#[tokio::test]
async fn a_key_with_scopes_does_what_they_say_and_nothing_else() {
    let app = TestApp::start().await;
    let root = app.oidc_user(Role::SuperAdmin);
    let (id, program) = key(&root, &app, json!({ "name": "reader", "kind": "ak", "scopes": ["calls:read", "numbers:read"] })).await;
    program.get("/api.ashx/v1/calls").await.expect(200);
    program.get("/api.ashx/v1/numbers").await.expect(200);
    program.get("/api/v1/auth/me").await.expect(200);
    for answer in [
        program.post("/api.ashx/v1/calls", json!({ "phone": "+4312345678" })).await,
        program.get("/api.ashx/v1/webhooks").await,
        program.get("/api.ashx/v1/inbound-routes").await,
        program.get("/api/v1/bots").await,
        program.get("/api/v1/audit").await,
    ] {
        assert_eq!(answer.expect(403)["error"], "insufficient_scope");
    }
    assert_eq!(program.get("/healthz").await.status, 200, "a public route asks nobody");
    let path = format!("/api/v1/api-keys/{id}");
    let changed = root.patch(&path, json!({ "scopes": ["routes:read"] })).await.expect(200);
    assert_eq!(changed["scopes"], json!(["routes:read"]));
    program.get("/api.ashx/v1/inbound-routes").await.expect(200);
    program.get("/api.ashx/v1/calls").await.expect(403);
    root.patch(&path, json!({ "scopes": [] })).await.expect(200);
    program.get("/api/v1/bots").await.expect(200);
    root.post("/api/v1/api-keys", json!({ "name": "x", "kind": "ak", "scopes": ["everything"] })).await.expect(422);
    root.post("/api/v1/api-keys", json!({ "name": "x", "kind": "vx", "scopes": ["calls:read"] })).await.expect(422);
}

#[tokio::test]
async fn the_use_of_a_key_shows_and_its_end_comes_at_once() {
    let app = TestApp::start().await;
    let root = app.oidc_user(Role::SuperAdmin);
    let ends = app.clock.now().plus(Duration::from_secs(600)).to_string();
    let (id, program) = key(&root, &app, json!({ "name": "a", "kind": "ak", "expires_at": ends })).await;
    let (_, other) = key(&root, &app, json!({ "name": "b", "kind": "ak" })).await;
    let row = |listed: Value, id: &str| listed["data"].as_array().unwrap().iter().find(|key| key["id"] == id).unwrap().clone();
    assert!(row(root.get("/api/v1/api-keys").await.expect(200), &id)["last_used_at"].is_null());
    program.get("/api.ashx/v1/calls").await.expect(200);
    let mut used = Value::Null;
    // Written beside the request, never in front of it.
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1_500 {
        tick.tick().await;
        used = row(root.get("/api/v1/api-keys").await.expect(200), &id)["last_used_at"].clone();
        if used.is_string() {
            break;
        }
    }
    assert_eq!(used, app.clock.now().to_string());
    app.advance(Duration::from_secs(600));
    program.get("/api.ashx/v1/calls").await.expect(401);
    root.get("/api/v1/api-keys").await.expect(200);
    root.patch(&format!("/api/v1/api-keys/{id}"), json!({ "expires_at": null })).await.expect(200);
    program.get("/api.ashx/v1/calls").await.expect(200);
    root.delete(&format!("/api/v1/api-keys/{id}")).await.expect(204);
    program.get("/api.ashx/v1/calls").await.expect(401);
    other.get("/api.ashx/v1/calls").await.expect(200);
}
