//! Section `engine`: live media.

use std::net::SocketAddr;

use serde::Deserialize;

use super::values::PortRange;

/// Who runs the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineMode {
    /// `serve` starts it and watches it.
    Supervised,
    /// It runs as a unit of its own.
    External,
}

/// Section `engine`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// Who runs it.
    pub mode: EngineMode,
    /// Where SIP listens, over UDP and TCP.
    pub sip: SocketAddr,
    /// Where SIP over TLS is taken, such as `0.0.0.0:5061`. Empty: nowhere.
    pub sip_tls: String,
    /// File with the certificate shown there, and those that signed it. Empty: one of the local CA.
    pub sip_tls_cert: String,
    /// File with its key.
    pub sip_tls_key: String,
    /// UDP ports for audio.
    pub rtp_ports: PortRange,
    /// Address that other SIP systems send audio to. Empty: the address of the interface a call arrives on.
    pub advertise_address: String,
    /// Calls at the same time.
    pub max_concurrent_calls: u32,
}
