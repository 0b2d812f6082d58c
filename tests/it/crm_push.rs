//! What a CRM is sent after a call: once, with its mapping, however slow, wrong or absent the CRM is; and the call stays as it is.

use std::time::Duration;

use bytes::Bytes;
use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::crm::{Crm, Does};
use crate::support::{Client, TestApp, make};

struct Office {
    app: TestApp,
    crm: Crm,
    admin: Client,
    bot: String,
}

impl Office {
    /// A box with one bot whose push has some fields changed.
    async fn with(change: Value) -> Self {
        let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
        let (crm, admin) = (Crm::start().await, app.user(Role::Admin));
        let push = make::with(json!({ "url": format!("{}/calls", crm.url), "key_mapper": { "id": "{{result.session_id}}" } }), change);
        let body = make::with(make::bot("Anna"), json!({ "timezone": "Asia/Kolkata", "post_call_push": push }));
        let bot = admin.post("/api/v1/bots", body).await.expect(201)["id"].as_str().unwrap().to_owned();
        Self { app, crm, admin, bot }
    }

    /// A call of the bot from its config to its result. The result is stored; what follows from it is still to be done.
    async fn call(&self, session_id: &str, event: Value, result: Value) {
        let event = event.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let config = format!("/api/v1/config/{}?session_id={session_id}&caller_id=%2B15551234567&connected_event={event}", self.bot);
        self.app.engine().get(&config).await.expect(200);
        self.result(session_id, result).await;
    }

    async fn result(&self, session_id: &str, result: Value) {
        let result = make::with(json!({ "session_id": session_id, "disconnected_by": "customer" }), result);
        self.app.engine().post("/api/v1/call-results", result).await.expect(200);
    }

    async fn stored(&self, session_id: &str) -> Value {
        self.admin.get(&format!("/api/v1/calls/{session_id}")).await.expect(200)
    }

    /// `status`, `attempts` and `http_status` of a push.
    async fn stands(&self, session_id: &str) -> (String, u64, Value) {
        let log = self.stored(session_id).await["crm_push"].clone();
        (log["status"].as_str().unwrap_or_default().to_owned(), log["attempts"].as_u64().unwrap_or_default(), log["http_status"].clone())
    }

    async fn later(&self, seconds: u64) {
        self.app.advance(Duration::from_secs(seconds));
        self.app.settle().await;
    }
}

fn stands(status: &str, attempts: u64, http_status: impl Into<Value>) -> (String, u64, Value) {
    (status.to_owned(), attempts, http_status.into())
}

#[tokio::test]
async fn a_call_is_pushed_once_with_every_namespace_in_its_place() {
    let mapper = json!({
        "customer.name": "{{call.name}}", "customer.tier": "{{crm.tier}}", "flat": "{{name}}", "never": "{{empathy_score}}",
        "talk.seconds": "{{result.call_duration_seconds}}", "talk.began": "{{result.call_start_time}}", "talk.ended": "{{result.call_end_time}}",
        "talk.answered": "{{result.call_answer_time}}", "disposition": "{{result.disposition}}", "own": "{{analysis.DISPOSITION}}",
        "recording": "{{result.recording_url}}", "transferred": "{{result.was_transferred}}", "to": "{{result.transfer_target}}",
        "score": "{{analysis.empathy_score}}", "remarks": "{{analysis.remarks}}", "qc": "{{qc.overall_score}}", "gone": "{{crm.nothing}}",
        "said": "{% for turn in result.turns %}{{ turn.role }}: {{ turn.content }}. {% endfor %}", "at": "{{system.timezone}}",
        "lines": "{{result.transcript}}",
    });
    let office = Office::with(json!({ "key_mapper": mapper, "preserve_types": true, "auth": { "type": "bearer", "token": "secret-token" },
        "headers": { "X-Team": "sales" } }))
    .await;
    let result = json!({
        "started_at": "2026-06-01T12:00:00Z", "answered_at": "2026-06-01T12:00:02Z", "ended_at": "2026-06-01T12:00:44Z",
        "call_duration_seconds": 42, "recording_key": "s-1.wav", "recording_url": "https://minio.example/raw/s-1.wav?sig=1",
        "post_call_analysis": { "DISPOSITION": "Sold", "empathy_score": 9 }, "transfer_target": "desk", "was_transferred": true,
        "transcript": [{ "role": "user", "content": "Good day", "ts": "2026-06-01T12:00:05Z" }],
    });
    office.call("s-1", json!({ "name": "Ada", "_mock_crm": { "tier": "gold" } }), result.clone()).await;
    assert!(office.crm.take().is_empty(), "the engine has its answer before the CRM hears anything");
    office.app.settle().await;
    let asked = office.crm.take_one();
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/calls"));
    assert_eq!((asked.header("x-cxb-push-id"), asked.header("authorization")), ("s-1", "Bearer secret-token"));
    assert_eq!((asked.header("x-team"), asked.header("content-type")), ("sales", "application/json"));
    let call = office.stored("s-1").await;
    let link = format!("{}/api/v1/public/recordings/{}", office.app.base_url(), call["recording_access_token"].as_str().unwrap());
    let mut body = asked.json();
    let lines: Value = serde_json::from_str(body["lines"].as_str().unwrap()).unwrap();
    assert_eq!(lines[0]["content"], "Good day");
    body.as_object_mut().unwrap().remove("lines");
    assert_eq!(
        body,
        json!({
            "customer": { "name": "Ada", "tier": "gold" }, "flat": "Ada", "never": "",
            "talk": { "seconds": 42, "began": "2026-06-01T17:30:00+05:30", "ended": "2026-06-01T17:30:44+05:30", "answered": "2026-06-01T17:30:02+05:30" },
            "disposition": "Connected", "own": "Sold", "recording": link, "transferred": "yes", "to": "desk", "score": 9, "remarks": "", "qc": "",
            "gone": "", "said": "user: Good day. ", "at": "Asia/Kolkata",
        })
    );
    assert_eq!(office.stands("s-1").await, stands("sent", 1, 200));
    assert_eq!(call["status"], "completed");
    office.result("s-1", result).await;
    office.app.settle().await;
    assert!(office.crm.take().is_empty(), "a result that comes again is not pushed again");
}

