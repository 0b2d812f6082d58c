//! Calls from browsers on the control plane: who may make one, how many, and what becomes of it.

use cxbox::platform::access::Role;
use cxbox::platform::net::{Answer, Outbound, OutboundOptions, Request};
use serde_json::{Value, json};

use crate::live::until;
use crate::support::{Answering, Client, FakeEngine, TestApp, make};

const CALLS: &str = "/api/v1/browser-calls";
const PUBLIC: &str = "/api/v1/public/browser-calls";

/// A box with an engine, a public number 100 and a number 200 for people who are signed in.
struct Box_ {
    app: TestApp,
    engine: FakeEngine,
    admin: Client,
    bot: String,
}

impl Box_ {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let engine = FakeEngine::start(&app).await;
        let admin = app.user(Role::Admin);
        let bot = admin.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].as_str().unwrap().to_owned();
        for (name, number, visibility) in [("desk", "100", "public"), ("inside", "200", "signed-in")] {
            let body = json!({ "name": name, "number": number, "bot_id": bot, "visibility": visibility });
            admin.post("/api/v1/numbers", body).await.expect(201);
        }
        Self { app, engine, admin, bot }
    }

    async fn open_to_visitors(&self, change: Value) {
        let body = make::with(json!({ "visitors": true }), change);
        self.app.user(Role::SuperAdmin).put("/api/v1/settings/browser", body).await.expect(200);
    }

    /// The engine asks for the bot, as it does once it has an offer.
    async fn is_taken(&self, order: &Value) -> Value {
        let call = json!({
            "call_id": order["call_id"], "session_id": order["session_id"], "did": "", "from_number": null, "browser": order["from"]
        });
        self.app.engine().post("/api/v1/engine/inbound", call).await.expect(200)
    }

    async fn config(&self, answer: &Value) -> Value {
        let path = format!("/api/v1/config/{}?session_id={}", answer["bot_id"].as_str().unwrap(), answer["session_id"].as_str().unwrap());
        self.app.engine().get(&path).await.expect(200)
    }

    async fn ends(&self, session_id: &Value) {
        let result = json!({ "session_id": session_id, "transcript": [], "outcome": "empty-room", "disconnected_by": "customer" });
        self.app.engine().post("/api/v1/call-results", result).await.expect(200);
    }
}

fn wish(number: &str) -> Value {
    json!({ "number": number, "sdp": "v=0 an offer" })
}

