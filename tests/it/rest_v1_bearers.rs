//! Both kinds of bearers on all thirteen routes, with something to find behind each (checklist 23, 32).

use bytes::Bytes;
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, FakeEngine, TestApp, make};
use crate::transcripts::outbound;

const PASSWORD: &str = "correct horse battery";

/// Every catalogued route once; what each must answer.
async fn served_everywhere(client: &Client, did: &str) {
    let call = json!({ "phone": "+15551234567", "systemPrompt": "Say hello.", "email": "ada@example.com" });
    let placed = ok(client, Method::POST, "calls", call, 200).await;
    let call = format!("calls/{}", placed["callId"].as_str().unwrap());
    ok(client, Method::GET, "calls", Value::Null, 200).await;
    ok(client, Method::GET, &call, Value::Null, 200).await;
    ok(client, Method::POST, &format!("{call}/hangup"), Value::Null, 200).await;
    ok(client, Method::GET, "numbers", Value::Null, 200).await;
    ok(client, Method::GET, "transcripts", Value::Null, 200).await;
    ok(client, Method::GET, "transcripts/oac-0123456789ab", Value::Null, 200).await;
    ok(client, Method::GET, "inbound-routes", Value::Null, 200).await;
    ok(client, Method::POST, "inbound-routes", json!({ "did": did, "user": "desk" }), 201).await;
    let route = format!("inbound-routes/{did}");
    ok(client, Method::GET, &route, Value::Null, 200).await;
    ok(client, Method::PUT, &route, json!({ "user": "night" }), 200).await;
    ok(client, Method::DELETE, &route, Value::Null, 200).await;
    ok(client, Method::GET, "webhooks", Value::Null, 200).await;
}

async fn ok(client: &Client, method: Method, path: &str, body: Value, status: u16) -> Value {
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    client.send(method, &format!("/api.ashx/v1/{path}"), "application/json", body).await.expect(status)
}

#[tokio::test]
async fn an_oidc_token_of_an_admin_and_an_ak_key_are_served_on_all_thirteen_routes() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    let _engine = FakeEngine::start(&app).await;
    let root = app.user(Role::SuperAdmin);
    root.post("/api/v1/carriers", make::quick_carrier()).await.expect(201);
    outbound(&app, "s-1", "oac-0123456789ab", "+15550000000", "Reminder", "2026-01-01T12:00:00.000Z").await;
    app.settle().await;
    let anna = json!({ "name": "anna", "email": "anna@example.com", "password": PASSWORD, "role": "admin" });
    root.post("/api/v1/users", anna).await.expect(201);
    let form = format!("grant_type=password&client_id=codeb-admin&username=anna&password={}&scope=openid", PASSWORD.replace(' ', "+"));
    let granted = app.anonymous().form("/oidc.ashx/token", &form).await.expect(200);
    let oidc = app.anonymous().with_bearer(granted["access_token"].as_str().unwrap());
    let key = oidc.post("/api/v1/api-keys", json!({ "name": "integration", "kind": "ak" })).await.expect(201);
    let key = app.anonymous().with_bearer(key["key"].as_str().unwrap());
    served_everywhere(&oidc, "100").await;
    served_everywhere(&key, "200").await;
}