#[tokio::test]
async fn a_crm_that_is_slow_wrong_and_down_is_tried_again_and_given_up_and_the_call_stays() {
    let office = Office::with(json!({ "timeout_ms": 500 })).await;
    office.crm.will(&[Does::Hangs, Does::Answers(500, Bytes::from_static(b"a secret page")), Does::Later(429, "40")]);
    office.call("s-1", json!({}), json!({ "disconnected_by": "no_answer" })).await;
    office.app.settle().await;
    assert_eq!(office.stands("s-1").await, stands("pending", 1, Value::Null));
    let before = office.stored("s-1").await;
    assert!(before["crm_push"]["last_error"].as_str().unwrap().contains("timeout"), "{}", before["crm_push"]);
    office.later(4).await;
    assert_eq!(office.stands("s-1").await.1, 1, "not before its time");
    office.later(1).await;
    assert_eq!(office.stands("s-1").await, stands("pending", 2, 500));
    assert!(!office.stored("s-1").await.to_string().contains("secret page"), "nothing of the CRM's body is kept");
    office.later(30).await;
    assert_eq!(office.stands("s-1").await, stands("pending", 3, 429));
    office.crm.usually(Does::Answers(503, Bytes::new()));
    office.later(120).await;
    assert_eq!(office.stands("s-1").await, stands("failed", 4, 503));
    let asked = office.crm.take();
    assert!(asked.len() == 4 && asked.iter().all(|one| one.header("x-cxb-push-id") == "s-1" && one.body == asked[0].body));
    office.later(3600).await;
    assert!(office.crm.take().is_empty(), "given up is given up");
    let mut after = office.stored("s-1").await;
    let mut expected = before;
    for call in [&mut after, &mut expected] {
        call.as_object_mut().unwrap().remove("crm_push");
    }
    assert_eq!(after, expected, "the call is as it was");
    assert_eq!(after["status"], "failed");
}

#[tokio::test]
async fn a_refusal_is_not_tried_again_and_an_operator_begins_anew() {
    let office = Office::with(json!({})).await;
    office.crm.will(&[Does::Answers(400, Bytes::new())]);
    office.call("s-1", json!({}), json!({})).await;
    office.app.settle().await;
    assert_eq!(office.stands("s-1").await, stands("failed", 1, 400));
    let failed = office.admin.get("/api/v1/crm-pushes?status=failed").await.expect(200);
    assert_eq!(
        (&failed["total"], &failed["data"][0]["session_id"], &failed["data"][0]["bot_id"]),
        (&json!(1), &json!("s-1"), &json!(office.bot))
    );
    assert_eq!(office.admin.get("/api/v1/crm-pushes?status=sent").await.expect(200)["total"], 0);
    office.admin.get("/api/v1/crm-pushes?status=lost").await.expect(422);
    let retry = "/api/v1/calls/s-1/crm-push/retry";
    assert_eq!(office.admin.post(retry, json!({})).await.expect(200)["status"], "pending");
    assert_eq!(office.admin.post(retry, json!({})).await.expect(409)["error"], "push_pending");
    office.app.settle().await;
    assert_eq!(office.stands("s-1").await, stands("sent", 1, 200));
    assert_eq!(office.admin.post(retry, json!({})).await.expect(409)["error"], "already_sent");
    office.admin.post(&format!("{retry}?force=true"), json!({})).await.expect(200);
    office.app.settle().await;
    assert_eq!(office.crm.take().len(), 3);
    office.admin.post("/api/v1/calls/nobody/crm-push/retry", json!({})).await.expect(404);
    office.app.user(Role::Supervisor).post(retry, json!({})).await.expect(403);
    let trail = office.admin.get("/api/v1/audit?action=crm_push.retry").await.expect(200);
    assert_eq!(trail["total"], 2);
}

