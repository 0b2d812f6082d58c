//! People and keys over the API: ranks, mass assignment, what a key may and may not, the audit trail.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

fn new_user(name: &str, role: &str) -> Value {
    json!({ "name": name, "email": format!("{name}@example.com"), "password": "correct horse battery", "role": role })
}

async fn mint(client: &Client, body: Value) -> (String, String) {
    let minted = client.post("/api/v1/api-keys", body).await.expect(201);
    (minted["id"].as_str().unwrap().to_owned(), minted["key"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn people_are_made_up_to_one_s_own_rank_and_changed_from_above() {
    let app = TestApp::start().await;
    let (root, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    admin.post("/api/v1/users", new_user("boss", "super_admin")).await.expect(403);
    let peer = admin.post("/api/v1/users", new_user("peer", "admin")).await.expect(201);
    let peer = format!("/api/v1/users/{}", peer["id"].as_str().unwrap());
    admin.put(&peer, json!({ "name": "mine" })).await.expect(403);
    admin.post(&format!("{peer}/deactivate"), json!({})).await.expect(403);
    admin.post(&format!("{peer}/reset-password"), json!({ "new_password": "correct horse battery" })).await.expect(403);
    admin.delete(&peer).await.expect(403);
    root.put(&peer, json!({ "name": "renamed" })).await.expect(200);
    root.post(&format!("{peer}/reset-password"), json!({ "new_password": "another good one" })).await.expect(204);
    root.delete(&peer).await.expect(204);
    root.delete(&peer).await.expect(404);
}

#[tokio::test]
async fn bad_and_taken_names_are_refused_in_words() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    root.post("/api/v1/users", new_user("anna", "agent")).await.expect(201);
    let mut same_email = new_user("other", "agent");
    same_email["email"] = "ANNA@example.com".into();
    assert_eq!(root.post("/api/v1/users", same_email).await.expect(409)["detail"], "this e-mail address is taken");
    let mut same_name = new_user("Anna", "agent");
    same_name["email"] = "other@example.com".into();
    assert_eq!(root.post("/api/v1/users", same_name).await.expect(409)["detail"], "this name is taken");
    let bad = [
        ("email", json!("nonsense")),
        ("name", json!(" ")),
        ("role", json!("owner")),
        ("password", json!("short")),
        ("id", json!("usr_1")),
    ];
    for (field, value) in bad {
        let mut body = new_user("bert", "agent");
        body[field] = value;
        root.post("/api/v1/users", body).await.expect(422);
    }
    let listed = root.get("/api/v1/users?limit=1").await.expect(200);
    assert_eq!((listed["total"].as_u64(), &listed["next"]), (Some(2), &json!("/api/v1/users?limit=1&offset=1")));
    assert!(!listed.to_string().contains("argon2"));
}

#[tokio::test]
async fn the_last_super_admin_stays() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let me = root.get("/api/v1/auth/me").await.expect(200)["id"].as_str().unwrap().to_owned();
    let mine = format!("/api/v1/users/{me}");
    for change in [json!({ "role": "admin" }), json!({ "is_active": false })] {
        root.put(&mine, change).await.expect(403);
    }
    root.delete(&mine).await.expect(403);
    let second = root.post("/api/v1/users", new_user("second", "super_admin")).await.expect(201);
    let second = format!("/api/v1/users/{}", second["id"].as_str().unwrap());
    root.put(&second, json!({ "role": "agent" })).await.expect(200);
}

#[tokio::test]
async fn an_ak_key_ranks_admin_cannot_mint_and_dies_with_its_minter() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let minter = root.post("/api/v1/users", new_user("minter", "super_admin")).await.expect(201)["id"].as_str().unwrap().to_owned();
    let form = "grant_type=password&client_id=codeb-admin&username=minter&password=correct+horse+battery&scope=openid";
    let token = app.anonymous().form("/oidc.ashx/token", form).await.expect(200);
    let minter_client = app.anonymous().with_bearer(token["access_token"].as_str().unwrap());
    let (id, text) = mint(&minter_client, json!({ "name": "scripts", "kind": "ak" })).await;
    assert!(text.starts_with("ak_") && text.len() == 35, "{text}");
    let key = app.anonymous().with_bearer(&text);
    let me = key.get("/api/v1/auth/me").await.expect(200);
    assert_eq!((&me["role"], &me["name"]), (&json!("admin"), &json!("minter")));
    for kind in ["ak", "vx"] {
        assert_eq!(key.post("/api/v1/api-keys", json!({ "name": "x", "kind": kind })).await.expect(403)["error"], "api_key_cannot_mint");
    }
    key.get("/api/v1/api-keys").await.expect(403);
    key.get("/api/v1/users").await.expect(403);
    key.get("/api/v1/audit").await.expect(200);
    app.anonymous().with_header("x-api-key", &text).get("/api/v1/auth/me").await.expect(401);
    root.post(&format!("/api/v1/users/{minter}/deactivate"), json!({})).await.expect(200);
    key.get("/api/v1/auth/me").await.expect(401);
    root.post(&format!("/api/v1/users/{minter}/activate"), json!({})).await.expect(200);
    key.get("/api/v1/auth/me").await.expect(200);
    root.patch(&format!("/api/v1/api-keys/{id}"), json!({ "is_active": false })).await.expect(200);
    key.get("/api/v1/auth/me").await.expect(401);
    root.patch(&format!("/api/v1/api-keys/{id}"), json!({ "is_active": true })).await.expect(200);
    root.delete(&format!("/api/v1/api-keys/{id}")).await.expect(204);
    key.get("/api/v1/auth/me").await.expect(401);
    root.delete(&format!("/api/v1/api-keys/{id}")).await.expect(404);
}

#[tokio::test]
async fn a_key_is_shown_once_and_stored_as_its_hash() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let minted = root.post("/api/v1/api-keys", json!({ "name": "crm", "bot_ids": ["bot_1"] })).await.expect(201);
    let text = minted["key"].as_str().unwrap();
    assert!(text.starts_with("vx_") && text.len() == 35, "{text}");
    assert_eq!((&minted["kind"], minted["key_prefix"].as_str()), (&json!("vx"), Some(&text[..7])));
    let listed = root.get("/api/v1/api-keys").await.expect(200);
    assert_eq!(listed["data"][0]["bot_ids"], json!(["bot_1"]));
    assert!(!listed.to_string().contains(text));
    for file in [app.data.main_db(), app.folder().join("main.db-wal")] {
        let bytes = std::fs::read(file).unwrap();
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "the key lies in the database");
    }
    root.post("/api/v1/api-keys", json!({ "name": "late", "expires_at": "2020-01-01T00:00:00Z" })).await.expect(422);
    root.post("/api/v1/api-keys", json!({ "name": "late", "expires_at": "soon" })).await.expect(422);
    root.post("/api/v1/api-keys", json!({ "name": "other", "kind": "xx" })).await.expect(422);
}

