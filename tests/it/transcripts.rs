//! Transcripts: written after the call, listed, searched, read (checklist 113, 116 to 131, 207).

use cxbox::base::Millis;
use cxbox::base::id::{CallId, SessionId};
use cxbox::features::calls::{Direction, NewCall, Origin, open_skeleton};
use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Receiver, TestApp, make};

pub(crate) const PATH: &str = "/api.ashx/v1/transcripts";

/// A call that we placed, over and saved.
pub(crate) async fn outbound(app: &TestApp, session: &str, call_id: &str, phone: &str, name: &str, started: &str) {
    let call = NewCall {
        call_id: Some(CallId::from(call_id)),
        direction: Direction::Outbound,
        origin: Origin::OutboundAi,
        to_number: Some(phone.to_owned()),
        display_name: Some(name.to_owned()),
        email: Some("ops@example.com".to_owned()),
        requested_by: Some("alex".to_owned()),
        voice: Some("Aoede".to_owned()),
        language: Some("en-US".to_owned()),
        model: Some("live-voice-ai".to_owned()),
        save_transcript: true,
        ..NewCall::of(SessionId::from(session))
    };
    app.db().write(move |tx| open_skeleton(tx, &call)).await.unwrap();
    end(app, session, started).await;
}

/// A call to the number `desk` (666), over and saved.
pub(crate) async fn inbound(app: &TestApp, session: &str, call_id: &str, from: &str, started: &str, phone_user: Option<&str>) {
    let call = NewCall {
        call_id: Some(CallId::from(call_id)),
        direction: Direction::Inbound,
        origin: Origin::Vnum,
        number: Some("666".to_owned()),
        number_name: Some("Shortlets".to_owned()),
        from_number: Some(from.to_owned()),
        save_transcript: true,
        phone_user: phone_user.map(str::to_owned),
        ..NewCall::of(SessionId::from(session))
    };
    app.db().write(move |tx| open_skeleton(tx, &call)).await.unwrap();
    end(app, session, started).await;
}

/// The result of a call of 75.6 seconds with two spoken turns, sent out of order, and one of a tool.
async fn end(app: &TestApp, session: &str, started: &str) {
    let began = Millis::parse(started).unwrap();
    let at = |ms: i64| Millis(began.0 + ms).to_string();
    let result = json!({
        "session_id": session, "disconnected_by": "bot", "started_at": at(0), "answered_at": at(1_000), "ended_at": at(75_600),
        "tokens_total": 18420, "tokens_prompt": 1240, "transcript": [
            { "role": "user", "content": "Good day & <b>hello</b>", "ts": at(5_000) },
            { "role": "assistant", "content": "Hello", "ts": at(3_000) },
            { "role": "tool", "content": "end_call", "ts": at(70_000) }],
    });
    app.engine().post("/api/v1/call-results", result).await.expect(200);
}