#[tokio::test]
async fn calls_that_ask_for_none_are_skipped_and_bots_without_a_push_push_nothing() {
    let office = Office::with(json!({})).await;
    office.call("s-1", json!({ "_skip_post_push": true }), json!({})).await;
    office.app.settle().await;
    assert!(office.crm.take().is_empty());
    assert_eq!(office.stands("s-1").await, stands("skipped", 0, Value::Null));
    let retry = "/api/v1/calls/s-1/crm-push/retry";
    assert_eq!(office.admin.post(retry, json!({})).await.expect(409)["error"], "push_skipped");
    let mut body = office.admin.get(&format!("/api/v1/bots/{}", office.bot)).await.expect(200);
    body["post_call_push"]["enabled"] = json!(false);
    let body = make::with(make::bot("Anna"), json!({ "post_call_push": body["post_call_push"] }));
    office.admin.put(&format!("/api/v1/bots/{}", office.bot), body.clone()).await.expect(200);
    office.call("s-2", json!({}), json!({})).await;
    office.app.settle().await;
    assert_eq!(office.stored("s-2").await.get("crm_push"), None);
    assert_eq!(office.admin.post("/api/v1/calls/s-2/crm-push/retry", json!({})).await.expect(409)["error"], "no_push");
    office
        .admin
        .put(
            &format!("/api/v1/bots/{}", office.bot),
            make::with(body, json!({ "post_call_push": { "url": format!("{}/late", office.crm.url) } })),
        )
        .await
        .expect(200);
    office.admin.post("/api/v1/calls/s-2/crm-push/retry", json!({})).await.expect(200);
    office.app.settle().await;
    assert_eq!(
        (office.crm.take_one().target.as_str(), office.stands("s-2").await.0.as_str()),
        ("/late", "sent"),
        "a call from before the mapping"
    );
    office.result("s-3", json!({})).await;
    office.app.settle().await;
    assert_eq!(office.stored("s-3").await.get("crm_push"), None, "a call without a bot");
}

#[tokio::test]
async fn forms_methods_and_a_slow_bot_that_holds_up_nobody() {
    let office =
        Office::with(json!({ "method": "PATCH", "body_format": "form", "auth": { "type": "basic", "username": "u", "password": "p" },
        "key_mapper": { "customer.name": "{{call.name}}", "n": "1 & 2" } }))
        .await;
    office.call("s-1", json!({ "name": "Zoë" }), json!({})).await;
    office.app.settle().await;
    let asked = office.crm.take_one();
    assert_eq!((asked.method.as_str(), asked.text().as_str()), ("PATCH", "customer.name=Zo%C3%AB&n=1+%26+2"));
    assert_eq!((asked.header("content-type"), asked.header("authorization")), ("application/x-www-form-urlencoded", "Basic dTpw"));
    office.crm.usually(Does::Holds);
    let quick = Crm::start().await;
    let body = make::with(make::bot("Quick"), json!({ "post_call_push": { "url": quick.url } }));
    let bot = office.admin.post("/api/v1/bots", body).await.expect(201)["id"].as_str().unwrap().to_owned();
    for n in 2..8 {
        office.call(&format!("s-{n}"), json!({}), json!({})).await;
    }
    office.app.engine().get(&format!("/api/v1/config/{bot}?session_id=q-1")).await.expect(200);
    office.result("q-1", json!({})).await;
    let settling = office.app.settle();
    let watching = async {
        quick.wait_for(1).await;
        office.crm.let_go();
    };
    tokio::join!(settling, watching);
    assert_eq!(quick.take().len(), 1);
    assert_eq!(office.crm.take().len(), 6);
}

