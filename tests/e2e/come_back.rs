//! A box that comes back: backups made while it serves, restored by the command line; the doctor; upgrades that work and upgrades that do not.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::release::{NEWER_AND_BROKEN, release, said, script};
use super::support::{Appliance, Setup, binary, until};

const CANARY: &str = "canary-of-a-stored-credential";

fn cxbox(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).output().unwrap()
}

/// A box that only its owner may read, as an installed one is.
fn setup() -> Setup {
    let setup = Setup::new().env("CXBOX_ENGINE__MAX_CONCURRENT_CALLS", "20");
    std::fs::set_permissions(setup.data.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    setup
}

async fn record(appliance: &Appliance, id: &str) {
    let engine = appliance.engine();
    engine.post_ok("/api/v1/call-results", &json!({ "session_id": id, "disconnected_by": "customer" }), 200).await;
}

#[tokio::test]
async fn a_backup_made_while_the_box_serves_comes_back_in_another_folder_and_serves() {
    let mut appliance = setup().start().await;
    appliance.super_admin().await;
    record(&appliance, "sess_before").await;
    let person = json!({ "session_id": "sess_person", "from_number": "+15557654321", "disconnected_by": "customer" });
    appliance.engine().post_ok("/api/v1/call-results", &person, 200).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (file, phrase) = (elsewhere.path().join("b.tar"), elsewhere.path().join("phrase"));
    std::fs::write(&phrase, "correct horse battery staple\n").unwrap();
    let (data, file, phrase) = (appliance.data().to_str().unwrap().to_owned(), file.to_str().unwrap(), phrase.to_str().unwrap());
    let made = cxbox(&["backup", "--data-dir", &data, "--to", file, "--passphrase-file", phrase, "--verify"]);
    assert!(made.status.success() && said(&made).contains("everything fits"), "{}", said(&made));
    let again = cxbox(&["backup", "--data-dir", &data, "--to", file]);
    assert!(!again.status.success() && said(&again).contains("is there already"), "{}", said(&again));
    record(&appliance, "sess_after").await;
    let erased = cxbox(&["erase", "+15557654321", "--data-dir", &data]);
    assert!(erased.status.success() && said(&erased).contains("1 calls"), "{}", said(&erased));

    let tried = cxbox(&["restore", file, "--verify", "--passphrase-file", phrase, "--data-dir", "/nowhere/at/all"]);
    assert!(tried.status.success() && said(&tried).contains("everything fits"), "{}", said(&tried));
    let locked = cxbox(&["restore", file, "--verify", "--data-dir", "/nowhere/at/all"]);
    assert!(locked.status.success() && said(&locked).contains("sealed part was not opened"), "{}", said(&locked));
    let damaged = elsewhere.path().join("damaged.tar");
    let mut bytes = std::fs::read(file).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    let found = cxbox(&["restore", damaged.to_str().unwrap(), "--verify", "--data-dir", &data]);
    assert!(!found.status.success() && said(&found).contains("damaged"), "{}", said(&found));

    let refused = cxbox(&["restore", file, "--data-dir", &data, "--force"]);
    assert!(!refused.status.success() && said(&refused).contains("stop it first"), "{}", said(&refused));
    assert!(appliance.terminate().await.success());
    let refused = cxbox(&["restore", file, "--data-dir", &data]);
    assert!(!refused.status.success() && said(&refused).contains("--force"), "{}", said(&refused));

    let target = setup();
    let (folder, ledger) = (target.data.path().to_str().unwrap().to_owned(), format!("{data}/erasures.jsonl"));
    let done = cxbox(&["restore", file, "--data-dir", &folder, "--passphrase-file", phrase, "--erasures", &ledger]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(said(&done).contains("1 people the box has forgotten since are forgotten in it again: 1 calls"), "{}", said(&done));
    let back = target.start().await;
    let admin = back.super_admin_again().await;
    admin.get_ok("/api/v1/calls/sess_before").await;
    assert_eq!(admin.get("/api/v1/calls/sess_after").await.unwrap().status, 404);
    assert_eq!(admin.get_ok("/api/v1/calls/sess_person").await["from_number"], serde_json::Value::Null);

    let offline = cxbox(&["backup", "--data-dir", &data, "--to", elsewhere.path().to_str().unwrap(), "--compact", "--verify"]);
    assert!(offline.status.success(), "also when nobody serves: {}", said(&offline));
}

#[tokio::test]
async fn the_doctor_is_green_on_a_fresh_box_and_names_what_is_broken() {
    let appliance = setup().start().await;
    let admin = appliance.super_admin().await;
    let data = appliance.data().to_str().unwrap().to_owned();
    let fresh = cxbox(&["doctor", "--json", "--data-dir", &data]);
    let found: Value = serde_json::from_slice(&fresh.stdout).unwrap();
    // The disk and the memory are those of the machine the test runs on; everything else is the box.
    let findings = found["findings"].as_array().unwrap();
    let of_the_box = findings.iter().filter(|finding| !matches!(finding["name"].as_str(), Some("disk" | "memory" | "sync")));
    assert!(findings.len() > 18 && of_the_box.clone().all(|finding| finding["verdict"] == "ok"), "{found:#}");
    let code = match found["verdict"].as_str() {
        Some("ok") => 0,
        Some("watch") => 1,
        _ => 2,
    };
    assert_eq!(fresh.status.code(), Some(code), "{found:#}");
    let mail = json!({ "host": "127.0.0.1", "port": 9, "from": "box@example.com", "username": "u", "password": CANARY });
    let set = admin.send(http::Method::PUT, "/api/v1/settings/mail", "application/json", mail.to_string()).await.unwrap();
    assert_eq!(set.status, 200, "{}", set.text());
    std::fs::set_permissions(appliance.data().join("secrets/jwt_secret"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let bundle = appliance.data().join("bundle.tar");
    let ill = cxbox(&["doctor", "--data-dir", &data, "--support-bundle", bundle.to_str().unwrap()]);
    let text = said(&ill);
    assert_eq!(ill.status.code(), Some(2), "{text}");
    assert!(text.contains("BROKEN  file_modes") && text.contains("chmod 600") && text.contains("BROKEN  mail_server"), "{text}");
    let bytes = String::from_utf8_lossy(&std::fs::read(&bundle).unwrap()).into_owned();
    let secrets =
        [CANARY.to_owned(), std::fs::read_to_string(appliance.data().join("secrets/jwt_secret")).unwrap(), "root@example.com".to_owned()];
    assert!(bytes.contains("findings.json") && secrets.iter().all(|secret| !bytes.contains(secret.trim())), "the bundle is redacted");
    let nowhere = cxbox(&["doctor", "--data-dir", "/nonexistent/cxbox"]);
    assert_eq!(nowhere.status.code(), Some(2), "{}", said(&nowhere));
    assert!(!Path::new("/nonexistent").exists(), "looking makes nothing");
}

/// Processes that serve this folder.
fn serving(data: &Path) -> Vec<u32> {
    let (mut found, wanted) = (Vec::new(), data.to_str().unwrap());
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<&str> = line.split('\0').collect();
        if words.get(1) == Some(&"serve") && words.contains(&wanted) {
            found.push(pid);
        }
    }
    found
}

/// Ends what an upgrade has started, by its own pid, when the test ends.
struct Ends<'a>(&'a Path);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        for pid in serving(self.0) {
            Appliance::signal(pid, "-KILL");
        }
    }
}