async fn list(app: &TestApp, query: &str) -> Value {
    app.user(Role::Admin).get(&format!("{PATH}{query}")).await.expect(200)
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|item| item["callId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn both_kinds_are_listed_with_the_documented_fields_and_lie_on_disk() {
    let app = TestApp::start().await;
    outbound(&app, "s-1", "oac-0123456789ab", "+15551234567", "Reminder", "2026-01-01T12:00:00.000Z").await;
    inbound(&app, "s-2", "vnum0123456789ab", "+35699", "2026-01-01T12:00:01.000Z", None).await;
    app.settle().await;
    let all = list(&app, "").await;
    assert_eq!((all["total"].clone(), all["limit"].clone(), all["next"].clone()), (json!(2), json!(50), Value::Null));
    let [inbound, outbound] = [&all["data"][0], &all["data"][1]];
    let file = "outbound-ai-20260101-120000-oac-0123456789ab.txt";
    let on_disk = std::fs::metadata(app.data.transcripts().join(file)).unwrap();
    let modified = on_disk.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(
        *outbound,
        json!({
            "callId": "oac-0123456789ab", "callerSource": "outbound-ai", "startedUtc": "2026-01-01T12:00:00.000Z",
            "endedUtc": "2026-01-01T12:01:15.600Z", "mtimeUtc": Millis(modified.as_millis() as i64).to_string(), "durationSec": 75,
            "rule": "outbound: +15551234567 (Reminder)", "phone": "+15551234567", "displayName": "Reminder", "outcome": "finished",
            "voice": "Aoede", "language": "en-US", "model": "live-voice-ai", "tokensTotal": 18420, "tokensPrompt": 1240, "turnCount": 2,
            "size": on_disk.len(), "source": "tenant", "file": file,
        })
    );
    assert_eq!((inbound["rule"].clone(), inbound["number"].clone()), (json!("vnum:Shortlets"), json!("666")));
    assert_eq!(
        (inbound["callerSource"].clone(), inbound["file"].clone()),
        (json!("vnum"), json!("vnum-666-20260101-120001-vnum0123456789ab.txt"))
    );
    assert!(inbound.get("phone").is_none() && inbound.get("displayName").is_none() && outbound.get("number").is_none());
    let text = std::fs::read_to_string(app.data.transcripts().join(file)).unwrap();
    assert!(text.contains("[00:03] AI: Hello\n[00:05] Caller: Good day & <b>hello</b>\n"), "{text}");
    let call = app.user(Role::Admin).get("/api/v1/calls/s-1").await.expect(200);
    assert_eq!(call["transcript_file"], file);
}

#[tokio::test]
async fn filters_are_applied_together_before_paging_and_the_total_is_theirs() {
    let app = TestApp::start().await;
    for (n, name) in ["Ada Novak", "Bob Novak", "Ägidius"].iter().enumerate() {
        outbound(&app, &format!("o{n}"), &format!("oac-{n}"), &format!("+1555000{n}"), name, &format!("2026-01-0{}T08:00:00.000Z", n + 1))
            .await;
    }
    inbound(&app, "i0", "vnum0", "+35699123", "2026-01-01T09:00:00.000Z", None).await;
    inbound(&app, "i1", "vnum1", "+35699456", "2026-01-02T09:00:00.000Z", Some("alex")).await;
    app.settle().await;
    for (query, expected) in [
        ("", vec!["oac-2", "vnum1", "oac-1", "vnum0", "oac-0"]),
        ("?source=vnum", vec!["vnum1", "vnum0"]),
        ("?source=outbound-ai", vec!["oac-2", "oac-1", "oac-0"]),
        ("?q=novak", vec!["oac-1", "oac-0"]),
        ("?q=%C3%A4GI", vec!["oac-2"]),
        ("?q=%C3%84g", vec!["oac-2"]),
        ("?q=shortlets", vec!["vnum1", "vnum0"]),
        ("?q=666", vec!["vnum1", "vnum0"]),
        ("?q=%2B35699123", vec!["vnum0"]),
        ("?q=+35699123", vec!["vnum0"]),
        ("?q=35699", vec!["vnum1", "vnum0"]),
        ("?q=outbound%3A", vec!["oac-2", "oac-1", "oac-0"]),
        ("?q=%2B15550001%20(Bob", vec!["oac-1"]),
        ("?q=b", vec!["oac-2", "oac-1", "oac-0"]),
        ("?q=66", vec!["vnum1", "vnum0"]),
        ("?q=o&source=vnum", vec!["vnum1", "vnum0"]),
        ("?q=%25", vec![]),
        ("?q=%22", vec![]),
        ("?q=a%22%20OR%20%22a", vec![]),
        ("?q=shortlets%0A%2B35699", vec![]),
        ("?q=nothing", vec![]),
        ("?since=2026-01-02T08:00:00Z", vec!["oac-2", "vnum1", "oac-1"]),
        ("?since=2026-01-02T08:00:00.001Z", vec!["oac-2", "vnum1"]),
        ("?since=2026-01-02T10:00:00%2B01:00&source=vnum", vec!["vnum1"]),
        ("?since=2027-01-01", vec![]),
        ("?q=novak&source=outbound-ai&since=2026-01-02", vec!["oac-1"]),
        ("?q=novak&source=vnum", vec![]),
    ] {
        let found = list(&app, query).await;
        assert_eq!((ids(&found), found["total"].as_u64().unwrap()), (expected.clone(), expected.len() as u64), "{query}");
    }
    let mut sources: Vec<_> =
        list(&app, "?source=vnum").await["data"].as_array().unwrap().iter().map(|item| item["callerSource"].clone()).collect();
    sources.sort_by_key(ToString::to_string);
    assert_eq!(sources, ["office-tab", "vnum"], "a call from a user's own phone is one that came in");
    let page = list(&app, "?source=outbound-ai&q=5550&limit=2").await;
    assert_eq!((ids(&page), page["total"].clone()), (vec!["oac-2", "oac-1"], json!(3)));
    assert_eq!(page["next"], "/api.ashx/v1/transcripts?source=outbound-ai&q=5550&limit=2&offset=2");
    let last = app.user(Role::Admin).get(page["next"].as_str().unwrap()).await.expect(200);
    assert_eq!((ids(&last), last["next"].clone()), (vec!["oac-0"], Value::Null));
    let beyond = list(&app, "?offset=5").await;
    assert_eq!((ids(&beyond).len(), beyond["total"].clone(), beyond["next"].clone()), (0, json!(5), Value::Null));
    for query in ["?since=yesterday", "?source=sip", &format!("?q={}", "x".repeat(201))] {
        let refusal = app.user(Role::Admin).get(&format!("{PATH}{query}")).await.expect(400);
        assert_eq!(refusal["error"], "invalid_request", "{refusal}");
    }
}

#[tokio::test]
async fn the_detail_is_found_by_call_or_file_and_nothing_leaves_the_folder() {
    let app = TestApp::start().await;
    outbound(&app, "s-1", "oac-0123456789ab", "+15551234567", "Reminder", "2026-01-01T12:00:00.000Z").await;
    app.settle().await;
    let admin = app.user(Role::Admin);
    let detail = admin.get(&format!("{PATH}/oac-0123456789ab")).await.expect(200);
    let file = detail["file"].as_str().unwrap();
    assert_eq!(admin.get(&format!("{PATH}/{file}")).await.expect(200), detail);
    let expected = json!({
        "callId": "oac-0123456789ab", "sessionId": "s-1", "callerSource": "outbound-ai", "tenant": "127.0.0.1", "requestedBy": "alex",
        "phone": "+15551234567", "displayName": "Reminder", "email": "ops@example.com", "voice": "Aoede", "language": "en-US",
        "model": "live-voice-ai", "trunkId": "", "startedUtc": "2026-01-01T12:00:00.000Z", "answeredUtc": "2026-01-01T12:00:01.000Z",
        "endedUtc": "2026-01-01T12:01:15.600Z", "durationSec": 75, "answered": true, "outcome": "finished", "errorDetail": "",
        "inputTurns": 1, "outputTurns": 1, "tokensTotal": 18420, "tokensPrompt": 1240, "file": file,
        "turns": [
            { "speaker": "AI", "text": "Hello", "ts": "2026-01-01T12:00:03.000Z" },
            { "speaker": "Caller", "text": "Good day & <b>hello</b>", "ts": "2026-01-01T12:00:05.000Z" },
        ],
    });
    assert_eq!(detail, expected);
    let sidecar: Value =
        serde_json::from_slice(&std::fs::read(app.data.transcripts().join(file.replace(".txt", ".json"))).unwrap()).unwrap();
    assert_eq!(sidecar, expected, "the sidecar says the same");
    let missing = admin.get(&format!("{PATH}/oac-ffffffffffff")).await.expect(404);
    assert_eq!(missing["error_description"], "No transcript for callId=oac-ffffffffffff");
    for other in ["..%2f..%2fmain.db", "%2e%2e%2fmain", "..", "%2fetc%2fpasswd", &file.replace(".txt", ".json"), "oac-0123456789a_", "%25"]
    {
        admin.get(&format!("{PATH}/{other}")).await.expect(404);
    }
    std::fs::remove_file(app.data.transcripts().join(file.replace(".txt", ".json"))).unwrap();
    admin.get(&format!("{PATH}/oac-0123456789ab")).await.expect(404);
}

#[tokio::test]
async fn of_several_attempts_of_one_order_the_newest_is_read_and_all_are_listed() {
    let app = TestApp::start().await;
    outbound(&app, "a1", "oac-000000000001", "+15551234567", "Reminder", "2026-01-01T12:00:00.000Z").await;
    app.settle().await;
    // Attempts of one order carry its id: the row of the first gives it up as soon as another needs it.
    let free = "update calls set call_id = null where session_id = 'a1'";
    app.db().write(move |tx| Ok(tx.execute(free, [])?)).await.unwrap();
    outbound(&app, "a2", "oac-000000000001", "+15551234567", "Reminder", "2026-01-01T12:10:00.000Z").await;
    app.settle().await;
    let all = list(&app, "").await;
    assert_eq!(ids(&all), ["oac-000000000001", "oac-000000000001"]);
    let admin = app.user(Role::Admin);
    assert_eq!(admin.get(&format!("{PATH}/oac-000000000001")).await.expect(200)["sessionId"], "a2");
    let first = admin.get(&format!("{PATH}/{}", all["data"][1]["file"].as_str().unwrap())).await.expect(200);
    assert_eq!(first["sessionId"], "a1");
}

#[tokio::test]
async fn ids_that_look_alike_in_a_file_name_keep_their_own_files() {
    let app = TestApp::start().await;
    inbound(&app, "s-1", "vnum 1", "+1", "2026-01-01T12:00:00.000Z", None).await;
    inbound(&app, "s-2", "vnum/1", "+2", "2026-01-01T12:00:00.000Z", None).await;
    app.settle().await;
    let all = list(&app, "").await;
    assert_eq!(all["total"], 2);
    for (id, session) in [("vnum%201", "s-1"), ("vnum%2F1", "s-2")] {
        assert_eq!(app.user(Role::Admin).get(&format!("{PATH}/{id}")).await.expect(200)["sessionId"], session);
    }
}

#[tokio::test]
async fn a_number_that_keeps_no_transcripts_leaves_neither_file_nor_event() {
    let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
    let receiver = Receiver::start().await;
    app.user(Role::SuperAdmin).post("/api/v1/webhooks", json!({ "url": receiver.url, "events": ["transcript.saved"] })).await.expect(201);
    let admin = app.user(Role::Admin);
    let bot = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].as_str().unwrap().to_owned();
    for (name, number, keeps) in [("quiet", "100", false), ("kept", "200", true)] {
        let body = json!({ "name": name, "number": number, "bot_id": bot, "mode": "live-voice-ai", "visibility": "public", "save_transcripts": keeps });
        admin.post("/api/v1/numbers", body).await.expect(201);
        let invite = json!({ "call_id": format!("vnum000000000{number}"), "carrier_id": "tr_0000000000000001", "did": number, "from_number": "+1555", "headers": {} });
        let session = app.engine().post("/api/v1/engine/inbound", invite).await.expect(200)["session_id"].as_str().unwrap().to_owned();
        app.engine().get(&format!("/api/v1/config/{bot}?session_id={session}")).await.expect(200);
        end(&app, &session, "2026-01-01T12:00:00.000Z").await;
    }
    app.settle().await;
    let all = list(&app, "").await;
    assert_eq!(ids(&all), ["vnum000000000200"]);
    let files: Vec<_> = std::fs::read_dir(app.data.transcripts()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files.len(), 2, "one text, one sidecar: {files:?}");
    let told = receiver.take_all();
    assert_eq!(told.len(), 1);
    let data = &told[0].json()["data"];
    assert_eq!((data["file"].clone(), data["callId"].clone()), (all["data"][0]["file"].clone(), json!("vnum000000000200")));
    app.user(Role::Admin).get(&format!("{PATH}/{}", data["callId"].as_str().unwrap())).await.expect(200);
    app.user(Role::Admin).get(&format!("{PATH}/vnum000000000100")).await.expect(404);
}

