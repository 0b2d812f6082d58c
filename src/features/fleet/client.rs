//! HTTP towards one engine: over the data folder's socket, or over the network.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::base::id::{CarrierId, SessionId};
use crate::base::page::percent_encode;
use crate::base::secret::Secret;
use crate::base::{Error, Kind, Result};
use crate::contract::SECRET_HEADER;
use crate::contract::browser::{BrowserAccepted, BrowserCall};
use crate::contract::chat::{ChatAnswer, ChatAsk};
use crate::contract::fleet::{Dialout, DialoutAccepted, FleetHealth};
use crate::contract::socket::{CALL_HEADER, SocketCall};
use crate::contract::trunk::TrunkCheck;
use crate::platform::net::{Answer, NetError, Outbound, Request, unix};

/// What a call that runs is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum CallOrder {
    /// It ends.
    HangUp,
    /// What is said is left out of the recording, or not any more.
    PauseRecording(bool),
}

/// How long an engine may take to say how it is. Not less: a busy host must not look dead.
const HEALTH_WITHIN: Duration = Duration::from_secs(20);
/// How long an engine may take to accept a call.
const DIALOUT_WITHIN: Duration = Duration::from_secs(60);
/// How long an engine may take to find out how a trunk is.
const CHECK_WITHIN: Duration = Duration::from_secs(15);
/// How long an engine may take to answer in writing: a model may use tools several times.
const CHAT_WITHIN: Duration = Duration::from_secs(120);
/// How long an engine may take to take any other order.
const ORDER_WITHIN: Duration = Duration::from_secs(10);
/// How long an engine may take to begin with a recording: somebody waits for it.
const RECORDING_WITHIN: Duration = Duration::from_secs(1);
/// Largest answer of an engine, in bytes.
const MOST_ANSWER: usize = 256 * 1024;

/// One engine host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// The built-in engine, at its socket.
    Local(PathBuf),
    /// An engine elsewhere: `https://host:port`, without a slash at its end.
    Remote(String),
}

impl Host {
    /// What it is called in answers and logs.
    pub fn label(&self) -> &str {
        match self {
            Self::Local(_) => "local",
            Self::Remote(url) => url,
        }
    }
}

/// Talks to engines with the internal secret. Cheap to clone.
#[derive(Clone)]
pub(super) struct Client {
    secret: Secret,
    net: Outbound,
}

