//! The outbound gate over the API: its lists, its rules, and calls that it refuses.

use std::time::Duration;

use bytes::Bytes;
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, FakeEngine, TestApp, make};

const CALLS: &str = "/api.ashx/v1/calls";
const PHONE: &str = "+35621234567";

fn call(phone: &str) -> Value {
    json!({ "phone": phone, "systemPrompt": "Remind her of tomorrow." })
}

async fn with_carrier(app: &TestApp) -> Client {
    let owner = app.user(Role::SuperAdmin);
    owner.post("/api/v1/carriers", make::quick_carrier()).await.expect(201);
    owner
}

#[track_caller]
fn refused(answer: &Answer, reason: &str) {
    let refusal = answer.expect(400);
    assert_eq!(refusal["error"], "call_not_permitted", "{refusal}");
    assert!(refusal["error_description"].as_str().unwrap().ends_with(&format!("({reason})")), "{refusal}");
    assert_eq!(refusal.as_object().unwrap().len(), 2, "this surface has the two fields of the seed: {refusal}");
}

#[tokio::test]
async fn a_number_on_the_do_not_call_list_is_not_dialled_until_it_is_taken_off() {
    let app = TestApp::start().await;
    let engine = FakeEngine::start(&app).await;
    let owner = with_carrier(&app).await;
    let admin = app.user(Role::Admin);
    let added = admin.post("/api/v1/do-not-call", json!({ "phone": "00356 21 23-45 67", "note": "asked by letter" })).await.expect(201);
    assert_eq!(
        (added["phone"].clone(), added["note"].clone(), added["added_by"].clone()),
        (json!(PHONE), json!("asked by letter"), json!("admin"))
    );
    admin.post("/api/v1/do-not-call", json!({ "phone": PHONE })).await.expect(409);
    refused(&admin.post(CALLS, call(PHONE)).await, "do_not_call");
    assert!(engine.take_dialouts().is_empty());
    assert_eq!(admin.get(CALLS).await.expect(200)["total"], 0, "no trace of a call that was refused");
    assert_eq!(admin.get("/api/v1/whitelist").await.expect(200)["total"], 0);
    for (q, total) in [("letter", 1), ("2123", 1), ("nothing", 0), ("%25", 0)] {
        assert_eq!(admin.get(&format!("/api/v1/do-not-call?q={q}")).await.expect(200)["total"], total, "{q}");
    }
    admin.delete("/api/v1/do-not-call/%2B35621234567").await.expect(204);
    admin.delete(&format!("/api/v1/do-not-call/{PHONE}")).await.expect(404);
    admin.post(CALLS, call(PHONE)).await.expect(200);
    assert_eq!(engine.take_dialouts().len(), 1);
    admin.send(Method::POST, "/api/v1/do-not-call/import", "text/csv", Bytes::from(format!("{PHONE},again\n"))).await.expect(200);
    admin.delete(&format!("/api/v1/whitelist/{PHONE}")).await.expect(204);
    for action in ["do_not_call.add", "do_not_call.remove", "do_not_call.import", "whitelist.remove", "call.place"] {
        let trail = owner.get(&format!("/api/v1/audit?action={action}")).await;
        assert!(
            !trail.text().contains("21234567") && trail.expect(200)["total"] == 1,
            "{action}: the trail masks numbers: {}",
            trail.text()
        );
    }
    let export = owner.get("/api/v1/audit/export").await;
    assert!(export.status == 200 && !export.text().contains("21234567"), "and so does what is exported of it");
}

#[tokio::test]
async fn lists_are_for_admins_and_name_what_is_wrong() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    for path in ["/api/v1/whitelist", "/api/v1/do-not-call"] {
        for body in [json!({ "phone": "5551234567" }), json!({ "phone": "+1555CALLNOW" }), json!({ "phone": "" })] {
            assert_eq!(admin.post(path, body).await.expect(422)["errors"][0]["field"], "phone");
        }
        admin.post(path, json!({ "number": PHONE })).await.expect(422);
        admin.delete(&format!("{path}/nonsense")).await.expect(422);
        admin.delete(&format!("{path}/{PHONE}")).await.expect(404);
        app.user(Role::Supervisor).get(path).await.expect(403);
        app.anonymous().post(path, json!({ "phone": PHONE })).await.expect(401);
    }
    let long = json!({ "phone": PHONE, "note": "x".repeat(201) });
    assert_eq!(admin.post("/api/v1/do-not-call", long).await.expect(422)["errors"][0]["field"], "note");
}

