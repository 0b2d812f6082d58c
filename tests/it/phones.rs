//! SIP accounts of people: made, shown once, rung by routes, gone.

use cxbox::base::digest::Ha1;
use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, make};

const PHONES: &str = "/api/v1/phones";

/// A person of this name.
async fn person(app: &TestApp, name: &str) -> Value {
    let body = json!({ "name": name, "email": format!("{}@example.com", name.to_lowercase().replace(" ", ".")), "password": "correct horse", "role": "agent" });
    app.user(Role::SuperAdmin).post("/api/v1/users", body).await.expect(201)
}

async fn phone(app: &TestApp, name: &str) -> Value {
    person(app, name).await;
    app.user(Role::Admin).post(PHONES, json!({ "user": name })).await.expect(201)
}

fn at(aor: &str, contact: &str, expires_at: &str) -> Value {
    json!({
        "aor": aor, "contact": contact, "source": "127.0.0.1:5999", "transport": "udp", "user_agent": "desk phone",
        "registered_at": "2026-06-01T11:59:00Z", "expires_at": expires_at
    })
}

async fn report(app: &TestApp, all: Value) {
    app.engine().put("/api/v1/engine/registrations", json!({ "registrations": all })).await.expect(204);
}

fn invite(call_id: &str, did: &str) -> Value {
    json!({ "call_id": call_id, "carrier_id": "tr_0000000000000001", "did": did, "from_number": "+15550001111", "headers": {} })
}

fn from_phone(call_id: &str, did: &str) -> Value {
    json!({ "call_id": call_id, "carrier_id": null, "aor": "alex", "did": did, "from_number": "alex", "headers": {} })
}

async fn ask(app: &TestApp, call: Value) -> Value {
    app.engine().post("/api/v1/engine/inbound", call).await.expect(200)
}

