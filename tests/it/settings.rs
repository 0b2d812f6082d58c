//! Settings over the API: who may, what holds at once, what is kept, and what the configuration fixes.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{FakeEngine, TestApp, make};

const SETTINGS: &str = "/api/v1/settings";

fn call() -> Value {
    json!({ "phone": "+15551234567", "systemPrompt": "Remind her of tomorrow." })
}

#[tokio::test]
async fn admins_read_super_admins_write_and_keys_do_neither() {
    let app = TestApp::start().await;
    let (owner, admin) = (app.user(Role::SuperAdmin), app.user(Role::Admin));
    let all = admin.get(SETTINGS).await.expect(200);
    assert_eq!(
        all.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["outbound", "mail", "brand", "fleet", "providers", "storage", "backup", "sip", "knowledge", "retention", "browser"]
    );
    assert_eq!(admin.get("/api/v1/settings/brand").await.expect(200), all["brand"]);
    assert_eq!(all["brand"]["keys"]["name"], json!({ "locked": false, "set_by": "default" }));
    admin.put("/api/v1/settings/brand", json!({ "name": "Acme" })).await.expect(403);
    app.user(Role::Supervisor).get(SETTINGS).await.expect(403);
    app.anonymous().get(SETTINGS).await.expect(401);
    let minted = app.oidc_user(Role::SuperAdmin).post("/api/v1/api-keys", json!({ "name": "k", "kind": "ak" })).await.expect(201);
    let key = app.anonymous().with_bearer(minted["key"].as_str().unwrap());
    for path in [SETTINGS, "/api/v1/settings/brand", "/api/v1/settings/history"] {
        key.get(path).await.expect(403);
    }
    key.put("/api/v1/settings/brand", json!({ "name": "Acme" })).await.expect(403);
    let changed = owner.put("/api/v1/settings/brand", json!({ "name": "Acme" })).await.expect(200);
    assert_eq!((changed["name"].clone(), changed["keys"]["name"]["set_by"].clone()), (json!("Acme"), json!("setting")));
    let reset = owner.put("/api/v1/settings/brand", json!({ "name": null })).await.expect(200);
    assert_eq!((reset["name"].clone(), reset["keys"]["name"]["set_by"].clone()), (json!("cxbox"), json!("default")));
    let zone = owner.put("/api/v1/settings/timezone", json!({ "display_timezone": "Europe/Malta" })).await.expect(200);
    assert_eq!((&zone["display_timezone"], &zone["keys"]["display_timezone"]["set_by"]), (&json!("Europe/Malta"), &json!("setting")));
    assert_eq!(admin.get("/api/v1/settings/timezone").await.expect(200), zone);
    assert_eq!(app.user(Role::Agent).get("/api/v1/settings/display").await.expect(200)["display_timezone"], "Europe/Malta");
    owner.put("/api/v1/settings/timezone", json!({ "display_timezone": "Mars/Olympus" })).await.expect(422);
    owner.put("/api/v1/settings/timezone", json!({ "window": "off" })).await.expect(422);
    assert_eq!(admin.get("/api/v1/settings/api-keys").await.expect(200), admin.get("/api/v1/settings/providers").await.expect(200));
    owner.get("/api/v1/settings/colours").await.expect(404);
    owner.put("/api/v1/settings/colours", json!({})).await.expect(404);
}

#[tokio::test]
async fn bad_values_are_422_and_name_their_field() {
    let app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    for (section, body, field) in [
        ("brand", json!({ "nmae": "x" }), "nmae"),
        ("brand", json!({ "name": 7 }), "name"),
        ("outbound", json!({ "daily_cap": "many" }), "daily_cap"),
        ("outbound", json!({ "allowed_countries": ["US", 1] }), "allowed_countries[1]"),
        ("outbound", json!({ "default_bot_id": "bot_none" }), "default_bot_id"),
        ("mail", json!({ "from": "a@b.c\r\nBcc: d@e.f" }), "from"),
        ("fleet", json!({ "cxbcore_fleet": ["no url"] }), "cxbcore_fleet[0]"),
    ] {
        let refusal = owner.put(&format!("{SETTINGS}/{section}"), body).await.expect(422);
        assert_eq!(refusal["errors"][0]["field"], field, "{refusal}");
    }
    owner.put("/api/v1/settings/brand", json!(["name"])).await.expect(422);
    assert_eq!(owner.get("/api/v1/settings/history").await.expect(200)["total"], 1, "only the seeded bot: nothing refused is kept");
}

