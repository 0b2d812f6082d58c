//! Carriers over the API, and what an engine learns of them.

use cxbox::platform::access::Role;
use serde_json::json;

use crate::support::{TestApp, make};

#[tokio::test]
async fn a_carrier_is_made_by_a_super_admin_and_read_by_an_admin() {
    let app = TestApp::start().await;
    let (owner, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    admin.post("/api/v1/carriers", make::carrier()).await.expect(403);
    let made = owner.post("/api/v1/carriers", make::carrier()).await.expect(201);
    let id = made["id"].as_str().unwrap();
    assert!(id.len() == 19 && id.starts_with("tr_") && id[3..].bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    assert_eq!((made["outbound_cps"].clone(), made["outbound_channels"].clone()), (json!(1.0), json!(10)));
    assert_eq!(admin.get(&format!("/api/v1/carriers/{id}")).await.expect(200), made);
    admin.delete(&format!("/api/v1/carriers/{id}")).await.expect(403);
    owner.delete(&format!("/api/v1/carriers/{id}")).await.expect(204);
    admin.get(&format!("/api/v1/carriers/{id}")).await.expect(404);
    for (change, field) in [
        (json!({ "inbound_allowed_addresses": [] }), "inbound_allowed_addresses"),
        (json!({ "outbound_cps": 0 }), "outbound_cps"),
        (json!({ "outbound_burst": 1001 }), "outbound_burst"),
        (json!({ "outbound_channels": 0 }), "outbound_channels"),
        (json!({ "sip_address": "" }), "sip_address"),
        (json!({ "transport": "pigeon" }), "transport"),
    ] {
        let refusal = owner.post("/api/v1/carriers", make::with(make::carrier(), change)).await.expect(422);
        assert_eq!(refusal["errors"][0]["field"], field);
    }
}

#[tokio::test]
async fn passwords_go_in_and_only_the_engine_gets_them_out() {
    let app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    let body = make::with(make::carrier(), json!({ "outbound_auth_username": "box", "outbound_auth_password": "opensesame" }));
    let made = owner.post("/api/v1/carriers", body.clone()).await.expect(201);
    assert!(made.get("outbound_auth_password").is_none() && made["has_outbound_auth_password"] == true);
    let trunks = app.engine().get("/api/v1/engine/trunks").await.expect(200);
    assert_eq!(trunks["trunks"][0]["outbound_auth_password"], "opensesame");
    let path = format!("/api/v1/carriers/{}", made["id"].as_str().unwrap());
    owner.put(&path, make::with(make::carrier(), json!({ "outbound_auth_username": "box" }))).await.expect(200);
    let later = app.engine().get("/api/v1/engine/trunks").await.expect(200);
    assert_eq!(later["trunks"][0]["outbound_auth_password"], "opensesame", "absent keeps the stored one");
    assert!(later["revision"].as_u64() > trunks["revision"].as_u64());
    owner.put(&path, make::with(make::carrier(), json!({ "outbound_auth_password": "" }))).await.expect(200);
    let last = app.engine().get("/api/v1/engine/trunks").await.expect(200);
    assert!(last["trunks"][0]["outbound_auth_password"].is_null(), "an empty text removes it");
    owner.put(&path, make::with(make::carrier(), json!({ "is_active": false }))).await.expect(200);
    assert_eq!(app.engine().get("/api/v1/engine/trunks").await.expect(200)["trunks"], json!([]));
    owner.get("/api/v1/engine/trunks").await.expect(403);
}

#[tokio::test]
async fn what_a_carriers_calls_must_sign_in_with_reaches_the_engine_by_its_mode() {
    let app = TestApp::start().await;
    let root = app.user(Role::SuperAdmin);
    for (change, username, password) in [
        (
            json!({ "inbound_auth_mode": "credentials", "inbound_auth_username": "them", "inbound_auth_password": "s3cret" }),
            json!("them"),
            json!("s3cret"),
        ),
        (json!({ "inbound_auth_mode": "credentials", "auth_username": "both", "auth_password": "ways" }), json!("both"), json!("ways")),
        (json!({ "inbound_auth_mode": "credentials", "inbound_auth_username": "them" }), json!(null), json!(null)),
        (
            json!({ "inbound_auth_mode": "ip", "inbound_auth_username": "them", "inbound_auth_password": "s3cret" }),
            json!(null),
            json!(null),
        ),
    ] {
        let made = root.post("/api/v1/carriers", make::with(make::carrier(), change.clone())).await.expect(201);
        let trunks = app.engine().get("/api/v1/engine/trunks").await.expect(200);
        let trunk = &trunks["trunks"][0];
        assert_eq!((trunk["inbound_auth_username"].clone(), trunk["inbound_auth_password"].clone()), (username, password), "{change}");
        root.delete(&format!("/api/v1/carriers/{}", made["id"].as_str().unwrap())).await.expect(204);
    }
}
