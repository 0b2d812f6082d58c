//! Knowledge bases from outside: documents come in over HTTP and are found again.

use bytes::Bytes;
use cxbox::features::knowledge::evaluate::{Case, Tally, rank};
use cxbox::platform::access::Role;
use http::Method;
use serde_json::{Value, json};

use crate::live;
use crate::support::files::{archive, docx, pdf, upload, upload_with};
use crate::support::{Client, TestApp};

const BASES: &str = "/api/v1/knowledge-bases";
const SHOP: &str = "# Harbour Books\n\n## Opening hours\n\nWe are open from nine to six, Monday to Saturday.\n\n## Parking\n\n\
    Cars can be left behind the lighthouse. Parking is free for two hours.\n\n## Returns\n\nBooks may be given back within thirty days.\n";

async fn base(client: &Client, name: &str) -> String {
    client.post(BASES, json!({ "name": name })).await.expect(201)["id"].as_str().unwrap().to_owned()
}

/// Uploads a file and lets it be taken in. Gives where it then stands.
async fn taken_in(app: &TestApp, kb_id: &str, name: &str, bytes: &[u8]) -> Value {
    let client = app.user(Role::Admin);
    let id = upload(&client, kb_id, name, bytes).await.expect(201)["id"].as_str().unwrap().to_owned();
    app.settle().await;
    client.get(&format!("{BASES}/{kb_id}/documents/{id}")).await.expect(200)
}

async fn found(client: &Client, order: Value) -> Vec<Value> {
    client.post(&format!("{BASES}/search"), order).await.expect(200)["results"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_document_is_uploaded_indexed_and_found_with_its_place() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let kb_id = base(&admin, "Shop").await;
    let answer = upload(&admin, &kb_id, "shop.md", SHOP.as_bytes()).await.expect(201);
    assert!(kb_id.starts_with("kb_") && answer["id"].as_str().unwrap().starts_with("doc_"), "{answer}");
    assert_eq!((answer["parse_status"].clone(), answer["progress"].clone()), (json!("uploaded"), json!(0)));
    app.settle().await;
    let id = answer["id"].as_str().unwrap();
    let document = admin.get(&format!("{BASES}/{kb_id}/documents/{id}")).await.expect(200);
    assert_eq!((document["parse_status"].clone(), document["progress"].clone()), (json!("indexed"), json!(100)), "{document}");
    assert_eq!((document["n_chunks"].clone(), document["language"].clone()), (json!(3), json!("en")));
    let results = found(&admin, json!({ "query": "where can I park my car?", "kb_ids": [kb_id] })).await;
    assert_eq!(results[0]["heading"], "Harbour Books › Parking");
    assert_eq!(results[0]["chunk_id"], format!("{id}_chunk_1"));
    assert!(results[0]["scores"]["bm25"].is_number() && results[0]["scores"]["vector"].is_number(), "{}", results[0]);
    let text = admin.get(&format!("{BASES}/{kb_id}/documents/{id}/text")).await.text();
    let (start, end) = (results[0]["start"].as_u64().unwrap() as usize, results[0]["end"].as_u64().unwrap() as usize);
    assert_eq!(text.chars().skip(start).take(end - start).collect::<String>(), results[0]["text"].as_str().unwrap());
    let chunks = admin.get(&format!("{BASES}/{kb_id}/documents/{id}/chunks?limit=1")).await.expect(200);
    assert_eq!((chunks["total"].clone(), chunks["data"][0]["heading"].clone()), (json!(3), json!("Harbour Books › Opening hours")));
    let shown = admin.get(&format!("{BASES}/{kb_id}")).await.expect(200);
    assert_eq!((shown["n_documents"].clone(), shown["n_indexed"].clone(), shown["n_chunks"].clone()), (json!(1), json!(1), json!(3)));
}

#[tokio::test]
async fn the_same_file_is_recognised_and_other_bases_do_not_care() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let (one, two) = (base(&admin, "One").await, base(&admin, "Two").await);
    let first = upload(&admin, &one, "a.md", SHOP.as_bytes()).await.expect(201);
    let again = upload(&admin, &one, "renamed.md", SHOP.as_bytes()).await.expect(200);
    assert_eq!((again["id"].clone(), again["is_duplicate"].clone()), (first["id"].clone(), json!(true)));
    upload(&admin, &two, "a.md", SHOP.as_bytes()).await.expect(201);
    app.settle().await;
    let results = found(&admin, json!({ "query": "opening hours", "top_k": 10 })).await;
    assert_eq!(results.iter().filter(|hit| hit["heading"] == "Harbour Books › Opening hours").count(), 1, "doubles are collapsed");
}

