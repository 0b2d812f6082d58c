//! Section `metrics`: where figures are given.

use std::net::SocketAddr;

use serde::Deserialize;

use super::values::address_or_nothing;

/// Section `metrics`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Where a listener of its own gives figures in plain HTTP. `None`: only clients on this machine get them, at the API's address.
    #[serde(deserialize_with = "address_or_nothing")]
    pub bind: Option<SocketAddr>,
}
