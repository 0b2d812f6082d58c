//! What a virtual number gives its calls: a prompt of its own, a spoken text, its limits; and what nobody may read (checklist 107 to 114).

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, make};

const NUMBERS: &str = "/api/v1/numbers";
const KEY: &str = "AIzaSyDEADBEEF00000000000000000000WXYZ";

async fn bot(app: &TestApp, change: Value) -> Value {
    app.user(Role::Admin).post("/api/v1/bots", make::with(make::bot("Anna"), change)).await.expect(201)["id"].clone()
}

async fn number(app: &TestApp, change: Value) -> Value {
    let body = make::with(json!({ "name": "main", "number": "100" }), change);
    app.user(Role::Admin).post(NUMBERS, body).await.expect(201)
}

/// What a call to 100 runs on.
async fn config(app: &TestApp) -> Value {
    let call = json!({ "call_id": "vnum000000000001", "carrier_id": "tr_1", "did": "100", "from_number": "+1555" });
    let answer = app.engine().post("/api/v1/engine/inbound", call).await.expect(200);
    let (bot, session) = (answer["bot_id"].as_str().unwrap(), answer["session_id"].as_str().unwrap());
    app.engine().get(&format!("/api/v1/config/{bot}?session_id={session}")).await.expect(200)
}

#[tokio::test]
async fn a_number_with_a_prompt_and_no_bot_is_answered_by_the_default_bot() {
    let app = TestApp::start().await;
    let made =
        number(&app, json!({ "system_prompt": "Sell shoes.", "opening_message": "Shoes!", "language": "en-GB", "start_ms": 700 })).await;
    assert_eq!((made["bot_id"].clone(), made["start_ms"].clone()), (json!(null), json!(700)));
    let config = config(&app).await;
    assert_eq!((config["bot_id"].as_str(), config["system_prompt"].as_str()), (Some("bot_0000000000000001"), Some("Sell shoes.")));
    assert_eq!((config["opening_message"].as_str(), config["language"].as_str()), (Some("Shoes!"), Some("en-GB")));
    assert_eq!(config["start_ms"], 700);
    assert_eq!(config["notices"], json!(["prompt_not_executable"]), "the demo bot answers by flow");
}

