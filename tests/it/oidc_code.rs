//! Signing in through the identity provider: page, code, tokens; every way to get a code or a token that is not one's own.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::browser::{field, form, led_to};
use crate::support::{Browser, TestApp};

pub const PASSWORD: &str = "correct horse battery";
// The example of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const CALLBACK: &str = "https://app.example/callback";

/// An appliance with the person anna and the public client `app`.
pub async fn start() -> TestApp {
    let app = TestApp::start().await;
    people(&app).await;
    app
}

pub async fn people(app: &TestApp) {
    let root = app.user(Role::SuperAdmin);
    let anna = json!({ "name": "anna", "email": "anna@example.com", "password": PASSWORD, "role": "admin" });
    root.post("/api/v1/users", anna).await.expect(201);
    let client = json!({
        "client_id": "app", "description": "The app", "redirect_uris": [CALLBACK, "http://127.0.0.1/cb"],
        "post_logout_redirect_uris": ["https://app.example/bye"],
    });
    root.post("/api/v1/oidc/clients", client).await.expect(201);
}

/// The query of a good authorize request with these fields in place of its own; an empty value takes one out.
pub fn authorize(changes: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email offline_access"),
        ("state", "s-1"),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    format!("/oauth2/v1/authorize?{}", form(&fields))
}

/// Signs anna in and gives the code.
pub async fn code(app: &TestApp, changes: &[(&str, &str)]) -> String {
    let mut browser = Browser::new(app.anonymous());
    let page = browser.get(&authorize(changes)).await;
    assert_eq!(page.status, 200, "{}", page.text());
    led_to(&browser.sign_in(&page, "anna", PASSWORD).await).1["code"].clone()
}

pub fn redemption(code: &str) -> Vec<(&'static str, String)> {
    [("grant_type", "authorization_code"), ("client_id", "app"), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER), ("code", code)]
        .map(|(name, value)| (name, value.to_owned()))
        .into()
}

pub async fn token(app: &TestApp, fields: &[(&'static str, String)], status: u16) -> Value {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    app.anonymous().form("/oauth2/v1/token", &form(&fields)).await.expect(status)
}

pub async fn refresh(app: &TestApp, token: &str, status: u16) -> Value {
    let fields = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token)];
    app.anonymous().form("/oauth2/v1/token", &form(&fields)).await.expect(status)
}

pub fn claims(token: &Value) -> Value {
    use base64::Engine as _;
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub async fn works(app: &TestApp, access_token: &Value) -> bool {
    app.anonymous().with_bearer(access_token.as_str().unwrap()).get("/api/v1/auth/me").await.status == 200
}

#[tokio::test]
async fn a_person_signs_in_and_the_client_gets_tokens_that_say_so() {
    let app = start().await;
    let mut browser = Browser::new(app.anonymous());
    let page = browser.get(&authorize(&[("login_hint", "anna")])).await;
    assert!(page.text().contains("The app") && page.text().contains("value=\"anna\""), "{}", page.text());
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.contains("form-action 'self' https://app.example"), "{policy}");
    assert_eq!((page.header("x-frame-options"), page.header("cache-control")), ("DENY", "no-store"));
    let wrong = browser.sign_in(&page, "anna", "wrong password").await;
    assert!(wrong.status == 401 && wrong.text().contains("Name or password is wrong"), "{}", wrong.text());
    assert!(wrong.header("content-type").starts_with("text/html"));
    let back = browser.sign_in(&wrong, "anna", PASSWORD).await;
    let cookie = back.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    let (address, query) = led_to(&back);
    assert_eq!((address.as_str(), query["state"].as_str(), &query["iss"]), (CALLBACK, "s-1", &app.base_url()));
    let tokens = token(&app, &redemption(&query["code"]), 200).await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(tokens["scope"], "openid profile email offline_access");
    assert!(works(&app, &tokens["access_token"]).await);
    let said = claims(&tokens["id_token"]);
    assert_eq!((&said["aud"], &said["nonce"], &said["iss"]), (&json!("app"), &json!("n-1"), &json!(app.base_url())));
    assert_eq!(
        (&said["preferred_username"], &said["email"], &said["email_verified"]),
        (&json!("anna"), &json!("anna@example.com"), &json!(false))
    );
    assert_eq!(said["auth_time"], said["iat"]);
    let digest = ring::digest::digest(&ring::digest::SHA256, tokens["access_token"].as_str().unwrap().as_bytes());
    assert_eq!(said["at_hash"], crate::support::forge::b64(&digest.as_ref()[..16]));
}

