//! Another signing key in place of the one before: nobody is signed out, and the old one ends.

use std::time::Duration;

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::oidc_code::{code, redemption, refresh, start, token, works};
use crate::support::TestApp;

async fn names(app: &TestApp) -> Vec<Value> {
    let keys = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
}

#[tokio::test]
async fn a_rotation_signs_nobody_out_and_the_old_key_ends_with_its_last_token() {
    let mut app = start().await;
    let before = names(&app).await;
    let old = token(&app, &redemption(&code(&app, &[]).await), 200).await;
    for role in [Role::Admin, Role::Agent] {
        app.user(role).post("/api/v1/oidc/keys/rotate", json!({})).await.expect(403);
    }
    let rotated = app.user(Role::SuperAdmin).post("/api/v1/oidc/keys/rotate", json!({})).await.expect(200);
    assert_eq!((&rotated["retired"], &rotated["retired_verifies_for_s"]), (&before[0], &json!(3660)));
    assert_eq!(names(&app).await, [rotated["active"].clone(), before[0].clone()]);
    assert!(works(&app, &old["access_token"]).await);
    app.restart().await;
    assert_eq!(names(&app).await, [rotated["active"].clone(), before[0].clone()], "a restart keeps both");
    assert!(works(&app, &old["access_token"]).await);
    let fresh = refresh(&app, old["refresh_token"].as_str().unwrap(), 200).await;
    assert!(works(&app, &fresh["access_token"]).await);
    let header = |token: &Value| {
        use base64::Engine as _;
        let part = token.as_str().unwrap().split('.').next().unwrap();
        serde_json::from_slice::<Value>(&base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()["kid"].clone()
    };
    assert_eq!(header(&fresh["access_token"]), rotated["active"]);
    app.advance(Duration::from_secs(3661));
    assert_eq!(names(&app).await, [rotated["active"].clone()]);
    assert!(!works(&app, &old["access_token"]).await);
    let trail = app.user(Role::SuperAdmin).get("/api/v1/audit?action=oidc_key.rotate").await.expect(200);
    assert_eq!((&trail["total"], &trail["data"][0]["target"]), (&json!(1), &rotated["active"]));
}
