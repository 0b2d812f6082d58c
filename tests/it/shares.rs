//! Links that share a transcript: made once shown, looked at, over, taken back, guessed (checklist 201 to 206).

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Receiver, TestApp};
use crate::transcripts::{n_facts, outbound};

const SHARES: &str = "/api/v1/transcripts/oac-0123456789ab/shares";

/// An app with one saved transcript.
async fn started() -> TestApp {
    let app = TestApp::start().await;
    outbound(&app, "s-1", "oac-0123456789ab", "+15551234567", "Ada <script>alert(1)</script>", "2026-01-01T12:00:00.000Z").await;
    app.settle().await;
    app
}

/// A new share, and the path of its page.
async fn shared(app: &TestApp, body: Value) -> (Value, String) {
    let made = app.user(Role::Admin).post(SHARES, body).await.expect(201);
    let path = made["url"].as_str().unwrap().strip_prefix(&app.base_url()).expect("the link is of this box").to_owned();
    (made, path)
}

#[tokio::test]
async fn a_link_is_shown_once_and_only_its_end_is_kept() {
    let app = started().await;
    let (made, path) = shared(&app, json!({})).await;
    let token = made["token"].as_str().unwrap();
    assert!(token.len() == 32 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "192 bits");
    assert_eq!((path, made["ttl_hours"].clone(), made["created_by"].clone()), (format!("/t/{token}"), json!(168), json!("admin")));
    assert_eq!(
        (made["created_at"].clone(), made["expires_at"].clone()),
        (json!("2026-06-01T12:00:00.000Z"), json!("2026-06-08T12:00:00.000Z"))
    );
    assert_eq!((made["token_masked"].clone(), made["state"].clone()), (json!(format!("...{}", &token[24..])), json!("live")));
    for path in [SHARES, "/api/v1/shares"] {
        let answer = app.user(Role::Admin).get(path).await;
        assert!(!answer.text().contains(token));
        let list = answer.expect(200);
        assert_eq!(
            (list["total"].clone(), list["data"][0]["id"].clone(), list["data"][0]["views"].clone()),
            (json!(1), made["id"].clone(), json!(0))
        );
    }
    app.settle().await;
    for file in ["main.db", "main.db-wal"] {
        let stored = std::fs::read(app.folder().join(file)).unwrap_or_default();
        assert!(!stored.windows(32).any(|window| window == token.as_bytes()), "{file} holds the token");
    }
    let audit = app.user(Role::SuperAdmin).get("/api/v1/audit?action=transcript.share").await.expect(200);
    assert_eq!((audit["total"].clone(), audit["data"][0]["target"].clone()), (json!(1), made["id"].clone()));
}

#[tokio::test]
async fn whoever_has_the_link_reads_a_page_that_runs_nothing() {
    let app = started().await;
    let (made, path) = shared(&app, json!({ "ttl_hours": 1 })).await;
    let page = app.anonymous().get(&path).await;
    let html = page.text();
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(html.contains("Good day &amp; &lt;b&gt;hello&lt;&#x2f;b&gt;") && html.contains("Ada &lt;script&gt;"), "{html}");
    assert!(!html.contains("<script") && !html.contains("+1555") && !html.contains("ops@example.com"), "{html}");
    assert!(html.contains("<p class=\"brand\">cxbox</p>"), "the name from the settings: {html}");
    assert!(html.contains("name=\"viewport\"") && html.contains("prefers-color-scheme: dark"));
    assert_eq!((page.header("referrer-policy"), page.header("cache-control")), ("no-referrer", "private, no-store"));
    assert_eq!(page.header("x-robots-tag"), "noindex, nofollow, noarchive");
    let policy = page.header("content-security-policy");
    let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
    let hash = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, digest);
    assert!(policy.contains("default-src 'none'") && policy.contains(&format!("style-src 'sha256-{hash}'")) && !policy.contains("unsafe"));
    let brand = json!({ "name": "Acme & Sons", "logo": "https://cdn.acme.example:8443/a.png?v=1", "support_email": "help@acme.example" });
    app.user(Role::SuperAdmin).put("/api/v1/settings/brand", brand).await.expect(200);
    for path in [path.clone(), "/t/nobody-knows-this-one".to_owned()] {
        let branded = app.anonymous().get(&path).await;
        let html = branded.text();
        assert!(html.contains("<p class=\"brand\">Acme &amp; Sons</p>") && html.contains("Questions: help@acme.example"), "{html}");
        assert!(html.contains("src=\"https:&#x2f;&#x2f;cdn.acme.example:8443&#x2f;a.png?v=1\""), "{html}");
        assert!(branded.header("content-security-policy").ends_with("; img-src https://cdn.acme.example:8443"));
    }
    let json = app.anonymous().get(&format!("{path}.json")).await;
    assert_eq!((json.header("content-type"), json.header("x-robots-tag")), ("application/json", "noindex, nofollow, noarchive"));
    let json = json.expect(200);
    assert_eq!(json["turns"][0], json!({ "speaker": "AI", "text": "Hello", "ts": "2026-01-01T12:00:03.000Z" }));
    assert_eq!(json.as_object().unwrap().keys().collect::<Vec<_>>(), ["title", "startedUtc", "durationSec", "turns"]);
    app.settle().await;
    let seen = app.user(Role::Admin).get(SHARES).await.expect(200);
    assert_eq!(
        (seen["data"][0]["views"].clone(), seen["data"][0]["id"].clone()),
        (json!(1), made["id"].clone()),
        "one look within a minute"
    );
    assert_eq!(n_facts(&app, "share_viewed").await, 1);
    app.advance(Duration::from_secs(60));
    app.anonymous().get(&path).await.expect(200);
    assert_eq!(n_facts(&app, "share_viewed").await, 2, "a minute later it is another");
    app.settle().await;
}

