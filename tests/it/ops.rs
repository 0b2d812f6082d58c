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
