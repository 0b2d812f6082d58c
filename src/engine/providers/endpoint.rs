//! Where a service is and how its failures read: which may pass, which will not on this call.

use std::time::Duration;

use tracing::debug;

use super::{ProviderError, Verdict};
use crate::contract::config::{ProviderSpec, WireSecret};
use crate::platform::net::{Answer, Failure, NetError, Outbound, Refusal, Request, Socket};

/// How long the head of an answer may take.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// How long a socket may take to open.
const OPEN_WITHIN: Duration = Duration::from_secs(6);

/// What all users of a service have in common.
#[derive(Debug)]
pub struct Place {
    /// Used when the bot names no address.
    pub url: &'static str,
    /// The header that carries the key.
    pub key_header: &'static str,
    /// What stands before the key.
    pub key_prefix: &'static str,
    /// Headers of every request.
    pub headers: &'static [(&'static str, &'static str)],
}

/// OpenAI's, and everything that speaks like it.
pub const OPENAI: Place = Place { url: "https://api.openai.com/v1", key_header: "authorization", key_prefix: "Bearer ", headers: &[] };

/// One service and the key for it. Cheap to clone.
#[derive(Clone)]
pub struct Endpoint {
    outbound: Outbound,
    place: &'static Place,
    base_url: String,
    key: Option<WireSecret>,
}

impl Endpoint {
    /// A service that speaks the OpenAI API, as a bot declares it.
    pub fn new(outbound: Outbound, spec: &ProviderSpec) -> Self {
        Self::at(&OPENAI, outbound, spec)
    }

    /// The service a bot declares.
    pub fn at(place: &'static Place, outbound: Outbound, spec: &ProviderSpec) -> Self {
        let base_url = spec.base_url.as_deref().filter(|url| !url.is_empty()).unwrap_or(place.url).trim_end_matches('/').to_owned();
        Self { outbound, place, base_url, key: spec.api_key.clone().filter(|key| !key.0.is_empty()) }
    }

    /// A POST to a path of the service, over a connection that stays open for the next one.
    pub(super) fn post(&self, path: &str) -> Request {
        self.signed(Request::post(format!("{}{path}", self.base_url))).within(HEAD_WITHIN).kept()
    }

    /// Opens a connection for the first request, while it rings.
    pub(super) fn open_ahead(&self) {
        let endpoint = self.clone();
        tokio::spawn(async move {
            if let Err(error) = endpoint.outbound.connect_ahead(&endpoint.base_url).await {
                debug!(%error, "A model service cannot be reached ahead of the call");
            }
        });
    }

    fn signed(&self, request: Request) -> Request {
        let request = self.place.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        match &self.key {
            Some(key) => request.header(self.place.key_header, &format!("{}{}", self.place.key_prefix, key.0)),
            None => request,
        }
    }

    /// Sends; anything but a success is an error with a verdict. Bodies of errors are not shown: some services repeat the key in them.
    pub(super) async fn send(&self, request: Request) -> Result<Answer, ProviderError> {
        let answer = self.outbound.operator(request).await.map_err(|error| unreachable(&error))?;
        if answer.is_success() { Ok(answer) } else { Err(refused(answer.status)) }
    }

    /// Opens a WebSocket at a path of the service.
    pub(super) async fn socket(&self, path: &str) -> Result<Socket, ProviderError> {
        let request = self.signed(Request::get(format!("{}{path}", self.base_url))).within(OPEN_WITHIN);
        self.outbound.socket(request).await.map_err(|refusal| match refusal {
            Refusal::Status(status) => refused(status),
            Refusal::Failed(error) => unreachable(&error),
        })
    }
}

/// What a failure of the connection means.
pub(super) fn unreachable(error: &NetError) -> ProviderError {
    let verdict = match error.class {
        Failure::BadUrl | Failure::Blocked | Failure::Tls | Failure::TooLarge => Verdict::GiveUp,
        Failure::Dns | Failure::Connect | Failure::Timeout | Failure::Broken | Failure::Busy => Verdict::Retry,
    };
    ProviderError { verdict, message: format!("the model service: {}", error.message()) }
}

/// What a status means.
pub(super) fn refused(status: u16) -> ProviderError {
    let (verdict, why) = match status {
        401 | 403 => (Verdict::GiveUp, "refuses the key"),
        402 => (Verdict::GiveUp, "wants to be paid first"),
        404 => (Verdict::GiveUp, "does not know the model or the address"),
        408 | 425 => (Verdict::Retry, "took too long"),
        429 => (Verdict::Retry, "has no capacity left for this key"),
        500..=599 => (Verdict::Retry, "has a fault of its own"),
        300..=399 => (Verdict::GiveUp, "sends elsewhere; set its final address"),
        _ => (Verdict::GiveUp, "does not accept the request"),
    };
    ProviderError { verdict, message: format!("the model service {why} (status {status})") }
}

/// A failure in what the service sent.
pub(super) fn nonsense(message: &str) -> ProviderError {
    ProviderError { verdict: Verdict::Retry, message: message.to_owned() }
}

/// A text as a value in a query.
pub(super) fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
