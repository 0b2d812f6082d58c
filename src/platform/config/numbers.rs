//! Section `numbers`: virtual numbers.

use serde::Deserialize;

/// Section `numbers`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// Whether `GET /api.ashx/v1/numbers` shows provider keys in full.
    pub reveal_secrets: bool,
}
