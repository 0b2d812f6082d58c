//! Section `outbound`: what stays as it was at the start. Its other keys are settings of the running box.

use serde::Deserialize;

/// Section `outbound`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    /// Internal networks that guarded requests may reach.
    pub allow_cidrs: Vec<String>,
}
