//! What becomes of tokens: refresh with its grace and its family, userinfo, introspection, revocation, sign-out.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::oidc_code::{PASSWORD, authorize, claims, code, redemption, refresh, start, token, works};
use crate::support::browser::{field, form, led_to};
use crate::support::{Answer, Browser, TestApp};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A confidential client; its secret.
async fn confidential(app: &TestApp) -> String {
    let body = json!({ "client_id": "server", "redirect_uris": ["https://server.example/cb"], "confidential": true });
    let made = app.user(Role::SuperAdmin).post("/api/v1/oidc/clients", body).await.expect(201);
    text(&made["client_secret"]).to_owned()
}

async fn introspect(app: &TestApp, secret: &str, token: &str) -> Value {
    let fields = [("client_id", "server"), ("client_secret", secret), ("token", token)];
    app.anonymous().form("/oauth2/v1/introspect", &form(&fields)).await.expect(200)
}

async fn revoke(app: &TestApp, client: &str, token: &str) -> Answer {
    app.anonymous().form("/oauth2/v1/revoke", &form(&[("client_id", client), ("token", token)])).await
}

#[tokio::test]
async fn a_refresh_token_comes_only_with_offline_access_and_gives_the_next_one() {
    let app = start().await;
    let without = token(&app, &redemption(&code(&app, &[("scope", "openid")]).await), 200).await;
    assert!(without.get("refresh_token").is_none() && without["id_token"].is_string());
    let first = token(&app, &redemption(&code(&app, &[]).await), 200).await;
    app.advance(Duration::from_secs(1800));
    let second = refresh(&app, text(&first["refresh_token"]), 200).await;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let (before, after) = (claims(&first["id_token"]), claims(&second["id_token"]));
    assert_eq!((&after["sub"], &after["auth_time"], after.get("nonce")), (&before["sub"], &before["auth_time"], None));
    app.advance(Duration::from_secs(1800));
    assert!(!works(&app, &first["access_token"]).await && works(&app, &second["access_token"]).await);
    let narrow = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", text(&second["refresh_token"]))];
    let asking = |scope: &'static str| form(&[&narrow[..], &[("scope", scope)]].concat());
    let refused = app.anonymous().form("/oauth2/v1/token", &asking("openid phone")).await.expect(400);
    assert_eq!(refused["error"], "invalid_scope");
    let narrowed = app.anonymous().form("/oauth2/v1/token", &asking("openid")).await.expect(200);
    assert_eq!(narrowed["scope"], "openid");
    assert_eq!(refresh(&app, text(&narrowed["refresh_token"]), 200).await["scope"], "openid profile email offline_access");
}

#[tokio::test]
async fn the_password_grant_gives_refresh_tokens_too_and_only_to_the_built_in_client() {
    let app = start().await;
    let ask = |client: &str, scope: &str| {
        form(&[("grant_type", "password"), ("client_id", client), ("username", "anna"), ("password", PASSWORD), ("scope", scope)])
    };
    let granted = app.anonymous().form("/oidc.ashx/token", &ask("codeb-admin", "openid offline_access")).await.expect(200);
    let again = [("grant_type", "refresh_token"), ("client_id", "codeb-admin"), ("refresh_token", text(&granted["refresh_token"]))];
    let fresh = app.anonymous().form("/oidc.ashx/token", &form(&again)).await.expect(200);
    app.anonymous().with_bearer(text(&fresh["access_token"])).get("/api.ashx/v1/calls").await.expect(200);
    assert!(app.anonymous().form("/oidc.ashx/token", &ask("codeb-admin", "openid")).await.expect(200).get("refresh_token").is_none());
    assert_eq!(app.anonymous().form("/oidc.ashx/token", &ask("app", "openid")).await.expect(400)["error"], "unauthorized_client");
}

#[tokio::test]
async fn a_repeat_within_thirty_seconds_goes_on_and_a_later_one_ends_the_family() {
    let app = start().await;
    let first = token(&app, &redemption(&code(&app, &[]).await), 200).await;
    let second = refresh(&app, text(&first["refresh_token"]), 200).await;
    app.advance(Duration::from_secs(30));
    let twin = refresh(&app, text(&first["refresh_token"]), 200).await;
    let third = refresh(&app, text(&second["refresh_token"]), 200).await;
    refresh(&app, text(&twin["refresh_token"]), 200).await;
    app.advance(Duration::from_secs(1));
    assert_eq!(refresh(&app, text(&first["refresh_token"]), 400).await["error"], "invalid_grant");
    assert_eq!(refresh(&app, text(&third["refresh_token"]), 400).await["error"], "invalid_grant");
    for tokens in [first, second, third, twin] {
        assert!(!works(&app, &tokens["access_token"]).await);
    }
}

