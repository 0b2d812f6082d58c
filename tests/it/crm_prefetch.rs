//! What a CRM is asked at the start of a call: its answer becomes `crm.*`, and whatever it does, the call goes on.

use bytes::Bytes;
use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::crm::{Crm, Does};
use crate::support::{Answer, Client, TestApp, make};

struct Office {
    app: TestApp,
    crm: Crm,
    admin: Client,
    bot: String,
}

const GREETING: &str = "Hello {{crm.name}}, {{crm.tier}}, {{name}}.";

impl Office {
    async fn with(change: Value) -> Self {
        let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
        let (crm, admin) = (Crm::start().await, app.user(Role::Admin));
        let prefetch = make::with(json!({ "url": format!("{}/customers", crm.url), "timeout_ms": 500 }), change);
        let body = make::with(make::bot("Anna"), json!({ "opening_message": GREETING, "crm_prefetch": prefetch }));
        let bot = admin.post("/api/v1/bots", body).await.expect(201)["id"].as_str().unwrap().to_owned();
        Self { app, crm, admin, bot }
    }

    async fn ask(&self, session_id: &str, event: Value) -> Answer {
        let event = event.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let path = format!("/api/v1/config/{}?session_id={session_id}&caller_id=%2B15551234567&connected_event={event}", self.bot);
        self.app.engine().get(&path).await
    }

    async fn greeting(&self, session_id: impl AsRef<str>, event: Value) -> String {
        self.ask(session_id.as_ref(), event).await.expect(200)["opening_message"].as_str().unwrap().to_owned()
    }

    async fn stored(&self, session_id: &str) -> Value {
        self.admin.get(&format!("/api/v1/calls/{session_id}")).await.expect(200)
    }
}

