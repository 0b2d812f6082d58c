//! Backups: made while the box works, checked, restored; secrets never lie open in them; the schedule is kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use cxbox::base::secret::Secret;
use cxbox::base::{Millis, Random};
use cxbox::features::backups::{RestoreOptions, check, restore};
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::s3::S3Server;

const CANARY: &str = "canary-of-a-stored-credential";

/// A box with a call, a recording and a secret in its settings.
async fn lived_in() -> TestApp {
    let app = TestApp::start().await;
    app.user(Role::SuperAdmin).put("/api/v1/settings/mail", json!({ "password": CANARY })).await.expect(200);
    app.engine().send(Method::PUT, "/api/v1/engine/recordings/s.wav", "audio/wav", Bytes::from_static(b"sound")).await.expect(201);
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s", "recording_key": "s.wav" })).await.expect(200);
    app.settle().await;
    app
}

async fn make(app: &TestApp, body: Value) -> (Value, PathBuf) {
    let owner = app.user(Role::SuperAdmin);
    let begun = owner.post("/api/v1/backups", body).await.expect(202);
    assert_eq!(begun["state"], "running");
    app.settle().await;
    let name = begun["name"].as_str().unwrap();
    let view = owner.get(&format!("/api/v1/backups/{name}")).await.expect(200);
    assert_eq!(view["state"], "done", "{view}");
    let path = app.data.backups().join(name);
    assert_eq!(view["size"], std::fs::metadata(&path).unwrap().len());
    (view, path)
}

fn options(passphrase: Option<&str>, force: bool) -> RestoreOptions {
    RestoreOptions { force, passphrase: passphrase.map(Secret::new), master_key: None }
}

fn holds(path: &Path, needle: &[u8]) -> bool {
    std::fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn a_backup_comes_back_on_another_machine_with_the_passphrase_alone() {
    let app = lived_in().await;
    let (view, path) = make(&app, json!({ "passphrase": "a long passphrase", "with_recordings": true, "compact": true })).await;
    assert_eq!((&view["has_master_key"], &view["has_recordings"], &view["origin"]), (&json!(true), &json!(true), &json!("manual")));
    let elsewhere = tempfile::tempdir().unwrap();
    let random = Random::system();
    let refused = restore(&path, elsewhere.path(), &options(None, false), Millis(1), &random).expect_err("no key");
    assert!(refused.message().contains("--passphrase-file"), "{refused}");
    assert!(restore(&path, elsewhere.path(), &options(Some("another passphrase"), false), Millis(1), &random).is_err());
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0, "nothing of a refused restore stays");
    let done = restore(&path, elsewhere.path(), &options(Some("a long passphrase"), false), Millis(1), &random).unwrap();
    assert_eq!((done.former, done.n_missing, done.manifest.recordings.len()), (None, 0, 1));
    assert_eq!(std::fs::read(elsewhere.path().join("secrets/master.key")).unwrap(), std::fs::read(app.data.master_key()).unwrap());
    assert_eq!(
        std::fs::read(elsewhere.path().join("secrets/jwt_secret")).unwrap(),
        std::fs::read(app.data.root().join("secrets/jwt_secret")).unwrap()
    );
    assert_eq!(std::fs::read(elsewhere.path().join("recordings/s.wav")).unwrap(), b"sound");
    let count = |sql: &str| {
        let read = |conn: &cxbox::platform::db::Conn| Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?);
        cxbox::platform::db::read_file(&elsewhere.path().join("main.db"), read).unwrap()
    };
    assert_eq!(count("select count(*) from calls where session_id = 's'"), 1);
    assert_eq!(
        count("select count(*) from backups") + count("select count(*) from jobs where kind = 'backups.make'"),
        0,
        "it is not found running"
    );
}