#[tokio::test]
async fn the_page_carries_the_operator_s_name_as_it_is_now() {
    let app = start().await;
    let mut browser = Browser::new(app.anonymous());
    assert!(browser.get(&authorize(&[])).await.text().contains("Sign in · cxbox"));
    let brand = json!({ "name": "Acme & Sons", "support_email": "help@acme.example", "logo": "https://acme.example/a.png" });
    app.user(Role::SuperAdmin).put("/api/v1/settings/brand", brand).await.expect(200);
    let page = browser.get(&authorize(&[])).await;
    assert!(page.header("content-security-policy").contains("; img-src https://acme.example; form-action 'self'"));
    let page = page.text();
    assert!(page.contains("<img class=\"logo\" src=\"https:&#x2f;&#x2f;acme.example&#x2f;a.png\""), "{page}");
    assert!(page.contains("Sign in · Acme &amp; Sons") && page.contains("mailto:help@acme.example"), "{page}");
}

#[tokio::test]
async fn a_signed_in_browser_is_asked_again_only_when_the_client_says_so() {
    let app = start().await;
    let mut browser = Browser::new(app.anonymous());
    assert_eq!(led_to(&browser.get(&authorize(&[("prompt", "none")])).await).1["error"], "login_required");
    let page = browser.get(&authorize(&[])).await;
    led_to(&browser.sign_in(&page, "anna", PASSWORD).await);
    app.advance(Duration::from_secs(60));
    for quiet in [&[][..], &[("prompt", "none")], &[("max_age", "60")]] {
        assert!(led_to(&browser.get(&authorize(quiet)).await).1.contains_key("code"), "{quiet:?}");
    }
    for asking in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "59")] {
        assert_eq!(browser.get(&authorize(&[asking])).await.status, 200, "{asking:?}");
    }
    assert_eq!(led_to(&browser.get(&authorize(&[("prompt", "none"), ("max_age", "1")])).await).1["error"], "login_required");
    let code = led_to(&browser.get(&authorize(&[])).await).1["code"].clone();
    let said = claims(&token(&app, &redemption(&code), 200).await["id_token"]);
    assert_eq!(said["iat"].as_i64().unwrap() - said["auth_time"].as_i64().unwrap(), 60);
    app.advance(Duration::from_secs(90 * 60));
    assert_eq!(browser.get(&authorize(&[])).await.status, 200, "idle for too long");
    let root = app.user(Role::SuperAdmin);
    let page = browser.get(&authorize(&[])).await;
    led_to(&browser.sign_in(&page, "anna", PASSWORD).await);
    let id =
        root.get("/api/v1/users").await.expect(200)["data"].as_array().unwrap().iter().find(|user| user["name"] == "anna").unwrap()["id"]
            .clone();
    root.post(&format!("/api/v1/users/{}/deactivate", id.as_str().unwrap()), json!({})).await.expect(200);
    assert_eq!(browser.get(&authorize(&[])).await.status, 200, "switched off");
}

