//! Knowledge bases and the outside: pages that are fetched again and again, embedding services, bots that ask.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::files::upload;
use crate::support::{Client, TestApp, make};

const BASES: &str = "/api/v1/knowledge-bases";

/// A web site on loopback: one page, its `robots.txt`, and an embedding service.
#[derive(Clone, Default)]
struct Site {
    page: Arc<Mutex<String>>,
    robots: Arc<Mutex<String>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    async fn start(page: &str) -> (Self, SocketAddr) {
        let site = Self::default();
        site.says(page);
        let router = Router::new()
            .route("/page", get(show_page))
            .route("/moved", get(async || (StatusCode::FOUND, [(header::LOCATION, "/page")])))
            .route("/robots.txt", get(show_robots))
            .route("/v1/embeddings", post(embed))
            .with_state(site.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (site, address)
    }

    fn says(&self, page: &str) {
        *self.page.lock().unwrap() = page.to_owned();
    }

    fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

async fn show_page(State(site): State<Site>, headers: HeaderMap) -> Response {
    let page = site.page.lock().unwrap().clone();
    let etag = format!("\"{}\"", page.len());
    let known = headers.get("if-none-match").and_then(|value| value.to_str().ok()) == Some(etag.as_str());
    site.asked.lock().unwrap().push(if known { "page 304" } else { "page 200" }.to_owned());
    if known {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(header::CONTENT_TYPE, "text/html".to_owned()), (header::ETAG, etag)], page).into_response()
}

async fn show_robots(State(site): State<Site>) -> String {
    site.robots.lock().unwrap().clone()
}

/// Vectors of three numbers: how many a's, e's and o's.
async fn embed(State(site): State<Site>, headers: HeaderMap, Json(body): Json<Value>) -> Json<Value> {
    let key = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    site.asked.lock().unwrap().push(format!("embed {key}"));
    let count = |text: &str, letter: char| 1.0 + text.matches(letter).count() as f64;
    let one = |(index, text): (usize, &Value)| {
        let text = text.as_str().unwrap();
        json!({ "index": index, "embedding": [count(text, 'a'), count(text, 'e'), count(text, 'o')] })
    };
    Json(json!({ "data": body["input"].as_array().unwrap().iter().enumerate().map(one).collect::<Vec<_>>() }))
}

async fn base(client: &Client, body: Value) -> String {
    client.post(BASES, body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn found(client: &Client, query: &str, mode: &str) -> Vec<Value> {
    let answer = client.post(&format!("{BASES}/search"), json!({ "query": query, "mode": mode })).await.expect(200);
    answer["results"].as_array().unwrap().clone()
}

async fn document(client: &Client, kb_id: &str, id: &Value) -> Value {
    client.get(&format!("{BASES}/{kb_id}/documents/{}", id.as_str().unwrap())).await.expect(200)
}

#[tokio::test]
async fn a_page_is_fetched_again_when_its_time_has_come_and_read_again_when_it_changed() {
    let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
    let admin = app.user(Role::Admin);
    let (site, at) = Site::start("<h1>Shop</h1><p>The trombone is upstairs.").await;
    let kb_id = base(&admin, json!({ "name": "Web" })).await;
    let source = json!({ "url": format!("http://{at}/moved"), "refresh_hours": 24, "tags": ["web"] });
    let path = format!("{BASES}/{kb_id}/documents/from-url");
    let added = admin.post(&path, source.clone()).await.expect(201);
    assert_eq!(admin.post(&path, source).await.expect(200)["id"], added["id"], "a URL is there once");
    app.settle().await;
    let first = document(&admin, &kb_id, &added["id"]).await;
    assert_eq!((first["parse_status"].clone(), first["format"].clone()), (json!("indexed"), json!("html")), "{first}");
    assert_eq!(found(&admin, "trombone", "bm25").await[0]["url"], format!("http://{at}/moved"));
    assert_eq!(site.take_asked(), ["page 200"]);
    app.advance(Duration::from_secs(25 * 3600));
    // Tokens do not live for a day.
    let admin = app.user(Role::Admin);
    app.settle().await;
    app.settle().await;
    assert_eq!(site.take_asked(), ["page 304"]);
    assert_eq!(document(&admin, &kb_id, &added["id"]).await["indexed_at"].as_str().map(str::len), Some(24));
    site.says("<h1>Shop</h1><p>The clarinet is downstairs now.");
    app.advance(Duration::from_secs(25 * 3600));
    let admin = app.user(Role::Admin);
    app.settle().await;
    app.settle().await;
    assert!(found(&admin, "trombone", "bm25").await.is_empty());
    assert_eq!(found(&admin, "clarinet", "bm25").await.len(), 1);
}

#[tokio::test]
async fn sites_that_mind_and_addresses_inside_are_left_alone() {
    let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
    let admin = app.user(Role::Admin);
    let (site, at) = Site::start("<p>secret").await;
    *site.robots.lock().unwrap() = "User-agent: cxbox\nDisallow: /page".to_owned();
    let kb_id = base(&admin, json!({ "name": "Web" })).await;
    let path = format!("{BASES}/{kb_id}/documents/from-url");
    let added = admin.post(&path, json!({ "url": format!("http://{at}/page") })).await.expect(201);
    app.settle().await;
    let document = document(&admin, &kb_id, &added["id"]).await;
    assert!(document["parse_error"].as_str().unwrap().contains("robots.txt"), "{document}");
    assert!(site.take_asked().is_empty());
    for url in ["http://10.0.0.1/", "http://169.254.169.254/latest", "ftp://a.example/", "nonsense"] {
        admin.post(&path, json!({ "url": url })).await.expect(422);
    }
    admin.post(&path, json!({ "url": "https://a.example/", "refresh_hours": 9000 })).await.expect(422);
}

#[tokio::test]
async fn another_model_embeds_everything_anew_and_words_go_on_without_it() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let (site, at) = Site::start("").await;
    let kb_id = base(&admin, json!({ "name": "Remote" })).await;
    upload(&admin, &kb_id, "a.md", b"Bananas are yellow.").await.expect(201);
    upload(&admin, &kb_id, "b.md", b"Geese need trees.").await.expect(201);
    app.settle().await;
    let service = json!({ "provider": "openai", "base_url": format!("http://{at}/v1"), "model": "letters", "api_key": "very-secret-key" });
    let changed = admin.patch(&format!("{BASES}/{kb_id}"), json!({ "embedding": service })).await.expect(200);
    assert_eq!(changed["is_reembedding"], true);
    let masked = changed["embedding"]["api_key"].as_str().unwrap().to_owned();
    assert!(masked.contains('•') && !masked.contains("secret"), "{masked}");
    assert_eq!(found(&admin, "bananas", "vector").await.len(), 2, "the old vectors serve");
    app.settle().await;
    assert_eq!(admin.get(&format!("{BASES}/{kb_id}")).await.expect(200)["is_reembedding"], false);
    assert_eq!(found(&admin, "aaaaaaaa", "vector").await[0]["document_name"], "a.md");
    assert_eq!(found(&admin, "eeeeeeee", "vector").await[0]["document_name"], "b.md");
    assert!(site.take_asked().iter().all(|asked| asked == "embed Bearer very-secret-key"));
    let kept = json!({ "provider": "openai", "base_url": format!("http://{at}/v1"), "model": "letters", "api_key": masked });
    admin.patch(&format!("{BASES}/{kb_id}"), json!({ "embedding": kept })).await.expect(200);
    let gone = json!({ "provider": "openai", "base_url": "http://127.0.0.1:1/v1", "model": "letters", "api_key": masked });
    admin.patch(&format!("{BASES}/{kb_id}"), json!({ "embedding": gone })).await.expect(422);
    let back = admin.patch(&format!("{BASES}/{kb_id}"), json!({ "embedding": { "provider": "built_in" } })).await.expect(200);
    assert_eq!(back["is_reembedding"], true);
    app.settle().await;
    assert_eq!(found(&admin, "yellow fruit", "hybrid").await[0]["document_name"], "a.md");
}

#[tokio::test]
async fn a_bot_finds_what_its_settings_let_it_find() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let kb_id = base(&admin, json!({ "name": "Shop" })).await;
    let text =
        b"# Shop\n\n## Parking\n\nCars can be left behind the lighthouse. Dogs may not.\n\n## Opening hours\n\nNine to six on every day.\n";
    upload(&admin, &kb_id, "shop.md", text).await.expect(201);
    app.settle().await;
    let knows = json!({ "knowledge_enabled": true, "knowledge_kb_ids": [kb_id], "knowledge_top_k": 2 });
    let bot = admin.post("/api/v1/bots", make::with(make::bot("Anna"), knows)).await.expect(201);
    let ask = json!({ "bot_id": bot["id"], "query": "where can I leave my car?", "wants_answer": true });
    let search = "/api/v1/knowledge/search";
    let answer = app.engine().post(search, ask.clone()).await.expect(200);
    assert_eq!(answer["results"][0]["heading"], "Shop › Parking");
    assert!(answer["answer"].as_str().unwrap().starts_with("Cars can be left behind the lighthouse."), "{answer}");
    let config = app.engine().get(&format!("/api/v1/config/{}", bot["id"].as_str().unwrap())).await.expect(200);
    assert!(config["knowledge_phrases"].as_array().unwrap().contains(&json!("tell me about parking")), "{config}");
    assert_eq!(config["knowledge_kb_ids"], json!([kb_id]));
    for (change, n) in [
        (json!({ "knowledge_enabled": false }), 0),
        (json!({ "knowledge_score_threshold": 1.0 }), 0),
        (json!({ "knowledge_kb_ids": ["kb_0000000000000000"] }), 0),
        (json!({ "knowledge_top_k": 1 }), 1),
    ] {
        let body =
            make::with(make::with(make::bot("Anna"), json!({ "knowledge_enabled": true, "knowledge_kb_ids": [kb_id] })), change.clone());
        admin.put(&format!("/api/v1/bots/{}", bot["id"].as_str().unwrap()), body).await.expect(200);
        let answer = app.engine().post(search, ask.clone()).await.expect(200);
        assert_eq!(answer["results"].as_array().unwrap().len(), n, "{change}");
    }
    app.engine().post(search, json!({ "bot_id": "bot_0000000000000000", "query": "x" })).await.expect(404);
    app.engine().post(search, json!({ "bot_id": bot["id"], "query": " " })).await.expect(422);
    app.engine().post(search, json!({ "bot_id": bot["id"], "query": "x", "top_k": 11 })).await.expect(422);
    admin.post(search, ask).await.expect(403);
}