#[tokio::test]
async fn what_the_crm_says_is_in_the_prompts_and_kept_with_the_call() {
    let office = Office::with(json!({
        "params": { "phone": "{{call.caller_id}}", "who": "{{call.ref}} & co" }, "headers": { "Authorization": "Bearer t" },
        "response_path": "data.0"
    }))
    .await;
    office.crm.usually(Does::Says(json!({ "data": [{ "name": "Ada", "tier": { "level": 3 }, "tags": ["a"] }] })));
    let greeting = office.greeting("s-1", json!({ "ref": "7/8", "name": "from the event" })).await;
    assert_eq!(greeting, r#"Hello Ada, {"level":3}, Ada."#);
    let asked = office.crm.take_one();
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", "/customers?phone=%2B15551234567&who=7%2F8+%26+co"));
    assert_eq!((asked.header("authorization"), asked.header("accept")), ("Bearer t", "application/json"));
    let call = office.stored("s-1").await;
    assert_eq!(
        (&call["crm_data"]["name"], &call["crm_data"]["tier.level"], &call["crm_data"]["tags"]),
        (&json!("Ada"), &json!("3"), &json!("[\"a\"]"))
    );
    assert_eq!((&call["crm_prefetch"]["status"], &call["crm_prefetch"]["n_left_out"]), (&json!("ok"), &json!(0)));
    assert_eq!(office.greeting("s-1", json!({ "ref": "7/8" })).await, r#"Hello Ada, {"level":3}, Ada."#);
    assert!(office.crm.take().is_empty(), "the same call is asked about once");
}

#[tokio::test]
async fn a_post_asks_in_json_and_a_url_may_hold_variables() {
    let office = Office::with(json!({ "method": "POST", "params": { "phone": "{{call.caller_id}}" } })).await;
    let mut body = office.admin.get(&format!("/api/v1/bots/{}", office.bot)).await.expect(200)["crm_prefetch"].clone();
    body["url"] = json!(format!("{}/c/{{{{call.ref}}}}/x", office.crm.url));
    let body = make::with(make::bot("Anna"), json!({ "opening_message": GREETING, "crm_prefetch": body }));
    office.admin.put(&format!("/api/v1/bots/{}", office.bot), body).await.expect(200);
    office.ask("s-1", json!({ "ref": "../a b?" })).await.expect(200);
    let asked = office.crm.take_one();
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/c/..%2Fa%20b%3F/x"));
    assert_eq!(asked.json(), json!({ "phone": "+15551234567" }));
}

#[tokio::test]
async fn the_answer_wins_over_the_mock_and_the_mock_over_the_event() {
    let office = Office::with(json!({})).await;
    office.crm.usually(Does::Says(json!({ "name": "live" })));
    let event = json!({ "name": "event", "tier": "event", "_mock_crm": { "name": "mock", "tier": "mock" } });
    assert_eq!(office.greeting("s-1", event.clone()).await, "Hello live, mock, live.");
    let skipped = make::with(event, json!({ "_skip_prefetch": true }));
    assert_eq!(office.greeting("s-2", skipped).await, "Hello mock, mock, mock.");
    assert_eq!(office.crm.take().len(), 1);
    assert_eq!(office.stored("s-2").await.get("crm_prefetch"), None);
}

#[tokio::test]
async fn slow_wrong_or_down_the_call_goes_on_and_says_why() {
    let office = Office::with(json!({})).await;
    let answers = |status, text: &str| Does::Answers(status, Bytes::from(text.to_owned()));
    let deep = |n: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(n - 1), "]".repeat(n - 1));
    let large = |n: usize| format!(r#"{{"name":"Ada","a":"{}"}}"#, "x".repeat(n));
    let table = [
        (Does::Hangs, "in time"),
        (Does::Drips, "in time"),
        (answers(500, "a secret page"), "answered 500"),
        (answers(302, ""), "answered 302"),
        (answers(200, "<html>"), "not JSON"),
        (answers(200, "[]"), "not a JSON object"),
        (answers(200, r#"{"a":NaN}"#), "not JSON"),
        (answers(200, &deep(65)), "deeper than 64"),
        (answers(200, &large(1024 * 1024)), "too large"),
    ];
    for (n, (does, said)) in table.into_iter().enumerate() {
        office.crm.will(std::slice::from_ref(&does));
        let session_id = format!("s-{n}");
        let config = office.ask(&session_id, json!({ "name": "Eve" })).await.expect(200);
        assert_eq!(config["opening_message"], "Hello Eve, {{crm.tier}}, Eve.", "{said}");
        assert_eq!(config["notices"], json!(["crm_prefetch_failed"]), "{said}");
        let call = office.stored(&session_id).await;
        assert_eq!(call["crm_prefetch"]["status"], "failed");
        let error = call["crm_prefetch"]["error"].as_str().unwrap();
        assert!(error.contains(said) && !call.to_string().contains("secret page"), "{said}: {error}");
    }
    for (n, fine) in [deep(64), large(1024 * 1024 - 64)].into_iter().enumerate() {
        office.crm.will(&[answers(200, &fine)]);
        let config = office.ask(&format!("f-{n}"), json!({})).await.expect(200);
        assert_eq!(config["notices"], json!([]));
    }
    assert_eq!(office.stored("f-1").await["crm_prefetch"]["n_left_out"], 1, "what there is no room for is counted");
    let mut body = office.admin.get(&format!("/api/v1/bots/{}", office.bot)).await.expect(200)["crm_prefetch"].clone();
    // Nobody listens where somebody has just gone away.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (n, (url, said)) in
        [(format!("http://{gone}/"), "no connection"), ("http://169.254.169.254/".to_owned(), "not")].into_iter().enumerate()
    {
        body["url"] = json!(url);
        let body = make::with(make::bot("Anna"), json!({ "opening_message": GREETING, "crm_prefetch": body }));
        office.admin.put(&format!("/api/v1/bots/{}", office.bot), body).await.expect(200);
        office.ask(&format!("d-{n}"), json!({})).await.expect(200);
        let note = office.stored(&format!("d-{n}")).await["crm_prefetch"].clone();
        assert!(note["status"] == "failed" && note["error"].as_str().unwrap().contains(said), "{note}");
    }
}

#[tokio::test]
async fn a_bot_that_takes_no_calls_asks_nobody() {
    let office = Office::with(json!({})).await;
    let closed = json!({ "crm_prefetch": { "url": office.crm.url }, "active_hours": { "start_time": "01:00", "end_time": "02:00" } });
    office.admin.put(&format!("/api/v1/bots/{}", office.bot), make::with(make::bot("Anna"), closed)).await.expect(200);
    office.ask("s-1", json!({})).await.expect(503);
    let off = json!({ "crm_prefetch": { "url": office.crm.url, "enabled": false } });
    office.admin.put(&format!("/api/v1/bots/{}", office.bot), make::with(make::bot("Anna"), off)).await.expect(200);
    office.ask("s-2", json!({})).await.expect(200);
    assert!(office.crm.take().is_empty());
}

#[tokio::test]
async fn while_the_crm_thinks_nobody_else_waits() {
    let office = Office::with(json!({ "timeout_ms": 10_000 })).await;
    office.crm.usually(Does::Holds);
    let n_calls = 20;
    let calls = async {
        let asked = (0..n_calls).map(|n| office.greeting(format!("s-{n}"), json!({ "_mock_crm": { "name": "Ada" } }))).collect::<Vec<_>>();
        futures_util::future::join_all(asked).await
    };
    let others = async {
        office.crm.wait_for(n_calls).await;
        // All calls wait for the CRM; more of them than the database has readers.
        office.admin.get("/api/v1/calls").await.expect(200);
        office.admin.post("/api/v1/bots", make::bot("Other")).await.expect(201);
        office.app.engine().get("/api/v1/config/bot_0000000000000001").await.expect(200);
        office.crm.let_go();
    };
    let (greetings, ()) = tokio::join!(calls, others);
    assert!(greetings.iter().all(|greeting| greeting == "Hello Ada, {{crm.tier}}, Ada."), "{greetings:?}");
}
