//! Signing in: the first admin, both kinds of tokens, the stored role, the limits.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp};

const PASSWORD: &str = "correct horse battery";

fn grant(username: &str, password: &str) -> String {
    format!("grant_type=password&client_id=codeb-admin&username={username}&password={}&scope=openid", password.replace(' ', "+"))
}

fn new_user(name: &str, role: &str) -> Value {
    json!({ "name": name, "email": format!("{name}@example.com"), "password": PASSWORD, "role": role })
}

async fn login(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/api/v1/auth/login", json!({ "email": email, "password": password })).await
}

async fn token_of(app: &TestApp, email: &str) -> Client {
    let token = login(&app.anonymous(), email, PASSWORD).await.expect(200);
    assert_eq!(token["token_type"], "bearer");
    app.anonymous().with_bearer(token["access_token"].as_str().unwrap())
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn the_setup_token_makes_the_first_admin_once_and_never_again() {
    let mut app = TestApp::start().await;
    let token = std::fs::read_to_string(app.data.setup_token()).unwrap();
    let body = json!({ "token": token, "name": "Anna", "email": "Anna@Example.com", "password": PASSWORD });
    let anonymous = app.anonymous();
    let mut wrong = body.clone();
    wrong["token"] = "guess".into();
    anonymous.post("/api/v1/setup", wrong.clone()).await.expect(403);
    let mut short = body.clone();
    short["password"] = "short".into();
    anonymous.post("/api/v1/setup", short).await.expect(422);
    let made = anonymous.post("/api/v1/setup", body.clone()).await.expect(201);
    assert_eq!((&made["role"], &made["email"]), (&json!("super_admin"), &json!("anna@example.com")));
    assert!(!app.data.setup_token().exists());
    for body in [body.clone(), wrong] {
        anonymous.post("/api/v1/setup", body).await.expect(410);
    }
    app.restart().await;
    app.anonymous().post("/api/v1/setup", body).await.expect(410);
    let anna = token_of(&app, "anna@example.com").await;
    assert_eq!(anna.get("/api/v1/auth/me").await.expect(200)["role"], "super_admin");
}

#[tokio::test]
async fn the_setup_token_ends_after_a_day_and_guessing_is_slowed() {
    let app = TestApp::start().await;
    let token = std::fs::read_to_string(app.data.setup_token()).unwrap();
    let body = |token: &str| json!({ "token": token, "name": "a", "email": "a@example.com", "password": PASSWORD });
    for _ in 0..10 {
        app.anonymous().post("/api/v1/setup", body("guess")).await.expect(403);
    }
    app.anonymous().post("/api/v1/setup", body(&token)).await.expect(429);
    app.advance(Duration::from_secs(24 * 3600));
    app.anonymous().post("/api/v1/setup", body(&token)).await.expect(403);
}

#[tokio::test]
async fn the_password_grant_gives_the_same_token_under_its_three_addresses() {
    let app = TestApp::start().await;
    app.user(Role::SuperAdmin).post("/api/v1/users", new_user("anna", "super_admin")).await.expect(201);
    for (path, who) in [("/oidc.ashx/token", "anna"), ("/oidc.ashx?action=token", "anna@example.com"), ("/oauth2/v1/token", "ANNA")] {
        let answer = app.anonymous().form(path, &grant(who, PASSWORD)).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let body = answer.expect(200);
        assert_eq!((&body["token_type"], &body["expires_in"], &body["scope"]), (&json!("Bearer"), &json!(3600), &json!("openid")));
        assert!(body["id_token"].is_string() && body.get("refresh_token").is_none());
        let claims = claims(body["access_token"].as_str().unwrap());
        assert_eq!((&claims["role"], &claims["cxb_role"]), (&json!("admin"), &json!("super_admin")));
        assert_eq!((&claims["preferred_username"], &claims["tenant"]), (&json!("anna"), &json!("127.0.0.1")));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
        let anna = app.anonymous().with_bearer(body["access_token"].as_str().unwrap());
        assert_eq!(anna.get("/api/v1/auth/me").await.expect(200)["name"], "anna");
        let id_token = app.anonymous().with_bearer(body["id_token"].as_str().unwrap());
        id_token.get("/api/v1/auth/me").await.expect(401);
        app.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn what_the_provider_says_of_itself_is_true() {
    let app = TestApp::start().await;
    let about = app.anonymous().get("/.well-known/openid-configuration").await.expect(200);
    assert_eq!(about["issuer"], app.base_url());
    assert_eq!(app.anonymous().get("/oidc.ashx?action=discovery").await.expect(200), about);
    let path = |name: &str| about[name].as_str().unwrap().strip_prefix(&app.base_url()).unwrap().to_owned();
    assert_eq!(app.anonymous().get(&path("jwks_uri")).await.expect(200)["keys"][0]["alg"], "RS256");
    app.anonymous().form(&path("token_endpoint"), "").await.expect(400);
    app.anonymous().get("/oidc.ashx?action=nothing").await.expect(404);
    let refused = app.anonymous().get("/oidc.ashx?action=token").await;
    assert_eq!(refused.header("allow"), "POST");
    assert_eq!(refused.expect(405)["error"], "method_not_allowed");
}

#[tokio::test]
async fn a_refused_grant_answers_in_the_words_of_rfc_6749() {
    let app = TestApp::start().await;
    let table = [
        (grant("nobody", PASSWORD), 400, "invalid_grant"),
        (grant("nobody@example.com", "wrong password"), 400, "invalid_grant"),
        ("grant_type=password&client_id=codeb-admin&username=a".into(), 400, "invalid_request"),
        ("client_id=codeb-admin&username=a&password=b".into(), 400, "invalid_request"),
        ("grant_type=password&username=a&password=b".into(), 400, "invalid_request"),
        (format!("{}&username=b", grant("a", "b")), 400, "invalid_request"),
        ("grant_type=authorization_code&client_id=codeb-admin&code=x".into(), 400, "invalid_grant"),
        ("grant_type=client_credentials&client_id=codeb-admin".into(), 400, "unsupported_grant_type"),
        ("grant_type=password&client_id=other&username=a&password=b".into(), 401, "invalid_client"),
    ];
    for (form, status, code) in table {
        let body = app.anonymous().form("/oidc.ashx/token", &form).await.expect(status);
        assert_eq!(body["error"], code, "{form}");
        assert!(body["error_description"].is_string());
    }
    let json = app.anonymous().post("/oidc.ashx/token", json!({ "grant_type": "password" })).await.expect(400);
    assert_eq!(json["error"], "invalid_request");
    app.anonymous().form("/oidc.ashx/nothing", "").await.expect(404);
}

#[tokio::test]
async fn an_unknown_user_a_wrong_password_and_a_deactivated_user_get_the_same_answer() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let gone = root.post("/api/v1/users", new_user("gone", "agent")).await.expect(201);
    root.post("/api/v1/users", new_user("here", "agent")).await.expect(201);
    root.post(&format!("/api/v1/users/{}/deactivate", gone["id"].as_str().unwrap()), json!({})).await.expect(200);
    let mut bodies = Vec::new();
    for (email, password) in [("nobody@example.com", PASSWORD), ("here@example.com", "wrong password"), ("gone@example.com", PASSWORD)] {
        let mut body = login(&app.anonymous(), email, password).await.expect(401);
        body.as_object_mut().unwrap().remove("request_id");
        bodies.push(body);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    assert_eq!(bodies[0]["detail"], "Invalid credentials");
    app.anonymous().post("/api/v1/auth/login", json!({ "email": "here@example.com" })).await.expect(422);
}

#[tokio::test]
async fn the_stored_role_decides_and_a_deactivated_user_is_out_at_the_next_request() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    let id = root.post("/api/v1/users", new_user("anna", "admin")).await.expect(201)["id"].as_str().unwrap().to_owned();
    let anna = token_of(&app, "anna@example.com").await;
    anna.get("/api/v1/users").await.expect(200);
    root.put(&format!("/api/v1/users/{id}"), json!({ "role": "agent" })).await.expect(200);
    anna.get("/api/v1/users").await.expect(403);
    assert_eq!(anna.get("/api/v1/auth/me").await.expect(200)["role"], "agent");
    root.post(&format!("/api/v1/users/{id}/deactivate"), json!({})).await.expect(200);
    let refused = anna.get("/api/v1/auth/me").await;
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    refused.expect(401);
    root.post(&format!("/api/v1/users/{id}/activate"), json!({})).await.expect(200);
    anna.get("/api/v1/auth/me").await.expect(401);
    token_of(&app, "anna@example.com").await.get("/api/v1/auth/me").await.expect(200);
    root.delete(&format!("/api/v1/users/{id}")).await.expect(204);
    root.get(&format!("/api/v1/users/{id}")).await.expect(404);
}

#[tokio::test]
async fn tokens_end_when_their_time_is_over() {
    let app = TestApp::start().await;
    app.user(Role::SuperAdmin).post("/api/v1/users", new_user("anna", "admin")).await.expect(201);
    let login = token_of(&app, "anna@example.com").await;
    let oidc = app.anonymous().form("/oidc.ashx/token", &grant("anna", PASSWORD)).await.expect(200);
    let oidc = app.anonymous().with_bearer(oidc["access_token"].as_str().unwrap());
    app.advance(Duration::from_secs(3599));
    oidc.get("/api/v1/auth/me").await.expect(200);
    app.advance(Duration::from_secs(1));
    oidc.get("/api/v1/auth/me").await.expect(401);
    app.advance(Duration::from_secs(479 * 60 - 3600));
    login.get("/api/v1/auth/me").await.expect(200);
    app.advance(Duration::from_secs(60));
    login.get("/api/v1/auth/me").await.expect(401);
}

#[tokio::test]
async fn a_new_password_ends_every_token_made_before() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    root.post("/api/v1/users", new_user("anna", "agent")).await.expect(201);
    let anna = token_of(&app, "anna@example.com").await;
    let change = |current: &str| json!({ "current_password": current, "new_password": "another good one" });
    anna.put("/api/v1/auth/me/password", change("wrong password")).await.expect(422);
    anna.put("/api/v1/auth/me/password", change(PASSWORD)).await.expect(204);
    anna.get("/api/v1/auth/me").await.expect(401);
    login(&app.anonymous(), "anna@example.com", PASSWORD).await.expect(401);
    login(&app.anonymous(), "anna@example.com", "another good one").await.expect(200);
}

#[tokio::test]
async fn the_eleventh_failure_of_an_address_is_429_and_success_is_never_counted() {
    let app = TestApp::start().await;
    app.user(Role::SuperAdmin).post("/api/v1/users", new_user("anna", "agent")).await.expect(201);
    for n in 0..10 {
        login(&app.anonymous(), "anna@example.com", PASSWORD).await.expect(200);
        login(&app.anonymous(), &format!("nobody{n}@example.com"), PASSWORD).await.expect(401);
    }
    for answer in [
        login(&app.anonymous(), "anna@example.com", PASSWORD).await,
        app.anonymous().form("/oidc.ashx/token", &grant("anna", PASSWORD)).await,
    ] {
        assert_eq!(answer.header("retry-after"), "60");
        assert_eq!(answer.expect(429)["error"], "too_many_requests");
    }
    app.advance(Duration::from_secs(60));
    login(&app.anonymous(), "anna@example.com", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn guesses_in_parallel_count_like_guesses_in_a_row() {
    let app = TestApp::start().await;
    let mut attempts = tokio::task::JoinSet::new();
    for n in 0..40 {
        let client = app.anonymous();
        attempts.spawn(async move { login(&client, &format!("nobody{n}@example.com"), PASSWORD).await.status });
    }
    let statuses = attempts.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 30, "{statuses:?}");
}

#[tokio::test]
async fn an_account_under_attack_answers_later_and_its_owner_still_gets_in() {
    let app = TestApp::start().await;
    app.user(Role::SuperAdmin).post("/api/v1/users", new_user("anna", "agent")).await.expect(201);
    for _ in 0..10 {
        login(&app.anonymous(), "anna@example.com", "wrong password").await.expect(401);
    }
    app.advance(Duration::from_secs(61));
    let client = app.anonymous();
    let mut owner = tokio::spawn(async move { login(&client, "anna@example.com", PASSWORD).await.status });
    let early = tokio::time::timeout(Duration::from_millis(300), &mut owner).await;
    assert!(early.is_err(), "the eleventh attempt on an account waits");
    app.advance(Duration::from_secs(1));
    assert_eq!(owner.await.unwrap(), 200);
    login(&app.anonymous(), "anna@example.com", PASSWORD).await.expect(200);
}
