//! Signing in with another identity provider: a second appliance plays it.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::oidc_code::{CALLBACK, PASSWORD, authorize, claims, redemption, token};
use crate::support::browser::{led_to, link};
use crate::support::{Answer, Browser, TestApp};

/// Two appliances: `home`, and `provider` whose people may sign in at home.
struct Two {
    home: TestApp,
    provider: TestApp,
    _secret: tempfile::NamedTempFile,
}

async fn start(rules: &[(&str, &str)]) -> Two {
    let provider = TestApp::start().await;
    let root = provider.user(Role::SuperAdmin);
    let secret = tempfile::NamedTempFile::new().unwrap();
    let (issuer, file) = (provider.base_url(), secret.path().display().to_string());
    let mut environment = vec![
        ("CXBOX_FOREIGN_SIGN_IN__ISSUER", issuer.as_str()),
        ("CXBOX_FOREIGN_SIGN_IN__NAME", "Provider Inc"),
        ("CXBOX_FOREIGN_SIGN_IN__CLIENT_ID", "home"),
        ("CXBOX_FOREIGN_SIGN_IN__CLIENT_SECRET_FILE", file.as_str()),
    ];
    environment.extend(rules);
    let client = json!({ "client_id": "home", "redirect_uris": ["http://127.0.0.1/oauth2/v1/foreign-callback"], "confidential": true });
    let made = root.post("/api/v1/oidc/clients", client).await.expect(201);
    std::fs::write(secret.path(), made["client_secret"].as_str().unwrap()).unwrap();
    for (name, is_verified) in [("vera", true), ("udo", false)] {
        let body = json!({ "name": name, "email": format!("{name}@good.example"), "password": PASSWORD, "role": "agent" });
        let id = root.post("/api/v1/users", body).await.expect(201)["id"].as_str().unwrap().to_owned();
        root.put(&format!("/api/v1/users/{id}"), json!({ "email_verified": is_verified })).await.expect(200);
    }
    let home = TestApp::start_with(&environment).await;
    let root = home.user(Role::SuperAdmin);
    root.post("/api/v1/oidc/clients", json!({ "client_id": "app", "redirect_uris": [CALLBACK] })).await.expect(201);
    Two { home, provider, _secret: secret }
}

impl Two {
    fn path<'a>(&self, app: &TestApp, url: &'a str) -> &'a str {
        url.strip_prefix(&app.base_url()).unwrap_or_else(|| panic!("{url}"))
    }

    /// Goes to the provider and signs in there; the callback's path at home.
    async fn away(&self, at_home: &mut Browser, name: &str) -> String {
        let page = at_home.get(&authorize(&[])).await;
        assert!(page.text().contains("Continue with Provider Inc"), "{}", page.text());
        let button = link(&page, "other");
        let leaving = at_home.get(self.path(&self.home, &button)).await;
        assert_eq!(leaving.status, 303, "{}", leaving.text());
        let to = leaving.header("location").to_owned();
        let mut there = Browser::new(self.provider.anonymous());
        let page = there.get(self.path(&self.provider, &to)).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let back = there.sign_in(&page, name, PASSWORD).await;
        assert_eq!(back.status, 303, "{}", back.text());
        self.path(&self.home, back.header("location")).to_owned()
    }

    async fn sign_in(&self, name: &str) -> (Browser, Answer) {
        let mut browser = Browser::new(self.home.anonymous());
        let callback = self.away(&mut browser, name).await;
        let answer = browser.get(&callback).await;
        (browser, answer)
    }

    async fn person(&self, name: &str) -> Option<Value> {
        let users = self.home.user(Role::SuperAdmin).get("/api/v1/users").await.expect(200);
        users["data"].as_array().unwrap().iter().find(|user| user["name"] == name).cloned()
    }
}

async fn who(app: &TestApp, answer: &Answer) -> Value {
    let code = led_to(answer).1["code"].clone();
    claims(&token(app, &redemption(&code), 200).await["id_token"])
}

#[tokio::test]
async fn without_configuration_there_is_no_such_way() {
    let app = TestApp::start().await;
    let page = app.anonymous().get("/oauth2/v1/foreign?request=x").await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("no other identity provider"));
    assert_eq!(app.anonymous().get("/oauth2/v1/foreign-callback?state=x&code=y").await.status, 400);
}

#[tokio::test]
async fn new_people_get_the_configured_role_and_are_known_the_next_time() {
    let two =
        start(&[("CXBOX_FOREIGN_SIGN_IN__NEW_PEOPLE", "supervisor"), ("CXBOX_FOREIGN_SIGN_IN__ALLOWED_DOMAINS", "good.example")]).await;
    let (_, answer) = two.sign_in("vera").await;
    let first = who(&two.home, &answer).await;
    assert_eq!(
        (&first["preferred_username"], &first["role"], &first["email_verified"]),
        (&json!("vera"), &json!("supervisor"), &json!(true))
    );
    let (mut browser, answer) = two.sign_in("vera").await;
    assert_eq!(who(&two.home, &answer).await["sub"], first["sub"]);
    assert!(led_to(&browser.get(&authorize(&[])).await).1.contains_key("code"), "the browser is signed in here");
    let id = first["sub"].as_str().unwrap();
    let root = two.home.user(Role::SuperAdmin);
    let path = format!("/api/v1/users/{id}/foreign-identities");
    let links = root.get(&path).await.expect(200);
    assert_eq!((&links[0]["issuer"], links.as_array().unwrap().len()), (&json!(two.provider.base_url()), 1));
    root.post(&format!("/api/v1/users/{id}/deactivate"), json!({})).await.expect(200);
    assert_eq!(two.sign_in("vera").await.1.status, 403, "switched off here");
    // An unverified address is worth nothing, in a domain that may come in or not.
    let (_, refused) = two.sign_in("udo").await;
    assert!(refused.status == 403 && refused.text().contains("not of a domain"), "{}", refused.text());
    assert!(two.person("udo").await.is_none());
}