#[tokio::test]
async fn every_format_is_read() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let kb_id = base(&admin, "All").await;
    let workbook = [
        ("xl/workbook.xml", r#"<workbook xmlns:r="r"><sheets><sheet name="Prices" r:id="r1"/></sheets></workbook>"#),
        ("xl/_rels/workbook.xml.rels", r#"<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>"#),
        (
            "xl/worksheets/sheet1.xml",
            r#"<worksheet><sheetData><row><c t="inlineStr"><is><t>saxophone</t></is></c></row></sheetData></worksheet>"#,
        ),
    ];
    let workbook: Vec<(&str, &[u8])> = workbook.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    for (name, bytes, word) in [
        ("a.txt", b"The trombone is upstairs.".to_vec(), "trombone"),
        ("b.md", b"# Music\n\nThe clarinet is downstairs.".to_vec(), "clarinet"),
        ("c.html", b"<h1>Music</h1><p>The bassoon is outside.".to_vec(), "bassoon"),
        ("d.csv", b"item,place\nxylophone,attic\n".to_vec(), "xylophone"),
        ("e.docx", docx("The accordion is in the cellar."), "accordion"),
        ("f.xlsx", archive(&workbook), "saxophone"),
        ("g.pdf", pdf(&["The harpsichord is in the hall.", "Second page."], 1), "harpsichord"),
    ] {
        let document = taken_in(&app, &kb_id, name, &bytes).await;
        assert_eq!(document["parse_status"], "indexed", "{name}: {document}");
        let results = found(&admin, json!({ "query": word, "mode": "bm25" })).await;
        assert_eq!((results.len(), results[0]["document_name"].clone()), (1, json!(name)), "{word}");
    }
    let results = found(&admin, json!({ "query": "harpsichord", "mode": "bm25" })).await;
    assert_eq!(results[0]["page"], 1);
}

#[tokio::test]
async fn a_table_of_a_pdf_keeps_its_cells() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let kb_id = base(&admin, "Ferry").await;
    let document = taken_in(&app, &kb_id, "ferry.pdf", include_bytes!("../fixtures/ferry.pdf")).await;
    assert_eq!(document["parse_status"], "indexed", "{document}");
    let results = found(&admin, json!({ "query": "lighthouse", "mode": "bm25" })).await;
    let text = results[0]["text"].as_str().unwrap();
    let told: Vec<&str> = text.lines().filter(|line| line.starts_with("Route")).collect();
    let by_the_lighthouse = "Harbour to South Island, by way of the old lighthouse and the sand bank";
    let rows = [
        "Route: Harbour to North Island; Adult: 12.50; Child: 6.00; Car up to 6 m: 31.00",
        &format!("Route: {by_the_lighthouse}; Adult: 14.00; Child: 7.00; Car up to 6 m: 35.50"),
        "Route: North Island to South Island; Adult: 8.00; Child: 4.00",
    ];
    assert_eq!(told, rows, "{text}");
}