#[tokio::test]
async fn a_link_ends_at_its_time_and_one_without_an_end_stays() {
    let app = started().await;
    let (_, week) = shared(&app, json!({ "ttl_hours": 168 })).await;
    let (endless, forever) = shared(&app, json!({ "ttl_hours": 0 })).await;
    assert_eq!((endless["expires_at"].clone(), endless["ttl_hours"].clone()), (Value::Null, json!(0)));
    app.advance(Duration::from_secs(7 * 86_400 - 1));
    app.anonymous().get(&week).await.expect(200);
    app.advance(Duration::from_secs(1));
    let over = app.anonymous().get(&week).await;
    assert!(over.status == 410 && over.header("content-type").starts_with("text/html") && over.text().contains("this link has expired"));
    let refusal = app.anonymous().get(&format!("{week}.json")).await.expect(410);
    assert_eq!((refusal["error"].clone(), refusal["error_description"].clone()), (json!("gone"), json!("this link has expired")));
    app.advance(Duration::from_secs(20 * 365 * 86_400));
    app.anonymous().get(&forever).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn a_link_that_was_taken_back_opens_nothing_and_that_is_told_once() {
    let app = started().await;
    let (made, path) = shared(&app, json!({})).await;
    let revoke = format!("/api/v1/shares/{}", made["id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(app.user(Role::Admin).delete(&revoke).await.status, 204);
    }
    for path in [path.clone(), format!("{path}.json")] {
        assert_eq!(app.anonymous().get(&path).await.status, 410);
    }
    let listed = app.user(Role::Admin).get(SHARES).await.expect(200);
    let share = &listed["data"][0];
    assert_eq!((share["state"].clone(), share["revoked_by"].clone()), (json!("revoked"), json!("admin")));
    assert_eq!(
        (n_facts(&app, "share_revoked").await, n_facts(&app, "share_viewed").await, n_facts(&app, "share_created").await),
        (1, 0, 1)
    );
    app.user(Role::Admin).delete("/api/v1/shares/shr_0").await.expect(404);
    app.settle().await;
}

#[tokio::test]
async fn bad_wishes_are_refused_by_field_and_strangers_are_turned_away() {
    let app = started().await;
    let admin = app.user(Role::Admin);
    for body in [json!({ "ttl_hours": 8761 }), json!({ "ttl_hours": -1 }), json!({ "ttl_hours": "long" }), json!({ "ttl_hours": 1.5 })] {
        assert_eq!(admin.post(SHARES, body.clone()).await.expect(422)["errors"][0]["field"], "ttl_hours", "{body}");
    }
    admin.post(SHARES, json!({ "token": "mine" })).await.expect(422);
    let unknown = admin.post("/api/v1/transcripts/oac-none/shares", json!({})).await.expect(404);
    assert_eq!(unknown["error_description"], "No transcript for callId=oac-none");
    admin.get("/api/v1/transcripts/oac-none/shares").await.expect(404);
    app.anonymous().post(SHARES, json!({})).await.expect(401);
    app.user(Role::Supervisor).post(SHARES, json!({})).await.expect(403);
    app.user(Role::Supervisor).get("/api/v1/shares").await.expect(403);
    let by_file = "/api/v1/transcripts/outbound-ai-20260101-120000-oac-0123456789ab.txt/shares";
    assert_eq!(admin.post(by_file, json!({})).await.expect(201)["call_id"], "oac-0123456789ab");
    app.settle().await;
}

#[tokio::test]
async fn ten_thousand_guesses_open_nothing_and_are_slowed_down() {
    let app = started().await;
    let (made, path) = shared(&app, json!({})).await;
    let token = made["token"].as_str().unwrap();
    let (mut n_unknown, mut n_slowed) = (0, 0);
    for n in 0..10_000_u32 {
        // Near misses: the true token with other characters somewhere.
        let guess: String = token
            .chars()
            .enumerate()
            .map(|(at, c)| if at == (n % 32) as usize { char::from(b'!' + (n / 32 % 10) as u8) } else { c })
            .collect();
        let guess = guess.replace(['#', '%', '"', '\''], "~");
        match app.anonymous().get(&format!("/t/{guess}{}", if n % 2 == 0 { ".json" } else { "" })).await.status {
            404 => n_unknown += 1,
            429 => n_slowed += 1,
            status => panic!("guess {n} was answered {status}"),
        }
    }
    assert_eq!((n_unknown, n_slowed), (60, 9_940));
    let slowed = app.anonymous().get(&path).await;
    assert_eq!((slowed.status, slowed.header("retry-after")), (429, "60"));
    app.advance(Duration::from_secs(61));
    app.anonymous().get(&path).await.expect(200);
    app.settle().await;
}

#[tokio::test]
async fn receivers_are_told_of_shares_with_the_documented_fields_and_never_the_token() {
    let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
    let receiver = Receiver::start().await;
    let events = ["transcript.share.created", "transcript.share.viewed", "transcript.share.revoked"];
    app.user(Role::SuperAdmin).post("/api/v1/webhooks", json!({ "url": receiver.url, "events": events })).await.expect(201);
    outbound(&app, "s-1", "oac-0123456789ab", "+15551234567", "Ada", "2026-01-01T12:00:00.000Z").await;
    app.settle().await;
    let (made, path) = shared(&app, json!({ "ttl_hours": 168 })).await;
    app.anonymous().get(&path).await.expect(200);
    app.user(Role::Admin).delete(&format!("/api/v1/shares/{}", made["id"].as_str().unwrap())).await.expect(204);
    shared(&app, json!({ "ttl_hours": 0 })).await;
    app.settle().await;
    let told = receiver.take_all();
    let token = made["token"].as_str().unwrap();
    assert!(told.iter().all(|delivery| !String::from_utf8_lossy(&delivery.body).contains(token)));
    let (masked, file) = (format!("...{}", &token[24..]), "outbound-ai-20260101-120000-oac-0123456789ab.txt");
    let data = |event: &str| {
        told.iter()
            .map(|delivery| delivery.json())
            .filter(|body| body["event"] == event)
            .map(|body| body["data"].clone())
            .collect::<Vec<_>>()
    };
    let created = data(events[0]);
    let first = created.iter().find(|data| data["token"] == masked.as_str()).unwrap();
    assert_eq!(
        *first,
        json!({ "token": masked, "file": file, "ttlHours": 168, "createdBy": "admin", "expiresUtc": "2026-06-08T12:00:00.000Z" })
    );
    let endless = created.iter().find(|data| data["token"] != masked.as_str()).unwrap();
    assert_eq!(
        (endless["ttlHours"].clone(), endless["expiresUtc"].clone(), endless.as_object().unwrap().len()),
        (json!(0), Value::Null, 5)
    );
    assert_eq!(data(events[1]), [json!({ "token": masked, "file": file, "viewerIp": "127.0.0.1" })]);
    assert_eq!(data(events[2]), [json!({ "token": masked, "file": file, "revokedBy": "admin" })]);
    assert_eq!(told.len(), 4);
}
