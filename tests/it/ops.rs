//! Health and the shape of answers to wrong requests.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_living_process_says_so() {
    let app = TestApp::start().await;
    assert_eq!(app.anonymous().get("/healthz").await.expect(200)["status"], "ok");
}

#[tokio::test]
async fn an_unknown_path_is_a_json_404() {
    let app = TestApp::start().await;
    assert_eq!(app.anonymous().get("/api/v1/nowhere").await.expect(404)["error"], "not_found");
}

#[tokio::test]
async fn every_method_on_an_unknown_path_gets_the_same_answer_before_and_after_a_restart() {
    let mut app = TestApp::start().await;
    for _ in 0..2 {
        let clients = [app.anonymous(), app.engine(), app.user(Role::SuperAdmin)];
        for client in &clients {
            for answer in [
                client.post("/nowhere", json!({})).await,
                client.put("/nowhere", json!({})).await,
                client.patch("/nowhere", json!({})).await,
                client.delete("/nowhere").await,
                client.form("/nowhere", "a=b").await,
            ] {
                assert_eq!(answer.expect(404)["detail"], "there is nothing at this path");
                assert_eq!(answer.header("content-type"), "application/json");
            }
            assert_eq!(client.head("/nowhere").await.status, 404);
        }
        app.settle().await;
        assert!(app.work_left().await.is_empty());
        app.restart().await;
    }
    app.advance(Duration::from_secs(1));
    app.may_leave_work();
    assert!(app.folder().join("main.db").exists());
    assert!(app.base_url().starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn a_box_without_an_engine_is_not_ready_and_says_why() {
    let app = TestApp::start().await;
    let report = app.anonymous().get("/readyz").await.expect(503);
    assert_eq!(report["status"], "not_ready");
    assert_eq!(report["reasons"][0], "the engine does not answer");
    assert_eq!(report["checks"][0], json!({ "name": "database", "ok": true, "reason": "" }));
}

#[tokio::test]
async fn every_answer_carries_a_request_id_and_safe_headers() {
    let app = TestApp::start().await;
    let answer = app.anonymous().with_header("x-request-id", "from-me.1").get("/healthz").await;
    assert_eq!(answer.header("x-request-id"), "from-me.1");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
    let answer = app.anonymous().with_header("x-request-id", "not{safe}").get("/nowhere").await;
    assert_eq!(answer.header("x-request-id").len(), 16);
    assert_eq!(answer.expect(404)["request_id"], answer.header("x-request-id"));
}

#[tokio::test]
async fn each_surface_refuses_in_its_own_shape() {
    let app = TestApp::start().await;
    let admin = app.user(Role::SuperAdmin);
    let refused = admin.send(http::Method::POST, "/api.ashx/v1/inbound-routes", "application/json", "{".into()).await;
    let keys: Vec<_> = refused.expect(400).as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["error", "error_description"]);
    assert_eq!(refused.header("x-request-id").len(), 16, "the id is in the header");
    let refused = admin.post("/api/v1/bots", json!({ "name": 7 })).await.expect(422);
    assert_eq!(refused["error"], "invalid_request");
    assert_eq!(refused["detail"], refused["error_description"]);
    assert_eq!(refused["errors"][0]["field"], "name");
    for path in ["/api.ashx/v1/inbound-routes", "/api/v1/bots"] {
        let wrong = admin.patch(path, json!({})).await;
        assert_eq!(wrong.expect(405)["error"], "method_not_allowed");
        assert!(wrong.header("allow").contains("POST"), "{path}: {}", wrong.header("allow"));
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let app = TestApp::start().await;
    let large = json!({ "name": "x".repeat(3 * 1024 * 1024) });
    assert_eq!(app.user(Role::Admin).post("/api/v1/bots", large).await.expect(413)["error"], "too_large");
}

#[tokio::test]
async fn figures_are_given_to_clients_on_this_machine() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/metrics").await;
    assert_eq!(answer.status, 200);
    let names =
        ["cxbox_disk_free_bytes ", "cxbox_engine_up 0", "cxbox_outbox_waiting_total{what=\"facts\"} 0", "cxbox_outbox_oldest_seconds 0"];
    for name in names {
        assert!(answer.text().contains(name), "{name} is not in {}", answer.text());
    }
    for absent in ["cxbox_cert_expiry_seconds", "cxbox_backup_age_seconds"] {
        assert!(!answer.text().contains(absent), "there is no certificate and no backup");
    }
}

#[tokio::test]
async fn work_that_is_late_shows_in_the_figures() {
    let mut app = TestApp::start().await;
    let result = json!({ "session_id": "s-1", "disconnected_by": "customer" });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.advance(Duration::from_secs(90));
    let text = app.anonymous().get("/metrics").await.text();
    assert!(text.contains("cxbox_outbox_oldest_seconds 90") && text.contains("cxbox_outbox_waiting_total{what=\"facts\"} 1"), "{text}");
    app.may_leave_work();
}

/// R43: what people use can be closed to all networks but some.
#[tokio::test]
async fn people_come_in_from_the_named_networks_only_and_programs_from_everywhere() {
    let elsewhere = TestApp::start_with(&[("CXBOX_CONSOLE__NETWORKS", "10.1.0.0/16")]).await;
    let owner = elsewhere.user(Role::SuperAdmin);
    for path in ["/", "/api/v1/users", "/api/v1/bots", "/api/v1/auth/me", "/api/v1/nothing"] {
        assert_eq!(owner.get(path).await.expect(403)["error"], "network_not_allowed", "{path}");
    }
    let (setup, login) = (json!({ "token": "t" }), json!({ "email": "root@example.com", "password": "correct horse battery" }));
    for (path, body) in [("/api/v1/setup", setup), ("/api/v1/auth/login", login)] {
        assert_eq!(elsewhere.anonymous().post(path, body).await.expect(403)["error"], "network_not_allowed");
    }
    owner.get("/api.ashx/v1/calls").await.expect(200);
    elsewhere.anonymous().get("/api.ashx/v1").await.expect(200);
    elsewhere.anonymous().get("/t/none.json").await.expect(404);
    elsewhere.anonymous().get("/healthz").await.expect(200);
    elsewhere.engine().post("/api/v1/call-results", json!({ "session_id": "s-1", "disconnected_by": "bot" })).await.expect(200);
    elsewhere.settle().await;
    let here = TestApp::start_with(&[("CXBOX_CONSOLE__NETWORKS", "10.1.0.0/16,127.0.0.0/8")]).await;
    here.user(Role::SuperAdmin).get("/api/v1/users").await.expect(200);
}