#[tokio::test]
async fn hostile_files_end_with_a_reason_and_harm_nobody() {
    let app = TestApp::start_with(&[("CXBOX_KNOWLEDGE__PARSE_SECONDS", "20")]).await;
    let admin = app.user(Role::Admin);
    let kb_id = base(&admin, "Hostile").await;
    let blanks = vec![b' '; 30 * 1024 * 1024];
    let laughs = r#"<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><w:document xmlns:w="w"><w:p><w:t>&b;</w:t></w:p></w:document>"#;
    let wide = format!("a,{}\n", "x".repeat(200_000));
    for (name, bytes, reason) in [
        ("bomb.docx", archive(&[("word/document.xml", &blanks)]), "bomb"),
        ("laughs.docx", archive(&[("word/document.xml", laughs.as_bytes())]), "document type"),
        ("scanned.pdf", pdf(&[""], 1), "scanned"),
        ("encrypted.pdf", include_bytes!("../fixtures/encrypted.pdf").to_vec(), "encrypted"),
        ("broken.pdf", b"%PDF-1.7\nnothing of it".to_vec(), "broken"),
        ("nul.txt", b"a\0b".to_vec(), "NUL"),
        ("empty.txt", Vec::new(), "empty"),
        ("blank.md", b" \n\n".to_vec(), "no text"),
        ("wrong.txt", pdf(&["x"], 1), "is a PDF"),
        ("wrong.pdf", b"just text".to_vec(), "something else"),
        ("old.docx", vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "encrypted"),
    ] {
        let document = taken_in(&app, &kb_id, name, &bytes).await;
        assert_eq!(document["parse_status"], "failed", "{name}: {document}");
        assert!(document["parse_error"].as_str().unwrap().contains(reason), "{name}: {}", document["parse_error"]);
    }
    // Its pages are too many, or counting them takes too long: either is a reason.
    let million = taken_in(&app, &kb_id, "million.pdf", &pdf(&["x"], 1_000_000)).await;
    let reason = million["parse_error"].as_str().unwrap();
    assert!(reason.contains("pages") || reason.contains("seconds") || reason.contains("memory"), "{million}");
    let cell = taken_in(&app, &kb_id, "cell.csv", wide.as_bytes()).await;
    assert_eq!(cell["parse_status"], "indexed", "a huge cell is cut: {cell}");
    let fine = taken_in(&app, &kb_id, "rtl.txt", "المكتبة مفتوحة من التاسعة. הספרייה פתוחה. 图书馆九点开门。".as_bytes()).await;
    assert_eq!(fine["parse_status"], "indexed");
    assert_eq!(found(&admin, json!({ "query": "图书馆", "mode": "bm25" })).await[0]["document_name"], "rtl.txt");
    let failed = admin.get(&format!("{BASES}/{kb_id}/documents?status=failed")).await.expect(200);
    assert_eq!(failed["total"], 12);
    admin.get("/healthz").await.expect(200);
}

#[tokio::test]
async fn nothing_gets_out_of_the_cage() {
    let program = env!("CARGO_BIN_EXE_cxbox");
    let said = std::process::Command::new(program).args(["parse-worker", "check"]).output().unwrap();
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(said["escapes"], json!([]), "{said}");
}

#[tokio::test]
async fn uploads_are_refused_with_a_sentence() {
    let app = TestApp::start_with(&[("CXBOX_KNOWLEDGE__MAX_DOCUMENT_MB", "1")]).await;
    let admin = app.user(Role::Admin);
    let kb_id = base(&admin, "Small").await;
    let documents = format!("{BASES}/{kb_id}/documents");
    upload(&admin, "kb_0000000000000000", "a.md", b"x").await.expect(404);
    upload(&admin, &kb_id, "a.exe", b"x").await.expect(422);
    upload(&admin, &kb_id, "", b"x").await.expect(422);
    upload_with(&admin, &kb_id, "a.md", b"x", &[("colour", "red")]).await.expect(422);
    upload_with(&admin, &kb_id, "a.md", b"x", &[("tags", &"x".repeat(100))]).await.expect(422);
    let large = upload(&admin, &kb_id, "a.txt", &vec![b'x'; 1024 * 1024 + 1]).await;
    assert!(large.expect(413)["detail"].as_str().unwrap().contains("at most 1 MB"));
    admin.post(&documents, json!({})).await.expect(422);
    admin.send(Method::POST, &documents, "multipart/form-data; boundary=XX", Bytes::from_static(b"--XX\r\nbroken")).await.expect(422);
    assert_eq!(admin.get(&documents).await.expect(200)["total"], 0);
    let files: Vec<_> = std::fs::read_dir(app.data.knowledge()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, [".incoming"], "nothing of a refused upload stays");
    assert_eq!(std::fs::read_dir(app.data.knowledge().join(".incoming")).unwrap().count(), 0);
    admin.post(BASES, json!({ "name": "" })).await.expect(422);
    admin.post(BASES, json!({ "name": "x", "embedding": { "provider": "openai" } })).await.expect(422);
    admin.post(&format!("{BASES}/search"), json!({ "query": " " })).await.expect(422);
    admin.post(&format!("{BASES}/search"), json!({ "query": "x", "top_k": 0 })).await.expect(422);
    app.user(Role::Supervisor).post(BASES, json!({ "name": "x" })).await.expect(403);
    app.anonymous().get(BASES).await.expect(401);
}

