//! Documents are being taken in while `serve` is killed again and again: each ends as indexed, once, and is found. And `cxbox kb eval`.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::support::{Appliance, Http, Setup, binary, until};

/// Times `serve` is killed.
const KILLS: u64 = 6;
const BASES: &str = "/api/v1/knowledge-bases";

async fn upload(admin: &Http, kb_id: &str, name: &str, bytes: &[u8]) {
    let mut body = format!("--XX\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n").into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--XX--\r\n");
    let path = format!("{BASES}/{kb_id}/documents");
    let reply = admin.send(Method::POST, &path, "multipart/form-data; boundary=XX", body).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.text());
}

/// How many documents of a base stand at an end, and how many there are.
async fn ended(appliance: &Appliance, kb_id: &str) -> (u64, u64) {
    let base = appliance.super_admin_again().await.get_ok(&format!("{BASES}/{kb_id}")).await;
    let count = |name: &str| base[name].as_u64().unwrap();
    assert_eq!(count("n_failed"), 0, "{base}");
    (count("n_indexed"), count("n_documents"))
}

/// Percent of all documents together.
async fn progress(appliance: &Appliance, kb_id: &str) -> u64 {
    let listed = appliance.super_admin_again().await.get_ok(&format!("{BASES}/{kb_id}/documents")).await;
    listed["data"].as_array().unwrap().iter().filter_map(|one| one["progress"].as_u64()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_every_document_is_indexed_in_the_end() {
    let mut appliance = Setup::new().start().await;
    let admin = appliance.super_admin().await;
    let made = admin.post_ok(BASES, &json!({ "name": "Manual" }), 201).await;
    let kb_id = made["id"].as_str().unwrap().to_owned();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/docs");
    for page in ["bots.md", "engine.md", "mail.md", "operations.md", "phones.md", "speech.md", "webhooks.md"] {
        upload(&admin, &kb_id, page, &std::fs::read(docs.join(page)).unwrap()).await;
    }
    for n in 0..KILLS {
        // Each time a little further into the work.
        until("the work to go on", Duration::from_secs(60), || async { (progress(&appliance, &kb_id).await >= 90 * n).then_some(()) })
            .await;
        appliance = appliance.kill().start().await;
    }
    until("all documents are indexed", Duration::from_secs(120), || async {
        let (n_indexed, n_documents) = ended(&appliance, &kb_id).await;
        (n_indexed == n_documents).then_some(())
    })
    .await;
    let admin = appliance.super_admin_again().await;
    for mode in ["bm25", "vector"] {
        let order = json!({ "query": "how do I set the mail server", "mode": mode, "top_k": 10 });
        let found = admin.post_ok(&format!("{BASES}/search"), &order, 200).await;
        let hits = found["results"].as_array().unwrap();
        let n_setting = hits.iter().filter(|hit| hit["heading"] == "Mail › Setting the server").count();
        assert_eq!(n_setting, 1, "found once by {mode}: {hits:?}");
    }
    let listed: Value = admin.get_ok(&format!("{BASES}/{kb_id}/documents")).await;
    assert!(listed["data"].as_array().unwrap().iter().all(|one| one["progress"] == 100), "{listed}");
}

const SHOP: &str =
    "# Shop\n\n## Parking\n\nCars are left behind the lighthouse.\n\n## Returns\n\nBooks may be given back within thirty days.\n";
const QUESTIONS: &str = r#"{"question": "where can I leave my car?", "document": "shop.md", "heading": "Parking"}
{"question": "can I give back a book?", "document": "shop.md", "heading": "Returns"}"#;

fn eval(questions: &Path, docs: &Path, data: &Path) -> Output {
    let mut command = Command::new(binary());
    command.args(["kb", "eval", "--json"]).arg(questions).arg("--docs").arg(docs).arg("--data-dir").arg(data);
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_with_known_answers_measure_the_search_and_leave_nothing_behind() {
    let appliance = Setup::new().start().await;
    let admin = appliance.super_admin().await;
    let (docs, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(docs.path().join("shop.md"), SHOP).unwrap();
    let questions = other.path().join("questions.jsonl");
    std::fs::write(&questions, QUESTIONS).unwrap();
    let done = eval(&questions, docs.path(), appliance.data());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let figures: Value = serde_json::from_slice(&done.stdout).unwrap();
    for mode in ["bm25", "vector", "hybrid"] {
        assert_eq!(figures[mode]["n"], 2, "{figures}");
    }
    assert_eq!(figures["hybrid"]["recall_at_5"], 1.0, "{figures}");
    assert_eq!(admin.get_ok(BASES).await["total"], 0, "the base of the evaluation is gone");
    std::fs::write(&questions, format!("{QUESTIONS}\n{{\"question\": 7}}")).unwrap();
    let refused = eval(&questions, docs.path(), appliance.data());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("line 3"), "{said}");
}