/// The error body of an engine; ours and those of foreign ones.
#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Client {
    pub(super) fn new(secret: Secret, net: Outbound) -> Self {
        Self { secret, net }
    }

    /// How an engine is. `Upstream` when it does not answer.
    pub(super) async fn health(&self, host: &Host) -> Result<FleetHealth> {
        let answer = self.send(host, Request::get(self.target(host, "/health/fleet")).within(HEALTH_WITHIN)).await?;
        Ok(succeeded(answer).await?.json(MOST_ANSWER).await?)
    }

    /// Places a call. `Upstream` when the engine does not answer, `Unavailable` or `TooMany` when it takes no call now.
    pub(super) async fn dialout(&self, host: &Host, call: &Dialout) -> Result<DialoutAccepted> {
        let request = Request::post(self.target(host, "/livekit/dialout")).json(call)?.within(DIALOUT_WITHIN);
        let answer = self.send(host, request).await?;
        Ok(succeeded(answer).await?.json(MOST_ANSWER).await?)
    }

    /// What a bot answers in writing. `NotFound` where the engine cannot do that.
    pub(super) async fn chat(&self, host: &Host, ask: &ChatAsk) -> Result<ChatAnswer> {
        let request = Request::post(self.target(host, "/chat")).json(ask)?.within(CHAT_WITHIN);
        Ok(succeeded(self.send(host, request).await?).await?.json(MOST_ANSWER).await?)
    }

    /// Hands over a call from a browser. `Invalid` when its offer cannot be answered; fails as a dialout does, also where an engine cannot
    /// take such calls at all.
    pub(super) async fn browser_call(&self, host: &Host, call: &BrowserCall) -> Result<BrowserAccepted> {
        let request = Request::post(self.target(host, "/browser-calls")).json(call)?.within(DIALOUT_WITHIN);
        match succeeded(self.send(host, request).await?).await {
            Ok(answer) => Ok(answer.json(MOST_ANSWER).await?),
            Err(error) if error.peer_status() == Some(422) => {
                let sentence = error.message().to_owned();
                Err(Error::invalid(format!("sdp: {sentence}")).field("sdp", sentence))
            }
            Err(error) if error.kind() == Kind::NotFound => {
                Err(Error::unavailable("this engine takes no calls from browsers").code("no_browser_calls").caused_by(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Hands over a call whose socket is being opened: the answer to the handshake is 101. Fails as a dialout does, also where an engine
    /// cannot take such calls at all.
    pub(super) async fn socket_call(&self, host: &Host, call: &SocketCall, handshake: &[(String, String)]) -> Result<Answer> {
        let mut request = Request::get(self.target(host, "/socket-calls")).header(CALL_HEADER, &call.to_header()?).within(ORDER_WITHIN);
        for (name, value) in handshake {
            request = request.header(name, value);
        }
        let answer = self.send(host, request).await?;
        if answer.status == 101 {
            return Ok(answer);
        }
        match succeeded(answer).await {
            Err(error) if error.kind() != Kind::NotFound => Err(error),
            _ => Err(Error::unavailable("this engine takes no calls over WebSockets").code("no_socket_calls")),
        }
    }

    /// Gives an order to a call. `NotFound` when it does not run there.
    pub(super) async fn order(&self, host: &Host, session_id: &SessionId, order: CallOrder) -> Result<()> {
        let at = |what: &str| self.target(host, &format!("/calls/{session_id}/{what}"));
        let request = match order {
            CallOrder::HangUp => Request::post(at("hangup")),
            CallOrder::PauseRecording(is_paused) => Request::put(at("recording")).json(&json!({ "is_paused": is_paused }))?,
        };
        succeeded(self.send(host, request.within(ORDER_WITHIN)).await?).await.map(drop)
    }

    /// Begins to read a recording that the engine keeps, or the bytes of it from the first to the last of `part`. `NotFound` when it has none.
    pub(super) async fn recording(&self, host: &Host, key: &str, part: Option<(u64, u64)>) -> Result<Answer> {
        let mut request = Request::get(self.target(host, &format!("/recordings/{key}"))).within(RECORDING_WITHIN);
        if let Some((first, last)) = part {
            request = request.header("range", &format!("bytes={first}-{last}"));
        }
        succeeded(self.send(host, request).await?).await
    }

    /// Has an engine ask a trunk anew. `NotFound` where it does not know the trunk, or cannot do that at all.
    pub(super) async fn check_trunk(&self, host: &Host, carrier: &CarrierId) -> Result<TrunkCheck> {
        let target = self.target(host, &format!("/trunks/{}/check", percent_encode(carrier.as_str())));
        let answer = self.send(host, Request::post(target).within(CHECK_WITHIN)).await?;
        Ok(succeeded(answer).await?.json(MOST_ANSWER).await?)
    }

    /// Asks an engine to take no more calls and to end with its last one.
    pub(super) async fn drain(&self, host: &Host) -> Result<()> {
        let answer = self.send(host, Request::post(self.target(host, "/drain")).within(ORDER_WITHIN)).await?;
        succeeded(answer).await.map(drop)
    }

    fn target(&self, host: &Host, path: &str) -> String {
        match host {
            Host::Local(_) => path.to_owned(),
            Host::Remote(url) => format!("{url}{path}"),
        }
    }

    async fn send(&self, host: &Host, request: Request) -> Result<Answer, NetError> {
        let request = request.header(SECRET_HEADER, self.secret.expose());
        match host {
            Host::Local(socket) => unix::request(socket, request).await,
            Host::Remote(_) => self.net.operator(request).await,
        }
    }
}

/// The answer, unless the engine refused; its sentence is kept.
async fn succeeded(mut answer: Answer) -> Result<Answer> {
    if answer.is_success() {
        return Ok(answer);
    }
    let kind = match answer.status {
        404 => Kind::NotFound,
        429 => Kind::TooMany,
        503 => Kind::Unavailable,
        _ => Kind::Upstream,
    };
    let is_upstream = kind == Kind::Upstream;
    let status = answer.status;
    let (body, _) = answer.first(MOST_ANSWER).await?;
    let refusal: Refusal = serde_json::from_slice(&body).unwrap_or_default();
    let said = if refusal.error_description.is_empty() { refusal.error } else { refusal.error_description };
    let refused = Error::new(kind, if said.is_empty() { format!("the engine answered {status}") } else { said }).answered_with(status);
    // It did answer: whoever asked may be sure that nothing was done.
    Err(if is_upstream { refused.code("engine_refused") } else { refused })
}