#[tokio::test]
async fn a_prompt_is_followed_by_a_bot_with_a_model_which_gets_the_numbers_key() {
    let app = TestApp::start().await;
    let model =
        json!({ "llm": { "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "m", "api_key": "bots-own-key-0123" } });
    let bot = bot(&app, model).await;
    number(&app, json!({ "bot_id": bot, "system_prompt": "Sell shoes.", "gemini_api_key": KEY })).await;
    let config = config(&app).await;
    assert_eq!((config["system_prompt"].as_str(), config["llm"]["api_key"].as_str()), (Some("Sell shoes."), Some(KEY)));
    assert_eq!(config["notices"], json!([]));
}

#[tokio::test]
async fn a_key_is_masked_in_reads_sealed_at_rest_and_kept_by_a_change_that_repeats_the_mask() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    let made = number(&app, json!({ "system_prompt": "Sell.", "api_key": KEY })).await;
    let path = format!("{NUMBERS}/{}", made["id"].as_str().unwrap());
    assert_eq!(made["api_key"], "AIza••••WXYZ");
    let mut body = json!({ "name": "main", "number": "100", "system_prompt": "Sell.", "api_key": "AIza••••WXYZ" });
    assert_eq!(admin.put(&path, body.clone()).await.expect(200)["api_key"], "AIza••••WXYZ");
    body["api_key"] = json!("AIza••••XXXX");
    assert_eq!(admin.put(&path, body.clone()).await.expect(422)["errors"][0]["field"], "api_key");
    body.as_object_mut().unwrap().remove("api_key");
    assert_eq!(admin.put(&path, body.clone()).await.expect(200)["api_key"], "AIza••••WXYZ", "absent keeps it");
    let lists = [admin.get(NUMBERS).await.text(), admin.get("/api.ashx/v1/numbers").await.text()];
    assert!(lists.iter().all(|text| !text.contains(KEY) && text.contains("AIza••••WXYZ")), "{lists:?}");
    let stored: String =
        app.db().read(|c| Ok(c.query_row("select api_key from numbers where name = 'main'", [], |r| r.get(0))?)).await.unwrap();
    assert!(!stored.contains("AIza"), "sealed");
    body["api_key"] = json!("");
    assert!(admin.put(&path, body).await.expect(200).get("api_key").is_none(), "an empty text removes it");
}

/// Checklist 109 and 112, with the setting that restores what the seed shows.
#[tokio::test]
async fn line_112_with_reveal_secrets_the_codeb_view_has_the_key_in_full() {
    let app = TestApp::start_with(&[("CXBOX_NUMBERS__REVEAL_SECRETS", "true")]).await;
    let made = number(&app, json!({ "system_prompt": "Sell shoes.", "api_key": KEY })).await;
    assert_eq!(made["api_key"], "AIza••••WXYZ", "the admin API masks in any case");
    let list = app.user(Role::Admin).get("/api.ashx/v1/numbers").await.expect(200);
    let item = list["data"].as_array().unwrap().iter().find(|item| item["name"] == "main").unwrap().clone();
    assert_eq!((item["geminiApiKey"].as_str(), item["systemPrompt"].as_str()), (Some(KEY), Some("Sell shoes.")));
    app.anonymous().get("/api.ashx/v1/numbers").await.expect(401);
    app.user(Role::Supervisor).get("/api.ashx/v1/numbers").await.expect(403);
}

#[tokio::test]
async fn lines_107_to_111_the_codeb_list_has_exactly_the_documented_fields() {
    let app = TestApp::start().await;
    number(&app, json!({ "mode": "tts", "text": "We are closed.", "voice": "de", "visibility": "signed-in", "max_duration_sec": 60 }))
        .await;
    let list = app.user(Role::Admin).get("/api.ashx/v1/numbers?limit=1").await.expect(200);
    let mut keys: Vec<&String> = list.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["data", "limit", "next", "offset", "tenant", "total"]);
    assert_eq!((list["tenant"].clone(), list["total"].clone()), (json!("127.0.0.1"), json!(2)));
    let item = &list["data"][0];
    let mut keys: Vec<&String> = item.as_object().unwrap().keys().collect();
    keys.sort();
    let fields =
        ["geminiApiKey", "language", "maxDurationSec", "mode", "name", "number", "saveTranscripts", "systemPrompt", "visibility", "voice"];
    assert_eq!(keys, fields);
    assert_eq!((item["mode"].as_str(), item["visibility"].as_str(), item["voice"].as_str()), (Some("tts"), Some("signed-in"), Some("de")));
    assert_eq!((item["saveTranscripts"].clone(), item["maxDurationSec"].clone()), (json!(true), json!(60)));
}

#[tokio::test]
async fn a_number_that_speaks_a_text_needs_no_bot_no_recogniser_and_no_model() {
    let app = TestApp::start().await;
    let made = number(&app, json!({ "mode": "tts", "text": "We are closed.", "loop": true, "max_duration_sec": 40 })).await;
    assert_eq!((made["start_ms"].clone(), made["loop"].clone(), made["bot_id"].clone()), (json!(1500), json!(true), json!(null)));
    let config = config(&app).await;
    assert_eq!((config["stt"]["provider"].as_str(), config["llm"]["provider"].as_str()), (Some("none"), Some("none")));
    assert_eq!((config["tts"]["provider"].as_str(), config["tts"]["voice"].as_str()), (Some("flite"), Some("slt")));
    assert_eq!(
        (config["opening_message"].as_str(), config["announcement"].clone()),
        (Some("We are closed."), json!({ "is_looped": true }))
    );
    assert_eq!((config["start_ms"].clone(), config["max_call_duration_seconds"].clone()), (json!(1500), json!(40)));
    assert_eq!((config["recording_mode"].as_str(), config["disclosure"].as_str()), (Some("announce"), Some("")));
    assert_eq!(config["recording_notice"], "This call is recorded.");
}

#[tokio::test]
async fn what_a_number_says_of_recording_and_transfers_holds_for_its_calls() {
    let app = TestApp::start().await;
    let bot = bot(&app, json!({ "recording_mode": "announce", "recording_notice": "We record." })).await;
    number(&app, json!({ "bot_id": bot, "recording_mode": "off", "transfer_allowed": ["desk", " +356* "] })).await;
    let config = config(&app).await;
    assert_eq!((config["recording_mode"].as_str(), config["recording_notice"].as_str()), (Some("off"), Some("")));
    assert_eq!(config["transfer_allowed"], json!(["desk", "+356*"]));
}

#[tokio::test]
async fn a_list_of_transfers_that_cannot_be_read_allows_none() {
    let app = TestApp::start().await;
    let bot = bot(&app, json!({})).await;
    number(&app, json!({ "bot_id": bot })).await;
    assert_eq!(config(&app).await["transfer_allowed"], json!(null), "no list: the bot's own");
    let app = TestApp::start().await;
    let bot = self::bot(&app, json!({})).await;
    number(&app, json!({ "bot_id": bot, "transfer_allowed": ["desk"] })).await;
    app.db().write(|tx| Ok(tx.execute_batch("update numbers set transfer_allowed = '[\"desk' where name = 'main'")?)).await.unwrap();
    assert_eq!(config(&app).await["transfer_allowed"], json!([]));
}

#[tokio::test]
async fn bad_input_is_422_with_the_path_of_the_field() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    for (change, field) in [
        (json!({ "bot_id": null }), "bot_id"),
        (json!({ "bot_id": "bot_none" }), "bot_id"),
        (json!({ "mode": "tts" }), "text"),
        (json!({ "mode": "fax" }), "mode"),
        (json!({ "start_ms": -1 }), "start_ms"),
        (json!({ "start_ms": 60000 }), "start_ms"),
        (json!({ "max_duration_sec": "long" }), "max_duration_sec"),
        (json!({ "transfer_allowed": ["+1", 7] }), "transfer_allowed[1]"),
        (json!({ "transfer_allowed": ["+1", "*"] }), "transfer_allowed[1]"),
        (json!({ "visibility": "secret" }), "visibility"),
        (json!({ "colour": "red" }), "colour"),
    ] {
        let body = make::with(json!({ "name": "main", "number": "100", "bot_id": "bot_0000000000000001" }), change);
        let refusal = admin.post(NUMBERS, body.clone()).await.expect(422);
        assert_eq!(refusal["errors"][0]["field"], field, "{body}");
    }
}

#[tokio::test]
async fn line_114_the_limit_is_3500_unless_the_number_says_otherwise_and_the_bots_own_holds_too() {
    let app = TestApp::start().await;
    let bot = bot(&app, json!({ "max_call_duration_seconds": 14400 })).await;
    assert_eq!(number(&app, json!({ "bot_id": bot })).await["max_duration_sec"], 3500);
    assert_eq!(config(&app).await["max_call_duration_seconds"], 3500);
}
