//! The console as a browser gets it: pages, files, caching, policy, and what stays with the API.

use bytes::Bytes;
use cxbox::platform::access::Role;
use http::Method;

use crate::support::TestApp;

/// What browsers send when a person opens an address.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// The address of the page's own program, which carries a hash.
fn script_of(page: &str) -> String {
    let at = page.find("/assets/index-").unwrap();
    page[at..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_screen_comes_with_a_policy_whose_nonce_is_its_own() {
    let app = TestApp::start().await;
    let browser = app.anonymous().with_header("accept", BROWSER);
    let mut nonces = Vec::new();
    for path in ["/", "/calls", "/calls/some-call", "/api-keys", "/oidc-callback.html?code=1"] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let policy = answer.header("content-security-policy").to_owned();
        assert!(policy.contains("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(answer.text().contains(&format!("nonce=\"{nonce}\"")) && !answer.text().contains("__NONCE__"));
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 5);
}

#[tokio::test]
async fn the_brand_is_what_people_may_know_and_its_picture_is_all_that_comes_from_elsewhere() {
    let app = TestApp::start().await;
    let policy = async || app.anonymous().with_header("accept", BROWSER).get("/").await.header("content-security-policy").to_owned();
    assert!(policy().await.contains("img-src 'self' data:;"));
    let brand = serde_json::json!({ "name": "Acme", "logo": "https://acme.example/a.svg", "support_email": "help@acme.example" });
    app.user(Role::SuperAdmin).put("/api/v1/settings/brand", brand.clone()).await.expect(200);
    assert!(policy().await.contains("img-src 'self' data: https://acme.example; font-src 'self'"));
    assert_eq!(app.user(Role::Agent).get("/api/v1/settings/display").await.expect(200)["brand"], brand);
}

#[tokio::test]
async fn a_hashed_file_is_kept_for_ever_in_the_form_the_browser_takes() {
    let app = TestApp::start().await;
    let script = script_of(&app.anonymous().get("/").await.text());
    let plain = app.anonymous().get(&script).await;
    assert_eq!((plain.status, plain.header("content-type")), (200, "text/javascript; charset=utf-8"));
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(plain.header("vary"), "accept-encoding");
    let tag = plain.header("etag").to_owned();
    for (takes, gets) in [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")] {
        let answer = app.anonymous().with_header("accept-encoding", takes).get(&script).await;
        assert_eq!((answer.header("content-encoding"), answer.header("etag")), (gets, tag.as_str()), "{takes}");
    }
    let known = app.anonymous().with_header("if-none-match", &tag).get(&script).await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    let icon = app.anonymous().get("/favicon.svg").await;
    assert_eq!((icon.header("cache-control"), icon.header("content-type")), ("no-cache", "image/svg+xml"));
}

#[tokio::test]
async fn the_old_pages_lead_to_their_screens() {
    let app = TestApp::start().await;
    for (old, screen) in [
        ("/api-keys-admin.html", "/api-keys"),
        ("/webhooks-admin.html", "/webhooks"),
        ("/outbound-ai-monitor.html", "/outbound"),
        ("/virtual-numbers.html", "/numbers"),
        ("/status.html", "/status"),
    ] {
        let answer = app.anonymous().get(old).await;
        assert_eq!((answer.status, answer.header("location")), (303, screen), "{old}");
    }
}

#[tokio::test]
async fn what_belongs_to_programs_is_never_answered_with_a_screen() {
    let app = TestApp::start().await;
    let browser = app.anonymous().with_header("accept", BROWSER);
    for path in ["/api/v1/nowhere", "/api.ashx/v1/nowhere", "/.well-known/nothing", "/assets/gone-1.js", "/shell.php", "/index.html.br"] {
        assert_eq!(browser.get(path).await.expect(404)["error"], "not_found", "{path}");
    }
    app.anonymous().get("/calls").await.expect(404);
    for method in [Method::POST, Method::DELETE] {
        assert_eq!(browser.send(method, "/calls", "", Bytes::new()).await.status, 404);
    }
}

#[tokio::test]
async fn the_manual_is_that_of_this_program() {
    let app = TestApp::start().await;
    let manual = app.anonymous().get("/api/v1/manual").await.expect(200);
    let pages = manual["data"].as_array().unwrap();
    let webhooks = pages.iter().find(|page| page["slug"] == "webhooks").unwrap();
    assert_eq!(webhooks["title"], "Webhooks");
    assert!(webhooks["text"].as_str().unwrap().contains("X-CodeB-Signature"));
}
