//! A box that can place calls: a carrier, an engine that pretends, an admin; and what an engine tells of its calls.

use cxbox::platform::access::Role;
use serde_json::{Value, json};

use super::{Client, FakeEngine, TestApp, make};

pub const CALLS: &str = "/api.ashx/v1/calls";

pub struct Dialling {
    pub app: TestApp,
    pub engine: FakeEngine,
    pub admin: Client,
    pub carrier_id: Value,
}

/// The body of the quick start with some fields changed.
pub fn wish(change: Value) -> Value {
    let body = json!({ "phone": "+15551234567", "displayName": "Ada", "systemPrompt": "Remind her of tomorrow.", "maxSeconds": 120 });
    make::with(body, change)
}

impl Dialling {
    pub async fn start() -> Self {
        Self::at(TestApp::start().await).await
    }

    /// The same with the calling window that a new box has.
    pub async fn start_with_window() -> Self {
        Self::at(TestApp::start_with_window().await).await
    }

    async fn at(app: TestApp) -> Self {
        let engine = FakeEngine::start(&app).await;
        let carrier_id = app.user(Role::SuperAdmin).post("/api/v1/carriers", make::quick_carrier()).await.expect(201)["id"].clone();
        let admin = app.user(Role::Admin);
        Self { app, engine, admin, carrier_id }
    }

    /// Places a call and gives its id.
    #[track_caller]
    pub fn place(&self, change: Value) -> impl Future<Output = String> {
        let (admin, body) = (self.admin.clone(), wish(change));
        async move { admin.post(CALLS, body).await.expect(200)["callId"].as_str().unwrap().to_owned() }
    }

    /// The record of a call.
    pub async fn call(&self, id: &str) -> Value {
        self.admin.get(&format!("{CALLS}/{id}")).await.expect(200)
    }

    pub async fn status(&self, id: &str) -> String {
        self.call(id).await["status"].as_str().unwrap().to_owned()
    }

    pub async fn hang_up(&self, id: &str) -> Value {
        self.admin.post(&format!("{CALLS}/{id}/hangup"), json!({})).await.expect(200)
    }

    /// The one order to dial that came in since the last time.
    #[track_caller]
    pub fn dialled(&self) -> Value {
        let mut all = self.engine.take_dialouts();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    /// The engine asks for the config of what it was told to dial, as it does before it rings.
    pub async fn config(&self, dialout: &Value) -> super::Answer {
        let path = format!("/api/v1/config/{}?session_id={}", dialout["bot_id"].as_str().unwrap(), session(dialout));
        self.app.engine().get(&path).await
    }

    /// The engine reports an event of the call.
    pub async fn event(&self, dialout: &Value, seq: u32, what: Value) {
        let event = make::with(json!({ "seq": seq, "at": self.app.clock.now() }), what);
        self.app.engine().post(&format!("/api/v1/engine/calls/{}/events", session(dialout)), event).await.expect(200);
        self.app.settle().await;
    }

    /// The callee picks up and the bot begins.
    pub async fn answer(&self, dialout: &Value) {
        self.config(dialout).await.expect(200);
        self.event(dialout, 1, json!({ "type": "answered", "answer_ms": 4100 })).await;
        self.event(dialout, 2, json!({ "type": "started" })).await;
    }

    /// The engine reports how the call ended.
    pub async fn finish(&self, dialout: &Value, outcome: &str, more: Value) {
        let by = match outcome {
            "no-answer" => "no_answer",
            "busy" | "rejected" => "rejected",
            "failed" => "error",
            "voicemail" => "voicemail",
            _ => "bot",
        };
        let result = json!({ "session_id": session(dialout), "call_id": dialout["call_id"], "call_direction": "outbound",
            "disconnected_by": by, "outcome": outcome, "ended_at": self.app.clock.now() });
        self.app.engine().post("/api/v1/call-results", make::with(result, more)).await.expect(200);
        self.app.settle().await;
    }
}

/// The key of an attempt.
pub fn session(dialout: &Value) -> &str {
    dialout["session_id"].as_str().unwrap()
}
