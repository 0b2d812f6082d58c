//! What the engine asks and tells the control plane while a call runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::warn;

use super::Control;
use super::answer;
use super::recording::recording_type;
use crate::base::id::{BotId, CarrierId, SessionId};
use crate::base::{Clock, Context, Result};
use crate::contract::config::CallConfig;
use crate::contract::event::{CallEvent, CallEventKind};
use crate::contract::fleet::{OtherCarrier, SecondLeg};
use crate::contract::inbound::{InboundAnswer, InboundCall};

/// An INVITE waits for this answer.
const ASK_WITHIN: Duration = Duration::from_secs(5);
/// A recording may be long.
const UPLOAD_WITHIN: Duration = Duration::from_secs(600);
/// Events that may wait for the control plane; more are dropped, the result has them all.
const MOST_WAITING: usize = 256;
/// Attempts at one event before it is given up.
const ATTEMPTS: u32 = 3;
/// How long the end of a call waits for its last events.
const FLUSH_WITHIN: Duration = Duration::from_secs(3);

/// Asks what to do with an incoming call.
pub async fn ask_inbound(control: &Control, call: &InboundCall) -> Result<InboundAnswer> {
    let request = control.request(Method::POST, "/api/v1/engine/inbound").json(call)?.within(ASK_WITHIN);
    answer::read(control.send(request).await?).await
}

/// What a config is fetched for.
#[derive(Debug, Clone)]
pub struct ConfigAsk {
    /// The bot.
    pub bot_id: BotId,
    /// The call.
    pub session_id: SessionId,
    /// Who calls or is called.
    pub caller_id: Option<String>,
    /// Variables of the call.
    pub connected_event: Option<Value>,
}

/// Fetches the config a call runs on. `NotFound`: no such bot, or it is not active. `Unavailable`: outside its hours.
pub async fn fetch_config(control: &Control, ask: &ConfigAsk) -> Result<CallConfig> {
    let mut query = BTreeMap::from([("session_id", ask.session_id.to_string())]);
    query.extend(ask.caller_id.clone().map(|caller| ("caller_id", caller)));
    query.extend(ask.connected_event.as_ref().map(|event| ("connected_event", event.to_string())));
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    let path = format!("/api/v1/config/{}?{}", escape(ask.bot_id.as_str()), pairs.join("&"));
    answer::read(control.send(control.request(Method::GET, &path).within(ASK_WITHIN)).await?).await
}

/// Asks for a line on another carrier than the call was ordered for. `Unavailable` when that one has none now.
pub async fn ask_carrier(control: &Control, session_id: &SessionId, carrier_id: &CarrierId) -> Result<()> {
    let path = format!("/api/v1/engine/calls/{}/carrier", escape(session_id.as_str()));
    let body = OtherCarrier { carrier_id: carrier_id.clone() };
    let answer = control.send(control.request(Method::POST, &path).json(&body)?.within(ASK_WITHIN)).await?;
    if answer.is_success() { Ok(()) } else { Err(answer::refusal(answer).await) }
}

/// Asks whether a number may be called beside a call. `Invalid` with the reason when it may not.
pub async fn ask_leg(control: &Control, session_id: &SessionId, phone: &str) -> Result<()> {
    let path = format!("/api/v1/engine/calls/{}/leg", escape(session_id.as_str()));
    let body = SecondLeg { phone: phone.to_owned() };
    let answer = control.send(control.request(Method::POST, &path).json(&body)?.within(ASK_WITHIN)).await?;
    if answer.is_success() { Ok(()) } else { Err(answer::refusal(answer).await) }
}

/// Uploads a recording. A repeat replaces what was stored before.
pub async fn upload(control: &Control, key: &str, file: &Path) -> Result<()> {
    let open = tokio::fs::File::open(file).await.context("cannot open the recording")?;
    let length = open.metadata().await.context("cannot read the recording")?.len();
    let path = format!("/api/v1/engine/recordings/{}", escape(key));
    let request = control.request(Method::PUT, &path).file(recording_type(file), open, length).within(UPLOAD_WITHIN);
    let answer = control.send(request).await?;
    if answer.is_success() { Ok(()) } else { Err(answer::refusal(answer).await) }
}

/// Percent-encodes everything that is not unreserved (RFC 3986).
pub(super) fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Tells the control plane what happens on one call, in order.
pub struct Reporter {
    next_seq: u32,
    clock: Clock,
    events: mpsc::Sender<CallEvent>,
    task: JoinHandle<()>,
}

impl Reporter {
    /// A reporter for one call.
    pub fn start(control: Control, session_id: SessionId, clock: Clock) -> Self {
        let (events, waiting) = mpsc::channel(MOST_WAITING);
        let task = tokio::spawn(deliver(control, session_id, clock.clone(), waiting));
        Self { next_seq: 1, clock, events, task }
    }

    /// Reports an event; gives it back as it was numbered. Never waits.
    pub fn report(&mut self, what: CallEventKind) -> CallEvent {
        let event = CallEvent { seq: self.next_seq, at: self.clock.now(), what };
        self.next_seq += 1;
        if self.events.try_send(event.clone()).is_err() {
            warn!(seq = event.seq, "An event was dropped: the control plane is too slow");
        }
        event
    }

    /// Waits a moment for the last events, so that they come before the result.
    pub async fn finish(self) {
        drop(self.events);
        let abort = self.task.abort_handle();
        tokio::select! {
            _ = self.task => {}
            () = self.clock.sleep(FLUSH_WITHIN) => abort.abort(),
        }
    }
}

async fn deliver(control: Control, session_id: SessionId, clock: Clock, mut waiting: mpsc::Receiver<CallEvent>) {
    let path = format!("/api/v1/engine/calls/{}/events", escape(session_id.as_str()));
    while let Some(event) = waiting.recv().await {
        for attempt in 1..=ATTEMPTS {
            match tell(&control, &path, &event).await {
                Ok(()) => break,
                Err(error) if attempt == ATTEMPTS => {
                    warn!(call.id = %session_id, %error, "An event was not taken; the result will have it")
                }
                Err(_) => clock.sleep(Duration::from_millis(500)).await,
            }
        }
    }
}

async fn tell(control: &Control, path: &str, event: &CallEvent) -> Result<()> {
    let answer = control.send(control.request(Method::POST, path).json(event)?.within(ASK_WITHIN)).await?;
    // A refusal is final: the same event will not be taken later either.
    if answer.is_success() || (400..500).contains(&answer.status) { Ok(()) } else { Err(answer::refusal(answer).await) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_value_is_escaped() {
        assert_eq!(escape(r#"{"a b":"+ü&"}"#), "%7B%22a%20b%22%3A%22%2B%C3%BC%26%22%7D");
    }
}
