//! Section `metrics`: where figures are given.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer};

/// Section `metrics`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Where a listener of its own gives figures in plain HTTP. `None`: only clients on this machine get them, at the API's address.
    #[serde(deserialize_with = "address_or_nothing")]
    pub bind: Option<SocketAddr>,
}

fn address_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| serde::de::Error::custom("must be an address such as 127.0.0.1:9464, or empty");
    text.parse().map(Some).map_err(wrong)
}