#[tokio::test]
async fn searches_are_limited_by_base_document_and_tag_and_bases_can_be_switched_off() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let (one, two) = (base(&admin, "One").await, base(&admin, "Two").await);
    let a = upload_with(&admin, &one, "a.md", b"Trombones are loud.", &[("tags", "Brass, loud")]).await.expect(201);
    let b = upload_with(&admin, &two, "b.md", b"Trombones are long.", &[("tags", "long")]).await.expect(201);
    app.settle().await;
    let names = async |limit: Value| {
        let mut order = json!({ "query": "trombones" });
        order.as_object_mut().unwrap().extend(limit.as_object().unwrap().clone());
        let mut names: Vec<String> =
            found(&admin, order).await.iter().map(|hit| hit["document_name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(json!({})).await, ["a.md", "b.md"]);
    assert_eq!(names(json!({ "kb_ids": [one] })).await, ["a.md"]);
    assert_eq!(names(json!({ "document_ids": [b["id"]] })).await, ["b.md"]);
    assert_eq!(names(json!({ "tags": ["brass"] })).await, ["a.md"]);
    assert_eq!(names(json!({ "score_threshold": 1.0 })).await, Vec::<String>::new());
    let document = format!("{BASES}/{one}/documents/{}", a["id"].as_str().unwrap());
    admin.patch(&document, json!({ "tags": ["wood"], "name": "renamed.md" })).await.expect(200);
    assert_eq!(names(json!({ "tags": ["wood"] })).await, ["renamed.md"]);
    admin.delete(&format!("{BASES}/{one}")).await.expect(204);
    assert_eq!(names(json!({})).await, ["b.md"]);
    assert_eq!(admin.get(&format!("{BASES}/{one}")).await.expect(200)["is_enabled"], false);
    admin.patch(&format!("{BASES}/{one}"), json!({ "is_enabled": true })).await.expect(200);
    assert_eq!(names(json!({})).await, ["b.md", "renamed.md"]);
}

#[tokio::test]
async fn what_is_deleted_is_gone_everywhere() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let kb_id = base(&admin, "Gone").await;
    let id = taken_in(&app, &kb_id, "a.md", SHOP.as_bytes()).await["id"].as_str().unwrap().to_owned();
    taken_in(&app, &kb_id, "b.md", b"Trombones are loud.").await;
    assert!(app.data.knowledge().join(&id).exists());
    admin.delete(&format!("{BASES}/{kb_id}/documents/{id}")).await.expect(204);
    admin.get(&format!("{BASES}/{kb_id}/documents/{id}")).await.expect(404);
    assert!(!app.data.knowledge().join(&id).exists());
    assert!(found(&admin, json!({ "query": "parking", "mode": "bm25" })).await.is_empty());
    assert_eq!(found(&admin, json!({ "query": "parking", "mode": "vector" })).await.len(), 1);
    admin.delete(&format!("{BASES}/{kb_id}?purge=true")).await.expect(204);
    admin.get(&format!("{BASES}/{kb_id}")).await.expect(404);
    let left: i64 = app
        .db()
        .read(|conn| {
            let sql = "select (select count(*) from knowledge_documents) + (select count(*) from knowledge_chunks)
                + (select count(*) from knowledge_vectors) + (select count(*) from knowledge_texts)";
            Ok(conn.query_row(sql, [], |row| row.get(0))?)
        })
        .await
        .unwrap();
    assert_eq!(left, 0);
    assert_eq!(std::fs::read_dir(app.data.knowledge()).unwrap().count(), 1, "only the folder of uploads on their way");
}

#[tokio::test]
async fn the_index_is_made_anew_from_rows_after_damage_and_after_loss() {
    let mut app = TestApp::start().await;
    let kb_id = base(&app.user(Role::Admin), "Kept").await;
    taken_in(&app, &kb_id, "shop.md", SHOP.as_bytes()).await;
    let folder = app.data.search().join("knowledge");
    for damage in [0, 1] {
        app.stop().await;
        if damage == 0 {
            std::fs::remove_dir_all(&folder).unwrap();
        } else {
            std::fs::write(folder.join("meta.json"), b"{").unwrap();
        }
        app.restart().await;
        let admin = app.user(Role::Admin);
        // Searches go on by vector while the words are made anew, and by both afterwards.
        let mut hit = Vec::new();
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(20));
        for _ in 0..1_500 {
            tick.tick().await;
            hit = found(&admin, json!({ "query": "parking", "mode": "bm25" })).await;
            if !hit.is_empty() {
                break;
            }
        }
        assert_eq!(hit[0]["heading"], "Harbour Books › Parking");
    }
}