#[tokio::test]
async fn a_vx_key_is_for_dialling_only_and_403_when_it_is_off_or_over() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let ends = app.clock.now().plus(Duration::from_secs(3600)).to_string();
    let (id, text) = mint(&root, json!({ "name": "crm", "kind": "vx", "expires_at": ends })).await;
    let crm = app.anonymous().with_header("x-api-key", &text);
    let words = |answer: Value| answer["detail"].as_str().unwrap().to_owned();
    assert!(words(crm.get("/api/v1/users").await.expect(403)).contains("people"));
    app.anonymous().with_header("x-api-key", "vx_unknown").get("/api/v1/users").await.expect(401);
    app.anonymous().with_bearer(&text).get("/api/v1/users").await.expect(401);
    root.patch(&format!("/api/v1/api-keys/{id}"), json!({ "is_active": false })).await.expect(200);
    assert!(words(crm.get("/api/v1/users").await.expect(403)).contains("not active"));
    root.patch(&format!("/api/v1/api-keys/{id}"), json!({ "is_active": true })).await.expect(200);
    app.advance(Duration::from_secs(3600));
    assert!(words(crm.get("/api/v1/users").await.expect(403)).contains("expired"));
    let endless = root.patch(&format!("/api/v1/api-keys/{id}"), json!({ "expires_at": null })).await.expect(200);
    assert!(endless["expires_at"].is_null() && endless["last_used_at"].is_string(), "{endless}");
    assert!(words(crm.get("/api/v1/users").await.expect(403)).contains("people"));
}

#[tokio::test]
async fn every_change_is_in_the_trail_and_the_trail_is_whole() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let id = root.post("/api/v1/users", new_user("anna", "agent")).await.expect(201)["id"].as_str().unwrap().to_owned();
    let (key, text) = mint(&root, json!({ "name": "crm" })).await;
    root.delete(&format!("/api/v1/api-keys/{key}")).await.expect(204);
    let trail = root.get("/api/v1/audit").await.expect(200);
    let actions: Vec<&str> = trail["data"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions[..3], ["api_key.delete", "api_key.mint", "user.create"]);
    assert!(!trail.to_string().contains(&text));
    let of_anna = root.get(&format!("/api/v1/audit?target={id}")).await.expect(200);
    let row = &of_anna["data"][0];
    assert_eq!((of_anna["total"].as_u64(), &row["actor"], &row["ip"]), (Some(1), &json!("super_admin"), &json!("127.0.0.1")));
    let chain = root.get("/api/v1/audit/verify").await.expect(200);
    assert_eq!((&chain["intact"], &chain["head"]), (&json!(true), &trail["data"][0]["hash"]));
    app.user(Role::Supervisor).get("/api/v1/audit").await.expect(403);
}

#[tokio::test]
async fn the_internal_secret_has_two_spellings_that_must_agree() {
    let app = TestApp::start().await;
    let secret = app.core_secret.clone();
    let with = |headers: &[(&str, &str)]| headers.iter().fold(app.anonymous(), |client, (name, value)| client.with_header(name, value));
    let words = |answer: Value| answer["detail"].as_str().unwrap().to_owned();
    for headers in [vec![("x-cxbcore-secret", secret.as_str())], vec![("x-cxb-core-secret", secret.as_str())]] {
        assert!(words(with(&headers).get("/api/v1/users").await.expect(403)).contains("people"), "the engine is known, and no person");
    }
    for headers in [
        vec![("x-cxbcore-secret", "wrong")],
        vec![("x-cxbcore-secret", secret.as_str()), ("x-cxb-core-secret", "wrong")],
        vec![("x-cxbcore-secret", secret.as_str()), ("x-cxbcore-secret", secret.as_str())],
        vec![("x-cxbox-local", secret.as_str())],
    ] {
        assert!(words(with(&headers).get("/api/v1/users").await.expect(403)).contains("secret"), "{headers:?}");
    }
    assert_eq!(with(&[("authorization", "Basic YTpi")]).get("/api/v1/users").await.status, 401);
    assert_eq!(with(&[("authorization", "Bearer nonsense")]).get("/healthz").await.status, 200, "a stale token harms no public route");
}