#[tokio::test]
async fn a_hundred_refreshes_at_once_sign_nobody_out() {
    let app = start().await;
    let first = token(&app, &redemption(&code(&app, &[]).await), 200).await;
    let fields = form(&[("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", text(&first["refresh_token"]))]);
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (client, fields) = (app.anonymous(), fields.clone());
        attempts.spawn(async move { client.form("/oauth2/v1/token", &fields).await.expect(200)["refresh_token"].clone() });
    }
    for next in attempts.join_all().await {
        refresh(&app, text(&next), 200).await;
    }
}

#[tokio::test]
async fn a_refresh_token_ends_unused_with_its_person_s_password_and_with_its_client() {
    let app = start().await;
    let root = app.user(Role::SuperAdmin);
    let unused = token(&app, &redemption(&code(&app, &[]).await), 200).await;
    app.advance(Duration::from_secs(30 * 86_400));
    refresh(&app, text(&unused["refresh_token"]), 400).await;
    let root_again = app.user(Role::SuperAdmin);
    let users = root_again.get("/api/v1/users").await.expect(200);
    let anna = users["data"].as_array().unwrap().iter().find(|user| user["name"] == "anna").unwrap()["id"].as_str().unwrap().to_owned();
    let held = token(&app, &redemption(&code(&app, &[]).await), 200).await;
    root_again.post(&format!("/api/v1/users/{anna}/reset-password"), json!({ "new_password": PASSWORD })).await.expect(204);
    refresh(&app, text(&held["refresh_token"]), 400).await;
    let held = token(&app, &redemption(&code(&app, &[]).await), 200).await;
    root_again.delete("/api/v1/oidc/clients/app").await.expect(204);
    assert!(!works(&app, &held["access_token"]).await);
    refresh(&app, text(&held["refresh_token"]), 401).await;
    drop(root);
}

#[tokio::test]
async fn userinfo_tells_what_the_scopes_cover() {
    let app = start().await;
    let root = app.user(Role::SuperAdmin);
    let users = root.get("/api/v1/users").await.expect(200);
    let anna = users["data"].as_array().unwrap().iter().find(|user| user["name"] == "anna").unwrap()["id"].as_str().unwrap().to_owned();
    let profile =
        json!({ "phone": "+4312345678", "address": "Ring 1, Wien", "locale": "de-AT", "groups": ["sales"], "email_verified": true });
    root.put(&format!("/api/v1/users/{anna}"), profile).await.expect(200);
    for bad in [json!({ "phone": "123" }), json!({ "locale": "de AT" }), json!({ "groups": [""] }), json!({ "address": "a\u{7}" })] {
        root.put(&format!("/api/v1/users/{anna}"), bad).await.expect(422);
    }
    let all = "openid profile email groups phone address";
    let told = |access: Value| {
        let client = app.anonymous().with_bearer(access.as_str().unwrap());
        async move { client.get("/oauth2/v1/userinfo").await }
    };
    let tokens = token(&app, &redemption(&code(&app, &[("scope", all)]).await), 200).await;
    let said = told(tokens["access_token"].clone()).await.expect(200);
    assert_eq!((&said["sub"], &said["preferred_username"], &said["locale"]), (&json!(anna), &json!("anna"), &json!("de-AT")));
    assert_eq!((&said["email"], &said["email_verified"]), (&json!("anna@example.com"), &json!(true)));
    assert_eq!((&said["phone_number"], &said["address"]["formatted"]), (&json!("+4312345678"), &json!("Ring 1, Wien")));
    assert_eq!((&said["groups"], &said["role"], &said["cxb_role"]), (&json!(["sales"]), &json!("admin"), &json!("admin")));
    root.put(&format!("/api/v1/users/{anna}"), json!({ "email": "new@example.com" })).await.expect(200);
    let said = told(tokens["access_token"].clone()).await.expect(200);
    assert_eq!((&said["email"], &said["email_verified"]), (&json!("new@example.com"), &json!(false)), "another address is not verified");
    let bare = token(&app, &redemption(&code(&app, &[("scope", "openid")]).await), 200).await;
    let said = told(bare["access_token"].clone()).await.expect(200);
    for name in ["email", "phone_number", "address", "groups", "locale"] {
        assert!(said.get(name).is_none(), "{name}");
    }
    let no_openid = token(&app, &redemption(&code(&app, &[("scope", "email")]).await), 200).await;
    assert!(no_openid.get("id_token").is_none());
    let refused = told(no_openid["access_token"].clone()).await;
    assert!(refused.header("www-authenticate").contains("insufficient_scope"));
    refused.expect(403);
    told(bare["id_token"].clone()).await.expect(401);
    let in_form = app.anonymous().form("/oauth2/v1/userinfo", &form(&[("access_token", text(&bare["access_token"]))])).await;
    assert_eq!(in_form.expect(200)["sub"], anna.as_str());
}