#[tokio::test]
async fn an_import_tells_what_became_of_every_row_and_can_be_repeated() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let import = |text: &'static str| {
        let admin = admin.clone();
        async move { admin.send(Method::POST, "/api/v1/do-not-call/import", "text/csv", Bytes::from_static(text.as_bytes())).await.expect(200) }
    };
    let text = "name,phone,note\n\"Doe, Jane\",+1 (555) 123-4567,said no\nJohn,5551234567,\nMary,+15551234567,\nAnn,0044 20 7183 8750,\n";
    let report = import(text).await;
    assert_eq!((report["added"].clone(), report["already_listed"].clone(), report["refused"].clone()), (json!(2), json!(1), json!(1)));
    let rows: Vec<_> = report["rows"].as_array().unwrap().iter().map(|row| (row["line"].clone(), row["outcome"].clone())).collect();
    assert_eq!(rows, [(2, "added"), (3, "refused"), (4, "already_listed"), (5, "added")].map(|(line, word)| (json!(line), json!(word))));
    assert_eq!(report["rows"][1]["phone"], "5551234567");
    let again = import(text).await;
    assert_eq!((again["added"].clone(), again["already_listed"].clone()), (json!(0), json!(3)));
    let listed = admin.get("/api/v1/do-not-call?limit=1").await.expect(200);
    assert_eq!((listed["total"].clone(), listed["data"][0]["phone"].clone()), (json!(2), json!("+442071838750")));
    let junk = admin.send(Method::POST, "/api/v1/do-not-call/import", "text/csv", Bytes::from_static(&[0xff, 0xfe, 0, b'\n', 0xff])).await;
    assert_eq!(junk.expect(200)["refused"], 2);
    admin.send(Method::POST, "/api/v1/do-not-call/import", "text/csv", Bytes::from_static(b" \n")).await.expect(422);
    let many: String = (0..12_000).map(|n| format!("+1555{n:07}\n")).chain(["nobody\n".to_owned()]).collect();
    let report = admin.send(Method::POST, "/api/v1/do-not-call/import", "text/plain", many.into()).await.expect(200);
    assert_eq!(
        (report["added"].clone(), report["refused"].clone(), report["rows"].as_array().unwrap().len()),
        (json!(12_000), json!(1), 1)
    );
}

#[tokio::test]
async fn only_allowed_countries_and_no_premium_numbers_are_called() {
    let app = TestApp::start().await;
    let _engine = FakeEngine::start(&app).await;
    let owner = with_carrier(&app).await;
    for (phone, reason) in [("+19005551234", "premium"), ("+881612345678", "satellite"), ("+447012345678", "premium")] {
        refused(&owner.post(CALLS, call(phone)).await, reason);
    }
    let refusal = owner.put("/api/v1/settings/outbound", json!({ "allowed_countries": ["MT", "XX"] })).await.expect(422);
    assert_eq!(refusal["errors"][0]["field"], "allowed_countries[1]");
    owner.put("/api/v1/settings/outbound", json!({ "allowed_countries": ["MT"] })).await.expect(200);
    owner.post(CALLS, call(PHONE)).await.expect(200);
    refused(&owner.post(CALLS, call("+442071838750")).await, "country_not_allowed");
    owner.put("/api/v1/settings/outbound", json!({ "allowed_prefixes": ["+4420"] })).await.expect(200);
    owner.post(CALLS, call("+442071838750")).await.expect(200);
}