#[tokio::test]
async fn secrets_never_lie_open_in_it() {
    let app = lived_in().await;
    let (_, path) = make(&app, json!({ "passphrase": "a long passphrase" })).await;
    let read = |name: &str| std::fs::read(app.data.root().join(name)).unwrap();
    for secret in [
        CANARY.as_bytes().to_vec(),
        b"a long passphrase".to_vec(),
        read("secrets/jwt_secret"),
        read("secrets/cxbcore_secret"),
        read("secrets/master.key"),
    ] {
        assert!(!holds(&path, &secret), "{}", String::from_utf8_lossy(&secret));
    }
    assert!(!holds(&path, b"PRIVATE KEY"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_restore_keeps_what_was_there_and_never_replaces_it_unasked() {
    let app = lived_in().await;
    let (_, path) = make(&app, json!({})).await;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path();
    for (name, text) in [("main.db", "old"), ("recordings/s.wav", "sound"), ("secrets/master.key", "")] {
        std::fs::create_dir_all(target.join(name).parent().unwrap()).unwrap();
        std::fs::write(target.join(name), text).unwrap();
    }
    std::fs::copy(app.data.master_key(), target.join("secrets/master.key")).unwrap();
    let random = Random::system();
    let refused = restore(&path, target, &options(None, false), Millis(7), &random).expect_err("it is not empty");
    assert!(refused.message().contains("--force"), "{refused}");
    assert_eq!(std::fs::read(target.join("main.db")).unwrap(), b"old");
    let done = restore(&path, target, &options(None, true), Millis(7), &random).unwrap();
    let former = done.former.unwrap();
    assert_eq!((former.clone(), std::fs::read(former.join("main.db")).unwrap()), (target.join("before-restore-7"), b"old".to_vec()));
    assert_eq!(std::fs::read(target.join("recordings/s.wav")).unwrap(), b"sound", "recordings stay when the backup has none");
    assert_eq!(done.n_missing, 0);
    check(&path, target, None, &random).unwrap();
}

#[tokio::test]
async fn a_newer_schema_and_a_changed_byte_are_refused() {
    let app = lived_in().await;
    let (view, path) = make(&app, json!({})).await;
    let name = view["name"].as_str().unwrap();
    let owner = app.user(Role::SuperAdmin);
    let good = owner.post(&format!("/api/v1/backups/{name}/verify"), json!({})).await.expect(200);
    assert!(good["verified_at"].is_string() && good["verify_error"].is_null(), "{good}");
    let file = owner.get(&format!("/api/v1/backups/{name}/file")).await;
    assert_eq!(
        (file.status, file.header("content-type"), file.bytes.as_ref()),
        (200, "application/x-tar", std::fs::read(&path).unwrap().as_slice())
    );

    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let bad = owner.post(&format!("/api/v1/backups/{name}/verify"), json!({})).await.expect(200);
    assert_eq!(bad["verify_error"], "the backup is damaged: its SHA-256 does not fit");
    let empty = tempfile::tempdir().unwrap();
    assert!(restore(&path, empty.path(), &options(None, false), Millis(1), &Random::system()).is_err());

    app.db().write(|tx| Ok(tx.pragma_update(None, "user_version", 9999)?)).await.unwrap();
    app.advance(Duration::from_secs(2));
    let (_, newer) = make(&app, json!({})).await;
    let refused = restore(&newer, empty.path(), &options(None, false), Millis(1), &Random::system()).expect_err("newer");
    assert!(refused.stable_code() == "newer_schema" && refused.message().contains("cxbox upgrade"), "{refused}");
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn backups_are_for_super_admins_and_bad_wishes_are_refused() {
    let app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    app.user(Role::Admin).get("/api/v1/backups").await.expect(403);
    app.user(Role::Admin).post("/api/v1/backups", json!({})).await.expect(403);
    for body in [json!({ "passphrase": "short" }), json!({ "to": "/etc" }), json!({ "compact": 1 }), json!([])] {
        owner.post("/api/v1/backups", body).await.expect(422);
    }
    for name in ["cxbox-20260601T120000Z.tar", "..%2f..%2fmain.db", "main.db"] {
        owner.get(&format!("/api/v1/backups/{name}/file")).await.expect(404);
        owner.delete(&format!("/api/v1/backups/{name}")).await.expect(404);
    }
    let begun = owner.post("/api/v1/backups", json!({})).await.expect(202);
    assert_eq!(owner.post("/api/v1/backups", json!({})).await.expect(409)["error"], "backup_running");
    let path = format!("/api/v1/backups/{}", begun["name"].as_str().unwrap());
    owner.delete(&path).await.expect(409);
    owner.get(&format!("{path}/file")).await.expect(409);
    app.settle().await;
    owner.delete(&path).await.expect(204);
    assert_eq!(owner.get("/api/v1/backups").await.expect(200)["total"], 0);
    app.settle().await;
}

#[tokio::test]
async fn the_schedule_is_kept_old_ones_go_and_the_object_store_gets_a_copy() {
    let (app, server) = (TestApp::start().await, S3Server::start().await);
    let owner = app.user(Role::SuperAdmin);
    owner.put("/api/v1/settings/minio", server.settings()).await.expect(200);
    owner.put("/api/v1/settings/backup", json!({ "schedule": "6h", "keep": 2, "to_s3": true })).await.expect(200);
    app.settle().await;
    assert_eq!(owner.get("/api/v1/backups").await.expect(200)["total"], 0, "nothing is due yet");
    assert!(!app.anonymous().get("/metrics").await.text().contains("cxbox_backup_age_seconds"));
    let mut names = Vec::new();
    for _ in 0..3 {
        app.advance(Duration::from_secs(6 * 3600 + 1));
        app.settle().await;
        let newest = app.user(Role::SuperAdmin).get("/api/v1/backups?limit=1").await.expect(200)["data"][0].clone();
        assert_eq!((&newest["origin"], &newest["state"]), (&json!("schedule"), &json!("done")), "{newest}");
        assert!(newest["uploaded_at"].is_string(), "{newest}");
        names.push(newest["name"].as_str().unwrap().to_owned());
    }
    let owner = app.user(Role::SuperAdmin);
    assert_eq!(owner.get("/api/v1/backups").await.expect(200)["total"], 2);
    assert!(!app.data.backups().join(&names[0]).exists() && app.data.backups().join(&names[2]).exists());
    assert_eq!(server.object(&format!("backups/{}", names[0])).await.status, 404);
    assert_eq!(server.object(&format!("backups/{}", names[2])).await.bytes, std::fs::read(app.data.backups().join(&names[2])).unwrap());
    app.advance(Duration::from_secs(60));
    assert!(app.anonymous().get("/metrics").await.text().contains("cxbox_backup_age_seconds 60"), "a minute old");
    let trail = owner.get("/api/v1/settings/history?section=backup").await.expect(200);
    assert_eq!(trail["data"][0]["after"]["schedule"], "6h");
}

#[tokio::test]
async fn the_doctor_looks_at_a_serving_box_and_everybody_sees_how_it_presents_itself() {
    let app = TestApp::start().await;
    let owner = app.user(Role::SuperAdmin);
    app.user(Role::Admin).get("/api/v1/doctor").await.expect(403);
    let found = owner.get("/api/v1/doctor").await.expect(200);
    let of = |name: &str| found["findings"].as_array().unwrap().iter().find(|finding| finding["name"] == name).cloned().unwrap_or_default();
    assert_eq!((&found["verdict"], &of("ready_engine")["verdict"]), (&json!("broken"), &json!("broken")), "there is no engine here");
    assert_eq!(of("ready_engine")["fix"], "systemctl restart cxbox-engine");
    for name in ["database", "secrets", "backup", "object_store", "mail_server", "outbox"] {
        assert_eq!(of(name)["verdict"], "ok", "{name}: {found:#}");
    }
    owner.put("/api/v1/settings/minio", crate::support::s3::settings(9)).await.expect(200);
    let found = owner.get("/api/v1/doctor").await.expect(200);
    let store = found["findings"].as_array().unwrap().iter().find(|finding| finding["name"] == "object_store").unwrap().clone();
    assert!(store["verdict"] == "broken" && store["fix"].as_str().unwrap().contains("settings/storage"), "{store}");
    owner.put("/api/v1/settings/brand", json!({ "name": "Acme", "support_email": "help@example.com" })).await.expect(200);
    let display = app.user(Role::Agent).get("/api/v1/settings/display").await.expect(200);
    assert_eq!(display, json!({ "brand": { "name": "Acme", "logo": "", "support_email": "help@example.com" }, "display_timezone": "UTC" }));
    app.anonymous().get("/api/v1/settings/display").await.expect(401);
}
