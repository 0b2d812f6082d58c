//! Section `phones`: telephones of people that register with the box.

use ipnet::IpNet;
use serde::Deserialize;

/// Section `phones`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phones {
    /// Networks they are heard from.
    #[serde(deserialize_with = "networks")]
    pub allowed_networks: Vec<IpNet>,
}

fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let wrong = |text: &str| serde::de::Error::custom(format!("{text:?} is no network; write one such as 192.168.0.0/16"));
    texts.iter().map(|text| text.trim().parse().map_err(|_| wrong(text))).collect()
}