#[tokio::test]
async fn the_daily_cap_is_counted_by_the_boxs_day_and_survives_a_restart() {
    let mut app = TestApp::start().await;
    let _engine = FakeEngine::start(&app).await;
    let owner = with_carrier(&app).await;
    // 14:00 in Malta; the day there ends ten hours later.
    owner.put("/api/v1/settings/outbound", json!({ "daily_cap": 2, "timezone": "Europe/Malta" })).await.expect(200);
    owner.post(CALLS, call(PHONE)).await.expect(200);
    refused(&owner.post(CALLS, call("+19005551234")).await, "premium");
    owner.post(CALLS, call(PHONE)).await.expect(200);
    refused(&owner.post(CALLS, call(PHONE)).await, "daily_cap");
    app.restart().await;
    refused(&app.user(Role::Admin).post(CALLS, call(PHONE)).await, "daily_cap");
    app.advance(Duration::from_secs(9 * 3600 + 59 * 60));
    refused(&app.user(Role::Admin).post(CALLS, call(PHONE)).await, "daily_cap");
    app.advance(Duration::from_secs(60));
    app.user(Role::Admin).post(CALLS, call(PHONE)).await.expect(200);
}

#[tokio::test]
async fn a_box_that_calls_only_listed_numbers_adds_none_by_itself() {
    let app = TestApp::start().await;
    let _engine = FakeEngine::start(&app).await;
    let owner = with_carrier(&app).await;
    owner.put("/api/v1/settings/outbound", json!({ "only_whitelisted": true })).await.expect(200);
    refused(&owner.post(CALLS, call(PHONE)).await, "not_whitelisted");
    assert_eq!(owner.get("/api/v1/whitelist").await.expect(200)["total"], 0);
    let added = owner.post("/api/v1/whitelist", json!({ "phone": PHONE })).await.expect(201);
    assert_eq!(owner.post("/api/v1/whitelist", json!({ "phone": PHONE })).await.expect(201), added, "adding it again changes nothing");
    assert_eq!(owner.post(CALLS, call(PHONE)).await.expect(200)["whitelistAdded"], false);
    owner.delete(&format!("/api/v1/whitelist/{PHONE}")).await.expect(204);
    refused(&owner.post(CALLS, call(PHONE)).await, "not_whitelisted");
}

#[tokio::test]
async fn the_gate_says_beforehand_what_it_would_do() {
    let app = TestApp::start_with_window().await;
    let admin = app.user(Role::Admin);
    let ask = |body: Value| {
        let admin = admin.clone();
        async move { admin.post("/api/v1/outbound-gate/check", body).await.expect(200) }
    };
    let malta = ask(json!({ "phone": PHONE })).await;
    assert_eq!(
        (malta["verdict"].clone(), malta["country"].clone(), malta["time_zones"].clone()),
        (json!("allow"), json!("MT"), json!(["Europe/Malta"]))
    );
    let night = ask(json!({ "phone": PHONE, "at": "2026-06-01T22:00:00Z" })).await;
    assert_eq!((night["verdict"].clone(), night["wait_until"].clone()), (json!("wait"), json!("2026-06-02T06:00:00.000Z")));
    let everywhere = ask(json!({ "phone": "+1 555 123 4567" })).await;
    assert_eq!(
        (everywhere["verdict"].clone(), everywhere["wait_until"].clone()),
        (json!("wait"), json!("2026-06-01T18:00:00.000Z")),
        "in Honolulu too"
    );
    let premium = ask(json!({ "phone": "+19005551234" })).await;
    assert_eq!((premium["verdict"].clone(), premium["reason"].clone()), (json!("refuse"), json!("premium")));
    app.user(Role::SuperAdmin).put("/api/v1/settings/outbound", json!({ "window": "off" })).await.expect(200);
    assert_eq!(ask(json!({ "phone": PHONE, "at": "2026-06-01T22:00:00Z" })).await["verdict"], "allow", "a setting holds at once");
    admin.post("/api/v1/outbound-gate/check", json!({ "phone": "nobody" })).await.expect(422);
    admin.post("/api/v1/outbound-gate/check", json!({ "phone": PHONE, "at": "soon" })).await.expect(422);
}