#[tokio::test]
async fn a_password_is_shown_once_and_only_its_digests_reach_the_engine_and_the_disk() {
    let app = TestApp::start().await;
    let made = phone(&app, "Alex").await;
    let password = made["sip_password"].as_str().unwrap().to_owned();
    assert!(password.len() >= 20, "{made}");
    assert_eq!((made["sip_username"].clone(), made["realm"].clone()), (json!("alex"), json!("127.0.0.1")));
    let path = format!("{PHONES}/{}", made["id"].as_str().unwrap());
    let admin = app.user(Role::Admin);
    for text in [admin.get(&path).await.text(), admin.get(PHONES).await.text()] {
        assert!(!text.contains(&password) && !text.contains("sip_password") && !text.contains("ha1"), "{text}");
    }
    let ha1 = Ha1::of("alex", "127.0.0.1", &password);
    let book = app.engine().get("/api/v1/engine/phones").await.expect(200);
    assert_eq!(book["accounts"], json!([{ "aor": "alex", "ha1_md5": ha1.md5, "ha1_sha256": ha1.sha256 }]));
    assert_eq!(book["realm"], "127.0.0.1");
    assert!(book["allowed_networks"].as_array().unwrap().contains(&json!("127.0.0.0/8")));
    let stored: String =
        app.db().read(|conn| Ok(conn.query_row("select ha1_md5 || ha1_sha256 from phones", [], |row| row.get(0))?)).await.unwrap();
    assert!(!stored.contains(&ha1.md5) && !stored.contains(&ha1.sha256) && !stored.contains(&password), "sealed at rest");
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one_and_signs_the_telephones_out() {
    let app = TestApp::start().await;
    let made = phone(&app, "alex").await;
    report(&app, json!([at("alex", "sip:alex@127.0.0.1:5999", "2026-06-01T12:05:00Z")])).await;
    let admin = app.user(Role::Admin);
    let path = format!("{PHONES}/{}", made["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.expect(200)["is_registered"], true);
    let changed = admin.post(&format!("{path}/password"), json!({})).await.expect(200);
    assert_ne!(changed["sip_password"], made["sip_password"]);
    assert_eq!(changed["is_registered"], false);
    let book = app.engine().get("/api/v1/engine/phones").await.expect(200);
    let ha1 = Ha1::of("alex", "127.0.0.1", changed["sip_password"].as_str().unwrap());
    assert_eq!((book["accounts"][0]["ha1_sha256"].clone(), book["registrations"].clone()), (json!(ha1.sha256), json!([])));
    let entries = app.user(Role::SuperAdmin).get("/api/v1/audit").await.expect(200).to_string();
    assert!(entries.contains("phone.create") && entries.contains("phone.password"), "{entries}");
    assert!(!entries.contains(changed["sip_password"].as_str().unwrap()));
}

#[tokio::test]
async fn bad_orders_are_refused_in_words() {
    let app = TestApp::start().await;
    phone(&app, "alex").await;
    person(&app, "Alex B").await;
    let admin = app.user(Role::Admin);
    for (body, status, field) in [
        (json!({ "user": "nobody" }), 422, "user"),
        (json!({ "user": "Alex B" }), 422, "user"),
        (json!({}), 422, "."),
        (json!({ "user": 7 }), 422, "user"),
        (json!({ "user": "alex", "password": "mine" }), 422, "password"),
    ] {
        let refusal = admin.post(PHONES, body.clone()).await.expect(status);
        assert_eq!(refusal["errors"][0]["field"], field, "{body}");
    }
    assert_eq!(admin.post(PHONES, json!({ "user": "alex" })).await.expect(409)["error"], "phone_exists");
    admin.get(&format!("{PHONES}/pho_none")).await.expect(404);
    admin.delete(&format!("{PHONES}/pho_none")).await.expect(404);
    admin.post(&format!("{PHONES}/pho_none/password"), json!({})).await.expect(404);
    let strangers: [(Client, u16); 3] = [(app.anonymous(), 401), (app.user(Role::Supervisor), 403), (app.engine(), 403)];
    for (client, status) in strangers {
        client.get(PHONES).await.expect(status);
        client.post(PHONES, json!({ "user": "alex" })).await.expect(status);
    }
    admin.get("/api/v1/engine/phones").await.expect(403);
    admin.put("/api/v1/engine/registrations", json!({ "registrations": [] })).await.expect(403);
}

#[tokio::test]
async fn a_route_to_a_person_rings_while_a_telephone_is_registered_also_after_a_restart() {
    let mut app = TestApp::start().await;
    let made = phone(&app, "alex").await;
    let route = json!({ "did": "+15551234567", "user": "Alex" });
    app.user(Role::Admin).post("/api.ashx/v1/inbound-routes", route).await.expect(201);
    let refused = json!({ "action": "reject", "sip_code": 480 });
    assert_eq!(ask(&app, invite("vnum000000000001", "+15551234567")).await, refused, "nothing is registered");
    report(&app, json!([at("alex", "sip:alex@127.0.0.1:5999", "2026-06-01T12:05:00Z")])).await;
    let rings = ask(&app, invite("vnum000000000002", "+15551234567")).await;
    assert_eq!((rings["action"].clone(), rings["aor"].clone()), (json!("ring"), json!("alex")));
    assert_eq!(ask(&app, invite("vnum000000000002", "+15551234567")).await, rings, "the same call once more");
    app.restart().await;
    assert_eq!(ask(&app, invite("vnum000000000003", "+15551234567")).await["action"], "ring", "registrations survive a restart");
    let shown = app.user(Role::Admin).get(PHONES).await.expect(200);
    assert_eq!(shown["data"][0]["registrations"][0]["user_agent"], "desk phone");
    app.advance(std::time::Duration::from_secs(301));
    assert_eq!(ask(&app, invite("vnum000000000004", "+15551234567")).await, refused, "the registration has expired");
    assert_eq!(app.user(Role::Admin).get(PHONES).await.expect(200)["data"][0]["is_registered"], false);
    report(&app, json!([at("alex", "sip:alex@127.0.0.1:5999", "2026-06-01T13:00:00Z")])).await;
    let user = format!("/api/v1/users/{}", made["user_id"].as_str().unwrap());
    app.user(Role::SuperAdmin).put(&user, json!({ "is_active": false })).await.expect(200);
    assert_eq!(ask(&app, invite("vnum000000000005", "+15551234567")).await, refused, "somebody who may not sign in is not rung");
    assert_eq!(app.engine().get("/api/v1/engine/phones").await.expect(200)["accounts"], json!([]));
}

#[tokio::test]
async fn a_report_replaces_the_one_before_and_leaves_out_what_has_no_account() {
    let app = TestApp::start().await;
    let made = phone(&app, "alex").await;
    let both = json!([
        at("alex", "sip:a@127.0.0.1:1", "2026-06-01T12:05:00Z"),
        at("alex", "sip:b@127.0.0.1:2", "2026-06-01T12:05:00Z"),
        at("ghost", "sip:g@127.0.0.1:3", "2026-06-01T12:05:00Z"),
    ]);
    for _ in 0..2 {
        report(&app, both.clone()).await;
        let book = app.engine().get("/api/v1/engine/phones").await.expect(200);
        assert_eq!(book["registrations"].as_array().unwrap().len(), 2);
    }
    report(&app, json!([at("alex", "sip:b@127.0.0.1:2", "2026-06-01T12:09:00Z")])).await;
    let path = format!("{PHONES}/{}", made["id"].as_str().unwrap());
    let shown = app.user(Role::Admin).get(&path).await.expect(200);
    assert_eq!(shown["registrations"].as_array().unwrap().len(), 1);
    app.user(Role::Admin).delete(&path).await.expect(204);
    app.user(Role::Admin).get(&path).await.expect(404);
    assert_eq!(app.engine().get("/api/v1/engine/phones").await.expect(200)["accounts"], json!([]));
}

/// Checklist 115.
#[tokio::test]
async fn a_signed_in_number_cannot_be_called_anonymously_and_a_public_one_can() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    phone(&app, "alex").await;
    let bot = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].clone();
    let inside = json!({ "name": "inside", "number": "100", "bot_id": bot, "visibility": "signed-in" });
    let inside = admin.post("/api/v1/numbers", inside).await.expect(201)["id"].clone();
    let open = json!({ "name": "open", "number": "200", "bot_id": bot, "visibility": "public" });
    let open = admin.post("/api/v1/numbers", open).await.expect(201)["id"].clone();
    assert_eq!(ask(&app, invite("vnum000000000001", "200")).await["number_id"], open);
    let refused = ask(&app, invite("vnum000000000002", "100")).await;
    assert_eq!((refused["action"].clone(), refused["sip_code"].clone()), (json!("reject"), json!(403)));
    assert!(refused["reason"].as_str().unwrap().contains("signed in"));
    for (n, (did, number)) in [("100", &inside), ("200", &open), ("Inside", &inside)].into_iter().enumerate() {
        let answer = ask(&app, from_phone(&format!("vnum00000000001{n}"), did)).await;
        assert_eq!(answer["number_id"], *number, "a registered phone dials {did}");
    }
    admin.post("/api.ashx/v1/inbound-routes", json!({ "did": "300", "user": "inside" })).await.expect(201);
    assert_eq!(ask(&app, invite("vnum000000000003", "300")).await["number_id"], inside, "a route leads there");
}

#[tokio::test]
async fn a_phone_reaches_virtual_numbers_and_nothing_else() {
    let app = TestApp::start().await;
    phone(&app, "alex").await;
    report(&app, json!([at("alex", "sip:alex@127.0.0.1:5999", "2026-06-01T12:05:00Z")])).await;
    for did in ["+4930123456", "alex", "112", "*"] {
        let refused = ask(&app, from_phone("vnum000000000001", did)).await;
        assert_eq!(refused["sip_code"], 403, "{did}");
        assert!(refused["reason"].as_str().unwrap().contains("virtual numbers"), "{refused}");
    }
    let ghost = json!({ "call_id": "vnum000000000002", "aor": "ghost", "did": "reception", "from_number": "ghost" });
    assert_eq!(ask(&app, ghost).await["sip_code"], 403, "an account that is gone");
}

/// Decision 31: a registered telephone is the office tab.
#[tokio::test]
async fn a_call_of_a_telephone_is_told_as_the_office_tabs() {
    let app = TestApp::start().await;
    phone(&app, "alex").await;
    let admin = app.user(Role::Admin);
    let bot = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].clone();
    admin.post("/api/v1/numbers", json!({ "name": "open", "number": "200", "bot_id": bot })).await.expect(201);
    let session = ask(&app, from_phone("vnum000000000001", "200")).await["session_id"].clone();
    let result = json!({
        "session_id": session, "disconnected_by": "customer", "answered_at": "2026-06-01T12:00:00Z", "ended_at": "2026-06-01T12:01:00Z",
        "transcript": [{ "role": "assistant", "content": "Hello.", "ts": "2026-06-01T12:00:01Z" }]
    });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
    let transcript = admin.get("/api.ashx/v1/transcripts/vnum000000000001").await.expect(200);
    assert_eq!((transcript["callerSource"].as_str(), transcript["outcome"].as_str()), (Some("office-tab"), Some("far-hangup")));
    assert_eq!(admin.get("/api.ashx/v1/transcripts?source=vnum").await.expect(200)["total"], 1);
    let call = admin.get(&format!("/api/v1/calls/{}", session.as_str().unwrap())).await.expect(200);
    assert_eq!((call["phone_user"].as_str(), call["from_number"].as_str()), (Some("alex"), Some("alex")));
}

