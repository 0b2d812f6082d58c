//! Calls over WebSockets on the control plane: who may open one, and what they are told who may not.

use cxbox::platform::access::Role;
use serde_json::json;

use crate::support::{Client, FakeEngine, TestApp, make};

/// The headers of a browser that opens a WebSocket.
fn opening(client: &Client) -> Client {
    let pairs = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ];
    pairs.into_iter().fold(client.clone(), |client, (name, value)| client.with_header(name, value))
}

#[tokio::test]
async fn a_socket_needs_a_credential_a_bot_that_takes_calls_and_an_engine() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    let _engine = FakeEngine::start(&app).await;
    let admin = app.user(Role::Admin);
    let bot = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/ws/{bot}");
    opening(&app.anonymous()).get(&path).await.expect(401);
    opening(&app.user(Role::Supervisor)).get(&path).await.expect(403);
    assert_eq!(admin.get(&path).await.expect(422)["error"], "websocket_needed");
    opening(&admin).get("/ws/nobody").await.expect(404);
    assert_eq!(opening(&admin).get(&path).await.expect(503)["error"], "no_socket_calls", "an engine of another make");
    let draft = admin.post("/api/v1/bots", make::with(make::bot("Ben"), json!({ "status": "draft" }))).await.expect(201);
    let path = format!("/ws/{}", draft["id"].as_str().unwrap());
    assert_eq!(opening(&admin).get(&path).await.expect(404)["error"], "bot_not_active");
}

#[tokio::test]
async fn the_token_may_stand_in_the_address_of_a_socket_and_nowhere_else() {
    let app = TestApp::start().await;
    let root = app.oidc_user(Role::SuperAdmin);
    let mint = |scopes: &'static [&'static str]| {
        let root = root.clone();
        async move {
            let minted = root.post("/api/v1/api-keys", json!({ "name": "line", "kind": "ak", "scopes": scopes })).await.expect(201);
            minted["key"].as_str().unwrap().to_owned()
        }
    };
    let caller = opening(&app.anonymous());
    let writes = mint(&["calls:write"]).await;
    caller.get(&format!("/ws/nobody?token={writes}")).await.expect(404);
    caller.get("/ws/nobody?token=ak_wrong").await.expect(401);
    caller.get(&format!("/api/v1/bots?token={writes}")).await.expect(401);
    let reads = mint(&["calls:read"]).await;
    assert_eq!(caller.get(&format!("/ws/nobody?token={reads}")).await.expect(403)["error"], "insufficient_scope");
}