#[tokio::test]
async fn a_template_that_loops_or_an_address_inside_the_house_fails_the_push_and_nothing_is_sent() {
    let endless = "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}";
    let office = Office::with(json!({ "key_mapper": { "deep.field": endless } })).await;
    office.call("s-1", json!({}), json!({})).await;
    office.app.settle().await;
    assert_eq!(office.stands("s-1").await, stands("failed", 1, Value::Null));
    let said = office.stored("s-1").await["crm_push"]["last_error"].as_str().unwrap().to_owned();
    assert!(said.contains("key_mapper.deep.field") && said.contains("does not end"), "{said}");
    let body = make::with(make::bot("Anna"), json!({ "post_call_push": { "url": "http://169.254.169.254/{{call.caller_id}}" } }));
    office.admin.put(&format!("/api/v1/bots/{}", office.bot), body).await.expect(200);
    office.call("s-2", json!({}), json!({})).await;
    office.app.settle().await;
    assert_eq!(office.stands("s-2").await, stands("failed", 1, Value::Null));
    assert!(office.stored("s-2").await["crm_push"]["last_error"].as_str().unwrap().contains("blocked"));
    assert!(office.crm.take().is_empty());
}

#[tokio::test]
async fn a_preview_shows_what_would_be_sent_and_sends_nothing() {
    let office = Office::with(json!({ "headers": { "X-Secret": "hunter2hunter2" }, "auth": { "type": "header", "name": "X-Api-Key", "value": "k-12345678" },
        "key_mapper": { "a.b": "{{call.name}}", "gone": "{{crm.nothing}} {{result.nope}}", "seconds": "{{result.call_duration_seconds}}" } }))
    .await;
    office.call("s-1", json!({ "name": "Ada" }), json!({ "call_duration_seconds": 7 })).await;
    office.app.settle().await;
    office.crm.take();
    let path = format!("/api/v1/bots/{}/crm-preview", office.bot);
    let shown = office.admin.post(&path, json!({ "session_id": "s-1" })).await.expect(200);
    assert_eq!(shown["body"], json!({ "a": { "b": "Ada" }, "gone": " ", "seconds": "7" }));
    assert_eq!((&shown["unresolved"], &shown["problems"]), (&json!(["crm.nothing", "result.nope"]), &json!([])));
    assert_eq!((&shown["method"], &shown["headers"]["X-CXB-Push-Id"]), (&json!("POST"), &json!("s-1")));
    assert!(!shown.to_string().contains("hunter2") && !shown.to_string().contains("12345678"), "{shown}");
    let unsaved = json!({ "url": "https://crm.example/{{call.name}}", "preserve_types": true,
        "key_mapper": { "n": "{{result.call_duration_seconds}}", "bad": "{% set x = 1 %}" } });
    let shown = office.admin.post(&path, json!({ "session_id": "s-1", "post_call_push": unsaved })).await.expect(200);
    assert_eq!((&shown["url"], &shown["body"]["n"]), (&json!("https://crm.example/Ada"), &json!(7)));
    assert_eq!(shown["problems"][0]["field"], "post_call_push.key_mapper.bad");
    assert!(office.crm.take().is_empty());
    let unsavable = json!({ "url": "https://crm.example/", "key_mapper": { "a.b": "{% set x = 1 %}" } });
    let refused = office.admin.post("/api/v1/bots", make::with(make::bot("Bad"), json!({ "post_call_push": unsavable }))).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "post_call_push.key_mapper.a.b");
    office.admin.post(&path, json!({ "session_id": "nobody" })).await.expect(404);
    office.admin.post("/api/v1/bots/nobody/crm-preview", json!({ "session_id": "s-1" })).await.expect(404);
    office.admin.post(&path, json!({ "call": "s-1" })).await.expect(422);
    let demo = "/api/v1/bots/bot_0000000000000001/crm-preview";
    assert_eq!(office.admin.post(demo, json!({ "session_id": "s-1" })).await.expect(409)["error"], "no_push");
}

#[tokio::test]
async fn a_push_outlives_a_restart_between_two_attempts() {
    let mut office = Office::with(json!({})).await;
    office.crm.will(&[Does::Answers(503, Bytes::new())]);
    office.call("s-1", json!({}), json!({})).await;
    office.app.settle().await;
    assert_eq!(office.stands("s-1").await, stands("pending", 1, 503));
    office.app.restart().await;
    office.later(5).await;
    let log = office.app.user(Role::Admin).get("/api/v1/calls/s-1").await.expect(200)["crm_push"].clone();
    assert_eq!((&log["status"], &log["attempts"]), (&json!("sent"), &json!(2)));
    assert_eq!(office.crm.take().len(), 2);
}
