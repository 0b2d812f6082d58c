//! Who was forgotten stays forgotten when an older backup is put in place; the ledger that sees to it knows nobody's number.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use cxbox::base::{Millis, Random};
use cxbox::features::backups::{RestoreOptions, read_key, restore};
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::TestApp;
use crate::support::s3::S3Server;

const PHONE: &str = "+15557654321";

async fn record(app: &TestApp, id: &str, from: &str, word: &str) {
    let key = format!("{id}.wav");
    app.engine()
        .send(Method::PUT, &format!("/api/v1/engine/recordings/{key}"), "audio/wav", Bytes::from(word.to_owned()))
        .await
        .expect(201);
    let turn = json!({ "role": "user", "content": format!("my name is {word}"), "ts": app.clock.now() });
    let result = json!({ "session_id": id, "from_number": from, "caller_id": from, "recording_key": key, "transcript": [turn] });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
    app.settle().await;
}

async fn backup(app: &TestApp) -> PathBuf {
    let begun = app.user(Role::SuperAdmin).post("/api/v1/backups", json!({ "with_recordings": true })).await.expect(202);
    app.settle().await;
    app.data.backups().join(begun["name"].as_str().unwrap())
}

fn holds(path: &Path, needle: &str) -> bool {
    std::fs::read(path).unwrap_or_default().windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// Another folder with what the backup holds, and with the ledger that was there before it. Restored twice, because a folder that is
/// replaced keeps its ledger too.
fn put_back(app: &TestApp, file: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(app.data.erasures(), folder.path().join("erasures.jsonl")).unwrap();
    let master_key = read_key(&std::fs::read(app.data.master_key()).unwrap());
    for force in [false, true] {
        let options = RestoreOptions { force, passphrase: None, master_key };
        restore(file, folder.path(), &options, Millis(7), &Random::system()).unwrap();
    }
    folder
}

#[tokio::test]
async fn whom_the_box_has_forgotten_does_not_come_back_with_a_backup() {
    let app = TestApp::start().await;
    record(&app, "s-1", PHONE, "CANARYONE").await;
    record(&app, "s-2", &format!("sip:{PHONE}@10.0.0.1"), "CANARYTWO").await;
    record(&app, "s-3", "+15550000000", "BYSTANDER").await;
    let admin = app.user(Role::Admin);
    admin.post("/api/v1/do-not-call", json!({ "phone": PHONE })).await.expect(201);
    let file = backup(&app).await;
    let done = app.user(Role::Admin).post("/api/v1/erasures", json!({ "phone": PHONE })).await.expect(200);
    assert_eq!(done["n_calls"], 2);
    app.settle().await;
    let ledger = std::fs::read_to_string(app.data.erasures()).unwrap();
    assert!(ledger.contains(done["id"].as_str().unwrap()) && !ledger.contains("7654321"), "{ledger}");

    let folder = put_back(&app, &file);
    let (database, recordings) = (folder.path().join("main.db"), folder.path().join("recordings"));
    assert!(holds(&database, "CANARYONE") && recordings.join("s-1.wav").exists(), "the backup still knows them");
    assert_eq!(std::fs::read_to_string(folder.path().join("erasures.jsonl")).unwrap(), ledger, "the ledger stays where it is");
    let mut back = TestApp::start_on(folder).await;
    let admin = back.user(Role::Admin);
    for id in ["s-1", "s-2"] {
        let call = admin.get(&format!("/api/v1/calls/{id}")).await.expect(200);
        assert_eq!((&call["from_number"], call.get("transcript")), (&Value::Null, None), "{call}");
        assert!(!recordings.join(format!("{id}.wav")).exists());
    }
    assert_eq!(admin.get("/api/v1/calls/s-3").await.expect(200)["from_number"], "+15550000000");
    back.settle().await;
    assert!(!holds(&database, "CANARY") && !holds(&database, "7654321"));
    let marked = back.user(Role::Admin).get("/api/v1/do-not-call?limit=10").await.expect(200);
    assert_eq!(marked["data"][0]["phone"].as_str().map(|phone| phone.contains("7654321")), Some(false), "still never dialled: {marked}");
    let proofs = back.user(Role::Admin).get("/api/v1/erasures").await.expect(200);
    assert_eq!((&proofs["total"], &proofs["data"][0]["id"], &proofs["data"][0]["n_calls"]), (&json!(1), &done["id"], &json!(2)));

    // A start on a database that knows of it does nothing more.
    back.restart().await;
    assert_eq!(back.user(Role::Admin).get("/api/v1/erasures").await.expect(200)["total"], 1);
    back.settle().await;
}

#[tokio::test]
async fn a_call_that_the_backup_has_on_hold_stays_and_whoever_it_does_not_know_is_only_noted() {
    let app = TestApp::start().await;
    record(&app, "s-1", PHONE, "CANARYONE").await;
    app.user(Role::Admin).put("/api/v1/calls/s-1/legal-hold", json!({ "reason": "case" })).await.expect(200);
    let file = backup(&app).await;
    app.user(Role::Admin).delete("/api/v1/calls/s-1/legal-hold").await.expect(204);
    record(&app, "s-2", "+15550000000", "LATER").await;
    for phone in [PHONE, "+15550000000"] {
        assert_eq!(app.user(Role::Admin).post("/api/v1/erasures", json!({ "phone": phone })).await.expect(200)["n_calls"], 1);
    }
    app.settle().await;
    let back = TestApp::start_on(put_back(&app, &file)).await;
    let admin = back.user(Role::Admin);
    assert_eq!(admin.get("/api/v1/calls/s-1").await.expect(200)["from_number"], PHONE, "what is held is not removed");
    let proofs = admin.get("/api/v1/erasures").await.expect(200);
    let counts: Vec<_> = proofs["data"].as_array().unwrap().iter().map(|one| (one["n_calls"].clone(), one["n_held"].clone())).collect();
    assert_eq!(counts, [(json!(0), json!(0)), (json!(0), json!(1))], "{proofs}");
    back.settle().await;
}

#[tokio::test]
async fn the_ledger_is_brought_to_where_the_backups_are_and_made_of_the_database_when_it_is_lost() {
    let (mut app, server) = (TestApp::start().await, S3Server::start().await);
    let owner = app.user(Role::SuperAdmin);
    owner.put("/api/v1/settings/minio", server.settings()).await.expect(200);
    owner.put("/api/v1/settings/backup", json!({ "to_s3": true })).await.expect(200);
    record(&app, "s-1", PHONE, "CANARYONE").await;
    app.user(Role::Admin).post("/api/v1/erasures", json!({ "phone": PHONE })).await.expect(200);
    app.advance(Duration::from_secs(601));
    app.settle().await;
    let ledger = std::fs::read(app.data.erasures()).unwrap();
    assert_eq!(server.object("backups/erasures.jsonl").await.bytes, ledger);
    app.stop().await;
    std::fs::remove_file(app.data.erasures()).unwrap();
    app.restart().await;
    assert_eq!(std::fs::read(app.data.erasures()).unwrap(), ledger);
    app.settle().await;
}
