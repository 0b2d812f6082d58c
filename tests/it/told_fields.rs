//! What a receiver is told of each kind of call, field by field as it arrives (checklist 185 to 200). The table of the same in
//! `webhooks/payload_table` knows stored calls; here the calls come about as an engine reports them.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::dialling::wish;
use crate::support::{FakeEngine, Received, Receiver, TestApp, make};

/// A box with a carrier, a number 100, an engine and a receiver of everything.
struct Told {
    app: TestApp,
    engine: FakeEngine,
    receiver: Receiver,
    carrier: Value,
}

impl Told {
    async fn start() -> Self {
        let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
        let engine = FakeEngine::start(&app).await;
        let receiver = Receiver::start().await;
        let owner = app.user(Role::SuperAdmin);
        let carrier = owner.post("/api/v1/carriers", make::quick_carrier()).await.expect(201)["id"].clone();
        owner.post("/api/v1/webhooks", json!({ "url": receiver.url, "events": ["*"] })).await.expect(201);
        let bot = owner.post("/api/v1/bots", make::bot("Anna")).await.expect(201)["id"].clone();
        owner.post("/api/v1/numbers", json!({ "name": "desk", "number": "100", "bot_id": bot })).await.expect(201);
        owner.post("/api.ashx/v1/inbound-routes", json!({ "did": "+15550001111", "user": "desk" })).await.expect(201);
        Self { app, engine, receiver, carrier }
    }

    /// A call with this id comes in over the carrier; its session.
    async fn comes_in(&self, call_id: &str) -> String {
        let call = json!({
            "call_id": call_id, "carrier_id": self.carrier, "did": "+15550001111", "from_number": "+35621234567", "headers": {}
        });
        let asked = self.app.engine().post("/api/v1/engine/inbound", call).await.expect(200);
        let session = asked["session_id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/config/{}?session_id={session}", asked["bot_id"].as_str().unwrap());
        self.app.engine().get(&path).await.expect(200);
        session
    }

    /// A call that is placed; its call id and session.
    async fn goes_out(&self) -> (String, String) {
        let placed = self.app.user(Role::Admin).post("/api.ashx/v1/calls", wish(json!({ "email": "ada@example.com" }))).await.expect(200);
        let dialled = self.engine.take_dialouts().remove(0);
        let session = dialled["session_id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/config/{}?session_id={session}", dialled["bot_id"].as_str().unwrap());
        self.app.engine().get(&path).await.expect(200);
        (placed["callId"].as_str().unwrap().to_owned(), session)
    }

    async fn reports(&self, session: &str, seq: u32, what: Value) {
        let event = make::with(json!({ "seq": seq, "at": self.app.clock.now() }), what);
        self.app.engine().post(&format!("/api/v1/engine/calls/{session}/events"), event).await.expect(200);
    }

    async fn is_answered(&self, session: &str) {
        self.reports(session, 1, json!({ "type": "answered", "answer_ms": 2755 })).await;
        self.reports(session, 2, json!({ "type": "started" })).await;
    }

    async fn ends(&self, session: &str, how: Value) -> Vec<(String, Value)> {
        let result = make::with(json!({ "session_id": session, "ended_at": self.app.clock.now() }), how);
        self.app.engine().post("/api/v1/call-results", result).await.expect(200);
        self.told().await
    }

    /// What has arrived since the last time: names and data.
    async fn told(&self) -> Vec<(String, Value)> {
        self.app.settle().await;
        let all = self.receiver.take_all();
        all.iter().map(|received: &Received| (received.event(), received.json()["data"].clone())).collect()
    }
}

fn spoken() -> Value {
    json!([{ "role": "assistant", "content": "Hello.", "ts": "2026-06-01T12:00:02Z" },
           { "role": "user", "content": "Goodbye.", "ts": "2026-06-01T12:00:04Z" }])
}

