//! What receivers are told of whole calls, and that it agrees with what can be read (checklist 68, 168, 180, 183, 184, 193, 217).

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use crate::support::{FakeEngine, Received, Receiver, TestApp, make};

async fn start() -> (TestApp, FakeEngine) {
    let app = TestApp::start_with(&[("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")]).await;
    let engine = FakeEngine::start(&app).await;
    app.user(Role::SuperAdmin).post("/api/v1/carriers", make::carrier()).await.expect(201);
    (app, engine)
}

async fn subscribe(app: &TestApp, receiver: &Receiver) -> String {
    let body = json!({ "url": receiver.url, "events": ["*"] });
    app.user(Role::SuperAdmin).post("/api/v1/webhooks", body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

/// Places a call; its call id and its session.
async fn placed(app: &TestApp, engine: &FakeEngine) -> (String, String) {
    let body = json!({ "phone": "+15551234567", "displayName": "Ada", "systemPrompt": "Say hello.", "email": "ada@example.com" });
    let placed = app.user(Role::Admin).post("/api.ashx/v1/calls", body).await.expect(200);
    let dialled = engine.take_dialouts();
    assert_eq!(dialled.len(), 1);
    (placed["callId"].as_str().unwrap().to_owned(), dialled[0]["session_id"].as_str().unwrap().to_owned())
}

fn events(told: &[Received]) -> Vec<String> {
    told.iter().map(Received::event).collect()
}

#[tokio::test]
async fn an_answered_outbound_call_is_told_in_order_and_its_outcome_reads_the_same_everywhere() {
    for (by, outcome) in [("bot", "finished"), ("customer", "far-hangup"), ("timeout", "max-duration")] {
        let (app, engine) = start().await;
        let receiver = Receiver::start().await;
        subscribe(&app, &receiver).await;
        let (call_id, session) = placed(&app, &engine).await;
        for event in [
            json!({ "seq": 1, "at": "2026-06-01T12:00:01Z", "type": "answered", "answer_ms": 2755 }),
            json!({ "seq": 2, "at": "2026-06-01T12:00:01Z", "type": "started" }),
        ] {
            assert!(app.engine().post(&format!("/api/v1/engine/calls/{session}/events"), event).await.status < 300);
        }
        let turns = json!([{ "role": "assistant", "content": "Hello.", "ts": "2026-06-01T12:00:02Z" }]);
        let result = json!({ "session_id": session, "disconnected_by": by, "ended_at": "2026-06-01T12:01:00Z", "transcript": turns });
        app.engine().post("/api/v1/call-results", result).await.expect(200);
        app.settle().await;
        let told = receiver.take_all();
        assert_eq!(events(&told), ["call.answered", "call.started", "outbound-ai.finished", "transcript.saved"], "and no call.ended");
        for delivery in &told {
            assert_eq!(delivery.header("x-codeb-event"), delivery.event());
            assert_eq!(delivery.json()["data"]["callId"], call_id.as_str());
        }
        let admin = app.user(Role::Admin);
        let read = |path: String| {
            let admin = admin.clone();
            async move { admin.get(&path).await.expect(200) }
        };
        let said = [
            told[2].json()["data"]["outcome"].clone(),
            told[3].json()["data"]["outcome"].clone(),
            read(format!("/api.ashx/v1/calls/{call_id}")).await["endedReason"].clone(),
            read(format!("/api.ashx/v1/transcripts/{call_id}")).await["outcome"].clone(),
            read("/api.ashx/v1/transcripts".to_owned()).await["data"][0]["outcome"].clone(),
        ];
        assert!(said.iter().all(|word| *word == outcome), "{outcome}: {said:?}");
        assert_eq!(told[3].json()["data"]["file"], read(format!("/api.ashx/v1/calls/{call_id}")).await["transcriptPath"]);
    }
}

#[tokio::test]
async fn a_test_fire_goes_to_its_own_subscription_and_to_no_other() {
    let (app, _engine) = start().await;
    let (mine, other) = (Receiver::start().await, Receiver::start().await);
    let id = subscribe(&app, &mine).await;
    subscribe(&app, &other).await;
    app.user(Role::SuperAdmin).post(&format!("/api/v1/webhooks/{id}/test"), Value::Null).await.expect(200);
    app.settle().await;
    assert_eq!((events(&mine.take_all()), events(&other.take_all())), (vec!["webhook.test".to_owned()], vec![]));
}

#[tokio::test]
async fn a_receiver_hears_of_its_own_box_only() {
    let ((one, engine), (other, _)) = (start().await, start().await);
    let (of_one, of_other) = (Receiver::start().await, Receiver::start().await);
    subscribe(&one, &of_one).await;
    subscribe(&other, &of_other).await;
    let (_, session) = placed(&one, &engine).await;
    one.engine().post("/api/v1/call-results", json!({ "session_id": session, "disconnected_by": "no_answer" })).await.expect(200);
    one.settle().await;
    other.settle().await;
    assert_eq!(events(&of_one.take_all()), ["outbound-ai.finished"]);
    assert_eq!(of_other.take_all(), []);
}

#[tokio::test]
async fn a_number_that_cannot_be_whitelisted_is_reported_and_called_all_the_same() {
    let (app, engine) = start().await;
    let broken = "create trigger broken before insert on outbound_whitelist begin select raise(abort, 'broken'); end";
    app.db().write(move |tx| Ok(tx.execute_batch(broken)?)).await.unwrap();
    let body = json!({ "phone": "+15551234567", "systemPrompt": "Say hello.", "email": "ada@example.com" });
    let placed = app.user(Role::Admin).post("/api.ashx/v1/calls", body).await.expect(200);
    assert!(placed["whitelistAdded"] == false && !placed["whitelistError"].as_str().unwrap().is_empty(), "{placed}");
    assert_eq!(engine.take_dialouts().len(), 1);
    app.settle().await;
}