#[tokio::test]
async fn an_address_never_links_an_account_but_its_password_does_once() {
    let two = start(&[("CXBOX_FOREIGN_SIGN_IN__NEW_PEOPLE", "admin")]).await;
    let root = two.home.user(Role::SuperAdmin);
    // The account here has the same address as vera has there, and a higher rank.
    let local = json!({ "name": "boss", "email": "vera@good.example", "password": "another good one", "role": "super_admin" });
    let boss = root.post("/api/v1/users", local).await.expect(201)["id"].clone();
    let (mut browser, page) = two.sign_in("vera").await;
    assert!(page.status == 200 && page.text().contains("to link the account"), "{}", page.text());
    assert_eq!(browser.get(&authorize(&[("prompt", "none")])).await.status, 303);
    assert_eq!(led_to(&browser.get(&authorize(&[("prompt", "none")])).await).1["error"], "login_required");
    let wrong = browser.sign_in(&page, "boss", PASSWORD).await;
    assert_eq!(wrong.status, 401);
    let linked = browser.sign_in(&wrong, "boss", "another good one").await;
    assert_eq!(who(&two.home, &linked).await["sub"], boss);
    let (_, again) = two.sign_in("vera").await;
    assert_eq!(who(&two.home, &again).await["sub"], boss, "linked now");
    // Taken away, it is as before.
    let path = format!("/api/v1/users/{}/foreign-identities", boss.as_str().unwrap());
    let link = root.get(&path).await.expect(200)[0].clone();
    let query =
        crate::support::browser::form(&[("issuer", link["issuer"].as_str().unwrap()), ("subject", link["subject"].as_str().unwrap())]);
    root.delete(&format!("{path}?{query}")).await.expect(204);
    root.delete(&format!("{path}?{query}")).await.expect(404);
    assert_eq!(two.sign_in("vera").await.1.status, 200);
    root.post(&path, json!({ "issuer": link["issuer"], "subject": link["subject"] })).await.expect(204);
    root.post(&path, json!({ "issuer": link["issuer"], "subject": link["subject"] })).await.expect(409);
    assert_eq!(who(&two.home, &two.sign_in("vera").await.1).await["sub"], boss);
    // Somebody without a verified address is not made an account either.
    let (_, page) = two.sign_in("udo").await;
    assert!(page.text().contains("to link the account") && two.person("udo").await.is_none());
}

#[tokio::test]
async fn existing_people_only_means_nobody_is_made() {
    let two = start(&[]).await;
    let (_, page) = two.sign_in("vera").await;
    assert!(page.status == 200 && page.text().contains("to link the account"), "{}", page.text());
    assert!(two.person("vera").await.is_none());
}

#[tokio::test]
async fn an_answer_belongs_to_the_browser_the_time_and_the_provider_that_were_asked() {
    let two = start(&[("CXBOX_FOREIGN_SIGN_IN__NEW_PEOPLE", "agent")]).await;
    let mut browser = Browser::new(two.home.anonymous());
    let callback = two.away(&mut browser, "vera").await;
    let mut thief = Browser::new(two.home.anonymous());
    thief.get(&authorize(&[])).await;
    assert_eq!(thief.get(&callback).await.status, 400, "another browser");
    assert_eq!(browser.get(&callback.replace("iss=http", "iss=https")).await.status, 400, "another provider");
    assert_eq!(browser.get(&callback.replace("state=", "state=A")).await.status, 400, "another state");
    assert_eq!(browser.get("/oauth2/v1/foreign-callback?code=x").await.status, 400, "no state");
    let (_, query) = callback.split_once('?').unwrap();
    let state = query.split('&').find(|pair| pair.starts_with("state=")).unwrap();
    let denied = browser.get(&format!("/oauth2/v1/foreign-callback?error=access_denied&{state}")).await;
    assert!(denied.status == 200 && denied.text().contains("did not sign you in"));
    let guessed = browser.get(&format!("/oauth2/v1/foreign-callback?code=guess&{state}")).await;
    assert!(guessed.status == 502 && guessed.text().contains("its answer does not hold"), "{}", guessed.text());
    led_to(&browser.get(&callback).await);
    assert_eq!(browser.get(&callback).await.status, 502, "a code holds once");
    two.home.advance(Duration::from_secs(15 * 60));
    assert_eq!(browser.get(&callback).await.status, 400, "too late");
}

#[tokio::test]
async fn a_provider_that_changes_its_key_is_believed_and_one_that_is_gone_is_not_waited_for() {
    let two = start(&[("CXBOX_FOREIGN_SIGN_IN__NEW_PEOPLE", "agent")]).await;
    led_to(&two.sign_in("vera").await.1);
    two.provider.user(Role::SuperAdmin).post("/api/v1/oidc/keys/rotate", json!({})).await.expect(200);
    led_to(&two.sign_in("vera").await.1);
    let Two { home, mut provider, _secret } = two;
    let mut browser = Browser::new(home.anonymous());
    home.advance(Duration::from_secs(601));
    provider.stop().await;
    let page = browser.get(&authorize(&[])).await;
    let button = link(&page, "other");
    let gone = browser.get(button.strip_prefix(&home.base_url()).unwrap()).await;
    assert!(gone.status == 502 && gone.text().contains("cannot be reached"), "{}", gone.text());
}
