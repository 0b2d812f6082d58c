//! Exports of calls: the list's filters, no formulas, everything once, and an end when nobody reads any more.

use cxbox::platform::access::Role;
use cxbox::platform::net::{Outbound, OutboundOptions, Request};
use serde_json::{Value, json};

use crate::support::TestApp;

async fn post(app: &TestApp, result: Value) {
    app.engine().post("/api/v1/call-results", result).await.expect(200);
}

#[tokio::test]
async fn a_spreadsheet_gets_text_and_never_a_formula() {
    let app = TestApp::start().await;
    let hostile = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "a,\"b\"\nc"];
    for (n, text) in hostile.iter().enumerate() {
        post(&app, json!({ "session_id": format!("s{n}"), "from_number": "+15551234567", "error_detail": text })).await;
    }
    app.settle().await;
    let answer = app.user(Role::Admin).get("/api/v1/calls/export.csv").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"calls.csv\"");
    let text = answer.text();
    assert!(text.starts_with("session_id,call_id,"), "{text}");
    for cell in ["'=cmd|' /C calc'!A0", "'+1+1", "'-2+3", "'@SUM(A1)", "\"'\t=1\"", "\"'\r=1\"", "\"a,\"\"b\"\"\nc\"", ",'+15551234567,"] {
        assert!(text.contains(cell), "{cell} in {text}");
    }
    assert_eq!(text.matches("\r\n").count(), 1 + hostile.len());
}

#[tokio::test]
async fn filters_hold_and_every_call_comes_once_newest_first() {
    let app = TestApp::start().await;
    for n in 0..70 {
        let said = json!([{ "role": "user", "content": format!("number {n}"), "ts": "2026-06-01T12:00:00Z" }]);
        let by = if n % 2 == 0 { "bot" } else { "no_answer" };
        post(&app, json!({ "session_id": format!("s{n:02}"), "disconnected_by": by, "recording_key": "x.wav", "transcript": said })).await;
        if n == 40 {
            // Some are listed, some still wait.
            app.settle().await;
        }
    }
    let admin = app.user(Role::Admin);
    let sessions = async |query: &str| {
        let text = admin.get(&format!("/api/v1/calls/export.jsonl?{query}")).await.text();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let ids = |calls: &[Value]| calls.iter().map(|call| call["session_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let every: Vec<String> = (0..70).rev().map(|n| format!("s{n:02}")).collect();
    assert_eq!(ids(&sessions("").await), every);
    app.settle().await;
    let all = sessions("").await;
    assert_eq!(ids(&all), every);
    assert_eq!((&all[69]["transcript"][0]["content"], &all[69]["status"]), (&json!("number 0"), &json!("completed")));
    assert!(all[0].get("recording_access_token").is_none() && all[0].get("recording_link").is_none(), "links open without a login");
    let even: Vec<String> = every.iter().filter(|id| id[1..].parse::<u32>().unwrap() % 2 == 0).cloned().collect();
    assert_eq!(ids(&sessions("status=completed").await), even);
    assert_eq!(ids(&sessions("q=number%207*").await), ["s07"]);
    assert_eq!(ids(&sessions("q=number").await), every);
    let lines = admin.get("/api/v1/calls/export.csv?disconnected_by=bot").await.text();
    assert_eq!(lines.matches("\r\n").count(), 36);
}

#[tokio::test]
async fn only_admins_take_calls_out_and_it_is_audited() {
    let app = TestApp::start().await;
    for path in ["/api/v1/calls/export.csv", "/api/v1/calls/export.jsonl"] {
        app.anonymous().get(path).await.expect(401);
        app.user(Role::Supervisor).get(path).await.expect(403);
        app.user(Role::Admin).get(&format!("{path}?status=done")).await.expect(422);
        assert_eq!(app.user(Role::Admin).get(path).await.status, 200);
    }
    let trail = app.user(Role::SuperAdmin).get("/api/v1/audit?action=call.export").await.expect(200);
    assert_eq!((&trail["total"], &trail["data"][0]["detail"]), (&json!(2), &json!({ "format": "jsonl" })));
}

#[tokio::test]
async fn an_export_that_nobody_reads_to_its_end_stops() {
    let app = TestApp::start().await;
    let long = "words and more words ".repeat(2000);
    for n in 0..400 {
        let said = json!([{ "role": "user", "content": long, "ts": "2026-06-01T12:00:00Z" }]);
        post(&app, json!({ "session_id": format!("s{n}"), "transcript": said })).await;
    }
    app.settle().await;
    let outbound = Outbound::new(OutboundOptions::allowing::<String>([]).unwrap()).unwrap();
    let request = Request::get(format!("{}/api/v1/calls/export.jsonl", app.base_url()))
        .header("authorization", &format!("Bearer {}", app.token(Role::Admin)));
    let mut answer = outbound.operator(request).await.unwrap();
    let first = answer.chunk().await.unwrap().expect("it begins");
    assert!(first.starts_with(b"{"));
    drop(answer);
    // The readers of the database are free again: many queries at once are answered.
    let admin = app.user(Role::Admin);
    let asked = (0..32).map(|_| admin.get("/api/v1/calls?limit=1"));
    let answers = tokio::time::timeout(std::time::Duration::from_secs(20), futures_util::future::join_all(asked)).await.expect("in time");
    assert!(answers.iter().all(|answer| answer.status == 200));
}
