//! Where the service is and how its failures read: which may pass, which will not on this call.

use std::time::Duration;

use crate::contract::config::{ProviderSpec, WireSecret};
use crate::engine::providers::{ProviderError, Verdict};
use crate::platform::net::{Answer, Failure, NetError, Outbound, Request};

/// Used when the bot names no address.
const PUBLIC: &str = "https://api.openai.com/v1";

/// How long the head of an answer may take.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// One service and the key for it. Cheap to clone.
#[derive(Clone)]
pub struct Endpoint {
    outbound: Outbound,
    base_url: String,
    key: Option<WireSecret>,
}

impl Endpoint {
    /// The service a bot declares.
    pub fn new(outbound: Outbound, spec: &ProviderSpec) -> Self {
        let base_url = spec.base_url.as_deref().filter(|url| !url.is_empty()).unwrap_or(PUBLIC).trim_end_matches('/').to_owned();
        Self { outbound, base_url, key: spec.api_key.clone().filter(|key| !key.0.is_empty()) }
    }

    /// A POST to a path of the service.
    pub(super) fn post(&self, path: &str) -> Request {
        let request = Request::post(format!("{}{path}", self.base_url)).within(HEAD_WITHIN);
        match &self.key {
            Some(key) => request.header("authorization", &format!("Bearer {}", key.0)),
            None => request,
        }
    }

    /// Sends; anything but a success is an error with a verdict. Bodies of errors are not shown: some services repeat the key in them.
    pub(super) async fn send(&self, request: Request) -> Result<Answer, ProviderError> {
        let answer = self.outbound.operator(request).await.map_err(|error| unreachable(&error))?;
        if answer.is_success() { Ok(answer) } else { Err(refused(answer.status)) }
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
