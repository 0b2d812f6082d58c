//! Lists of calls: every filter alone and together, totals, pages, orders; the same before and after the calls are listed.

use cxbox::features::calls::{NewCall, open_skeleton};
use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const CALLS: &str = "/api/v1/calls";

/// Calls that differ in everything a filter knows. One runs, the others are over.
async fn calls(app: &TestApp) {
    let words = ["I want a refund for my order", "Wann kommt die Lieferung, bitte? Größe zwei", "refund please", "goodbye"];
    for n in 0..24u32 {
        app.clock.advance(std::time::Duration::from_secs(3600));
        let mut skeleton = NewCall::of(format!("s-{n:02}").as_str().into());
        skeleton.bot_id = Some(format!("bot_{}", n % 3).as_str().into());
        skeleton.number = (n % 2 == 0).then(|| format!("{}", 1000 + n % 4));
        skeleton.did = (n % 2 == 1).then(|| "+4420".to_owned());
        skeleton.display_name = (n % 5 == 0).then(|| "Zoë Miller".to_owned());
        app.db().write(move |tx| open_skeleton(tx, &skeleton).map(|_| ())).await.unwrap();
        if n == 23 {
            continue;
        }
        let by = ["customer", "bot", "no_answer", "voicemail"][n as usize % 4];
        let mut result = json!({
            "session_id": format!("s-{n:02}"), "from_number": format!("+1555000{n:04}"), "caller_id": format!("sip:caller{n}@example.com"),
            "disconnected_by": by, "call_direction": if n % 2 == 0 { "inbound" } else { "outbound" },
            "carrier_id": format!("tr_{}", n % 2), "call_duration_seconds": f64::from(n * n), "transcript": [
                { "role": "user", "content": words[n as usize % 4], "ts": "2026-06-01T12:00:00Z" },
                { "role": "tool", "content": "lookup secretword", "ts": "2026-06-01T12:00:00Z" },
            ],
        });
        if n % 3 == 0 {
            result["recording_key"] = json!(format!("{n}.wav"));
        }
        if n % 6 == 0 {
            result["post_call_analysis"] = json!({ "disposition": "sold" });
        }
        app.engine().post("/api/v1/call-results", result).await.expect(200);
    }
    let admin = app.user(Role::Admin);
    for n in [2, 4, 23] {
        admin.put(&format!("{CALLS}/s-{n:02}/tags"), json!({ "tags": ["vip", "late=1"] })).await.expect(200);
    }
}

