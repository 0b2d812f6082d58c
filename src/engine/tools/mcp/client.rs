//! One server, over streamable HTTP: every message is a POST, the answer is JSON or a stream of events that ends with it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::message::{Listed, gave_of, introduction, notice, request, result_of, tools_of, version_of};
use crate::contract::mcp::McpServer;
use crate::engine::providers::sse::Events;
use crate::engine::tools::Gave;
use crate::platform::net::{Answer, Outbound, Request};

/// The most of an answer that is read.
const MOST_BYTES: usize = 1 << 20;
/// How long a use may wait for a free connection.
const PLACE_WITHIN: Duration = Duration::from_secs(2);
/// Most pages of a list.
const MOST_PAGES: usize = 10;
/// Names the conversation with a server.
const SESSION: &str = "mcp-session-id";

/// The conversation of one call with one server.
pub(super) struct Client {
    url: String,
    headers: Vec<(String, String)>,
    within: Duration,
    outbound: Outbound,
    lane: String,
    n: AtomicU64,
    state: Mutex<State>,
}

/// What the server has said of itself.
#[derive(Debug, Clone, Default)]
struct State {
    session: Option<String>,
    version: Option<String>,
}

/// Why there is no result.
enum Failed {
    /// The server has forgotten us.
    Forgotten,
    /// Anything else, in words.
    Why(String),
}

impl Client {
    /// A client that has asked nothing yet. `call` keeps the connections of different calls apart.
    pub(super) fn new(server: &McpServer, outbound: Outbound, call: &str) -> Self {
        Self {
            url: server.url.clone(),
            headers: server.headers.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect(),
            within: Duration::from_millis(u64::from(server.timeout_ms)),
            outbound,
            lane: format!("mcp {} {call}", server.name),
            n: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// Introduces us and asks for all tools.
    pub(super) async fn list(&self) -> Result<Vec<Listed>, String> {
        self.introduce().await?;
        let (mut all, mut cursor) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let params = cursor.map_or_else(|| json!({}), |cursor: String| json!({ "cursor": cursor }));
            let (listed, next) = tools_of(&self.ask("tools/list", &params).await.map_err(Failed::words)?);
            all.extend(listed);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// Uses a tool. A server that was started anew meanwhile is introduced to us again, once.
    pub(super) async fn call(&self, tool: &str, arguments: &Value) -> Gave {
        let params = json!({ "name": tool, "arguments": arguments });
        let mut answer = self.ask("tools/call", &params).await;
        if matches!(answer, Err(Failed::Forgotten)) {
            answer = match self.introduce().await {
                Ok(()) => self.ask("tools/call", &params).await,
                Err(why) => Err(Failed::Why(why)),
            };
        }
        match answer {
            Ok(result) => gave_of(&result),
            Err(failed) => Gave::error(format!("the tool failed: {}", failed.words())),
        }
    }

    async fn introduce(&self) -> Result<(), String> {
        *self.state() = State::default();
        let result = self.ask("initialize", &introduction()).await.map_err(Failed::words)?;
        let version = version_of(&result)?;
        self.state().version = Some(version);
        let answer = self.send(&notice("notifications/initialized")).await.map_err(Failed::words)?;
        if answer.is_success() { Ok(()) } else { Err(format!("it answered {}", answer.status)) }
    }

    async fn ask(&self, method: &str, params: &Value) -> Result<Value, Failed> {
        let id = self.n.fetch_add(1, Ordering::Relaxed) + 1;
        let answer = self.send(&request(id, method, params)).await?;
        match answer.status {
            200 => {}
            404 if self.state().session.is_some() => return Err(Failed::Forgotten),
            status => return Err(Failed::Why(format!("it answered {status}"))),
        }
        if let Some(session) = answer.header(SESSION).filter(|session| session.len() <= 1_000) {
            self.state().session = Some(session.to_owned());
        }
        let is_stream = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        let result = if is_stream { streamed(answer, id).await } else { whole(answer, id).await };
        result.and_then(|result| result).map_err(Failed::Why)
    }

    async fn send(&self, message: &Value) -> Result<Answer, Failed> {
        let State { session, version } = self.state().clone();
        let mut request = Request::post(self.url.clone()).within(self.within).lane(&self.lane);
        request = request.header("accept", "application/json, text/event-stream");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        for (name, value) in [(SESSION, session), ("mcp-protocol-version", version)] {
            request = value.iter().fold(request, |request, value| request.header(name, value));
        }
        let request = request.json(message).map_err(|error| Failed::Why(error.message().to_owned()))?;
        self.outbound.guarded(request, PLACE_WITHIN).await.map_err(|error| Failed::Why(error.message().to_owned()))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failed {
    fn words(self) -> String {
        match self {
            Self::Forgotten => "it has forgotten the conversation".to_owned(),
            Self::Why(why) => why,
        }
    }
}

/// What became of a request: its result, or the server's own error.
type Outcome = Result<Result<Value, String>, String>;

async fn whole(answer: Answer, id: u64) -> Outcome {
    let message: Value = answer.json(MOST_BYTES).await.map_err(|error| error.message().to_owned())?;
    result_of(&message, id).ok_or_else(|| "it answered something else".to_owned())
}

/// Reads the stream up to the answer; what else the server says on it is not for us.
async fn streamed(mut answer: Answer, id: u64) -> Outcome {
    let (mut events, mut n_bytes) = (Events::default(), 0);
    while let Some(part) = answer.chunk().await.map_err(|error| error.message().to_owned())? {
        n_bytes += part.len();
        let events = events.push(&part).filter(|_| n_bytes <= MOST_BYTES).ok_or("its answer is too large")?;
        for event in events {
            let message = serde_json::from_str::<Value>(&event).ok();
            if let Some(result) = message.and_then(|message| result_of(&message, id)) {
                return Ok(result);
            }
        }
    }
    Err("its answer broke off".to_owned())
}
