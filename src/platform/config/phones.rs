//! Section `phones`: telephones of people that register with the box.

use ipnet::IpNet;
use serde::Deserialize;

use super::values::networks;

/// Section `phones`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phones {
    /// Networks they are heard from.
    #[serde(deserialize_with = "networks")]
    pub allowed_networks: Vec<IpNet>,
}