/// The sessions and the total of a query, following `next` to the end in pages of three.
async fn found(client: &Client, query: &str) -> (Vec<String>, u64) {
    let mut path = format!("{CALLS}?{query}&limit=3");
    let mut sessions = Vec::new();
    loop {
        let page = client.get(&path).await.expect(200);
        sessions.extend(page["data"].as_array().unwrap().iter().map(|call| call["session_id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => return (sessions, page["total"].as_u64().unwrap()),
        }
    }
}

/// Which of all calls must be found: by looking at each of them.
fn expected(all: &[Value], matches: impl Fn(u32, &Value) -> bool) -> Vec<String> {
    let number = |call: &Value| call["session_id"].as_str().unwrap()[2..].parse::<u32>().unwrap();
    let found = all.iter().filter(|call| matches(number(call), call));
    found.map(|call| call["session_id"].as_str().unwrap().to_owned()).collect()
}

type Rule = fn(u32, &Value) -> bool;

const FILTERS: &[(&str, Rule)] = &[
    ("status=active", |n, _| n == 23),
    ("status=completed", |n, _| n != 23 && n % 4 < 2),
    ("bot_id=bot_1", |n, _| n % 3 == 1),
    ("direction=outbound", |n, _| n % 2 == 1 && n != 23),
    ("number=1002", |n, _| n % 4 == 2),
    ("number=%2B4420", |n, _| n % 2 == 1),
    ("disposition=no-answer", |n, _| n % 4 == 2),
    ("disposition=sold", |n, _| n % 6 == 0),
    ("disconnected_by=customer", |n, _| n % 4 == 0),
    ("carrier_id=tr_1", |n, _| n % 2 == 1 && n != 23),
    ("tag=vip", |n, _| [2, 4, 23].contains(&n)),
    ("tag=late%3D1", |n, _| [2, 4, 23].contains(&n)),
    ("tag=nobody", |_, _| false),
    ("has_recording=true", |n, _| n % 3 == 0),
    ("has_recording=false", |n, _| n % 3 != 0 || n == 23),
    ("min_duration=100", |n, _| n >= 10 && n != 23),
    ("max_duration=99.5", |n, _| n < 10 || n == 23),
    ("min_duration=60&max_duration=300", |n, _| (8..=17).contains(&n)),
    ("phone=%2B1%20555%20000%200007", |n, _| n == 7),
    ("phone=5550000", |n, _| n != 23),
    ("phone=CALLER1", |n, _| n == 1 || (10..20).contains(&n)),
    ("from=2026-06-01T18:00:00Z&to=2026-06-02T02:30:00Z", |n, _| (5..=13).contains(&n)),
    ("from=2026-06-02T00:00:00Z", |n, _| n >= 11),
    ("to=2026-06-02T00:00:00Z", |n, _| n < 11),
    ("phone=5550000&min_duration=61&max_duration=120", |n, _| (8..=10).contains(&n)),
    ("tag=vip&status=completed", |n, _| n == 4),
    ("bot_id=bot_0&disconnected_by=customer&has_recording=true", |n, _| n % 12 == 0),
    ("bot_id=bot_0&from=2026-06-01T20:00:00Z&max_duration=200", |n, _| n % 3 == 0 && (7..15).contains(&n)),
];

#[tokio::test]
async fn every_filter_finds_the_same_calls_before_and_after_they_are_listed() {
    let app = TestApp::start().await;
    calls(&app).await;
    let supervisor = app.user(Role::Supervisor);
    for is_listed in [false, true] {
        if is_listed {
            app.settle().await;
        }
        let all = supervisor.get(&format!("{CALLS}?limit=100")).await.expect(200);
        assert_eq!(all["total"], 24);
        let all = all["data"].as_array().unwrap();
        for (query, rule) in FILTERS {
            let wanted = expected(all, rule);
            let (sessions, total) = found(&supervisor, query).await;
            assert_eq!((&sessions, total), (&wanted, wanted.len() as u64), "{query}, listed: {is_listed}");
            let (mut oldest_first, _) = found(&supervisor, &format!("{query}&sort=created_at")).await;
            oldest_first.reverse();
            assert_eq!(oldest_first, wanted, "{query}, oldest first");
            let (longest, _) = found(&supervisor, &format!("{query}&sort=-duration")).await;
            let mut by_length = wanted.clone();
            by_length.sort_by_key(|session| if session == "s-23" { 0 } else { -session[2..].parse::<i32>().unwrap().pow(2) });
            assert_eq!(longest, by_length, "{query}, longest first");
            let (mut shortest, _) = found(&supervisor, &format!("{query}&sort=duration")).await;
            shortest.reverse();
            assert_eq!(shortest, by_length, "{query}, shortest first");
        }
    }
}

#[tokio::test]
async fn what_was_said_is_found_by_words_phrases_and_beginnings() {
    let app = TestApp::start().await;
    calls(&app).await;
    app.settle().await;
    let admin = app.user(Role::Admin);
    let n_of = async |q: &str| found(&admin, &format!("q={q}")).await.1;
    for (q, n) in [
        ("refund", 12),
        ("REFUND%20order", 6),
        ("%22refund%20please%22", 6),
        ("%22please%20refund%22", 0),
        ("refu*", 12),
        ("refu", 0),
        ("grosse", 0),
        ("gr%C3%B6%C3%9Fe", 6),
        ("groe", 0),
        ("zoe%20miller", 5),
        ("secretword", 0),
        ("%22%20OR%201", 0),
        ("words%3A%20refund%20NEAR(", 0),
        ("!!", 0),
        ("refund&bot_id=bot_0&has_recording=true", 4),
        ("refund&min_duration=5&max_duration=17", 1),
        ("refund&from=2026-06-02T00:00:00Z", 6),
    ] {
        assert_eq!(n_of(q).await, n, "{q}");
    }
    // A second result with other words replaces what is found.
    let said = json!([{ "role": "user", "content": "cancellation", "ts": "2026-06-01T12:00:00Z" }]);
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s-00", "transcript": said })).await.expect(200);
    app.settle().await;
    assert_eq!((n_of("refund").await, n_of("cancellation").await), (11, 1));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_its_name() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Admin);
    for query in
        ["status=done", "direction=sideways", "from=yesterday", "to=1", "phone=12", "has_recording=maybe", "min_duration=-1", "sort=name"]
    {
        let refusal = admin.get(&format!("{CALLS}?{query}")).await.expect(422);
        assert_eq!(refusal["errors"][0]["field"], query.split('=').next().unwrap(), "{query}");
    }
}

#[tokio::test]
async fn a_call_without_a_result_is_flagged_a_quarter_of_an_hour_after_its_longest_time() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    let mut call = NewCall::of("s".into());
    call.overrides = Some(json!({ "maxSeconds": 120 }));
    app.db().write(move |tx| open_skeleton(tx, &call).map(|_| ())).await.unwrap();
    let admin = app.user(Role::Admin);
    let is_stale = async || admin.get(&format!("{CALLS}/s")).await.expect(200)["is_stale"].clone();
    app.advance(std::time::Duration::from_secs(120 + 900));
    assert_eq!(is_stale().await, json!(false));
    app.advance(std::time::Duration::from_secs(1));
    assert_eq!(is_stale().await, json!(true));
    let listed = admin.get(&format!("{CALLS}?status=active")).await.expect(200);
    assert_eq!((&listed["data"][0]["is_stale"], &listed["data"][0]["status"]), (&json!(true), &json!("active")));
    app.engine().post("/api/v1/call-results", json!({ "session_id": "s" })).await.expect(200);
    assert_eq!(is_stale().await, json!(false));
}

