//! Section `console`: from where people may come in.

use ipnet::IpNet;
use serde::Deserialize;

use super::values::networks;

/// Section `console`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Networks from which the console and the API of people may be used. Empty: all.
    #[serde(deserialize_with = "networks")]
    pub networks: Vec<IpNet>,
}