#[tokio::test]
async fn a_document_is_taken_in_once_more_when_asked_and_serves_meanwhile() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let kb_id = base(&admin, "Again").await;
    let id = taken_in(&app, &kb_id, "shop.md", SHOP.as_bytes()).await["id"].as_str().unwrap().to_owned();
    admin.patch(&format!("{BASES}/{kb_id}"), json!({ "chunk_chars": 200, "chunk_overlap": 0 })).await.expect(200);
    let begun = admin.post(&format!("{BASES}/{kb_id}/documents/{id}/reindex"), json!({})).await.expect(200);
    assert_eq!(begun["parse_status"], "uploaded");
    assert_eq!(found(&admin, json!({ "query": "parking" })).await[0]["heading"], "Harbour Books › Parking", "the old chunks serve");
    app.settle().await;
    let done = admin.get(&format!("{BASES}/{kb_id}/documents/{id}")).await.expect(200);
    assert_eq!((done["parse_status"].clone(), done["n_chunks"].clone()), (json!("indexed"), json!(3)));
    assert_eq!(found(&admin, json!({ "query": "parking", "mode": "bm25" })).await.len(), 1);
}

#[tokio::test]
async fn progress_is_told_live() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let kb_id = base(&admin, "Live").await;
    let mut stream = live::watch(&app, None).await;
    taken_in(&app, &kb_id, "shop.md", SHOP.as_bytes()).await;
    let told = live::until(&mut stream, "\"parse_status\":\"indexed\"").await;
    assert!(told.contains("event: knowledge") && told.contains("\"parse_status\":\"indexing\"") && told.contains(&kb_id), "{told}");
}

#[tokio::test]
async fn the_manual_answers_questions_about_itself() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let kb_id = base(&admin, "Manual").await;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(root.join("assets/docs")).unwrap() {
        let path = entry.unwrap().path();
        upload(&admin, &kb_id, &path.file_name().unwrap().to_string_lossy(), &std::fs::read(&path).unwrap()).await.expect(201);
    }
    app.settle().await;
    let text = std::fs::read_to_string(root.join("tests/fixtures/knowledge_eval.jsonl")).unwrap();
    let cases: Vec<Case> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (mut figures, mut missed) = (Vec::new(), Vec::new());
    for mode in ["bm25", "vector", "hybrid"] {
        let mut tally = Tally::default();
        for case in &cases {
            let results = found(&admin, json!({ "query": case.question, "top_k": 10, "mode": mode })).await;
            let places: Vec<(&str, &str)> =
                results.iter().map(|hit| (hit["document_name"].as_str().unwrap(), hit["heading"].as_str().unwrap())).collect();
            let rank = rank(case, places.iter().copied());
            if mode == "hybrid" && rank.is_none_or(|rank| rank > 5) {
                missed.push(format!("{rank:?}: {} wants {} › {}, has {places:?}", case.question, case.document, case.heading));
            }
            tally.note(rank, 0.0);
        }
        figures.push(tally.figures());
    }
    let (bm25, vector, hybrid) = (figures[0], figures[1], figures[2]);
    assert!(hybrid.recall_at_5 >= 0.9, "{figures:#?} {missed:#?}");
    assert!(hybrid.recall_at_5 >= bm25.recall_at_5 && hybrid.recall_at_5 >= vector.recall_at_5, "{figures:?}");
}