#[tokio::test]
async fn rows_of_a_search_come_without_their_number_when_that_is_not_wanted() {
    let app = TestApp::start().await;
    calls(&app).await;
    let supervisor = app.user(Role::Supervisor);
    for is_listed in [false, true] {
        if is_listed {
            app.settle().await;
        }
        for query in
            ["phone=5550000", "tag=vip", "number=1002", "phone=5550000&min_duration=61&max_duration=120", "q=refund", "status=failed"]
        {
            let whole = supervisor.get(&format!("{CALLS}?{query}")).await.expect(200);
            let (sessions, _) = found(&supervisor, query).await;
            for offset in 0..=sessions.len() + 1 {
                let page = supervisor.get(&format!("{CALLS}?{query}&count=false&limit=3&offset={offset}")).await.expect(200);
                let shown: Vec<&str> = page["data"].as_array().unwrap().iter().map(|call| call["session_id"].as_str().unwrap()).collect();
                let expected: Vec<&str> = sessions.iter().skip(offset).take(3).map(String::as_str).collect();
                assert_eq!(shown, expected, "{query} from {offset}, listed: {is_listed}");
                // Enough to say whether there are more, and never too many.
                let (total, all) = (page["total"].as_u64().unwrap(), whole["total"].as_u64().unwrap());
                assert!(total <= all && total >= all.min(offset as u64 + 4), "{query} from {offset}: {total} of {all}");
                assert_eq!(page["next"].is_null(), offset + 3 >= sessions.len(), "{query} from {offset}");
            }
        }
    }
    let refused = supervisor.get(&format!("{CALLS}?count=perhaps")).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "count");
}