#[tokio::test]
async fn a_transcript_is_written_once_whatever_is_repeated() {
    let mut app = TestApp::start().await;
    for _ in 0..2 {
        outbound(&app, "s-1", "oac-0123456789ab", "+15551234567", "Reminder", "2026-01-01T12:00:00.000Z").await;
        app.settle().await;
    }
    let again =
        "insert into jobs (kind, key, body, due_at, created_at) values ('transcript.write', 's-1', '{\"session_id\":\"s-1\"}', 0, 0)";
    app.db().write(move |tx| Ok(tx.execute(again, [])?)).await.unwrap();
    app.restart().await;
    app.settle().await;
    assert_eq!(list(&app, "").await["total"], 1);
    assert_eq!(n_facts(&app, "transcript_saved").await, 1);
}

#[tokio::test]
async fn a_transcript_from_before_the_list_is_listed_without_being_announced_again() {
    let app = TestApp::start().await;
    outbound(&app, "s-1", "oac-0123456789ab", "+15551234567", "Reminder", "2026-01-01T12:00:00.000Z").await;
    app.settle().await;
    let before = list(&app, "").await;
    // As a database looks right after the migration that made the list.
    let unlist = "delete from transcripts;
        insert into jobs (kind, key, body, due_at, created_at)
            select 'transcript.write', session_id, json_object('session_id', session_id), 0, created_at from calls where transcript_file is not null;";
    app.db().write(move |tx| Ok(tx.execute_batch(unlist)?)).await.unwrap();
    for query in ["", "?source=outbound-ai", "?q=reminder", "?q=r", "?since=2026-01-01"] {
        assert_eq!(list(&app, query).await["total"], 0, "{query}");
    }
    app.settle().await;
    let after = list(&app, "?q=reminder").await;
    assert_eq!((after["data"][0]["file"].clone(), after["total"].clone()), (before["data"][0]["file"].clone(), json!(1)));
    assert_eq!(n_facts(&app, "transcript_saved").await, 1);
}

/// How many facts of a kind were ever told.
pub(crate) async fn n_facts(app: &TestApp, kind: &'static str) -> u64 {
    let sql = "select count(*) from events where json_extract(body, '$.fact') = ?1";
    let n: i64 = app.db().read(move |conn| Ok(conn.query_row(sql, [kind], |row| row.get(0))?)).await.unwrap();
    n.unsigned_abs()
}