#[tokio::test]
async fn an_upgrade_takes_over_and_one_that_fails_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let installed = folder.path().join("cxbox");
    std::fs::copy(binary(), &installed).unwrap();
    let setup = setup().running(&installed);
    let appliance = setup.start().await;
    let data = appliance.data().to_owned();
    let _ends = Ends(&data);
    record(&appliance, "sess_kept").await;
    let upgrade = |file: &Path, more: &[&str]| {
        let mut command = Command::new(&installed);
        command.args(["upgrade", "--file"]).arg(file).arg("--data-dir").arg(&data).arg("--binary").arg(&installed).args(more);
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };

    let good = release(folder.path(), "good", &binary());
    let wrong = upgrade(&good, &["--sha256", &"0".repeat(64)]).await.unwrap();
    assert!(!wrong.status.success() && said(&wrong).contains("not the file that was published"), "{}", said(&wrong));
    let old = release(folder.path(), "old", &script(folder.path(), "old.sh", "[ $1 = --version ] && echo cxbox 0.0.1 || echo 1"));
    let refused = upgrade(&old, &[]).await.unwrap();
    assert!(!refused.status.success() && said(&refused).contains("cxbox restore FILE"), "{}", said(&refused));
    assert_eq!(serving(&data), [appliance.pid()], "nothing was touched");

    let done = upgrade(&good, &[]).await.unwrap();
    assert!(done.status.success() && said(&done).contains("serves."), "{}", said(&done));
    let after = serving(&data);
    assert!(after.len() == 1 && after[0] != appliance.pid(), "{after:?}");
    assert!(std::fs::read_dir(data.join("backups")).unwrap().flatten().any(|entry| entry.file_name().to_string_lossy().ends_with(".tar")));

    let bad = release(folder.path(), "bad", &script(folder.path(), "new.sh", NEWER_AND_BROKEN));
    let failed = upgrade(&bad, &["--within", "3"]).await.unwrap();
    assert!(!failed.status.success() && said(&failed).contains("the former program and its data are back"), "{}", said(&failed));
    assert_eq!(std::fs::metadata(&installed).unwrap().len(), std::fs::metadata(binary()).unwrap().len());
    let http = appliance.http();
    until("the former program serves again", Duration::from_secs(60), || async {
        http.get("/readyz").await.ok().filter(|r| r.status == 200)
    })
    .await;
    let known = appliance
        .engine()
        .post("/api/v1/call-results", &json!({ "session_id": "sess_kept", "disconnected_by": "customer" }))
        .await
        .unwrap();
    assert_eq!(known.status, 200);
}
