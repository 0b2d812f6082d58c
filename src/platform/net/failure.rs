//! Why a request to the outside failed: a class for the program and the delivery log, a sentence for people.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::{Error, Kind};

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The URL or a header is not one that may be sent.
    BadUrl,
    /// The guard refuses the address.
    Blocked,
    /// The name has no address.
    Dns,
    /// No connection came about.
    Connect,
    /// The peer's certificate or TLS did not hold.
    Tls,
    /// The peer took too long.
    Timeout,
    /// The connection broke or the answer was not HTTP.
    Broken,
    /// The answer was larger than allowed.
    TooLarge,
    /// All connections to that host are in use.
    Busy,
}

impl Failure {
    /// The word of the class, as it is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::BadUrl => "bad_url",
            Self::Blocked => "blocked",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::TooLarge => "too_large",
            Self::Busy => "busy",
        }
    }
}

/// A failed request.
#[derive(Debug)]
pub struct NetError {
    /// The class, for whoever branches on it.
    pub class: Failure,
    message: Cow<'static, str>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl NetError {
    /// A failure with a sentence for people: no full stop, no secret, nothing of the peer's body.
    pub fn new(class: Failure, message: impl Into<Cow<'static, str>>) -> Self {
        Self { class, message: message.into(), source: None }
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl std::error::Error for NetError {}

impl From<NetError> for Error {
    fn from(error: NetError) -> Self {
        let kind = match error.class {
            Failure::BadUrl | Failure::Blocked => Kind::Invalid,
            Failure::Busy => Kind::Unavailable,
            _ => Kind::Upstream,
        };
        let made = Self::new(kind, error.message);
        match error.source {
            Some(source) => made.caused_by(source),
            None => made,
        }
    }
}
