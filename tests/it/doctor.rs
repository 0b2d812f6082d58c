//! What the doctor says of a serving box: each peer and each part that fails has its finding and the command that mends it.

use cxbox::platform::access::Role;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{FakeEngine, TestApp, make};

/// The findings of one name.
async fn findings(app: &TestApp, name: &str) -> Vec<Value> {
    let found = app.user(Role::SuperAdmin).get("/api/v1/doctor").await.expect(200);
    found["findings"].as_array().unwrap().iter().filter(|finding| finding["name"] == name).cloned().collect()
}

/// The only finding of a name: verdict, message and fix.
async fn one(app: &TestApp, name: &str) -> (String, String, String) {
    let found = findings(app, name).await;
    assert_eq!(found.len(), 1, "{name}: {found:#?}");
    let text = |field: &str| found[0][field].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("message"), text("fix"))
}

async fn set(app: &TestApp, section: &str, to: Value) {
    app.user(Role::SuperAdmin).put(&format!("/api/v1/settings/{section}"), to).await.expect(200);
}

#[tokio::test]
async fn a_trunk_that_refuses_is_silent_or_stands_behind_a_nat_is_named_with_its_carrier() {
    let app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    assert_eq!(one(&app, "trunk").await, ("ok".into(), "no carrier is set up".into(), String::new()));
    let made = owner.post("/api/v1/carriers", make::carrier()).await.expect(201);
    let path = format!("/api/v1/carriers/{}", made["id"].as_str().unwrap());
    let (verdict, message, fix) = one(&app, "trunk").await;
    assert_eq!(verdict, "watch", "nobody can ask it: {message}");
    assert!(message.starts_with("Loop: ") && fix.contains(&format!("{path}/check")), "{message} {fix}");

    let engine = FakeEngine::start(&app).await;
    let refused = json!({ "status": "down", "why": "it refuses the registration: 403 Forbidden", "registration": { "status": "refused" } });
    for (change, verdict, said, mends) in [
        (json!({}), "ok", "which is what we tell it", String::new()),
        (json!({ "seen_as": "198.51.100.7:5060" }), "watch", "a NAT stands between", r#"{"external_address":"198.51.100.7"}"#.to_owned()),
        (refused, "broken", "403 Forbidden", format!("{path}/check")),
        (json!({ "n_missed": 3, "status": "down", "ping": null }), "broken", "does not answer", format!("{path}/check")),
    ] {
        engine.finds_of_trunks(change.clone());
        let found = one(&app, "trunk").await;
        assert_eq!(found.0, verdict, "{change}: {}", found.1);
        assert!(found.1.contains(said) && found.2.contains(&mends), "{change}: {} {}", found.1, found.2);
    }
    owner.put(&path, make::with(make::carrier(), json!({ "is_active": false }))).await.expect(200);
    assert_eq!(one(&app, "trunk").await.1, "no carrier is set up", "one that is switched off is not asked");
}

#[tokio::test]
async fn a_model_that_cannot_be_reached_is_named_with_the_bots_that_need_it() {
    let app = TestApp::start().await;
    assert_eq!(one(&app, "model").await.0, "ok", "the bots of a new box need nobody");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("http://{}", listener.local_addr().unwrap());
    let llm = json!({ "provider": "openai", "base_url": format!("{place}/v1"), "model": "m" });
    let anna = make::with(make::bot("Anna"), json!({ "llm": llm, "tts": llm, "system_prompt": "Be kind." }));
    app.user(Role::Admin).post("/api/v1/bots", anna).await.expect(201);
    let (verdict, message, _) = one(&app, "model").await;
    assert_eq!((verdict.as_str(), message), ("ok", format!("{place} takes connections (llm of Anna, tts of Anna)")));
    drop(listener);
    let (verdict, message, fix) = one(&app, "model").await;
    assert_eq!((verdict.as_str(), fix), ("broken", format!("curl -sv {place}")));
    assert!(message.contains("llm of Anna"), "{message}");
    let bot = app.user(Role::Admin).get("/api/v1/bots?q=Anna").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    app.user(Role::Admin)
        .put(&format!("/api/v1/bots/{bot}"), make::with(make::bot("Anna"), json!({ "status": "inactive" })))
        .await
        .expect(200);
    assert_eq!(one(&app, "model").await.0, "ok", "a bot that takes no calls needs nobody");
}

#[tokio::test]
async fn engines_speech_and_the_spool_have_findings_of_their_own() {
    let app = TestApp::start().await;
    assert_eq!(one(&app, "ready_engine").await.0, "broken");
    let engine = FakeEngine::start(&app).await;
    assert_eq!((one(&app, "ready_engine").await.0, one(&app, "ready_sip").await.0), ("ok".to_owned(), "ok".to_owned()));
    assert_eq!((one(&app, "speech").await.0, one(&app, "engine_link").await.0), ("ok".to_owned(), "ok".to_owned()));
    engine.lose_speech();
    let (verdict, _, fix) = one(&app, "speech").await;
    assert_eq!((verdict.as_str(), fix.as_str()), ("broken", "systemctl restart cxbox-engine"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let away = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    set(&app, "fleet", json!({ "cxbcore_fleet": [away] })).await;
    let (verdict, message, fix) = one(&app, "engine_link").await;
    assert_eq!((verdict.as_str(), message), ("broken", format!("{away} does not answer")));
    assert_eq!(fix, format!("curl -sv {away}/health/fleet"));
}

#[tokio::test]
async fn mail_backups_and_work_that_was_given_up_are_found() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    set(&app, "mail", json!({ "host": "127.0.0.1", "port": 9, "from": "box@example.com" })).await;
    let (verdict, message, fix) = one(&app, "mail_server").await;
    assert!(verdict == "broken" && message.starts_with("127.0.0.1:9") && fix.contains("settings/mail"), "{message} {fix}");

    set(&app, "backup", json!({ "schedule": "off" })).await;
    let (verdict, _, fix) = one(&app, "backup").await;
    assert_eq!(verdict, "watch");
    assert!(fix.contains(r#"-d '{"schedule":"03:00"}' BASE/api/v1/settings/backup"#), "{fix}");
    set(&app, "backup", json!({ "schedule": "6h" })).await;
    app.settle().await;
    assert_eq!(one(&app, "backup").await.0, "ok", "the first one is still to come");
    app.advance(std::time::Duration::from_secs(13 * 3600));
    let (verdict, message, fix) = one(&app, "backup").await;
    assert_eq!((verdict.as_str(), message.as_str()), ("broken", "there is no backup"));
    assert!(fix.starts_with("cxbox backup --verify --data-dir "), "{fix}");
    app.settle().await;
    assert_eq!(one(&app, "backup").await.0, "ok");
    app.advance(std::time::Duration::from_secs(13 * 3600));
    assert!(one(&app, "backup").await.1.starts_with("the newest backup is from "), "it is too old");

    assert_eq!(one(&app, "outbox").await.0, "ok");
    app.db()
        .write(|tx| {
            let sql = "insert into jobs (kind, key, body, state, due_at, created_at) values ('x', 'y', '{}', 'parked', 0, 0)";
            Ok(tx.execute(sql, [])?)
        })
        .await
        .unwrap();
    assert_eq!(one(&app, "outbox").await.0, "watch");
}