#[tokio::test]
async fn a_person_calls_any_number_and_the_call_is_one_from_a_browser() {
    let mut own = Box_::start().await;
    own.app.may_leave_work();
    let agent = own.app.user(Role::Agent);
    for (dialled, number) in [("100", "100"), ("200", "200"), ("inside", "200")] {
        assert_eq!(agent.get(&format!("{CALLS}/{dialled}")).await.expect(200)["number"], number);
        let started = agent.post(CALLS, wish(dialled)).await.expect(201);
        assert_eq!(started["sdp"], "v=0 the answer");
        let order = own.engine.take_browser_calls().remove(0);
        assert_eq!((&order["session_id"], &order["sdp"]), (&started["session_id"], &json!("v=0 an offer")));
        assert_eq!(order["client_ip"], "127.0.0.1");
        let answer = own.is_taken(&order).await;
        assert_eq!((&answer["action"], &answer["session_id"]), (&json!("bot"), &started["session_id"]));
        assert_eq!(own.config(&answer).await["opening_message"], "Hello.");
        let call = own.admin.get(&format!("/api/v1/calls/{}", started["session_id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&call["call_id"], &call["did"], &call["number"]), (&started["call_id"], &Value::Null, &json!(number)));
        assert_eq!((&call["caller_id"], &call["from_number"]), (&order["from"]["user"], &Value::Null));
        own.ends(&started["session_id"]).await;
    }
    agent.get(&format!("{CALLS}/300")).await.expect(404);
    agent.post(CALLS, wish("300")).await.expect(404);
    assert!(own.engine.take_browser_calls().is_empty());
}

#[tokio::test]
async fn receivers_are_told_of_a_room_and_never_of_an_answer() {
    let mut own = Box_::start().await;
    own.app.may_leave_work();
    let started = own.admin.post(CALLS, wish("100")).await.expect(201);
    let session = started["session_id"].as_str().unwrap().to_owned();
    own.is_taken(&own.engine.take_browser_calls()[0]).await;
    for (seq, kind) in [(1, json!({ "type": "answered", "answer_ms": 80 })), (2, json!({ "type": "started" }))] {
        let event = make::with(json!({ "seq": seq, "at": "2026-06-01T12:00:01Z" }), kind);
        own.app.engine().post(&format!("/api/v1/engine/calls/{session}/events"), event).await.expect(200);
    }
    own.ends(&started["session_id"]).await;
    own.app.settle().await;
    let events = own.admin.get("/api/v1/events?limit=50").await.expect(200);
    let of_call: Vec<&Value> =
        events["data"].as_array().unwrap().iter().filter(|event| event["data"]["callId"] == started["call_id"]).collect();
    let names: Vec<&str> = of_call.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert!(names.contains(&"call.started") && names.contains(&"call.ended") && !names.contains(&"call.answered"), "{names:?}");
    let rooms: Vec<&Value> =
        of_call.iter().filter(|event| event["event"] != "transcript.saved").map(|event| &event["data"]["room"]).collect();
    assert!(rooms.iter().all(|room| room.as_str().is_some_and(|room| room.starts_with("vnum-100-")) && *room == rooms[0]), "{rooms:?}");
    let ended = of_call.iter().find(|event| event["event"] == "call.ended").unwrap();
    assert_eq!((&ended["data"]["source"], &ended["data"]["outcome"]), (&json!("vnum"), &json!("empty-room")));
}

#[tokio::test]
async fn visitors_call_public_numbers_when_that_is_on_and_learn_nothing_of_others() {
    let mut own = Box_::start().await;
    own.app.may_leave_work();
    let visitor = own.app.anonymous();
    for number in ["100", "200", "300"] {
        assert_eq!(visitor.get(&format!("{PUBLIC}/{number}")).await.expect(404)["error"], "sign_in_needed", "{number} while it is off");
        assert_eq!(visitor.post(PUBLIC, wish(number)).await.expect(404)["error"], "sign_in_needed");
    }
    own.open_to_visitors(json!({})).await;
    let (private, none) = (visitor.post(PUBLIC, wish("200")).await.expect(404), visitor.post(PUBLIC, wish("300")).await.expect(404));
    for key in ["error", "error_description"] {
        assert_eq!(private[key], none[key], "a number that is not for visitors looks like none");
    }
    assert_eq!(visitor.get(&format!("{PUBLIC}/100")).await.expect(200), json!({ "name": "desk", "number": "100" }));
    visitor.post(PUBLIC, wish("100")).await.expect(201);
    assert_eq!(own.engine.take_browser_calls()[0]["from"].get("user"), None);
    visitor.post(CALLS, wish("100")).await.expect(401);
}

#[tokio::test]
async fn visitors_have_two_lines_ten_calls_an_hour_and_so_many_a_day() {
    let mut own = Box_::start().await;
    own.app.may_leave_work();
    own.open_to_visitors(json!({ "visitor_calls_per_day": 12 })).await;
    let visitor = own.app.anonymous();
    let call = || async {
        let started = visitor.post(PUBLIC, wish("100")).await.expect(201);
        own.is_taken(&own.engine.take_browser_calls()[0]).await;
        started["session_id"].clone()
    };
    let (first, second) = (call().await, call().await);
    let busy = visitor.post(PUBLIC, wish("100")).await;
    assert_eq!((busy.expect(429)["error"].as_str(), busy.header("retry-after")), (Some("busy"), "30"));
    own.admin.post(CALLS, wish("100")).await.expect(201);
    own.ends(&first).await;
    own.ends(&second).await;
    own.engine.take_browser_calls();
    // Three of this hour's ten are used: two calls and a refusal.
    for _ in 0..7 {
        let session = call().await;
        own.ends(&session).await;
    }
    assert_eq!(visitor.post(PUBLIC, wish("100")).await.expect(429)["error"], "too_many_calls");
    own.app.advance(std::time::Duration::from_secs(3601));
    for _ in 0..3 {
        let session = call().await;
        own.ends(&session).await;
    }
    assert_eq!(visitor.post(PUBLIC, wish("100")).await.expect(429)["error"], "daily_cap");
    own.app.advance(std::time::Duration::from_secs(24 * 3600));
    call().await;
}

#[tokio::test]
async fn a_call_that_did_not_come_about_frees_its_line() {
    let mut own = Box_::start().await;
    own.app.may_leave_work();
    own.open_to_visitors(json!({ "visitors_at_once": 1 })).await;
    let visitor = own.app.anonymous();
    own.engine.will_answer(&[Answering::Refused(422), Answering::Refused(429), Answering::Refused(503)]);
    let refused = visitor.post(PUBLIC, wish("100")).await.expect(422);
    assert_eq!(refused["errors"], json!([{ "field": "sdp", "message": "the engine says why" }]));
    visitor.post(PUBLIC, wish("100")).await.expect(429);
    visitor.post(PUBLIC, wish("100")).await.expect(503);
    visitor.post(PUBLIC, wish("100")).await.expect(201);
    // The engine has it but has not asked for the bot: it counts for a minute.
    assert_eq!(visitor.post(PUBLIC, wish("100")).await.expect(429)["error"], "busy");
    own.app.advance(std::time::Duration::from_secs(61));
    visitor.post(PUBLIC, wish("100")).await.expect(201);
}

#[tokio::test]
async fn an_admin_tries_out_a_draft_a_version_and_a_bot_that_takes_no_calls() {
    let mut own = Box_::start().await;
    own.app.may_leave_work();
    let (bot, path) = (&own.bot, format!("/api/v1/bots/{}/browser-call", own.bot));
    let trial = |version: &str| json!({ "version": version, "sdp": "v=0 an offer" });
    own.admin.post(&path, trial("draft")).await.expect(404);
    let words = |words: &str| make::with(make::bot("Anna"), json!({ "opening_message": words }));
    own.admin.put(&format!("/api/v1/bots/{bot}"), words("The second.")).await.expect(200);
    own.admin.put(&format!("/api/v1/bots/{bot}/draft"), words("The draft.")).await.expect(200);
    own.admin.post(&format!("/api/v1/bots/{bot}/deactivate"), json!({})).await.expect(200);
    for (version, opening) in [("draft", "The draft."), ("published", "The second."), ("1", "Hello."), ("2", "The second.")] {
        let started = own.admin.post(&path, trial(version)).await.expect(201);
        let answer = own.is_taken(&own.engine.take_browser_calls()[0]).await;
        assert_eq!((&answer["action"], &answer["bot_id"]), (&json!("bot"), &json!(bot)), "{version}");
        assert_eq!(own.config(&answer).await["opening_message"], opening, "{version}");
        let call = own.admin.get(&format!("/api/v1/calls/{}", started["session_id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&call["number"], &call["bot_id"]), (&Value::Null, &json!(bot)));
    }
    let published = own.admin.post(&path, json!({ "sdp": "v=0 an offer" })).await.expect(201);
    assert!(published["sdp"].is_string(), "the published version is what is meant when none is named");
    own.admin.post(&path, trial("99")).await.expect(404);
    own.admin.post("/api/v1/bots/bot_nobody/browser-call", trial("published")).await.expect(404);
    own.app.user(Role::Supervisor).post(&path, trial("draft")).await.expect(403);
    own.app.anonymous().post(&path, trial("draft")).await.expect(401);
}

#[tokio::test]
async fn bad_input_names_its_field_and_an_engine_that_is_away_is_said_to_be() {
    let own = Box_::start().await;
    for (body, field) in [
        (json!({ "sdp": "v=0" }), ""),
        (json!({ "number": "100" }), ""),
        (json!({ "number": "100", "sdp": "" }), "sdp"),
        (json!({ "number": "100", "sdp": "x".repeat(70_000) }), "sdp"),
        (json!({ "number": 100, "sdp": "v=0" }), "number"),
        (json!({ "number": "100", "sdp": "v=0", "more": 1 }), ""),
    ] {
        let refused = own.admin.post(CALLS, body.clone()).await.expect(422);
        assert!(field.is_empty() || refused["errors"][0]["field"] == field, "{refused}");
        own.app.anonymous().post(PUBLIC, body).await.expect(422);
    }
    let trial = json!({ "version": "newest", "sdp": "v=0" });
    let refused = own.admin.post(&format!("/api/v1/bots/{}/browser-call", own.bot), trial).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "version");
    own.engine.will_answer(&[Answering::Refused(404)]);
    assert_eq!(own.admin.post(CALLS, wish("100")).await.expect(503)["error"], "no_browser_calls", "an engine of another make");
    let Box_ { app, engine, admin, .. } = own;
    drop(engine);
    std::fs::remove_file(app.data.engine_socket()).unwrap();
    app.advance(std::time::Duration::from_secs(60));
    assert_eq!(admin.post(CALLS, wish("100")).await.expect(502)["error"], "bridge_unreachable");
}

async fn read_along(own: &Box_, session: &str, key: &str) -> Answer {
    let outbound = Outbound::new(OutboundOptions::allowing::<String>([]).unwrap()).unwrap();
    let request = Request::get(format!("{}/api/v1/public/calls/{session}/words", own.app.base_url())).header("x-call-key", key);
    outbound.operator(request).await.unwrap()
}

#[tokio::test]
async fn whoever_started_a_call_reads_along_and_nobody_else_does() {
    let mut own = Box_::start().await;
    own.app.may_leave_work();
    own.open_to_visitors(json!({})).await;
    let visitor = own.app.anonymous();
    let (started, other) = (visitor.post(PUBLIC, wish("100")).await.expect(201), own.admin.post(CALLS, wish("200")).await.expect(201));
    let (session, key) = (started["session_id"].as_str().unwrap().to_owned(), started["words_key"].as_str().unwrap().to_owned());
    own.is_taken(&own.engine.take_browser_calls()[0]).await;
    let told = async |seq: u32, what: Value| {
        let event = make::with(json!({ "seq": seq, "at": "2026-06-01T12:00:01Z" }), what);
        own.app.engine().post(&format!("/api/v1/engine/calls/{session}/events"), event).await.expect(200);
    };
    let turn = |role: &str, content: &str| json!({ "type": "turn", "turn": { "role": role, "content": content, "ts": "2026-06-01T12:00:01Z", "knowledge": [{ "text": "inside" }] } });
    told(1, turn("assistant", "Hello there.")).await;
    let mut stream = read_along(&own, &session, &key).await;
    assert_eq!((stream.status, stream.header("content-type")), (200, Some("text/event-stream")));
    let before = until(&mut stream, "Hello there.").await;
    assert!(before.contains("event: turn") && before.contains("\"role\":\"assistant\"") && !before.contains("inside"), "{before}");
    told(2, turn("tool", "secret stock figures")).await;
    told(3, json!({ "type": "note", "name": "provider_failed", "detail": { "reason": "key" } })).await;
    told(4, turn("user", "Good morning.")).await;
    let now = until(&mut stream, "Good morning.").await;
    assert!(now.contains("id: 4") && !now.contains("stock") && !now.contains("provider_failed"), "{now}");
    for (session, key) in
        [(&*session, ""), (&*session, other["words_key"].as_str().unwrap()), (other["session_id"].as_str().unwrap(), &*key)]
    {
        assert_eq!(read_along(&own, session, key).await.status, 404, "{session} {key}");
    }
    own.ends(&started["session_id"]).await;
    until(&mut stream, "event: completed").await;
    let end = tokio::time::timeout(std::time::Duration::from_secs(10), stream.chunk()).await.expect("the stream ends");
    assert!(!matches!(end, Ok(Some(_))), "with the call");
    let mut back = read_along(&own, &session, &key).await;
    until(&mut back, "event: completed").await;
}
