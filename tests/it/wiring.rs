//! The whole control plane hangs together: a result that is posted is read back, with its facts fanned out.

use cxbox::platform::access::Role;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_posted_result_is_read_back_and_its_follow_up_work_ends() {
    let app = TestApp::start().await;
    let session_id = "0b0c3a52-4a4b-4f0e-8f0b-3c8f7d0a0001";
    let result = json!({
        "session_id": session_id, "disconnected_by": "customer", "call_direction": "inbound",
        "transcript": [{ "role": "assistant", "content": "Hello." }, { "role": "user", "content": "Goodbye." }],
    });
    let answer = app.engine().post("/api/v1/call-results", result).await.expect(200);
    assert_eq!(answer, json!({ "status": "ok", "session_id": session_id }));
    app.settle().await;
    let call = app.user(Role::Admin).get(&format!("/api/v1/calls/{session_id}")).await.expect(200);
    assert_eq!(call["status"], "completed");
}

#[tokio::test]
async fn strangers_are_turned_away_and_a_wrong_role_is_told_so() {
    let app = TestApp::start().await;
    app.anonymous().get("/api/v1/bots").await.expect(401);
    app.user(Role::Agent).get("/api/v1/bots").await.expect(403);
    app.user(Role::Admin).get("/api/v1/bots").await.expect(200);
    app.user(Role::Admin).post("/api/v1/call-results", json!({})).await.expect(403);
}
