//! The two calls of the demo: somebody calls the bot, then the bot calls somebody.

use std::time::Duration;

use serde_json::{Value, json};

use super::check::{Evidence, NOT_FROM_THE_MANUAL, check};
use super::manual;
use super::receiver::Receiver;
use super::summary::CallSummary;
use crate::base::{Clock, Error, Result};
use crate::engine::speech::SpeechWorkers;
use crate::lab::api::Api;
use crate::lab::phone::{self, Line, Script, Step, Target};

/// How long a call's result, recording and deliveries may take to arrive after its end.
const STORED_WITHIN: Duration = Duration::from_secs(20);
/// What the caller asks, and part of what the demo bot answers.
const QUESTION: &str = "when are you open";
const REPLY: &str = "nine to six";
/// What the caller asks about the manual, and the heading whose text answers it.
const MANUAL_QUESTION: &str = "tell me about the calling window";
const MANUAL_HEADING: &str = "The calling window";
/// The number the outgoing call goes to; it leads to the demo's own phone.
const PHONE_NUMBER: &str = "+15550100200";

/// Everything the two calls are made with.
pub(super) struct Stage {
    pub(super) api: Api,
    pub(super) receiver: Receiver,
    pub(super) line: Line,
    pub(super) voice: SpeechWorkers,
    pub(super) clock: Clock,
    pub(super) sip: std::net::SocketAddr,
    /// Sessions of the calls that were looked at.
    pub(super) told: Vec<Value>,
}

impl Stage {
    /// Makes carrier, number, catch-all route and webhook; the demo bot is there from the first start.
    pub(super) async fn prepare(&self) -> Result<()> {
        let carrier = json!({ "name": "Demo line", "sip_address": self.line.address().to_string(), "transport": "udp",
            "inbound_auth_mode": "ip", "inbound_allowed_addresses": ["127.0.0.1"] });
        self.api.post("/api/v1/carriers", &carrier).await?;
        let bots = self.api.get("/api/v1/bots").await?;
        let bot = bots["data"].as_array().into_iter().flatten().find(|bot| bot["name"] == "demo reception");
        let bot_id = bot.map(|bot| bot["id"].clone()).ok_or_else(|| Error::upstream("the demo bot was not seeded"))?;
        manual::teach(&self.api, &bot_id).await?;
        let number = json!({ "name": "demo", "number": "1000", "mode": "live-voice-ai", "bot_id": bot_id, "visibility": "public" });
        self.api.post("/api/v1/numbers", &number).await?;
        self.api.put("/api.ashx/v1/inbound-routes/%2A", &json!({ "user": "demo" })).await?;
        let webhook = self.api.post("/api/v1/webhooks", &json!({ "url": self.receiver.url(), "events": ["*"] })).await?;
        self.receiver.expect_secret(webhook["secret"].as_str().unwrap_or_default());
        Ok(())
    }

    /// Calls the bot, asks about the shop and then about the manual, hears both answers, says goodbye; the bot hangs up. A machine that is
    /// busy with something else may be too slow for the documents: then the whole call is made once more.
    pub(super) async fn inbound(&mut self) -> Result<CallSummary> {
        match self.call_in().await {
            Err(error) if error.stable_code() == NOT_FROM_THE_MANUAL => self.call_in().await,
            done => done,
        }
    }

    async fn call_in(&mut self) -> Result<CallSummary> {
        let target = Target { user: "1000".to_owned(), address: self.sip.to_string(), transport: crate::contract::trunk::Transport::Udp };
        let script = Script {
            target: Some(target),
            from: "+15550100100".to_owned(),
            steps: steps(&[QUESTION, MANUAL_QUESTION]),
            ..Script::default()
        };
        self.hold(&script).await?;
        let before = self.told.clone();
        let call = self.stored(&|call| call["call_direction"] == "inbound" && !before.contains(&call["session_id"])).await?;
        self.told.push(call["session_id"].clone());
        self.sum_up(&call, &["call.answered", "call.started", "call.ended", "transcript.saved"], Some(MANUAL_HEADING)).await
    }

    /// Has the appliance call the demo's phone, which answers and holds the same conversation.
    pub(super) async fn outbound(&mut self) -> Result<CallSummary> {
        let script = Script { ring_ms: 500, steps: steps(&[QUESTION]), ..Script::default() };
        let order = json!({ "phone": PHONE_NUMBER, "displayName": "Demo", "systemPrompt": "Tell the opening hours.", "maxSeconds": 120 });
        let api = self.api.clone();
        let (held, placed) = tokio::join!(self.hold(&script), api.post("/api.ashx/v1/calls", &order));
        let placed = placed?;
        held?;
        let call_id = placed["callId"].clone();
        let call = self.stored(&|call| call["call_id"] == call_id).await?;
        self.sum_up(&call, &["call.answered", "call.started", "outbound-ai.finished", "transcript.saved"], None).await
    }

    async fn hold(&mut self, script: &Script) -> Result<()> {
        let report = phone::run(script, &mut self.line, &self.voice, &self.clock).await?;
        match report.steps.iter().find(|step| !step.ok) {
            Some(step) => Err(Error::upstream(format!("the phone's step {:?} did not go as it must", step.step))),
            None if report.ok => Ok(()),
            None => Err(Error::upstream(format!("the phone's call did not come about: {:?}", report.ended_by))),
        }
    }

    /// The stored call once its result is there.
    async fn stored(&self, is_it: &(dyn Fn(&Value) -> bool + Sync)) -> Result<Value> {
        self.api
            .wait_for("the call's result", STORED_WITHIN, || async {
                let list = self.api.get("/api/v1/calls").await?;
                for row in list["data"].as_array().into_iter().flatten() {
                    let call = self.api.get(&format!("/api/v1/calls/{}", row["session_id"].as_str().unwrap_or_default())).await?;
                    if is_it(&call) && call["completed_at"].is_string() {
                        return Ok(Some(call));
                    }
                }
                Ok(None)
            })
            .await
    }

    async fn sum_up(&self, call: &Value, events: &'static [&'static str], heading: Option<&'static str>) -> Result<CallSummary> {
        let call_id = call["call_id"].as_str().unwrap_or_default();
        let deliveries = self
            .api
            .wait_for("the webhook deliveries", STORED_WITHIN, || async {
                let got = self.receiver.about(call_id);
                Ok(events.iter().all(|event| got.iter().any(|d| d.event == *event)).then_some(got))
            })
            .await?;
        let token = call["recording_access_token"].as_str().ok_or_else(|| Error::upstream("the call has no recording link"))?;
        let url = self.api.url(&format!("/api/v1/public/recordings/{token}"));
        let sound = self.api.recording(&url).await?;
        check(Evidence { call, recording: (url, sound), deliveries, reply: REPLY, events, heading })
    }
}

/// Greeting, questions with their answers, goodbye; the bot ends the call. The pause must outlast those between the bot's sentences.
fn steps(questions: &[&str]) -> Vec<Step> {
    let turn = [Step::ExpectSpeech(10_000), Step::WaitSilence(1_200)];
    let mut steps = turn.to_vec();
    for question in questions {
        steps.push(Step::Say((*question).to_owned()));
        steps.extend(turn.clone());
    }
    steps.push(Step::Say("goodbye".to_owned()));
    steps.push(Step::ExpectHangUp(20_000));
    steps
}