#[tokio::test]
async fn what_a_client_gets_wrong_goes_back_to_it_and_what_is_no_client_s_stays_here() {
    let app = start().await;
    let mut browser = Browser::new(app.anonymous());
    let pages = [
        ("client_id", "nobody"),
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", "https://app.example/callback/"),
        ("redirect_uri", "https://app.example/callback?x=1"),
        ("redirect_uri", "https://app.example/callback#x"),
        ("redirect_uri", "https://app.example.evil.example/callback"),
        ("redirect_uri", "https://app.example@evil.example/callback"),
        ("redirect_uri", "http://app.example/callback"),
        ("redirect_uri", "//app.example/callback"),
        ("redirect_uri", "javascript:alert(1)"),
        ("redirect_uri", "http://127.0.0.1:5000/cb/../callback"),
        ("redirect_uri", "http://localhost:5000/cb"),
    ];
    for change in pages {
        let page = browser.get(&authorize(&[change])).await;
        assert_eq!((page.status, page.header("location")), (400, ""), "{change:?}");
        assert!(page.header("content-type").starts_with("text/html"), "{change:?}");
    }
    let twice = browser.get(&format!("{}&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback", authorize(&[]))).await;
    assert_eq!(twice.status, 400);
    let returned = [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "id_token"), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (("scope", "everything"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "tooshort"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("request", "eyJ"), "request_not_supported"),
        (("request_uri", "https://evil.example"), "request_uri_not_supported"),
        (("prompt", "none login"), "invalid_request"),
        (("max_age", "x"), "invalid_request"),
    ];
    for (change, error) in returned {
        let (address, query) = led_to(&browser.get(&authorize(&[change])).await);
        assert_eq!((address.as_str(), query["error"].as_str(), query["state"].as_str()), (CALLBACK, error, "s-1"), "{change:?}");
        assert!(query.contains_key("iss") && !query.contains_key("code"), "{change:?}");
    }
    let local = browser.get(&authorize(&[("redirect_uri", "http://127.0.0.1:54321/cb"), ("prompt", "none")])).await;
    assert_eq!(led_to(&local).0, "http://127.0.0.1:54321/cb", "any port of this machine");
}

#[tokio::test]
async fn a_code_holds_once_and_its_repeat_ends_what_it_gave() {
    let app = start().await;
    let code = code(&app, &[]).await;
    let first = token(&app, &redemption(&code), 200).await;
    assert!(works(&app, &first["access_token"]).await);
    assert_eq!(token(&app, &redemption(&code), 400).await["error"], "invalid_grant");
    assert!(!works(&app, &first["access_token"]).await);
    assert_eq!(refresh(&app, first["refresh_token"].as_str().unwrap(), 400).await["error"], "invalid_grant");
    let userinfo = app.anonymous().with_bearer(first["access_token"].as_str().unwrap()).get("/oauth2/v1/userinfo").await;
    assert!(userinfo.header("www-authenticate").contains("invalid_token"));
    userinfo.expect(401);
}

#[tokio::test]
async fn a_code_is_for_its_minute_its_client_its_address_and_its_verifier() {
    let app = start().await;
    let root = app.user(Role::SuperAdmin);
    root.post("/api/v1/oidc/clients", json!({ "client_id": "other", "redirect_uris": [CALLBACK] })).await.expect(201);
    let short = VERIFIER[..42].to_owned();
    let wrong: [(&'static str, String); 9] = [
        ("code_verifier", String::new()),
        ("code_verifier", CHALLENGE.to_owned()),
        ("code_verifier", short),
        ("code_verifier", format!("{VERIFIER}x")),
        ("redirect_uri", String::new()),
        ("redirect_uri", "https://app.example/callback/".to_owned()),
        ("redirect_uri", "http://127.0.0.1/cb".to_owned()),
        ("client_id", "other".to_owned()),
        ("code", "guess".to_owned()),
    ];
    for (name, value) in wrong {
        let code = code(&app, &[]).await;
        let mut fields = redemption(&code);
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value.clone()));
        assert_eq!(token(&app, &fields, 400).await["error"], "invalid_grant", "{name} {value}");
        if name != "code" {
            assert_eq!(token(&app, &redemption(&code), 400).await["error"], "invalid_grant", "{name} {value}: the code is burnt");
        }
    }
    let late = code(&app, &[]).await;
    app.advance(Duration::from_secs(60));
    assert_eq!(token(&app, &redemption(&late), 400).await["error"], "invalid_grant");
    let unknown = [("grant_type", "authorization_code"), ("client_id", "nobody"), ("code", "x")];
    let refused = app.anonymous().form("/oauth2/v1/token", &form(&unknown)).await;
    assert!(refused.header("www-authenticate").starts_with("Basic"));
    assert_eq!(refused.expect(401)["error"], "invalid_client");
}