#[tokio::test]
async fn a_call_over_sip_is_told_with_the_number_that_was_dialled_and_the_number_that_called() {
    let box_ = Told::start().await;
    let call = "vnum00000000abcd";
    let session = box_.comes_in(call).await;
    box_.is_answered(&session).await;
    let how = json!({ "disconnected_by": "bot", "answered_at": box_.app.clock.now(), "transcript": spoken(), "tokens_total": 71 });
    let told = box_.ends(&session, how).await;
    let room = told[2].1["room"].clone();
    assert!(room.as_str().is_some_and(|room| room.starts_with("vnum-100-")), "{room}");
    let file = told[3].1["file"].clone();
    let wanted = [
        (
            "call.answered",
            json!({ "callId": call, "did": "+15550001111", "fromNumber": "+35621234567", "direction": "inbound",
                "source": "gemini-live", "answerMs": 2755 }),
        ),
        (
            "call.started",
            json!({ "callId": call, "number": "100", "did": "+15550001111", "direction": "inbound", "source": "gemini-live" }),
        ),
        (
            "call.ended",
            json!({ "callId": call, "number": "+15550001111", "room": room, "outcome": "finished", "durationSec": 0, "tokens": 71,
                "source": "sip" }),
        ),
        ("transcript.saved", json!({ "callId": call, "number": "100", "file": file, "outcome": "finished", "source": "vnum" })),
    ];
    assert_eq!(told, wanted.map(|(name, data)| (name.to_owned(), data)));
}

#[tokio::test]
async fn a_call_that_nobody_answered_is_told_once_and_a_technical_failure_says_why() {
    let box_ = Told::start().await;
    let trunk = box_.carrier.as_str().unwrap().to_owned();
    for (how, outcome, detail) in [
        (json!({ "disconnected_by": "no_answer", "outcome": "no-answer" }), "no-answer", ""),
        (
            json!({ "disconnected_by": "error", "outcome": "failed", "error_detail": "the carrier answered 503" }),
            "failed",
            "the carrier answered 503",
        ),
    ] {
        let (call, session) = box_.goes_out().await;
        let told = box_.ends(&session, how).await;
        let data = json!({ "callId": call, "phone": "+15551234567", "displayName": "Ada", "outcome": outcome, "answered": false,
            "talkSec": 0, "trunk": trunk, "inputTurns": 0, "outputTurns": 0, "errorDetail": detail });
        assert_eq!(told, [("outbound-ai.finished".to_owned(), data)], "and no call.started");
    }
}

#[tokio::test]
async fn a_call_that_is_handed_on_is_told_by_where_it_came_from_and_where_it_went() {
    let box_ = Told::start().await;
    for (call, target, field, kind) in [
        ("vnum000000000001", "sip:200@127.0.0.1:5060", ("toUser", "200"), "vnum-to-vnum"),
        ("vnum000000000002", "sip:alex@127.0.0.1", ("toUser", "alex"), "vnum-to-officetab"),
        ("vnum000000000003", "tel:+15557654321", ("toPhone", "+15557654321"), "vnum-to-pstn"),
    ] {
        let session = box_.comes_in(call).await;
        box_.is_answered(&session).await;
        box_.told().await;
        box_.reports(&session, 3, json!({ "type": "transferred", "target": target, "method": "refer" })).await;
        let mut told = box_.told().await;
        let (name, data) = told.remove(0);
        let room = data["room"].clone();
        assert!(room.as_str().is_some_and(|room| room.starts_with("vnum-100-")), "{data}");
        let mut wanted = json!({ "callId": call, "fromVnum": "100", "transferType": kind, "room": room, "source": "vnum" });
        wanted[field.0] = field.1.into();
        assert_eq!((name.as_str(), data, told.len()), ("call.transferred", wanted, 0));
        let ended = box_.ends(&session, json!({ "disconnected_by": "transfer", "outcome": "transferred-to-vnum", "transcript": [] })).await;
        assert_eq!((ended[0].0.as_str(), &ended[0].1["outcome"]), ("call.ended", &json!("transferred-to-vnum")));
        assert_eq!(ended[0].1["room"], room, "one call, one room");
    }
    let (call, session) = box_.goes_out().await;
    box_.is_answered(&session).await;
    box_.told().await;
    box_.reports(&session, 3, json!({ "type": "transferred", "target": "sip:alex@127.0.0.1", "method": "refer" })).await;
    let wanted = json!({ "callId": call, "fromOutbound": call, "fromPhone": "+15551234567", "toUser": "alex",
        "transferType": "outbound-to-user", "trunkId": box_.carrier, "source": "outbound-ai" });
    assert_eq!(box_.told().await, [("call.transferred".to_owned(), wanted)]);
    box_.ends(&session, json!({ "disconnected_by": "transfer", "outcome": "transferred-to-vnum" })).await;
}
