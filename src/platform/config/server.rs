//! Section `server`: where the API listens and under which name it is known.

use std::net::SocketAddr;

use serde::Deserialize;

use crate::platform::space::Reserve;

/// Whether the API's own address speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// A certificate of this box's own CA.
    Local,
    /// Plain HTTP.
    Off,
}

/// Section `server`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where the API and the console listen.
    pub http: SocketAddr,
    /// TLS or not.
    pub tls: TlsMode,
    /// Plain HTTP on an address that other machines can reach.
    pub allow_plain_http: bool,
    /// The URL under which callers reach this box, without a slash at its end. Empty: made from `http`.
    pub public_base_url: String,
    /// How long running requests and calls may take to finish after SIGTERM.
    pub drain_seconds: u32,
    /// Open connections altogether.
    pub max_connections: usize,
    /// Open connections of one address that is not loopback.
    pub max_connections_per_ip: usize,
    /// Megabytes that must stay free on the disk of the data folder.
    pub low_space_mb: u64,
    /// The same in percent of the disk; whichever is more counts.
    pub low_space_percent: u64,
}

impl Server {
    /// What must stay free on the disk.
    pub fn reserve(&self) -> Reserve {
        Reserve { mb: self.low_space_mb, percent: self.low_space_percent.min(100) }
    }

    /// The URL under which callers reach this box, without a slash at its end; `bound` is the address that really listens.
    pub fn base_url(&self, bound: SocketAddr) -> String {
        if !self.public_base_url.is_empty() {
            return self.public_base_url.trim_end_matches('/').to_owned();
        }
        format!("{}://{bound}", self.scheme())
    }

    /// What is spoken at the box's own listeners.
    pub fn scheme(&self) -> &'static str {
        if self.tls == TlsMode::Off { "http" } else { "https" }
    }

    /// The tenant: host of the base URL.
    pub fn tenant(&self, bound: SocketAddr) -> String {
        let base = self.base_url(bound);
        base.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_else(|| "localhost".to_owned())
    }
}