#[tokio::test]
async fn introspection_tells_confidential_clients_and_admins_what_a_token_is() {
    let app = start().await;
    let secret = confidential(&app).await;
    let tokens = token(&app, &redemption(&code(&app, &[]).await), 200).await;
    let (access, refresh_token) = (text(&tokens["access_token"]).to_owned(), text(&tokens["refresh_token"]).to_owned());
    let about = introspect(&app, &secret, &access).await;
    assert_eq!((&about["active"], &about["client_id"], &about["username"]), (&json!(true), &json!("app"), &json!("anna")));
    assert_eq!((&about["role"], &about["token_type"], &about["scope"]), (&json!("admin"), &json!("Bearer"), &tokens["scope"]));
    assert_eq!(introspect(&app, &secret, &refresh_token).await["token_type"], "refresh_token");
    for nothing in ["nonsense", text(&tokens["id_token"]), &format!("{access}x"), secret.as_str()] {
        assert_eq!(introspect(&app, &secret, nothing).await, json!({ "active": false }));
    }
    let admin = app.oidc_user(Role::Admin).form("/oauth2/v1/introspect", &form(&[("token", &access)])).await.expect(200);
    assert_eq!(admin["active"], true);
    app.oidc_user(Role::Agent).form("/oauth2/v1/introspect", &form(&[("token", &access)])).await.expect(401);
    for fields in [&[("client_id", "app")][..], &[("client_id", "server")], &[("client_id", "server"), ("client_secret", "wrong")], &[]] {
        let answer = app.anonymous().form("/oauth2/v1/introspect", &form(&[fields, &[("token", &access)]].concat())).await;
        assert!(answer.status == 401 || (fields.is_empty() && answer.status == 400), "{fields:?} {}", answer.status);
    }
    refresh(&app, &refresh_token, 200).await;
    assert_eq!(introspect(&app, &secret, &refresh_token).await["active"], false, "it was used");
    revoke(&app, "app", &access).await.expect(200);
    assert_eq!(introspect(&app, &secret, &access).await["active"], false);
}

#[tokio::test]
async fn a_client_proves_itself_in_one_way_and_with_the_right_secret() {
    let app = start().await;
    let secret = confidential(&app).await;
    let ask = |fields: &[(&str, &str)]| form(&[fields, &[("token", "x")]].concat());
    let basic = |name: &str, secret: &str| {
        use base64::Engine as _;
        let text = base64::prelude::BASE64_STANDARD.encode(format!("{name}:{secret}"));
        app.anonymous().with_header("authorization", &format!("Basic {text}"))
    };
    let path = "/oauth2/v1/introspect";
    basic("server", &secret).form(path, &ask(&[])).await.expect(200);
    basic("server", &secret).form(path, &ask(&[("client_id", "server")])).await.expect(200);
    app.anonymous().form(path, &ask(&[("client_id", "server"), ("client_secret", &secret)])).await.expect(200);
    basic("server", &secret).form(path, &ask(&[("client_id", "server"), ("client_secret", &secret)])).await.expect(400);
    basic("server", &secret).form(path, &ask(&[("client_id", "app")])).await.expect(400);
    basic("server", "wrong").form(path, &ask(&[])).await.expect(401);
    app.anonymous().with_header("authorization", "Basic !!!").form(path, &ask(&[])).await.expect(401);
    let renewed = app.user(Role::SuperAdmin).post("/api/v1/oidc/clients/server/secret", json!({})).await.expect(200);
    basic("server", &secret).form(path, &ask(&[])).await.expect(401);
    basic("server", text(&renewed["client_secret"])).form(path, &ask(&[])).await.expect(200);
    let stored: Vec<u8> = [std::fs::read(app.data.main_db()).unwrap(), std::fs::read(app.folder().join("main.db-wal")).unwrap()].concat();
    assert!(!stored.windows(secret.len()).any(|window| window == secret.as_bytes()), "the secret lies in the database");
}