#[tokio::test]
async fn a_secret_is_sealed_masked_and_kept_when_it_comes_back_as_shown() {
    let mut app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    let secret = "correct horse battery staple";
    let shown = owner.put("/api/v1/settings/mail", json!({ "password": secret })).await.expect(200);
    assert_eq!(shown["password"], "corr••••aple");
    let mut echo = shown.clone();
    echo.as_object_mut().unwrap().retain(|key, _| key != "keys");
    echo["port"] = json!(2525);
    assert_eq!(owner.put("/api/v1/settings/mail", echo).await.expect(200)["password"], "corr••••aple");
    owner.put("/api/v1/settings/mail", json!({ "password": "another long password" })).await.expect(200);
    let history = owner.get("/api/v1/settings/history?section=mail").await;
    assert!(!history.text().contains(secret));
    let history = history.expect(200);
    assert_eq!(history["data"][0]["before"], json!({ "password": "corr••••aple" }));
    assert_eq!(history["data"][0]["after"], json!({ "password": "anot••••word" }));
    assert_eq!(history["data"][1]["after"], json!({ "port": 2525 }), "the secret that came back masked did not change");
    let rows: Vec<String> = app
        .db()
        .read(|conn| {
            let sql = "select body from settings union all select before || after from settings_history union all select detail from audit";
            let mut statement = conn.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
        .unwrap();
    assert!(rows.iter().all(|row| !row.contains("horse") && !row.contains("another long")), "{rows:?}");
    app.restart().await;
    assert_eq!(app.user(Role::Admin).get("/api/v1/settings/mail").await.expect(200)["password"], "anot••••word");
}

#[tokio::test]
async fn every_change_is_in_the_history_and_in_the_audit_trail() {
    let app = TestApp::start_with_window().await;
    let owner = app.user(Role::SuperAdmin);
    owner.put("/api/v1/settings/outbound", json!({ "daily_cap": 5, "window": "mon-fri 09:00-20:00" })).await.expect(200);
    owner.put("/api/v1/settings/outbound", json!({ "daily_cap": 5 })).await.expect(200);
    let history = owner.get("/api/v1/settings/history?section=outbound").await.expect(200);
    assert_eq!(history["total"], 2, "the seeded bot, and one change: writing the same again is none");
    let last = &history["data"][0];
    assert_eq!(last["before"], json!({ "daily_cap": 1000, "window": "08:00-21:00" }));
    assert_eq!(last["after"], json!({ "daily_cap": 5, "window": "mon-fri 09:00-20:00" }));
    assert_eq!((last["actor"].clone(), last["at"].clone()), (json!("super_admin"), json!("2026-06-01T12:00:00.000Z")));
    let trail = owner.get("/api/v1/audit?action=settings.update").await.expect(200);
    assert_eq!((trail["total"].clone(), trail["data"][0]["detail"].clone()), (json!(1), json!({ "keys": ["daily_cap", "window"] })));
    owner.get("/api/v1/settings/history?section=colours").await.expect(404);
}

#[tokio::test]
async fn what_the_configuration_fixes_is_shown_as_locked_and_cannot_be_changed() {
    let app = TestApp::start_with(&[("CXBOX_BRAND__NAME", "Fixed"), ("CXBOX_MAIL__PASSWORD", "from the environment")]).await;
    let owner = app.user(Role::SuperAdmin);
    let brand = owner.get("/api/v1/settings/brand").await.expect(200);
    assert_eq!((brand["name"].clone(), brand["keys"]["name"]["locked"].clone()), (json!("Fixed"), json!(true)));
    assert_eq!(brand["keys"]["name"]["set_by"], "environment CXBOX_BRAND__NAME");
    let refusal = owner.put("/api/v1/settings/brand", json!({ "name": "Other", "support_email": "a@b.example" })).await.expect(409);
    assert_eq!(refusal["error"], "setting_locked");
    assert!(refusal["error_description"].as_str().unwrap().contains("environment CXBOX_BRAND__NAME"), "{refusal}");
    assert_eq!(owner.get("/api/v1/settings/brand").await.expect(200), brand, "nothing of the request was taken");
    owner.put("/api/v1/settings/brand", json!({ "name": "Fixed", "support_email": "a@b.example" })).await.expect(200);
    assert_eq!(owner.get("/api/v1/settings/mail").await.expect(200)["password"], "from••••ment");
    owner.put("/api/v1/settings/mail", json!({ "password": "" })).await.expect(409);
}

#[tokio::test]
async fn the_default_bot_of_the_settings_speaks_on_calls_that_name_none() {
    let mut app = TestApp::start().await;
    let engine = FakeEngine::start(&app).await;
    let owner = app.user(Role::SuperAdmin);
    owner.post("/api/v1/carriers", make::quick_carrier()).await.expect(201);
    let seeded = owner.get("/api/v1/settings/outbound").await.expect(200)["default_bot_id"].clone();
    assert_eq!(owner.get("/api/v1/bots").await.expect(200)["data"].as_array().unwrap().iter().filter(|bot| bot["id"] == seeded).count(), 1);
    let made = owner.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].clone();
    owner.put("/api/v1/settings/outbound", json!({ "default_bot_id": made, "default_email": "desk@example.com" })).await.expect(200);
    app.restart().await;
    let placed = app.user(Role::Admin).post("/api.ashx/v1/calls", call()).await.expect(200);
    assert_eq!(engine.take_dialouts()[0]["bot_id"], made);
    let path = format!("/api.ashx/v1/calls/{}", placed["callId"].as_str().unwrap());
    assert_eq!(app.user(Role::Admin).get(&path).await.expect(200)["email"], "desk@example.com");
    app.user(Role::SuperAdmin).put("/api/v1/settings/outbound", json!({ "default_bot_id": "" })).await.expect(200);
    let refusal = app.user(Role::Admin).post("/api.ashx/v1/calls", call()).await.expect(400);
    assert!(refusal["error_description"].as_str().unwrap().contains("botId"), "{refusal}");
}

#[tokio::test]
async fn adding_and_removing_a_fleet_host_changes_where_calls_go_without_a_restart() {
    let app = TestApp::start().await;
    let _engine = FakeEngine::start(&app).await;
    let owner = app.user(Role::SuperAdmin);
    let hosts = || async {
        let status = owner.get("/api/v1/fleet/status").await.expect(200);
        status["workers"].as_array().unwrap().iter().map(|worker| worker["url"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(hosts().await, [json!("local")]);
    let set = owner.put("/api/v1/settings/fleet", json!({ "core_fleet": ["http://127.0.0.1:1"] })).await.expect(200);
    assert_eq!((set["cxbcore_fleet"].clone(), set["core_fleet"].clone()), (json!(["http://127.0.0.1:1"]), json!(["http://127.0.0.1:1"])));
    assert_eq!(hosts().await, [json!("http://127.0.0.1:1")]);
    owner.put("/api/v1/settings/fleet", json!({ "cxbcore_fleet": [] })).await.expect(200);
    assert_eq!(hosts().await, [json!("local")]);
}
