//! Section `metrics`.

use serde::Deserialize;

use super::values::OptionalBind;

/// Section `metrics`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Where `/metrics` listens besides the loopback clients of the API's own address.
    pub bind: OptionalBind,
}