#[tokio::test]
async fn two_who_redeem_a_code_at_once_get_at_most_one_answer() {
    let app = start().await;
    for _ in 0..5 {
        let code = code(&app, &[]).await;
        let mut attempts = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (client, fields) = (app.anonymous(), redemption(&code));
            attempts.spawn(async move {
                let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                client.form("/oauth2/v1/token", &form(&fields)).await.status
            });
        }
        let statuses = attempts.join_all().await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    }
}

#[tokio::test]
async fn the_page_belongs_to_its_browser_and_its_quarter_of_an_hour() {
    let app = start().await;
    let mut browser = Browser::new(app.anonymous());
    let page = browser.get(&authorize(&[])).await;
    let mut thief = Browser::new(app.anonymous());
    for _ in 0..2 {
        let refused = thief.sign_in(&page, "anna", PASSWORD).await;
        assert!(refused.status == 400 && refused.header("set-cookie").is_empty(), "another browser");
        thief.get(&authorize(&[])).await;
    }
    let request = field(&page, "request");
    for broken in [String::new(), "x".to_owned(), request[..request.len() - 2].to_owned(), format!("A{}", &request[1..])] {
        let fields = [("request", broken.as_str()), ("username", "anna"), ("password", PASSWORD)];
        assert_eq!(browser.post("/oauth2/v1/login", &fields).await.status, 400, "{broken}");
    }
    app.advance(Duration::from_secs(15 * 60));
    assert_eq!(browser.sign_in(&page, "anna", PASSWORD).await.status, 400, "too old");
    assert_eq!(browser.get("/oauth2/v1/login").await.status, 405);
}

#[tokio::test]
async fn the_eleventh_wrong_password_on_the_page_is_429_and_the_token_endpoint_counts_with_it() {
    let app = start().await;
    let mut browser = Browser::new(app.anonymous());
    let mut page = browser.get(&authorize(&[])).await;
    for n in 0..5 {
        page = browser.sign_in(&page, &format!("nobody{n}"), PASSWORD).await;
        assert_eq!(page.status, 401);
        let guess = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "guess")];
        app.anonymous().form("/oauth2/v1/token", &form(&guess)).await.expect(400);
    }
    let refused = browser.sign_in(&page, "anna", PASSWORD).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    assert!(refused.text().contains("Too many failed attempts"));
    let guess = [("grant_type", "authorization_code"), ("client_id", "app"), ("code", "guess")];
    let refused = app.anonymous().form("/oauth2/v1/token", &form(&guess)).await;
    assert_eq!(refused.expect(429)["error"], "too_many_requests");
    app.advance(Duration::from_secs(60));
    led_to(&browser.sign_in(&page, "anna", PASSWORD).await);
}

#[tokio::test]
async fn the_endpoints_answer_alike_under_all_their_addresses() {
    let app = start().await;
    let query = authorize(&[]).split('?').nth(1).unwrap().to_owned();
    for path in [format!("/oidc.ashx/authorize?{query}"), format!("/oidc.ashx?action=authorize&{query}")] {
        let mut browser = Browser::new(app.anonymous());
        let page = browser.get(&path).await;
        let code = led_to(&browser.sign_in(&page, "anna", PASSWORD).await).1["code"].clone();
        for (path, status) in [("/oidc.ashx?action=token", 200), ("/oidc.ashx/token", 400)] {
            let fields = redemption(&code);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            app.anonymous().form(path, &form(&fields)).await.expect(status);
        }
    }
    for path in ["/oauth2/v1/userinfo", "/oidc.ashx/userinfo", "/oidc.ashx?action=userinfo"] {
        app.oidc_user(Role::Admin).get(path).await.expect(200);
        app.anonymous().get(path).await.expect(401);
    }
    for path in ["/oauth2/v1/end_session", "/oauth2/v1/end-session", "/oidc.ashx/logout", "/oidc.ashx?action=end_session"] {
        assert_eq!(app.anonymous().get(path).await.status, 200, "{path}");
    }
}
