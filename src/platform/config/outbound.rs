//! Section `outbound`: calls and requests that leave the box.

use serde::Deserialize;

/// Section `outbound`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    /// Bot of outbound calls that name none. Empty: the setting of the same name decides.
    pub default_bot_id: String,
    /// Internal networks that guarded requests may reach.
    pub allow_cidrs: Vec<String>,
    /// When calls may be placed, such as `08:00-21:00`; `off` at any time.
    pub window: String,
}
