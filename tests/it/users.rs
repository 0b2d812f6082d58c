//! People over the API beyond their ranks: registering, oneself, languages, filters, and what a body may not carry.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

fn new_user(name: &str, role: &str) -> Value {
    json!({ "name": name, "email": format!("{name}@example.com"), "password": "correct horse battery", "role": role })
}

async fn login(app: &TestApp, name: &str, password: &str) -> Client {
    let body = json!({ "email": format!("{name}@example.com"), "password": password });
    let token = app.anonymous().post("/api/v1/auth/login", body).await.expect(200);
    assert_eq!(token["token_type"], "bearer");
    app.anonymous().with_bearer(token["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn registering_needs_an_admin_and_gives_up_to_ones_own_rank() {
    let app = TestApp::start().await;
    let path = "/api/v1/auth/register";
    app.anonymous().post(path, new_user("anna", "agent")).await.expect(401);
    app.user(Role::Supervisor).post(path, new_user("anna", "agent")).await.expect(403);
    let admin = app.user(Role::Admin);
    admin.post(path, new_user("boss", "super_admin")).await.expect(403);
    let made = admin.post(path, new_user("anna", "admin")).await.expect(201);
    assert_eq!((made["role"].clone(), made["created_by"].clone()), (json!("admin"), json!("admin")));
    assert_eq!((made["agent_languages"].clone(), made["agent_primary_language"].clone()), (json!(["en"]), json!("en")));
    admin.put(&format!("/api/v1/users/{}", made["id"].as_str().unwrap()), json!({ "name": "x" })).await.expect(403);
    login(&app, "anna", "correct horse battery").await.get("/api/v1/users").await.expect(200);
}

#[tokio::test]
async fn one_changes_oneself_but_neither_rank_nor_address_nor_the_password_of_another() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let id = root.post("/api/v1/users", new_user("anna", "admin")).await.expect(201)["id"].as_str().unwrap().to_owned();
    let anna = login(&app, "anna", "correct horse battery").await;
    let changed = anna.put("/api/v1/auth/me", json!({ "phone": "+431234567", "agent_languages": ["de", "en"] })).await.expect(200);
    assert_eq!((changed["phone"].clone(), changed["agent_primary_language"].clone()), (json!("+431234567"), json!("en")));
    for forbidden in [json!({ "role": "super_admin" }), json!({ "email": "x@y.z" }), json!({ "is_active": true }), json!({ "id": "usr_1" })]
    {
        anna.put("/api/v1/auth/me", forbidden.clone()).await.expect(422);
    }
    let mine = format!("/api/v1/users/{id}");
    anna.post(&format!("{mine}/reset-password"), json!({ "new_password": "without the old one" })).await.expect(403);
    anna.post(&format!("{mine}/deactivate"), json!({})).await.expect(403);
    anna.put(&mine, json!({ "role": "super_admin" })).await.expect(403);
    let wrong = json!({ "current_password": "guess", "new_password": "another good one" });
    anna.put("/api/v1/auth/me/password", wrong).await.expect(422);
    let right = json!({ "current_password": "correct horse battery", "new_password": "another good one" });
    anna.put("/api/v1/auth/me/password", right).await.expect(204);
    anna.get("/api/v1/auth/me").await.expect(401);
    login(&app, "anna", "another good one").await.get("/api/v1/auth/me").await.expect(200);
}

#[tokio::test]
async fn the_stored_role_counts_at_once_and_a_switched_off_user_is_out() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let path = format!("/api/v1/users/{}", root.post("/api/v1/users", new_user("anna", "admin")).await.expect(201)["id"].as_str().unwrap());
    let anna = login(&app, "anna", "correct horse battery").await;
    anna.get("/api/v1/bots").await.expect(200);
    root.put(&path, json!({ "role": "agent" })).await.expect(200);
    anna.get("/api/v1/bots").await.expect(403);
    assert_eq!(anna.get("/api/v1/auth/me").await.expect(200)["role"], "agent", "the token still says admin");
    assert_eq!(root.post(&format!("{path}/deactivate"), json!({})).await.expect(200)["is_active"], false);
    anna.get("/api/v1/auth/me").await.expect(401);
    let refusal = json!({ "email": "anna@example.com", "password": "correct horse battery" });
    let off = app.anonymous().post("/api/v1/auth/login", refusal).await.expect(401);
    let unknown = app.anonymous().post("/api/v1/auth/login", json!({ "email": "no@x", "password": "nonsense nonsense" })).await.expect(401);
    assert_eq!((off["detail"].clone(), unknown["detail"].clone()), (json!("Invalid credentials"), json!("Invalid credentials")));
    assert_eq!(root.post(&format!("{path}/deactivate"), json!({})).await.expect(200)["is_active"], true, "the contract's route toggles");
    anna.get("/api/v1/auth/me").await.expect(401);
    login(&app, "anna", "correct horse battery").await.get("/api/v1/auth/me").await.expect(200);
}

#[tokio::test]
async fn people_are_found_by_text_role_and_state() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    for (name, role) in [("anna", "agent"), ("hannah", "supervisor"), ("bert", "agent")] {
        root.post("/api/v1/users", new_user(name, role)).await.expect(201);
    }
    let found = |query: &'static str| {
        let root = root.clone();
        async move {
            let listed = root.get(&format!("/api/v1/users?{query}")).await.expect(200);
            let mut names: Vec<_> =
                listed["data"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect();
            assert_eq!(listed["total"].as_u64().unwrap() as usize, names.len());
            // Made in the same moment, they have no order of their own.
            names.sort();
            names
        }
    };
    assert_eq!(found("q=ANNA").await, ["anna", "hannah"]);
    assert_eq!(found("role=agent").await, ["anna", "bert"]);
    assert_eq!(found("role=agent&q=bert@").await, ["bert"]);
    assert!(found("role=owner").await.is_empty());
    let bert = root.get("/api/v1/users?q=bert").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    root.put(&format!("/api/v1/users/{bert}"), json!({ "is_active": false })).await.expect(200);
    assert_eq!(found("is_active=false").await, ["bert"]);
    assert_eq!(found("is_active=true&role=agent").await, ["anna"]);
    let page = root.get("/api/v1/users?q=anna&limit=1").await.expect(200);
    assert_eq!(page["next"], "/api/v1/users?q=anna&limit=1&offset=1");
}

#[tokio::test]
async fn languages_are_tags_and_the_preferred_one_is_among_them() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let mut body = new_user("anna", "agent");
    body["agent_languages"] = json!(["mt", "en"]);
    let made = root.post("/api/v1/users", body).await.expect(201);
    assert_eq!(made["agent_primary_language"], "mt");
    let path = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
    for (change, field) in [
        (json!({ "agent_primary_language": "de" }), "agent_primary_language"),
        (json!({ "agent_languages": [] }), "agent_languages"),
        (json!({ "agent_languages": ["klingon!"] }), "agent_languages"),
    ] {
        assert_eq!(root.put(&path, change).await.expect(422)["errors"][0]["field"], field);
    }
    let moved = root.put(&path, json!({ "agent_languages": ["de"] })).await.expect(200);
    assert_eq!((moved["agent_languages"].clone(), moved["agent_primary_language"].clone()), (json!(["de"]), json!("de")));
}