#[tokio::test]
async fn revoking_either_token_ends_both_and_only_for_whom_they_were_given_to() {
    let app = start().await;
    let root = app.user(Role::SuperAdmin);
    root.post("/api/v1/oidc/clients", json!({ "client_id": "other", "redirect_uris": ["https://other.example/cb"] })).await.expect(201);
    for which in ["access_token", "refresh_token"] {
        let tokens = token(&app, &redemption(&code(&app, &[]).await), 200).await;
        revoke(&app, "other", text(&tokens[which])).await.expect(400);
        assert!(works(&app, &tokens["access_token"]).await);
        for _ in 0..2 {
            revoke(&app, "app", text(&tokens[which])).await.expect(200);
        }
        assert!(!works(&app, &tokens["access_token"]).await);
        refresh(&app, text(&tokens["refresh_token"]), 400).await;
    }
    revoke(&app, "app", "nonsense").await.expect(200);
    revoke(&app, "nobody", "nonsense").await.expect(401);
    assert_eq!(app.anonymous().form("/oauth2/v1/revoke", "client_id=app").await.expect(400)["error"], "invalid_request");
}

#[tokio::test]
async fn a_token_of_a_client_without_api_access_opens_userinfo_only() {
    let app = start().await;
    app.user(Role::SuperAdmin).patch("/api/v1/oidc/clients/app", json!({ "api_access": false })).await.expect(200);
    let tokens = token(&app, &redemption(&code(&app, &[]).await), 200).await;
    assert_eq!(claims(&tokens["access_token"])["aud"], "app");
    assert!(!works(&app, &tokens["access_token"]).await);
    app.anonymous().with_bearer(text(&tokens["access_token"])).get("/oauth2/v1/userinfo").await.expect(200);
}

#[tokio::test]
async fn signing_out_forgets_the_browser_and_returns_only_to_registered_addresses() {
    let app = start().await;
    let mut browser = Browser::new(app.anonymous());
    let page = browser.get(&authorize(&[])).await;
    let code = led_to(&browser.sign_in(&page, "anna", PASSWORD).await).1["code"].clone();
    let tokens = token(&app, &redemption(&code), 200).await;
    let id_token = text(&tokens["id_token"]);
    let ask = |fields: &[(&str, &str)]| format!("/oauth2/v1/logout?{}", form(fields));
    let bye = "https://app.example/bye";
    let refused = [
        ask(&[("post_logout_redirect_uri", bye)]),
        ask(&[("post_logout_redirect_uri", "https://evil.example/"), ("id_token_hint", id_token)]),
        ask(&[("post_logout_redirect_uri", "https://app.example/callback"), ("id_token_hint", id_token)]),
        ask(&[("post_logout_redirect_uri", bye), ("client_id", "nobody")]),
        ask(&[("id_token_hint", "nonsense")]),
        ask(&[("id_token_hint", text(&tokens["access_token"]))]),
        ask(&[("id_token_hint", id_token), ("client_id", "codeb-admin")]),
    ];
    for path in refused {
        let page = browser.get(&path).await;
        assert_eq!((page.status, page.header("location")), (400, ""), "{path}");
    }
    // Without a hint any page could sign people out: the person is asked.
    let asked = browser.get(&ask(&[("client_id", "app"), ("post_logout_redirect_uri", bye), ("state", "x")])).await;
    assert!(asked.status == 200 && asked.text().contains("Sign out?"), "{}", asked.text());
    browser.post("/oauth2/v1/logout", &[("confirmed", "guess")]).await;
    assert!(led_to(&browser.get(&authorize(&[])).await).1.contains_key("code"), "still signed in");
    let fields: Vec<(&str, String)> =
        ["confirmed", "client_id", "post_logout_redirect_uri", "state"].into_iter().map(|name| (name, field(&asked, name))).collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (address, query) = led_to(&browser.post("/oauth2/v1/logout", &fields).await);
    assert_eq!((address.as_str(), query["state"].as_str()), (bye, "x"));
    let page = browser.get(&authorize(&[])).await;
    assert_eq!(page.status, 200, "signed out");
    // With the hint it happens at once, also when the hint is old.
    led_to(&browser.sign_in(&page, "anna", PASSWORD).await);
    app.advance(Duration::from_secs(3601));
    let (address, _) = led_to(&browser.get(&ask(&[("id_token_hint", id_token), ("post_logout_redirect_uri", bye)])).await);
    assert_eq!(address, bye);
    assert_eq!(browser.get(&authorize(&[])).await.status, 200, "signed out");
}