/// A route that rings leaves a row whose result has no transcript.
#[tokio::test]
async fn a_call_that_rang_is_stored_with_its_outcome_and_duration() {
    let app = TestApp::start().await;
    phone(&app, "alex").await;
    let admin = app.user(Role::Admin);
    admin.post("/api.ashx/v1/inbound-routes", json!({ "did": "+15551234567", "user": "alex" })).await.expect(201);
    report(&app, json!([at("alex", "sip:alex@127.0.0.1:5999", "2026-06-01T12:05:00Z")])).await;
    let session = ask(&app, invite("vnum000000000001", "+15551234567")).await["session_id"].clone();
    let result = json!({
        "session_id": session, "disconnected_by": "agent", "outcome": "finished", "call_direction": "inbound", "transcript": [],
        "answered_at": "2026-06-01T12:00:00Z", "ended_at": "2026-06-01T12:00:42Z", "call_duration_seconds": 42.0
    });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
    let call = admin.get(&format!("/api/v1/calls/{}", session.as_str().unwrap())).await.expect(200);
    assert_eq!(
        (call["outcome"].as_str(), call["phone_user"].as_str(), call["status"].as_str()),
        (Some("finished"), Some("alex"), Some("completed"))
    );
    assert_eq!((call["call_duration_seconds"].as_f64(), call["did"].as_str()), (Some(42.0), Some("+15551234567")));
    assert_eq!(admin.get("/api.ashx/v1/transcripts").await.expect(200)["total"], 0);
}
