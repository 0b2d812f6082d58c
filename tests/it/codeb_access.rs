//! Who gets through to the thirteen endpoints of the CodeB surface (checklist 18 to 37): each caller at each endpoint.

use std::time::Duration;

use cxbox::platform::access::Role;
use http::Method;
use serde_json::json;

use crate::support::{Client, TestApp};

/// The documented endpoints, with something harmless in each placeholder.
const THIRTEEN: [(Method, &str); 13] = [
    (Method::POST, "/api.ashx/v1/calls"),
    (Method::GET, "/api.ashx/v1/calls"),
    (Method::GET, "/api.ashx/v1/calls/oac-000000000000"),
    (Method::POST, "/api.ashx/v1/calls/oac-000000000000/hangup"),
    (Method::GET, "/api.ashx/v1/numbers"),
    (Method::GET, "/api.ashx/v1/transcripts"),
    (Method::GET, "/api.ashx/v1/transcripts/oac-000000000000"),
    (Method::GET, "/api.ashx/v1/inbound-routes"),
    (Method::POST, "/api.ashx/v1/inbound-routes"),
    (Method::GET, "/api.ashx/v1/inbound-routes/nothing"),
    (Method::DELETE, "/api.ashx/v1/inbound-routes/nothing"),
    (Method::PUT, "/api.ashx/v1/inbound-routes/nothing"),
    (Method::GET, "/api.ashx/v1/webhooks"),
];

/// The status each endpoint gives this caller.
async fn statuses(client: &Client) -> Vec<u16> {
    let mut all = Vec::new();
    for (method, path) in THIRTEEN {
        all.push(client.status(&method, path).await);
    }
    all
}

#[tokio::test]
async fn lines_18_to_22_without_a_valid_token_it_is_401_and_below_admin_403() {
    let app = TestApp::start().await;
    let expired = app.oidc_user(Role::Admin);
    app.advance(Duration::from_secs(3600));
    for nobody in [app.anonymous(), app.anonymous().with_bearer("garbage"), app.anonymous().with_bearer("ak_garbage"), expired] {
        assert_eq!(statuses(&nobody).await, [401; 13]);
    }
    let app = TestApp::start().await;
    for role in [Role::Agent, Role::Supervisor] {
        assert_eq!(statuses(&app.oidc_user(role)).await, [403; 13], "{role:?}");
    }
}

#[tokio::test]
async fn lines_23_and_32_an_admin_s_token_and_a_key_get_through_alike() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    let admin = app.oidc_user(Role::Admin);
    let key = admin.post("/api/v1/api-keys", json!({ "name": "k", "kind": "ak" })).await.expect(201)["key"].as_str().unwrap().to_owned();
    let key = app.anonymous().with_bearer(&key);
    let reached = statuses(&admin).await;
    assert!(reached.iter().all(|status| ![401, 403, 405].contains(status) && *status < 500), "{reached:?}");
    assert_eq!(statuses(&key).await, reached);
}

#[tokio::test]
async fn lines_29_to_31_and_33_a_key_is_shown_once_stored_as_its_hash_and_gone_at_once() {
    let app = TestApp::start().await;
    let admin = app.oidc_user(Role::Admin);
    let minted = admin.post("/api/v1/api-keys", json!({ "name": "k", "kind": "ak" })).await.expect(201);
    let text = minted["key"].as_str().unwrap();
    assert!(text.len() == 35 && text.starts_with("ak_") && text[3..].bytes().all(|b| b.is_ascii_hexdigit()), "{text}");
    assert!(!admin.get("/api/v1/api-keys").await.expect(200).to_string().contains(text));
    assert!(!admin.get("/api/v1/audit").await.expect(200).to_string().contains(text));
    for file in files_below(app.folder()) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "the key lies in {}", file.display());
    }
    let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()));
    let stored = app.db().read(|conn| Ok(conn.query_row("select hash from api_keys", [], |row| row.get::<_, String>(0))?)).await.unwrap();
    assert_eq!(stored, digest);
    let program = app.anonymous().with_bearer(text);
    program.get("/api.ashx/v1/calls").await.expect(200);
    let path = format!("/api/v1/api-keys/{}", minted["id"].as_str().unwrap());
    admin.patch(&path, json!({ "is_active": false })).await.expect(200);
    assert_eq!(statuses(&program).await, [401; 13]);
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.is_file() {
            found.push(path);
        }
    }
    found
}
