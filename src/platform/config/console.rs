//! Section `console`: where and from where people may come in.

use std::net::SocketAddr;

use ipnet::IpNet;
use serde::Deserialize;

use super::values::{address_or_nothing, networks};

/// Section `console`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Networks from which the console and the API of people may be used. Empty: all.
    #[serde(deserialize_with = "networks")]
    pub networks: Vec<IpNet>,
    /// Where a listener of its own serves people; the API's address is then for programs alone. `None`: both at the API's address.
    #[serde(deserialize_with = "address_or_nothing")]
    pub bind: Option<SocketAddr>,
}
